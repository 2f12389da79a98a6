/** A program on a GPU, with its variables: what changed is taken up before a run, what the run changes is given back. */
import { UnrollError } from "../../core/errors.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Tensor, TensorData } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import type { Program } from "../../program/program.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuPlan, planForGpu } from "./gpu-plan.ts";
import { type GpuRunner, openRunner, type Write } from "./gpu-runner.ts";

export class GpuProgram {
  readonly #program: Program;
  readonly #plan: GpuPlan;
  readonly #runner: GpuRunner;
  readonly #variables: readonly Variable[];
  /** The variables' versions that the GPU has. */
  readonly #versions = new Map<Variable, number>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(program: Program, plan: GpuPlan, variables: readonly Variable[], runner: GpuRunner) {
    this.#program = program;
    this.#plan = plan;
    this.#variables = variables;
    this.#runner = runner;
  }

  /**
   * Plans the program, compiles its shaders and takes its memory.
   *
   * @throws UnrollError `memory` when it needs more than the GPU gives
   */
  static async compile(program: Program, gpu: Gpu): Promise<GpuProgram> {
    const { plan, variables } = planForGpu(program, gpu.limit);
    return new GpuProgram(program, plan, variables, await openRunner(plan, gpu));
  }

  /**
   * Runs the program on row-major inputs, one for each of the program's inputs, whose sizes the caller has checked. Runs that are
   * asked for at the same time happen one after the other.
   *
   * @throws UnrollError `data` for inputs that are not finite, `weights` for such weights, `aborted` when the GPU goes away
   */
  run(inputs: readonly TensorData[]): Promise<Tensor[]> {
    const next = this.#last.then(() => this.#runNow(inputs));
    this.#last = next.catch(() => {});
    return next;
  }

  /** Gives its memory back. */
  release(): void {
    this.#runner.release();
  }

  async #runNow(inputs: readonly TensorData[]): Promise<Tensor[]> {
    const data = this.#plan.inputs.flatMap((span, i): Write[] => {
      if (span === undefined) return [];
      const { operation } = this.#program.inputs[i]!;
      const path = operation.op === "input" ? operation.name : "input";
      return [{ address: span.address, numbers: finiteNumbers(inputs[i]!, "data", path) }];
    });
    // Reading a variable's numbers may fetch newer ones from elsewhere, and that counts as a change.
    const changed = this.#variables.flatMap((variable, i) => {
      const numbers = variable.data;
      return this.#versions.get(variable) === variable.version
        ? []
        : [{ variable, numbers, ...this.#plan.weights[i]! }];
    });
    const weights = changed.map(({ variable, numbers, address }) => ({
      address,
      numbers: finiteNumbers(numbers, "weights", variable.name),
    }));
    for (const { variable } of changed) this.#versions.set(variable, variable.version);
    return this.#resultsOf(await this.#runner.run([...weights, ...data], { prepare: changed.length > 0 }));
  }

  #resultsOf(numbers: Float32Array): Tensor[] {
    let start = 0;
    const next = (shape: readonly number[]): Float32Array => {
      const count = sizeOf(shape);
      start += count;
      return numbers.slice(start - count, start);
    };
    const results = this.#program.results.map(({ shape }) => ({ shape: [...shape], data: next(shape) }));
    for (const { variable } of this.#program.updates) {
      variable.assign(next(variable.shape));
      this.#versions.set(variable, variable.version);
    }
    return results;
  }
}

/**
 * WGSL lets a driver take it for granted that every number is finite, so others do not go in.
 *
 * @throws UnrollError with the code and the path
 */
function finiteNumbers(data: TensorData, code: "data" | "weights", path: string): Float32Array {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new UnrollError({
      code,
      path,
      expected: 'device "webgpu" computes with finite numbers only',
      received: `element ${i} = ${data[i]}`,
      hint: "Leave the device out to run in WebAssembly.",
    });
  }
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
