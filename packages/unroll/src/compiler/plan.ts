/**
 * The plan of a program: which kernels run in which order, and where every value lies. It chooses layouts and lifetimes and
 * emits the module; compile.ts brings it to life. What kernels need is said in kernel.ts.
 */
import { sizeOf, stridesOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { type Operation, operationsInOrder, type Program, sourcesOf, type Value } from "../program/program.ts";
import { ModuleBuilder, type WasmFunction } from "./assembler.ts";
import { emitCopy } from "./elementwise.ts";
import type { Task } from "./fuse.ts";
import { type ProgramTasks, sourcesOfTask, tasksOfProgram } from "./join-updates.ts";
import type { Kernel, PlanContext } from "./kernel.ts";
import { type Buffer, isContiguous, type Layout, viewLayout } from "./layout.ts";
import { type Machine, vectorBytes } from "./machine.ts";
import { type MemoryPlan, newBuffer, type PlannedBuffer, placeBuffers, spareBytes } from "./memory.ts";
import { makeKernel } from "./operations.ts";
import { shortSegment } from "./scan-segments.ts";

export interface PlanOptions {
  /** Values whose numbers can be read after a run, beside the results. */
  readonly keep: readonly Value[];
  /** Bytes that the plan may take. */
  readonly limit: number;
  readonly machine: Machine;
  /** See CompileOptions; left out = "auto". */
  readonly recompute?: Recompute;
  /** Variables whose numbers are others in every run: nothing is prepared of them. What the program itself updates is meant anyway. */
  readonly changing?: ReadonlySet<Variable>;
  /** Whether the module works in memory that it is given, as "memory" of `memoryModule`, and that threads share. */
  readonly shared?: boolean;
}

/**
 * Timesteps of the segments in which scans run: false = all at once, "auto" = all at once where that takes up to `usualMemory`,
 * else segments of the length that keeps memory small.
 */
export type Recompute = "auto" | false | number;

/** Bytes of a plan that need no saving. */
export const usualMemory = 512 * 2 ** 20;

/** Segments must save so much of a plan's memory to be worth their time. */
const worthwhile = 0.75;

/** From where a module imports shared memory. */
export const memoryModule = "unroll";

/** Memory that a kernel touches; the layout where a value lies in it. */
export interface Access {
  readonly buffer: Buffer;
  readonly layout?: Layout;
}

/** A kernel and the memory it touches. */
export interface PlannedKernel {
  readonly kernel: Kernel;
  /** Prepared kernels run when weights have changed, the others in every run. */
  readonly prepared: boolean;
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
}

export interface Plan {
  readonly kernels: readonly PlannedKernel[];
  readonly buffers: readonly PlannedBuffer[];
  readonly memory: MemoryPlan;
  /** One for each of the program's inputs; undefined where nothing reads it. Row-major. */
  readonly inputs: readonly (Layout | undefined)[];
  /** One for each of the program's results. Row-major. */
  readonly results: readonly Layout[];
  readonly kept: ReadonlyMap<Value, Layout>;
  /** Where each variable's numbers lie, row-major; trainable ones first, one after the other. */
  readonly weights: ReadonlyMap<Variable, Layout>;
  /** Variables that `prepare` has nothing to do with. */
  readonly changing: ReadonlySet<Variable>;
  readonly constants: readonly { readonly layout: Layout; readonly value: number }[];
  /** Random values, in the order of the program. */
  readonly randoms: readonly { readonly layout: Layout; readonly distribution: "uniform" | "normal" }[];
  readonly module: ModuleBuilder;
}

/** Plans a program and emits its module, which exports `run` and `prepare`. */
export function planProgram(program: Program, options: PlanOptions): Plan {
  const { recompute = "auto" } = options;
  const planned = (segmentOf: PlanContext["segmentOf"]): Planner => new Planner(program, options, segmentOf);
  const whole = planned(({ timesteps }) => timesteps);
  if (recompute === false) return whole.plan();
  if (recompute !== "auto") return planned(({ timesteps }) => Math.min(timesteps, recompute)).plan();
  if (whole.bytes <= Math.min(usualMemory, options.limit)) return whole.plan();
  const cut = planned(shortSegment);
  return (cut.bytes <= worthwhile * whole.bytes || whole.bytes > options.limit ? cut : whole).plan();
}

class Planner {
  readonly #program: Program;
  readonly #options: PlanOptions;
  readonly #operations: readonly Operation[];
  readonly #tasks: ProgramTasks;
  readonly #roots: ReadonlySet<Value>;
  readonly #used: ReadonlySet<Value>;
  readonly #updated: ReadonlySet<Variable>;
  readonly #changing: ReadonlySet<Variable>;
  readonly #buffers: PlannedBuffer[] = [];
  readonly #layouts = new Map<Value, Layout>();
  readonly #contiguous = new Map<Value, Layout>();
  readonly #weights = new Map<Variable, Layout>();
  readonly #constants: { layout: Layout; value: number }[] = [];
  readonly #randoms: { layout: Layout; distribution: "uniform" | "normal" }[] = [];
  readonly #prepared = new Set<Value>();
  readonly #kernels: PlannedKernel[] = [];
  readonly #notes = new Map<Operation, unknown>();
  readonly #segmentOf: PlanContext["segmentOf"];
  readonly #ends: Pick<Plan, "inputs" | "results" | "kept">;

  /** Lays everything out; `plan` then gives addresses and emits. */
  constructor(program: Program, options: PlanOptions, segmentOf: PlanContext["segmentOf"]) {
    this.#program = program;
    this.#options = options;
    this.#segmentOf = segmentOf;
    const roots = [...program.results, ...program.updates.map((update) => update.value), ...options.keep];
    this.#roots = new Set(roots);
    this.#operations = operationsInOrder(roots);
    this.#tasks = tasksOfProgram(program, options.keep);
    this.#used = new Set([...roots, ...this.#operations.flatMap(sourcesOf)]);
    this.#updated = new Set(program.updates.map((update) => update.variable));
    this.#changing = new Set([...this.#updated, ...(options.changing ?? [])]);
    this.#placeWeights();
    for (const task of this.#tasks.tasks) this.#plan(task);
    const results = this.#program.results.map((value) => this.#readAtEnd(value));
    const kept = new Map(this.#options.keep.map((value) => [value, this.#readAtEnd(value)]));
    this.#ends = { inputs: this.#program.inputs.map((value) => this.#layouts.get(value)), results, kept };
    this.#planUpdates();
  }

  /** Bytes that the plan takes, whatever the limit is. */
  get bytes(): number {
    const { lastingBytes, temporaryBytes } = this.#place(Number.POSITIVE_INFINITY);
    return lastingBytes + temporaryBytes + spareBytes;
  }

  #place(limit: number): MemoryPlan {
    return placeBuffers(this.#buffers, limit, vectorBytes(this.#options.machine));
  }

  /** Throws UnrollError `memory` when it takes more than the limit. */
  plan(): Plan {
    const memory = this.#place(this.#options.limit);
    return {
      kernels: this.#kernels,
      buffers: this.#buffers,
      memory,
      ...this.#ends,
      weights: this.#weights,
      changing: this.#changing,
      constants: this.#constants,
      randoms: this.#randoms,
      module: this.#emit(memory),
    };
  }

  #placeWeights(): void {
    const used = this.#operations.flatMap((operation) => (operation.op === "weight" ? [operation.variable] : []));
    const variables = [...new Set([...used, ...this.#updated])];
    const trainable = variables.filter((variable) => variable.trainable);
    for (const variable of [...trainable, ...variables.filter((variable) => !variable.trainable)]) {
      const buffer = this.#newBuffer(variable.name, 4 * sizeOf(variable.shape), true);
      this.#weights.set(variable, rowMajor(buffer, variable.shape));
    }
  }

  #plan(task: Task): void {
    const { operation } = task;
    const value = task.results[0]!;
    switch (operation.op) {
      case "input": {
        if (!this.#program.inputs.includes(value)) {
          throw new Error(`compiler: input ${operation.name} is not among the program's inputs`);
        }
        const buffer = this.#newBuffer(`input ${operation.name}`, 4 * sizeOf(value.shape), false, -1);
        this.#layouts.set(value, rowMajor(buffer, value.shape));
        return;
      }
      case "weight":
        this.#layouts.set(value, this.#weights.get(operation.variable)!);
        // What a run changes is not known before it.
        if (!this.#changing.has(operation.variable)) this.#prepared.add(value);
        return;
      case "constant": {
        const buffer = this.#newBuffer(`constant ${operation.value}`, vectorBytes(this.#options.machine), true);
        const layout = { buffer, shape: value.shape, strides: value.shape.map(() => 0), offset: 0 };
        this.#layouts.set(value, layout);
        this.#constants.push({ layout, value: operation.value });
        this.#prepared.add(value);
        return;
      }
      case "random": {
        const buffer = this.#newBuffer("random", 4 * sizeOf(value.shape), false, -1);
        const layout = rowMajor(buffer, value.shape);
        this.#layouts.set(value, layout);
        this.#randoms.push({ layout, distribution: operation.distribution });
        return;
      }
      case "view": {
        const look = { shape: value.shape, strides: operation.strides, offset: operation.offset };
        const source = this.#layouts.get(operation.source)!;
        // Over row-major elements every view is a layout.
        const layout = viewLayout(source, look) ?? viewLayout(this.#contiguousOf(operation.source), look)!;
        this.#layouts.set(value, layout);
        if (this.#prepared.has(operation.source)) this.#prepared.add(value);
        return;
      }
      default:
        this.#planKernel(task);
    }
  }

  #planKernel(task: Task): void {
    // What is written over a variable belongs to the run, however early it could be known.
    const overwrites = task.results.some((value) => this.#tasks.inPlace.has(value));
    const prepared = !overwrites && sourcesOfTask(task).every((source) => this.#prepared.has(source));
    if (prepared) for (const value of task.results) if (value !== undefined) this.#prepared.add(value);
    this.#addKernel(prepared, (context) => makeKernel(context, task));
  }

  /** Makes a kernel; copies that it asks for while it is made come before it. */
  #addKernel(prepared: boolean, make: (context: PlanContext) => Kernel): void {
    const reads: Access[] = [];
    const writes: Access[] = [];
    const created: PlannedBuffer[] = [];
    const fill = (name: string, bytes: number, lasting: boolean): Buffer => {
      const buffer = this.#newBuffer(name, bytes, lasting, Number.POSITIVE_INFINITY);
      created.push(buffer);
      return buffer;
    };
    const fillPlainly = (name: string, bytes: number, lasting: boolean): Buffer => {
      const buffer = fill(name, bytes, lasting);
      writes.push({ buffer });
      return buffer;
    };
    const read = (layout: Layout): Layout => {
      reads.push({ buffer: layout.buffer, layout });
      return layout;
    };
    const write = (value: Value, layout: Layout): Layout => {
      writes.push({ buffer: layout.buffer, layout });
      this.#layouts.set(value, layout);
      return layout;
    };
    const context: PlanContext = {
      machine: this.#options.machine,
      operations: this.#operations,
      notes: this.#notes,
      segmentOf: this.#segmentOf,
      read: (value) => read(this.#layouts.get(value)!),
      readContiguous: (value) => read(this.#contiguousOf(value)),
      write: (value, padded) => {
        const variable = this.#tasks.inPlace.get(value);
        if (variable !== undefined) return write(value, this.#weights.get(variable)!);
        const strides = padded?.strides ?? stridesOf(value.shape);
        const elements = padded?.elements ?? sizeOf(value.shape);
        const buffer = fill(`${value.operation.op} ${value.shape.join("×")}`, 4 * elements, prepared);
        return write(value, { buffer, shape: value.shape, strides, offset: padded?.offset ?? 0 });
      },
      isUsed: (value) => this.#used.has(value),
      isResult: (value) => this.#roots.has(value),
      isPrepared: (value) => this.#prepared.has(value),
      scratch: (name, bytes) => fillPlainly(name, bytes, prepared),
      lasting: (name, bytes) => fillPlainly(name, bytes, true),
      keep: (name, bytes) => fillPlainly(name, bytes, prepared),
      use: (buffer) => reads.push({ buffer }),
    };
    const kernel = make(context);
    // Only now is it known which copies came before, and so which step this is.
    const step = this.#kernels.length;
    for (const buffer of created) buffer.firstStep = buffer.lastStep = step;
    for (const { buffer } of reads as { buffer: PlannedBuffer }[]) {
      // the planner made every buffer
      buffer.lastStep = Math.max(buffer.lastStep, step);
    }
    this.#kernels.push({ kernel, prepared, reads, writes });
  }

  /** The value row-major without gaps; copied, once, unless it lies so. */
  #contiguousOf(value: Value): Layout {
    const layout = this.#layouts.get(value)!;
    if (isContiguous(layout)) return layout;
    return this.#contiguous.get(value) ?? this.#copyOf(value);
  }

  #copyOf(value: Value): Layout {
    this.#addKernel(this.#prepared.has(value), (context) => {
      const source = context.read(value);
      const buffer = context.keep(`copy of ${source.buffer.name}`, 4 * sizeOf(value.shape));
      const target = rowMajor(buffer, value.shape);
      this.#contiguous.set(value, target);
      return {
        name: `copy ${value.shape.join("×")}`,
        flops: 0,
        emit: (module) => module.func({ name: `copy${value.id}` }, (f) => emitCopy(f, target, source)),
      };
    });
    return this.#contiguous.get(value)!;
  }

  /** The value's row-major numbers, kept until the run has ended: also where an update then writes over them. */
  #readAtEnd(value: Value): Layout {
    const layout = this.#snapshotOf(value);
    (layout.buffer as PlannedBuffer).lastStep = Number.POSITIVE_INFINITY; // the planner made every buffer
    return layout;
  }

  /** As contiguousOf, but not in the memory of a variable that the run changes. */
  #snapshotOf(value: Value): Layout {
    const layout = this.#contiguousOf(value);
    const changes = [...this.#updated].some((variable) => this.#weights.get(variable)!.buffer === layout.buffer);
    return changes ? this.#copyOf(value) : layout;
  }

  /** New values of variables go to their places at the very end, when nothing reads the old ones. */
  #planUpdates(): void {
    const updates = this.#program.updates
      .filter(({ variable, value }) => this.#tasks.inPlace.get(value) !== variable)
      .map(({ variable, value }) => ({
        variable,
        source: this.#snapshotOf(value),
        target: this.#weights.get(variable)!,
      }));
    for (const [i, { variable, source, target }] of updates.entries()) {
      this.#addKernel(false, (context) => {
        context.use(source.buffer);
        return {
          name: `update ${variable.name}`,
          flops: 0,
          emit: (module) => module.func({ name: `update${i}` }, (f) => emitCopy(f, target, source)),
        };
      });
    }
  }

  #newBuffer(name: string, bytes: number, lasting: boolean, firstStep = -1): PlannedBuffer {
    const buffer = newBuffer(name, bytes, lasting, firstStep);
    this.#buffers.push(buffer);
    return buffer;
  }

  #emit(memory: MemoryPlan): ModuleBuilder {
    const module = new ModuleBuilder(this.#options.machine);
    const run: WasmFunction[] = [];
    const prepare: WasmFunction[] = [];
    for (const { kernel, prepared } of this.#kernels) {
      if (kernel.emitPrepare !== undefined) prepare.push(kernel.emitPrepare(module));
      (prepared ? prepare : run).push(kernel.emit(module));
    }
    const sequence = (name: string, functions: readonly WasmFunction[]): void => {
      module.func({ name, export: true }, (f) => {
        for (const each of functions) f.call(each);
      });
    };
    sequence("prepare", prepare);
    sequence("run", run);
    for (const { layout, value } of this.#constants) {
      module.data(
        layout.buffer.address,
        new Uint8Array(new Float32Array(this.#options.machine.lanes).fill(value).buffer),
      );
    }
    const { pages } = memory;
    const shared = { shared: true, from: [memoryModule, "memory"] } as const;
    module.useMemory({ pages, maximumPages: pages, ...(this.#options.shared === true && shared) });
    return module;
  }
}

function rowMajor(buffer: Buffer, shape: readonly number[]): Layout {
  return { buffer, shape, strides: stridesOf(shape), offset: 0 };
}
