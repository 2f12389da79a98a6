/**
 * Brings a program to life: plan, module, instance, and the few lines of JavaScript around a run. Between copying inputs in and
 * results out there is one call.
 */
import { UnrollError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";
import type { Program, Value } from "../program/program.ts";
import { supportsRelaxedSimd } from "./assembler.ts";
import { addressOf, type Layout } from "./layout.ts";
import { type Machine, wasmMachine } from "./machine.ts";
import { largestMemory } from "./memory.ts";
import { type MemoryUse, memoryUseOf } from "./memory-use.ts";
import { type Plan, planProgram, type Recompute } from "./plan.ts";

/** A module brought to life: its memory, and the functions that it exports. */
export interface Instance {
  readonly buffer: ArrayBufferLike;
  readonly run: () => void;
  readonly prepare: () => void;
}

/** Where a module's functions are, for any thread of the process: it can be sent to a worker. */
export type SharedCode =
  | { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
  | { readonly file: string; readonly address: number };

/** An instance whose memory all threads reach. */
export interface SharedInstance extends Instance {
  readonly code: SharedCode;
}

/** What a plan becomes: the machine that it is written for, and how its module is brought to life. */
export interface Target {
  /** @param relaxed whether multiply and add may be fused where the machine can */
  machine(relaxed: boolean): Machine;
  /** Throws UnrollError `memory` when there is not so much, `unsupported` where the place does not allow it. */
  instantiate(plan: Plan): Instance;
  /** Instances for several threads, each with a memory of its own; missing where threads/shared.ts makes them. */
  share?(plan: Plan, count: number): SharedInstance[];
}

export interface CompileOptions {
  /** Values whose numbers `read` gives after a run, beside the results. */
  readonly keep?: readonly Value[];
  /** The most bytes that the plan may take; left out = what 32-bit addresses reach. */
  readonly limit?: number;
  /** What the program becomes; left out = WebAssembly. */
  readonly target?: Target;
  /**
   * Timesteps of the segments in which recurrent layers run, so that what training must keep of each timestep is kept for one
   * segment only, and computed again for the others on the way back. False = all at once; "auto", the default = all at once
   * unless the plan would then take more than 512 MiB and segments make it clearly smaller.
   */
  readonly recompute?: Recompute;
  /** False = multiply and add round separately on every machine; left out = fused where the target can. */
  readonly relaxed?: boolean;
}

/** A program ready to run. */
export interface CompiledProgram {
  /** Bytes of its memory. */
  readonly bytes: number;
  /** What its memory holds. */
  readonly memory: MemoryUse;
  /** Its kernels and where everything lies, for `describeProgram`. */
  readonly plan: Plan;
  /**
   * Runs the program on row-major inputs, one for each of the program's inputs, whose sizes the caller has checked. Variables
   * that changed since the last run are taken up first. The results are copies.
   */
  run(inputs: readonly TensorData[], random?: Random): Tensor[];
  /** As `run`, without copies: the results lie in `views` until the next run. */
  runInPlace(inputs: readonly TensorData[], random?: Random): void;
  /** The results where they lie in memory, row-major. Not to be written to, nor kept over another run. */
  readonly views: readonly Float32Array[];
  /** A copy of a value that was to be kept, as the last run left it. */
  read(value: Value): Tensor;
}

/**
 * Compiles a program, to WebAssembly unless another target is named.
 *
 * @throws UnrollError `memory` when it needs more memory than the limit or the machine has (before taking any), `unsupported`
 * where there is no WebAssembly, or for the native target no compiler.
 * @example
 * const x = inputValue("x", [2, 3]);
 * compileProgram({ inputs: [x], results: [map([x], ([v]) => v!.tanh())], updates: [] }).run([new Float32Array(6)]);
 */
export function compileProgram(program: Program, options: CompileOptions = {}): CompiledProgram {
  const { keep = [], limit = largestMemory, target = wasmTarget, relaxed = true, recompute = "auto" } = options;
  const machine = target.machine(relaxed);
  const plan = planProgram(program, { keep, limit: Math.min(limit, largestMemory), machine, recompute });
  return new Compiled(program, plan, target.instantiate(plan));
}

/** Plans become WebAssembly, with relaxed SIMD where the engine has it. */
export const wasmTarget: Target = {
  machine(relaxed) {
    if (typeof WebAssembly === "undefined") throw notAllowed();
    return wasmMachine(relaxed && supportsRelaxedSimd());
  },
  instantiate,
};

/** A variable's place in the plan's memory. */
class WeightSlot {
  readonly variable: Variable;
  readonly view: Float32Array;
  /** The variable's version that the memory holds. */
  version = -1;
  /** Gives the memory's numbers to the variable. */
  readonly fetch: () => void;

  /** Whether kernels wait for `prepare` with its numbers. */
  readonly prepared: boolean;

  constructor(variable: Variable, view: Float32Array, prepared: boolean) {
    this.variable = variable;
    this.view = view;
    this.prepared = prepared;
    this.fetch = () => {
      variable.assign(view);
      this.version = variable.version;
    };
  }
}

/** Where random numbers go, in the order in which they are drawn. */
export interface RandomPlace {
  readonly view: Float32Array;
  readonly distribution: "uniform" | "normal";
}

/** Below this many numbers a loop copies faster than a call of the typed array's methods. */
const fewNumbers = 24;

/** A plan in a memory of its own. */
export class Compiled implements CompiledProgram {
  readonly bytes: number;
  readonly memory: MemoryUse;
  readonly views: readonly Float32Array[];
  readonly plan: Plan;
  readonly randoms: readonly RandomPlace[];
  readonly #memory: ArrayBufferLike;
  readonly #shapes: readonly (readonly number[])[];
  readonly #inputs: readonly (Float32Array | undefined)[];
  readonly #weights: ReadonlyMap<Variable, WeightSlot>;
  readonly #updated: readonly WeightSlot[];
  readonly #updater: Compiled | undefined;
  readonly #run: () => void;
  readonly #prepare: () => void;
  #seenChanges = -1;

  /** @param updater another program that changes variables of this one, and from whose memory they are taken at once */
  constructor(program: Program, plan: Plan, { buffer, run, prepare }: Instance, updater?: Compiled) {
    this.plan = plan;
    this.#updater = updater;
    this.#memory = buffer;
    this.#run = run;
    this.#prepare = prepare;
    this.bytes = buffer.byteLength;
    this.memory = memoryUseOf(plan);
    this.#shapes = program.results.map((value) => value.shape);
    this.views = plan.results.map((layout) => this.#view(layout));
    this.#inputs = plan.inputs.map((layout) => layout && this.#view(layout));
    const slots = new Map(
      [...plan.weights].map(([variable, layout]) => [
        variable,
        new WeightSlot(variable, this.#view(layout), !plan.changing.has(variable)),
      ]),
    );
    this.#weights = slots;
    this.#updated = [...new Set(program.updates.map(({ variable }) => slots.get(variable)!))];
    this.randoms = plan.randoms.map(({ layout, distribution }) => ({ view: this.#view(layout), distribution }));
  }

  run(inputs: readonly TensorData[], random?: Random): Tensor[] {
    this.runInPlace(inputs, random);
    const results = new Array<Tensor>(this.views.length);
    for (let i = 0; i < results.length; i++) {
      results[i] = { shape: this.#shapes[i]!, data: copyOf(this.views[i]!) };
    }
    return results;
  }

  runInPlace(inputs: readonly TensorData[], random?: Random): void {
    this.load(inputs);
    if (this.randoms.length > 0) this.#draw(random);
    this.execute();
    if (this.#updated.length > 0) this.#reportUpdates();
  }

  /** The first half of a run: takes up what changed, and copies the inputs in. */
  load(inputs: readonly TensorData[]): void {
    if (Variable.changes !== this.#seenChanges) this.#takeUpWeights();
    for (let i = 0; i < this.#inputs.length; i++) {
      const view = this.#inputs[i];
      if (view !== undefined) copyInto(view, inputs[i]!);
    }
  }

  /** The second half: only the kernels. */
  execute(): void {
    this.#run();
  }

  read(value: Value): Tensor {
    const layout = this.plan.kept.get(value);
    if (layout === undefined) throw new Error("compiler: only results and kept values can be read");
    return { shape: value.shape, data: this.#view(layout).slice() };
  }

  #view(layout: Layout): Float32Array {
    return new Float32Array(this.#memory, addressOf(layout), sizeOf(layout.shape));
  }

  /** Copies in what changed, then lets the kernels pack it. */
  #takeUpWeights(): void {
    let changed = this.#seenChanges < 0;
    for (const slot of this.#weights.values()) {
      // Reading first: it may fetch newer numbers from another plan, and that counts as a change.
      const data = this.#updater?.newestOf(slot.variable) ?? slot.variable.data;
      if (slot.version === slot.variable.version) continue;
      slot.view.set(data);
      slot.version = slot.variable.version;
      changed ||= slot.prepared;
    }
    this.#seenChanges = Variable.changes;
    if (changed) this.#prepare();
  }

  /** The variable's numbers where they lie here, if there are no newer ones. Not to be kept. */
  newestOf(variable: Variable): Float32Array | undefined {
    const slot = this.#weights.get(variable);
    return slot?.version === variable.version ? slot.view : undefined;
  }

  /** The variables' newest numbers now lie here; they are fetched when somebody asks. */
  #reportUpdates(): void {
    for (const slot of this.#updated) {
      slot.variable.changedElsewhere(slot.fetch);
      slot.version = slot.variable.version;
    }
    this.#seenChanges = Variable.changes;
  }

  #draw(random: Random | undefined): void {
    if (random === undefined) throw new Error("compiler: random numbers need a seeded generator");
    for (const place of this.randoms) fillWith(random, place);
  }
}

export function fillWith(random: Random, { view, distribution }: RandomPlace): void {
  if (distribution === "uniform") random.fillUniform(view);
  else random.fillNormal(view);
}

function notAllowed(cause?: unknown): UnrollError {
  return new UnrollError(
    {
      code: "unsupported",
      path: "compile",
      expected: "this place must allow WebAssembly",
      hint: "Let the page's Content-Security-Policy have 'wasm-unsafe-eval', or use the reference, which needs none.",
    },
    { cause },
  );
}

/** Throws UnrollError `memory` when there is not so much, `unsupported` where WebAssembly is not allowed. */
function instantiate(plan: Plan): Instance {
  const module = moduleOf(plan.module.toBytes());
  try {
    const { memory, run, prepare } = new WebAssembly.Instance(module).exports as unknown as WasmExports;
    return { buffer: memory.buffer, run, prepare };
  } catch (cause) {
    throw noMemory(plan, cause);
  }
}

/** The machine has less memory than the plan needs. */
export function noMemory({ memory }: Plan, cause: unknown): UnrollError {
  return new UnrollError(
    {
      code: "memory",
      path: "compile",
      expected: "the machine must have memory for the program",
      received: `bytes = ${memory.lastingBytes + memory.temporaryBytes}`,
      hint: "Use a smaller batch or fewer timesteps.",
    },
    { cause },
  );
}

/** What our own modules export. */
interface WasmExports {
  readonly memory: WebAssembly.Memory;
  run(): void;
  prepare(): void;
}

/** Throws UnrollError `unsupported` where WebAssembly is not allowed. */
export function moduleOf(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (defect) {
    // A policy refuses every module alike, the empty one too; anything else that is refused is a defect of an emitter.
    const header = bytes.slice(0, 8);
    try {
      new WebAssembly.Module(header);
    } catch (cause) {
      throw notAllowed(cause);
    }
    throw defect;
  }
}

function copyInto(view: Float32Array, data: TensorData): void {
  if (view.length > fewNumbers) view.set(data);
  else for (let i = 0; i < view.length; i++) view[i] = data[i]!;
}

function copyOf(view: Float32Array): Float32Array {
  if (view.length > fewNumbers) return view.slice();
  const copy = new Float32Array(view.length);
  for (let i = 0; i < copy.length; i++) copy[i] = view[i]!;
  return copy;
}
