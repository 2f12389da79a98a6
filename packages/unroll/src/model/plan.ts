/**
 * Runs a model's program over many examples: in batches, with one prepared program for each size that comes back.
 * It knows programs and numbers, not layers.
 */

import type { MemoryUse } from "../compiler/index.ts";
import { UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
import { type CompiledRun, type Device, prepare, prepareSplit } from "../layers/run.ts";
import { type Program, valuesInOrder } from "../program/program.ts";

/** Prepared programs kept for a model; the one not used for longest goes first. */
const keptPlans = 8;
/** The reference may take this many bytes; the engine says its own limit. */
const largestReference = 2 ** 32;

interface Plan {
  readonly device: Device;
  /** Threads that were asked for; it may use fewer. */
  readonly threads: number;
  /** Examples that it was made for. */
  readonly wanted: number;
  /** Examples of one run. */
  readonly batch: number;
  /** Shape of one example of each input. */
  readonly shapes: readonly (readonly number[])[];
  readonly run: CompiledRun;
}

/** What a run needs besides the data. `P` is what is written for a batch size: a program, or one with more about it. */
export interface RunRequest<P = Program> {
  /** Most examples that run together. */
  readonly batchSize: number;
  readonly device: Device;
  /** Threads that may run batches at the same time; left out = 1. */
  readonly threads?: number;
  /** For errors: the model's name. */
  readonly path: string;
  /** Writes the program for a batch size. */
  programFor(batch: number): P;
}

/** A request with its data, `[examples, ...]` each. */
export interface DataRequest<P = Program> extends RunRequest<P> {
  readonly tensors: readonly Tensor[];
}

/** Prepared programs, the last used one at the end. */
export class Plans {
  #plans: Plan[] = [];
  /** Programs that predict draw nothing; the engine's interface wants a generator. */
  readonly #random = new Random(0);

  /** How many prepared programs there are. */
  get count(): number {
    return this.#plans.length;
  }

  /** The batch size and the memory of each. */
  get memories(): { readonly batch: number; readonly memory: MemoryUse | undefined }[] {
    return this.#plans.map(({ batch, run }) => ({ batch, memory: run.memory }));
  }

  clear(): void {
    for (const { run } of this.#plans) run.release?.();
    this.#plans = [];
  }

  /**
   * Runs `inputs`, each `[examples, ...]`, in batches, and puts the results together. A last batch that is not full is
   * filled up with zeros.
   *
   * @throws UnrollError `memory` before memory is taken; `aborted` when a worker dies, and the next run has another
   */
  run(inputs: readonly Tensor[], request: RunRequest): Tensor[] {
    const plan = this.#planFor(inputs, request);
    try {
      return this.#runBatches(plan, inputs);
    } catch (error) {
      if (error instanceof UnrollError && error.code === "aborted") this.#drop(plan);
      throw error;
    }
  }

  #runBatches(plan: Plan, inputs: readonly Tensor[]): Tensor[] {
    const examples = inputs[0]!.shape[0]!;
    if (examples === plan.batch) {
      return plan.run.run(
        inputs.map(({ data }) => data),
        this.#random,
      );
    }
    const results: Tensor[] = [];
    for (let start = 0; start < Math.max(1, examples); start += plan.batch) {
      const count = Math.min(plan.batch, examples - start);
      const batch = plan.run.run(
        inputs.map((input) => rows(input, start, count, plan.batch)),
        this.#random,
      );
      putRows(results, batch, { start, count, examples });
    }
    return results;
  }

  /** A program that has lost its worker cannot run any more. */
  #drop(plan: Plan): void {
    plan.run.release?.();
    this.#plans = this.#plans.filter((other) => other !== plan);
  }

  /** The smallest kept plan for up to twice these examples, or a new one. */
  #planFor(inputs: readonly Tensor[], request: RunRequest): Plan {
    const { device, threads = 1 } = request;
    const wanted = Math.max(1, Math.min(threads * request.batchSize, inputs[0]!.shape[0]!));
    let found: Plan | undefined;
    for (const plan of this.#plans) {
      const fits =
        plan.wanted >= wanted && plan.wanted <= 2 * wanted && plan.wanted < (found?.wanted ?? Number.POSITIVE_INFINITY);
      if (fits && plan.device === device && plan.threads === threads && haveShapes(inputs, plan.shapes)) found = plan;
    }
    const plan = found ?? makePlan(inputs, wanted, request);
    if (this.#plans.at(-1) !== plan) {
      const plans = [...this.#plans.filter((other) => other !== plan), plan];
      for (const { run } of plans.slice(0, -keptPlans)) run.release?.();
      this.#plans = plans.slice(-keptPlans);
    }
    return plan;
  }
}

function haveShapes(inputs: readonly Tensor[], shapes: Plan["shapes"]): boolean {
  return inputs.every(({ shape }, index) => shapes[index]!.every((size, axis) => size === shape[axis + 1]));
}

