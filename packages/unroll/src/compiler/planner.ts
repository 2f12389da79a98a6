/**
 * The part of planning that no machine decides: which tasks run in which order, where every value lies, and for how long. What a
 * kernel is, and how one is made, is the maker's business: plan.ts has WebAssembly's, webgpu/ has the GPU's.
 */
import { sizeOf, stridesOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { type Operation, operationsInOrder, type Program, sourcesOf, type Value } from "../program/program.ts";
import type { Task } from "./fuse.ts";
import { type ProgramTasks, sourcesOfTask, tasksOfProgram } from "./join-updates.ts";
import type { MemoryContext } from "./kernel.ts";
import { type Buffer, isContiguous, type Layout, viewLayout } from "./layout.ts";
import { type MemoryPlan, newBuffer, type PlannedBuffer, placeBuffers, spareBytes } from "./memory.ts";

/** Makes the kernels of a plan. */
export interface KernelMaker<K> {
  /** Bytes of a vector: small buffers start at a multiple of it, and a constant fills one. */
  readonly vectorBytes: number;
  kernel(context: MemoryContext, task: Task): K;
  /** `target = source`, element by element; `id` names it among the plan's kernels. */
  copy(name: string, id: string, target: Layout, source: Layout): K;
}

/** Memory that a kernel touches; the layout where a value lies in it. */
export interface Access {
  readonly buffer: Buffer;
  readonly layout?: Layout;
}

/** A kernel and the memory it touches. */
export interface PlannedKernel<K> {
  readonly kernel: K;
  /** Prepared kernels run when weights have changed, the others in every run. */
  readonly prepared: boolean;
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
}

/** Kernels in the order in which they run, and where everything lies. */
export interface LaidOut<K> {
  readonly kernels: readonly PlannedKernel<K>[];
  readonly buffers: readonly PlannedBuffer[];
  readonly memory: MemoryPlan;
  /** One for each of the program's inputs; undefined where nothing reads it. Row-major. */
  readonly inputs: readonly (Layout | undefined)[];
  /** One for each of the program's results. Row-major. */
  readonly results: readonly Layout[];
  readonly kept: ReadonlyMap<Value, Layout>;
  /** Where each variable's numbers lie, row-major; trainable ones first, one after the other. */
  readonly weights: ReadonlyMap<Variable, Layout>;
  /** Variables that nothing is prepared of. */
  readonly changing: ReadonlySet<Variable>;
  readonly constants: readonly { readonly layout: Layout; readonly value: number }[];
  /** Random values, in the order of the program. */
  readonly randoms: readonly { readonly layout: Layout; readonly distribution: "uniform" | "normal" }[];
}

export interface PlannerOptions {
  /** Values whose numbers can be read after a run, beside the results. */
  readonly keep: readonly Value[];
  /** Variables whose numbers are others in every run: nothing is prepared of them. What the program itself updates is meant anyway. */
  readonly changing?: ReadonlySet<Variable> | undefined;
  readonly segmentOf: MemoryContext["segmentOf"];
}

export class Planner<K> {
  readonly #program: Program;
  readonly #maker: KernelMaker<K>;
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
  readonly #kernels: PlannedKernel<K>[] = [];
  readonly #notes = new Map<Operation, unknown>();
  readonly #segmentOf: MemoryContext["segmentOf"];
  readonly #ends: Pick<LaidOut<K>, "inputs" | "results" | "kept">;

  /** Makes every kernel; `layOut` then gives addresses. */
  constructor(program: Program, maker: KernelMaker<K>, { keep, changing = new Set(), segmentOf }: PlannerOptions) {
    this.#program = program;
    this.#maker = maker;
    this.#segmentOf = segmentOf;
    const roots = [...program.results, ...program.updates.map((update) => update.value), ...keep];
    this.#roots = new Set(roots);
    this.#operations = operationsInOrder(roots);
    this.#tasks = tasksOfProgram(program, keep);
    this.#used = new Set([...roots, ...this.#operations.flatMap(sourcesOf)]);
    this.#updated = new Set(program.updates.map((update) => update.variable));
    this.#changing = new Set([...this.#updated, ...changing]);
    this.#placeWeights();
    for (const task of this.#tasks.tasks) this.#plan(task);
    const results = this.#program.results.map((value) => this.#readAtEnd(value));
    const kept = new Map(keep.map((value) => [value, this.#readAtEnd(value)]));
    this.#ends = { inputs: this.#program.inputs.map((value) => this.#layouts.get(value)), results, kept };
    this.#planUpdates();
  }

  /** Bytes that the plan takes, whatever the limit is. */
  get bytes(): number {
    const { lastingBytes, temporaryBytes } = this.#place(Number.POSITIVE_INFINITY);
    return lastingBytes + temporaryBytes + spareBytes;
  }

  #place(limit: number): MemoryPlan {
    return placeBuffers(this.#buffers, limit, this.#maker.vectorBytes);
  }

  /** Throws UnrollError `memory` when it takes more than `limit` bytes. */
  layOut(limit: number): LaidOut<K> {
    return {
      kernels: this.#kernels,
      buffers: this.#buffers,
      memory: this.#place(limit),
      ...this.#ends,
      weights: this.#weights,
      changing: this.#changing,
      constants: this.#constants,
      randoms: this.#randoms,
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
        const buffer = this.#newBuffer(`constant ${operation.value}`, this.#maker.vectorBytes, true);
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
    this.#addKernel(prepared, (context) => this.#maker.kernel(context, task));
  }

  /** Makes a kernel; copies that it asks for while it is made come before it. */
  #addKernel(prepared: boolean, make: (context: MemoryContext) => K): void {
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
    const context: MemoryContext = {
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
      return this.#maker.copy(`copy ${value.shape.join("×")}`, `copy${value.id}`, target, source);
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
        return this.#maker.copy(`update ${variable.name}`, `update${i}`, target, source);
      });
    }
  }

  #newBuffer(name: string, bytes: number, lasting: boolean, firstStep = -1): PlannedBuffer {
    const buffer = newBuffer(name, bytes, lasting, firstStep);
    this.#buffers.push(buffer);
    return buffer;
  }
}

function rowMajor(buffer: Buffer, shape: readonly number[]): Layout {
  return { buffer, shape, strides: stridesOf(shape), offset: 0 };
}
