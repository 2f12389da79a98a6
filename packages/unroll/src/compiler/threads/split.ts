/**
 * Runs a program over several threads by cutting the batch into equal parts. Every part has a memory of its own with the same
 * module in it, and the numbers of an example do not depend on which part it is in: the results are those of one thread, bit
 * for bit, whoever runs what.
 */
import { UnrollError } from "../../core/errors.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Tensor, TensorData } from "../../core/tensor.ts";
import type { Program } from "../../program/program.ts";
import { supportsRelaxedSimd } from "../assembler.ts";
import { Compiled, type Instance, moduleOf, noMemory } from "../compile.ts";
import { wasmMachine } from "../machine.ts";
import { largestMemory } from "../memory.ts";
import type { MemoryUse } from "../memory-use.ts";
import { memoryModule, type Plan, planProgram } from "../plan.ts";
import { Helper } from "./helper.ts";
import { Pace } from "./pace.ts";
import { threadsRefusal } from "./start.ts";

/** Floating-point operations of about 30 µs: handing a part over takes about 10. */
const enoughForAPart = 600_000;

export interface SplitRequest {
  /** Examples that there are to run at once. */
  readonly examples: number;
  /** The most examples of one part. */
  readonly batchSize: number;
  readonly threads: number;
  /** Floating-point operations that a part must have, so that handing it over pays; left out = 600,000. */
  readonly smallestPart?: number;
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
  /** Runs on inputs `[batch, ...]`, row-major. The results are copies. */
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
  const machine = wasmMachine(supportsRelaxedSimd());
  const plan = planProgram(program, { keep: [], limit: largestMemory, machine, shared: true });
  if (plan.randoms.length > 0) return undefined;
  const withEnough = Math.floor((threads * flopsOf(plan)) / (request.smallestPart ?? enoughForAPart));
  return withEnough < threads ? splitFor(request, withEnough) : new Split(program, plan, batch, threads);
}

/** Of one run, without what only changed weights ask for. */
function flopsOf({ kernels }: Plan): number {
  return kernels.reduce((sum, { kernel, prepared }) => sum + (prepared ? 0 : kernel.flops), 0);
}

/** Helpers of this thread, which take the second part, the third and so on of every split program. */
const helpers: Helper[] = [];
let lastPart = 0;

function helperFor(index: number): Helper {
  helpers[index] ??= new Helper();
  return helpers[index];
}

/** A part that a helper may run. */
interface SharedPart {
  readonly helper: Helper;
  readonly id: number;
}

/** Parts of programs that nobody holds any more. */
const forgotten = new FinalizationRegistry<readonly SharedPart[]>(forget);

function forget(parts: readonly SharedPart[]): void {
  for (const { helper, id } of parts) helper.forget(id);
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

  constructor(program: Program, plan: Plan, batch: number, threads: number) {
    this.batch = threads * batch;
    this.threads = threads;
    this.#widths = program.inputs.map(({ shape }) => sizeOf(shape));
    this.#shapes = program.results.map(({ shape }) => [this.batch, ...shape.slice(1)]);
    const module = moduleOf(plan.module.toBytes());
    const memories = Array.from({ length: threads }, () => sharedMemory(plan));
    this.#parts = memories.map((memory) => new Compiled(program, plan, instanceOf(plan, module, memory)));
    this.memory = timesParts(this.#parts[0]!.memory, threads);
    this.#shared = memories.slice(1).map((memory, index) => {
      const helper = helperFor(index);
      const id = ++lastPart;
      helper.know(id, module, memory);
      return { helper, id };
    });
    forgotten.register(this, this.#shared, this);
  }

  get helped(): number {
    return this.#helped;
  }

  run(inputs: readonly TensorData[]): Tensor[] {
    const start = performance.now();
    const way = this.#pace.next();
    const parts = this.#parts;
    for (let i = 1; i < parts.length; i++) {
      this.#load(i, inputs);
      const { helper, id } = this.#shared[i - 1]!;
      if (way === "shared") helper.offer(id);
    }
    this.#load(0, inputs);
    parts[0]!.execute();
    const begun: SharedPart[] = [];
    for (const [index, shared] of this.#shared.entries()) {
      if (way === "alone" || shared.helper.takeBack(shared.id)) parts[index + 1]!.execute();
      else begun.push(shared);
    }
    for (const { helper, id } of begun) helper.finish(id);
    this.#helped += begun.length;
    this.#pace.took(way, performance.now() - start);
    return this.#shapes.map((shape, index) => ({ shape, data: this.#gather(index, sizeOf(shape)) }));
  }

  release(): void {
    forgotten.unregister(this);
    forget(this.#shared);
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

/** Throws UnrollError `memory`. */
function sharedMemory(plan: Plan): WebAssembly.Memory {
  const { pages } = plan.memory;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw noMemory(plan, cause);
  }
}

function instanceOf(plan: Plan, module: WebAssembly.Module, memory: WebAssembly.Memory): Instance {
  try {
    const { exports } = new WebAssembly.Instance(module, { [memoryModule]: { memory } });
    const { run, prepare } = exports as Record<"run" | "prepare", () => void>; // what planProgram exports
    return { buffer: memory.buffer, run, prepare };
  } catch (cause) {
    throw noMemory(plan, cause);
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
