/**
 * The memory that a model's programs take in the engine: of those that are prepared, or of one that is not yet. A program has a
 * linear memory of its own, so what `predict` and `fit` have prepared adds up.
 */
import { type MemoryUse, measureProgram } from "../compiler/index.ts";
import { checkOptionNames, UnrollError } from "../core/errors.ts";
import type { Variable } from "../core/variable.ts";
import type { Model } from "../model/model.ts";
import { type Compiled, compiledOf, isCompiled, trainedVariables } from "./compile.ts";
import { readLoss } from "./losses.ts";
import { fitted } from "./memory-error.ts";
import { type Step, type StepMode, writeStep } from "./step.ts";

/** Options of `memory`: the program that is asked about. */
export interface MemoryOptions {
  /** Examples that run together; default 32, or the batch size that the input was declared with. */
  readonly batch?: number;
  /** Stands for every unknown size behind the batch; needed only when there is one. */
  readonly timesteps?: number;
  /** The training step of the compiled model instead of a prediction. */
  readonly training?: boolean;
}

/** The memory of one program. All in bytes, but for the pages. */
export interface ProgramMemory {
  readonly what: "predict" | StepMode;
  readonly batch: number;
  /** The model's numbers, as they are counted by `countParams()`, and states that outlast a batch. */
  readonly weights: number;
  /** What the optimizer keeps for each weight. */
  readonly optimizer: number;
  /** Copies of weights in the order in which kernels read them, constants, gaps between arrays. */
  readonly packed: number;
  /** Inputs, activations, gradients and scratch. They share places: what is no longer needed gives way. */
  readonly workspace: number;
  /** What the workspace would take if nothing shared a place. */
  readonly workspaceUnshared: number;
  /** Of 64 KiB, as WebAssembly counts. */
  readonly pages: number;
  /** The whole linear memory: 65,536 × pages. */
  readonly bytes: number;
}

/** The memory that programs of a model take. */
export interface ModelMemory {
  readonly programs: readonly ProgramMemory[];
  /** Of all programs together. */
  readonly bytes: number;
  toText(): string;
}

/**
 * What programs of the model take in the engine: the program for these sizes (planned, not prepared), or without sizes all
 * that are prepared now. On the reference, programs have no memory of their own and are not listed.
 *
 * @throws UnrollError `unbuilt` for a training step before `compile`; `shape`, `option`, `memory`
 * @example modelMemory(net, { batch: 32, training: true }).programs[0].bytes
 */
export function modelMemory(model: Model, options?: MemoryOptions): ModelMemory {
  checkOptionNames("memory", options ?? {}, ["batch", "timesteps", "training"] satisfies (keyof MemoryOptions)[]);
  const programs = options === undefined ? prepared(model) : [planned(model, options)];
  const bytes = programs.reduce((sum, program) => sum + program.bytes, 0);
  return { programs, bytes, toText: () => textOf(model.name, programs, bytes) };
}

function prepared(model: Model): ProgramMemory[] {
  const predictions = model.preparedMemories.map(({ batch, memory }) => ({ what: "predict" as const, batch, memory }));
  const steps = isCompiled(model) ? [...compiledOf(model).steps.values()] : [];
  const trained = (steps as Step[]).map(({ mode, forward, memory }) => ({
    what: mode,
    batch: forward.inputs[0]!.shape[0]!,
    memory,
  })); // only steps are put in
  return [...predictions, ...trained].flatMap(({ what, batch, memory }) =>
    memory === undefined ? [] : [splitUp(model, what, batch, memory)],
  );
}

function planned(model: Model, { batch: asked, timesteps, training = false }: MemoryOptions): ProgramMemory {
  const declared = model.inputs.map(({ shape }) => shape[0]).find((size) => size !== null);
  const batch = asked ?? declared ?? 32;
  if (!(Number.isInteger(batch) && batch > 0)) {
    throw new UnrollError({
      code: "option",
      path: model.name,
      expected: "batch must be a positive whole number",
      received: `batch = ${batch}`,
    });
  }
  const sizes = { batch, ...(timesteps === undefined ? {} : { timesteps }) };
  const { program } = model.program(sizes);
  if (!training) return splitUp(model, "predict", batch, measureProgram(program));
  const compiled = compiledOf(model);
  const step = writeStep(compiled, "train", {
    x: program.inputs.map(({ shape }) => shape),
    y: program.results.map(({ shape }, index) => targetShape(compiled, index, shape)),
    sampleWeight: [],
  });
  const { recompute } = compiled;
  const use = fitted({ path: model.name, batch, recompute }, () => measureProgram(step.program, recompute));
  return splitUp(model, "train", batch, use);
}

/** Targets look like the predictions, or are one class index for each row. */
function targetShape({ outputs }: Compiled, index: number, shape: readonly number[]): readonly number[] {
  const { loss } = outputs[index]!;
  const isIndex = loss !== null && readLoss(loss, shape.at(-1)!, shape.at(-1)!).rule.targets === "index";
  return isIndex ? shape.slice(0, -1) : shape;
}

function splitUp(model: Model, what: ProgramMemory["what"], batch: number, use: MemoryUse): ProgramMemory {
  const own = new Set<Variable>([...model.variables, ...model.states]);
  const optimizer = isCompiled(model) ? slotsOf(compiledOf(model)) : new Set<Variable>();
  let weights = 0;
  let slots = 0;
  let others = 0;
  for (const [variable, bytes] of use.variables) {
    if (optimizer.has(variable)) slots += bytes;
    else if (own.has(variable)) weights += bytes;
    else others += bytes;
  }
  const { workspace, workspaceUnshared, pages, bytes } = use;
  return {
    what,
    batch,
    weights,
    optimizer: slots,
    packed: use.packed + others,
    workspace,
    workspaceUnshared,
    pages,
    bytes,
  };
}

function slotsOf({ model, optimizer }: Compiled): Set<Variable> {
  return new Set(trainedVariables(model).flatMap((variable) => Object.values(optimizer.slotsOf(variable))));
}

function textOf(name: string, programs: readonly ProgramMemory[], bytes: number): string {
  if (programs.length === 0) return `${name}: no program is prepared in the engine.`;
  const head = ["program", "batch", "weights", "optimizer", "packed", "workspace", "pages", "bytes"];
  const count = (number: number): string => number.toLocaleString("en-US");
  const rows = programs.map(({ what, batch, weights, optimizer, packed, workspace, pages, bytes: all }) => [
    what,
    ...[batch, weights, optimizer, packed, workspace, pages, all].map(count),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return [`${name}: ${count(bytes)} bytes in the engine`, ...[head, ...rows].map(line)].join("\n");
}
