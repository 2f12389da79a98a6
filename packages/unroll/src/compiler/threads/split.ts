/**
 * Runs a program over several threads by cutting the batch into equal parts. Every part has a memory of its own with the same
 * module in it, and the numbers of an example do not depend on which part it is in: the results are those of one thread, bit
 * for bit, whoever runs what.
 */
import { UnrollError } from "../../core/errors.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Tensor, TensorData } from "../../core/tensor.ts";
import type { Program } from "../../program/program.ts";
import { Compiled, type Target, wasmTarget } from "../compile.ts";
import type { Machine } from "../machine.ts";
import { largestMemory } from "../memory.ts";
import type { MemoryUse } from "../memory-use.ts";
import { type Plan, planProgram } from "../plan.ts";
import { forgetParts, forgotten, type SharedPart, sharePart } from "./helpers.ts";
import { Pace } from "./pace.ts";
import { sharedMemories } from "./shared.ts";
import { threadsRefusal } from "./start.ts";

/**
 * Floating-point operations of about 30 µs, for each number that a vector has: handing a part over takes about 10. Wide vectors
 * do not help small layers as much, but there both ways are timed.
 */
const enoughForALane = 150_000;

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

/**
 * How long a worker may take for a part, in ms, when one of the same size took `own` here: so much more that only a dead one takes
 * longer, on a busy machine and with the slowest of numbers too.
 */
const patienceFor = (own: number): number => 30_000 + 100 * own;

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
 * work, variables that a run changes (states), random numbers, no memory for the parts, a place without threads.
 *
 * @throws UnrollError `unsupported` where WebAssembly is not allowed.
 */
export function splitProgram(request: SplitRequest): SplitProgram | undefined {
  if (threadsRefusal() !== undefined) return undefined;
  try {
    return splitFor(request, Math.min(request.threads, request.examples));
  } catch (error) {
    // What the parts cannot have, the whole may: one thread has one copy of the weights, and says what is wrong otherwise.
    if (error instanceof RangeError || (error instanceof UnrollError && error.code === "memory")) return undefined;
    throw error;
  }
}

function splitFor(request: SplitRequest, threads: number): SplitProgram | undefined {
  if (threads <= 1) return undefined;
  const batch = Math.min(request.batchSize, Math.ceil(request.examples / threads));
  const program = request.programFor(batch);
  if (program.updates.length > 0 || program.results.some(({ shape }) => shape[0] !== batch)) return undefined;
  const { target = wasmTarget } = request;
  const machine = target.machine(true);
  const plan = planProgram(program, { keep: [], limit: largestMemory, machine, shared: true });
  if (plan.randoms.length > 0) return undefined;
  const withEnough = Math.floor((threads * flopsOf(plan)) / (request.smallestPart ?? enoughForAPart(machine)));
  return withEnough < threads ? splitFor(request, withEnough) : new Split(program, plan, target, batch, threads);
}

export function enoughForAPart({ lanes }: Machine): number {
  return enoughForALane * lanes;
}

/** Of one run, without what only changed weights ask for. */
function flopsOf({ kernels }: Plan): number {
  return kernels.reduce((sum, { kernel, prepared }) => sum + (prepared ? 0 : kernel.flops), 0);
}

class Split implements SplitProgram {
  readonly batch: number;
  readonly threads: number;
  readonly memory: MemoryUse;
  /** The first one is always run here. */
  readonly #parts: readonly Compiled[] = [];
  readonly #shared: readonly SharedPart[];
  /** Numbers of one part of each input. */
  readonly #widths: readonly number[];
  readonly #shapes: readonly (readonly number[])[];
  readonly #pace = new Pace();
  #helped = 0;
  /** Why it cannot run any more. */
  #lost: unknown;

  constructor(program: Program, plan: Plan, target: Target, batch: number, threads: number) {
    this.batch = threads * batch;
    this.threads = threads;
    this.#widths = program.inputs.map(({ shape }) => sizeOf(shape));
    this.#shapes = program.results.map(({ shape }) => [this.batch, ...shape.slice(1)]);
    const instances = (target.share ?? sharedMemories)(plan, threads);
    this.#parts = instances.map((instance) => new Compiled(program, plan, instance));
    this.memory = timesParts(this.#parts[0]!.memory, threads);
    this.#shared = instances.slice(1).map(({ code }, index) => sharePart(index, code));
    forgotten.register(this, this.#shared, this);
  }

  get helped(): number {
    return this.#helped;
  }

  run(inputs: readonly TensorData[]): Tensor[] {
    if (this.#lost !== undefined) throw this.#lost;
    const start = performance.now();
    const way = this.#pace.next();
    try {
      this.#runParts(way, inputs);
    } catch (error) {
      this.#settle();
      throw error;
    }
    this.#pace.took(way, performance.now() - start);
    return this.#shapes.map((shape, index) => ({ shape, data: this.#gather(index, sizeOf(shape)) }));
  }

  /** Runs what workers do not, and waits for them. */
  #runParts(way: "shared" | "alone", inputs: readonly TensorData[]): void {
    const parts = this.#parts;
    for (const [index, { helper, id }] of this.#shared.entries()) {
      this.#load(index + 1, inputs);
      if (way === "shared") helper.offer(id);
    }
    this.#load(0, inputs);
    const start = performance.now();
    parts[0]!.execute();
    const patience = patienceFor(performance.now() - start);
    const begun: number[] = [];
    for (const [index, { helper, id }] of this.#shared.entries()) {
      if (way === "alone" || helper.takeBack(id)) parts[index + 1]!.execute();
      else begun.push(index);
    }
    for (const index of begun) {
      if (this.#finish(this.#shared[index]!, patience)) this.#helped++;
      else {
        // Half a run may have written over its inputs.
        this.#load(index + 1, inputs);
        parts[index + 1]!.execute();
      }
    }
  }

  #finish({ helper, id }: SharedPart, patience: number): boolean {
    try {
      return helper.finish(id, patience);
    } catch (error) {
      // The worker may be alive after all and write into the part's memory.
      this.#lost = error;
      throw error;
    }
  }

  /** After an error, makes sure that no worker goes on with an offer of this run. */
  #settle(): void {
    for (const shared of this.#shared) {
      if (!shared.helper.takeBack(shared.id)) this.#finish(shared, patienceFor(0));
    }
  }

  release(): void {
    forgotten.unregister(this);
    forgetParts(this.#shared);
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

function timesParts(
  { variables, packed, workspace, workspaceUnshared, pages, bytes }: MemoryUse,
  parts: number,
): MemoryUse {
  return {
    variables: new Map([...variables].map(([variable, size]) => [variable, parts * size])),
    packed: parts * packed,
    workspace: parts * workspace,
    workspaceUnshared: parts * workspaceUnshared,
    pages: parts * pages,
    bytes: parts * bytes,
  };
}