function makePlan(inputs: readonly Tensor[], wanted: number, request: RunRequest): Plan {
  const { device, threads = 1, path } = request;
  const shapes = inputs.map(({ shape }) => shape.slice(1));
  const split = threads > 1 ? prepareSplit({ ...request, threads, examples: wanted }, device) : undefined;
  if (split !== undefined) return { device, threads, wanted, batch: split.batch, shapes, run: split };
  const batch = Math.min(wanted, request.batchSize);
  const program = request.programFor(batch);
  refuseHuge(program, batch, path, device);
  try {
    return { device, threads, wanted, batch, shapes, run: prepare(program, device) };
  } catch (error) {
    throw forExamples(error, path, batch);
  }
}

/** What preparing a program threw, with the model's name and the examples that it was for. */
export function forExamples(error: unknown, path: string, batch: number): unknown {
  if (error instanceof RangeError) return tooDeep(error, path);
  if (!(error instanceof UnrollError) || error.code !== "memory") return error;
  return new UnrollError(
    {
      code: "memory",
      path,
      expected: error.expected,
      received: `${error.received ?? "more"}, for ${batch} ${batch === 1 ? "example" : "examples"}`,
      hint: hintFor(batch),
    },
    { cause: error },
  );
}

/** The passes over a program go as deep as its longest chain of operations. */
function tooDeep(cause: RangeError, path: string): UnrollError {
  return new UnrollError(
    {
      code: "memory",
      path,
      expected: "the chain of layers must not be so long that the stack of calls overflows",
      received: cause.message,
      hint: "Use fewer layers.",
    },
    { cause },
  );
}

function hintFor(batch: number): string {
  return batch === 1
    ? "A single example does not fit: use fewer timesteps or units. Counts and shapes need no memory."
    : "Use a smaller batchSize.";
}

const gibibytes = (size: number): string => (size / 2 ** 30).toLocaleString("en-US", { maximumFractionDigits: 1 });

/** Bytes of all arrays that the reference computes, in float64. */
function referenceBytes(program: Program): number {
  const roots = [...program.inputs, ...program.results, ...program.updates.map(({ value }) => value)];
  return valuesInOrder(roots).reduce((sum, { shape }) => sum + 8 * sizeOf(shape), 0);
}

/**
 * Before anything is planned. Other devices than the reference share memory between arrays, and their plans say what is too much;
 * here only weights are refused that leave no room for their gradients.
 *
 * @throws UnrollError `memory` when the arrays cannot fit
 */
export function refuseHuge(program: Program, batch: number, path: string, device: Device): void {
  const changed = program.updates.map(({ variable }) => variable).sort((a, b) => sizeOf(b.shape) - sizeOf(a.shape));
  const [largest] = changed;
  const weightBytes = changed.reduce((sum, { shape }) => sum + 8 * sizeOf(shape), 0);
  const weightsAlone = largest !== undefined && weightBytes > largestReference;
  if (device !== "reference" && !weightsAlone) return;
  const bytes = referenceBytes(program);
  if (bytes <= largestReference) return;
  const examples = `for ${batch} ${batch === 1 ? "example" : "examples"}`;
  throw new UnrollError({
    code: "memory",
    path,
    expected: `a run may take up to ${gibibytes(largestReference)} GiB`,
    received: weightsAlone
      ? `about ${gibibytes(bytes)} GiB, the weights alone ${gibibytes(weightBytes)} GiB, the largest ${largest.name} ${formatShape(largest.shape)}`
      : `about ${gibibytes(bytes)} GiB ${examples}`,
    hint: weightsAlone ? "Use fewer units. A smaller batchSize does not help." : hintFor(batch),
  });
}

/** Rows `start` to `start + count`, filled up with zeros to a whole batch. */
export function rows(input: Tensor, start: number, count: number, batch: number): TensorData {
  const width = sizeOf(input.shape.slice(1));
  const part = input.data.subarray(start * width, (start + count) * width);
  if (count === batch) return part;
  const filled = part instanceof Int32Array ? new Int32Array(batch * width) : new Float32Array(batch * width);
  filled.set(part);
  return filled;
}

/** Puts a batch's results where they belong in those of all examples. */
export function putRows(
  results: Tensor[],
  batch: readonly Tensor[],
  { start, count, examples }: { readonly start: number; readonly count: number; readonly examples: number },
): void {
  for (const [index, result] of batch.entries()) {
    results[index] ??= emptyLike(result, examples);
    const width = sizeOf(result.shape.slice(1));
    results[index].data.set(result.data.subarray(0, count * width), start * width);
  }
}

function emptyLike({ shape }: Tensor, examples: number): Tensor {
  const whole = [examples, ...shape.slice(1)];
  return { shape: whole, data: new Float32Array(sizeOf(whole)) };
}
