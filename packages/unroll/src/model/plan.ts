/**
 * Runs a model's program over many examples: in batches, with one prepared program for each size that comes back.
 * It knows programs and numbers, not layers.
 */
import { UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
import { type CompiledRun, type Device, prepare } from "../layers/run.ts";
import { type Program, valuesInOrder } from "../program/program.ts";

/** Prepared programs kept for a model; the one not used for longest goes first. */
const keptPlans = 8;
/** WebAssembly's memory ends here. */
const largestPlan = 2 ** 32;

interface Plan {
  readonly batch: number;
  readonly run: CompiledRun;
}

/** Prepared programs by the shapes of one example. */
export class Plans {
  readonly #plans = new Map<string, Plan>();

  clear(): void {
    this.#plans.clear();
  }

  /**
   * Runs `inputs`, each `[examples, ...]`, in batches of up to `batchSize`, and puts the results together.
   * A last batch that is not full is filled up with zeros.
   *
   * @param programFor writes the program for a batch size
   * @throws UnrollError `memory` before memory is taken
   */
  run(
    inputs: readonly Tensor[],
    batchSize: number,
    device: Device | undefined,
    programFor: (batch: number) => Program,
    path: string,
  ): Tensor[] {
    const examples = inputs[0]!.shape[0]!;
    const key = `${device}|${inputs.map(({ shape }) => shape.slice(1).join("x")).join("|")}`;
    const plan = this.#planFor(key, Math.max(1, Math.min(batchSize, examples)), device, programFor, path);
    const results: Tensor[] = [];
    for (let start = 0; start < Math.max(1, examples); start += plan.batch) {
      const count = Math.min(plan.batch, examples - start);
      const batch = plan.run.run(
        inputs.map((input) => rows(input, start, count, plan.batch)),
        new Random(0),
      );
      for (const [index, result] of batch.entries()) {
        results[index] ??= emptyLike(result, examples);
        const width = sizeOf(result.shape.slice(1));
        results[index].data.set(result.data.subarray(0, count * width), start * width);
      }
    }
    return results;
  }

  /** A plan of this batch size, or a kept one that is up to twice as large. */
  #planFor(
    key: string,
    batch: number,
    device: Device | undefined,
    programFor: (batch: number) => Program,
    path: string,
  ): Plan {
    const fitting = [...this.#plans].filter(
      ([kept, plan]) => kept.startsWith(`${key}#`) && plan.batch >= batch && plan.batch <= 2 * batch,
    );
    const [name, plan] = fitting.sort(([, a], [, b]) => a.batch - b.batch)[0] ?? [
      `${key}#${batch}`,
      this.#make(batch, device, programFor, path),
    ];
    this.#plans.delete(name);
    this.#plans.set(name, plan);
    if (this.#plans.size > keptPlans) this.#plans.delete(this.#plans.keys().next().value!);
    return plan;
  }

  #make(batch: number, device: Device | undefined, programFor: (batch: number) => Program, path: string): Plan {
    const program = programFor(batch);
    refuseHuge(program, batch, path);
    return { batch, run: prepare(program, device) };
  }
}

/** Bytes of all arrays that a program computes in float32; an upper bound, since buffers may be shared. */
export function programBytes(program: Program): number {
  const roots = [...program.inputs, ...program.results, ...program.updates.map(({ value }) => value)];
  let numbers = 0;
  for (const { operation, shape } of valuesInOrder(roots)) if (operation.op !== "view") numbers += sizeOf(shape);
  return numbers * 4;
}

/** @throws UnrollError `memory` when a program's arrays cannot fit. */
export function refuseHuge(program: Program, batch: number, path: string): void {
  const bytes = programBytes(program);
  if (bytes <= largestPlan) return;
  const gibibytes = (size: number): string => (size / 2 ** 30).toLocaleString("en-US", { maximumFractionDigits: 1 });
  const perExample = bytes / batch;
  throw new UnrollError({
    code: "memory",
    path,
    expected: `a batch may take up to ${gibibytes(largestPlan)} GiB`,
    received: `about ${gibibytes(bytes)} GiB for ${batch} example${batch === 1 ? "" : "s"}`,
    hint:
      perExample <= largestPlan
        ? `A batchSize of ${Math.floor(largestPlan / perExample)} fits.`
        : "A single example does not fit: use fewer timesteps or units. Counts and shapes need no memory.",
  });
}

function rows(input: Tensor, start: number, count: number, batch: number): TensorData {
  const width = sizeOf(input.shape.slice(1));
  const part = input.data.subarray(start * width, (start + count) * width);
  if (count === batch) return part;
  const filled = part instanceof Int32Array ? new Int32Array(batch * width) : new Float32Array(batch * width);
  filled.set(part);
  return filled;
}

function emptyLike({ shape }: Tensor, examples: number): Tensor {
  const whole = [examples, ...shape.slice(1)];
  return { shape: whole, data: new Float32Array(sizeOf(whole)) };
}
