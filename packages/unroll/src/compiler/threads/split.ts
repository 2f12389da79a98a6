/**
 * Runs a program over several threads by cutting the batch into equal parts. Every part has a memory of its own with the same
 * module in it, and the numbers of an example do not depend on which part it is in: the results are those of one thread, bit
 * for bit, whoever runs what.
 */
import { sizeOf } from "../../core/shape.ts";
import type { Tensor, TensorData } from "../../core/tensor.ts";
import { valuesApart } from "../../program/apart.ts";
import type { Program } from "../../program/program.ts";
import { Compiled, type Target, wasmTarget } from "../compile.ts";
import { largestMemory } from "../memory.ts";
import { type MemoryUse, memoryUseOfAll } from "../memory-use.ts";
import { type Plan, planProgram } from "../plan.ts";
import { Crew } from "./crew.ts";
import { sharedMemories, unlessTooLarge } from "./shared.ts";
import { threadsRefusal } from "./start.ts";
import { enoughForAPart, flopsOf } from "./worth.ts";

export interface SplitRequest {
  /** Examples that there are to run at once. */
  readonly examples: number;
  /** The most examples of one part. */
  readonly batchSize: number;
  readonly threads: number;
  /** Floating-point operations that a part must have, so that handing it over pays; left out = about 30 µs' worth. */
  readonly smallestPart?: number;
  /** As in `compileProgram`. */
  readonly target?: Target;
  /** Writes the program for a batch. Each example's results must not depend on the other examples. */
  programFor(batch: number): Program;
}

/** A program over several threads. */
export interface SplitProgram {
  /** Examples of a run: the parts together. */
  readonly batch: number;
  readonly threads: number;
  /** Parts that other threads have run so far. */
  readonly helped: number;
  /** What the memories of all parts hold. */
  readonly memory: MemoryUse;
  /**
   * Runs on inputs `[batch, ...]`, row-major. The results are copies.
   *
   * @throws UnrollError `aborted` when a worker has died in the middle of a part; the program cannot run any more then
   */
  run(inputs: readonly TensorData[]): Tensor[];
  /** Gives the memory of the workers back; the program cannot run any more. */
  release(): void;
}

/**
 * Splits a program over as many threads as have enough to do; undefined where one thread is better or must do it alone: little
 * work, variables that a run changes (states), random numbers, numbers of an example that depend on other examples, no memory for
 * the parts, a place without threads.
 *
 * @throws UnrollError `unsupported` where WebAssembly is not allowed.
 */
export function splitProgram(request: SplitRequest): SplitProgram | undefined {
  if (threadsRefusal() !== undefined) return undefined;
  return unlessTooLarge(() => splitFor(request, Math.min(request.threads, request.examples)));
}

function splitFor(request: SplitRequest, threads: number): SplitProgram | undefined {
  if (threads <= 1) return undefined;
  const batch = Math.min(request.batchSize, Math.ceil(request.examples / threads));
  const program = request.programFor(batch);
  const apart = valuesApart(program.results, batch);
  if (program.updates.length > 0 || !program.results.every((result) => apart.has(result))) return undefined;
  const { target = wasmTarget } = request;
  const machine = target.machine(true);
  const plan = planProgram(program, { keep: [], limit: largestMemory, machine, shared: true });
  if (plan.randoms.length > 0) return undefined;
  const withEnough = Math.floor((threads * flopsOf(plan)) / (request.smallestPart ?? enoughForAPart(machine)));
  return withEnough < threads ? splitFor(request, withEnough) : new Split(program, plan, target, batch, threads);
}

class Split implements SplitProgram {
  readonly batch: number;
  readonly threads: number;
  readonly memory: MemoryUse;
  readonly #parts: readonly Compiled[] = [];
  readonly #crew: Crew;
  /** Numbers of one part of each input. */
  readonly #widths: readonly number[];
  readonly #shapes: readonly (readonly number[])[];

  constructor(program: Program, plan: Plan, target: Target, batch: number, threads: number) {
    this.batch = threads * batch;
    this.threads = threads;
    this.#widths = program.inputs.map(({ shape }) => sizeOf(shape));
    this.#shapes = program.results.map(({ shape }) => [this.batch, ...shape.slice(1)]);
    const instances = (target.share ?? sharedMemories)(plan, threads);
    this.#parts = instances.map((instance) => new Compiled(program, plan, instance));
    this.memory = memoryUseOfAll(this.#parts.map(({ memory }) => memory));
    this.#crew = new Crew(
      this.#parts,
      instances.map(({ code }) => code),
    );
  }

  get helped(): number {
    return this.#crew.helped;
  }

  run(inputs: readonly TensorData[]): Tensor[] {
    this.#crew.run((part) => this.#load(part, inputs));
    return this.#shapes.map((shape, index) => ({ shape, data: this.#gather(index, sizeOf(shape)) }));
  }

  release(): void {
    this.#crew.release();
  }

  #load(part: number, inputs: readonly TensorData[]): void {
    const slices = inputs.map((data, i) => data.subarray(part * this.#widths[i]!, (part + 1) * this.#widths[i]!));
    this.#parts[part]!.load(slices);
  }

  #gather(result: number, size: number): Float32Array {
    const whole = new Float32Array(size);
    let start = 0;
    for (const { views } of this.#parts) {
      whole.set(views[result]!, start);
      start += views[result]!.length;
    }
    return whole;
  }
}
