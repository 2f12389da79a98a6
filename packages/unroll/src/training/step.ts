/**
 * A step as one tensor program: the model's forward pass, the losses, and for training the gradients, the optimizer's
 * equations and everything a step leaves behind. One step is prepared for each batch size and kept. Steps that several threads
 * share are written in shared-step.ts.
 */

import type { MemoryUse } from "../compiler/index.ts";
import type { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import type { TensorData } from "../core/tensor.ts";
import { defaultDevice } from "../layers/device.ts";
import type { CompiledRun } from "../layers/run.ts";
import { threadsRefusal } from "../layers/threads.ts";
import type { Model } from "../model/model.ts";
import { refuseHuge } from "../model/plan.ts";
import { concat, inputValue, map, reshape, view } from "../program/builder.ts";
import type { Program, Value } from "../program/program.ts";
import { type Compiled, trainedArrays, trainedVariables } from "./compile.ts";
import { type BatchShapes, type Forward, forwardOf, gradientsOf, labelsOf } from "./forward.ts";
import type { Labels } from "./labels.ts";
import { fitted } from "./memory-error.ts";
import { measuredOf, type Report, reportsOf } from "./reports.ts";
import { globalNorm, guarded, type Readings, readingsOf, updatesOf, type VariableUpdate } from "./update.ts";

/** The numbers of one batch, in the order of the shapes. */
export interface BatchData {
  readonly x: readonly TensorData[];
  readonly y: readonly TensorData[];
  readonly sampleWeight: readonly TensorData[];
}

export type StepMode = "train" | "test";

/** A prepared step. */
export interface Step extends PreparedStep {
  readonly reports: readonly Report[];
  readonly mode: StepMode;
  /** For each output the classes that its targets may name; undefined where targets are no class indices. */
  readonly labels: readonly (Labels | undefined)[];
  readonly program: Program;
  readonly forward: Forward;
  /** Names of the optimizer's factors, in the order in which `run` takes them. */
  readonly factorNames: readonly string[];
  /** Why it runs on one thread, where it was to run on several. */
  readonly alone: string | undefined;
}

/** What runs a step. */
export interface PreparedStep {
  /** The numbers of one batch: the totals of every report, one after another. The loss comes first. */
  run(batch: BatchData, random: Random, factors: readonly number[]): Float32Array;
  readonly threads: number;
  /** What it takes in the engine; undefined on the reference. */
  readonly memory: MemoryUse | undefined;
  /** Gives back what it holds beside its own memory, if it is not to be run any more. */
  release?(): void;
}

/** What a step is for. */
export interface StepRequest {
  readonly mode: StepMode;
  readonly compiled: Compiled;
  readonly shapes: BatchShapes;
  readonly threads: number;
}

/** Makes a step that several threads share, or says why there must be one thread. */
export type ShareStep = (request: StepRequest, written: WrittenStep) => PreparedStep | string;

let shareStep: ShareStep | undefined;

/** Fills in what shares steps; shared-step.ts calls it once. The light entry of the library has nothing of the kind. */
export function provideSharedSteps(share: ShareStep): void {
  shareStep = share;
}

/** Prepared steps that are kept for a model. */
const keptSteps = 8;

/** The step for batches of these shapes, prepared or taken from those kept. */
export function stepFor(request: StepRequest): Step {
  const { mode, compiled, shapes, threads } = request;
  const trained = compiled.model.variables.map(({ trainable }) => (trainable ? 1 : 0)).join("");
  const key = JSON.stringify([mode, shapes, trained, threads]);
  const steps = compiled.steps as Map<string, Step>; // only steps are put in
  const kept = steps.get(key);
  if (kept !== undefined) {
    steps.delete(key);
    steps.set(key, kept);
    return kept;
  }
  const step = makeStep(request);
  steps.set(key, step);
  if (steps.size > keptSteps) {
    const [oldest, { release }] = steps.entries().next().value!;
    steps.delete(oldest);
    release?.();
  }
  return step;
}

/** A step that is written but not prepared. */
export interface WrittenStep extends Pick<Step, "mode" | "labels" | "program" | "forward" | "reports" | "factorNames"> {
  readonly batch: number;
}

/** Writes a step. Throws UnrollError `shape`, `unknown-name`, `option`, `unsupported`. */
export function writeStep(compiled: Compiled, mode: StepMode, shapes: BatchShapes): WrittenStep {
  const { model, outputs, optimizer } = compiled;
  const batch = shapes.x[0]![0]!;
  const forward = forwardOf(model, outputs, shapes, mode === "train");
  const measured = measuredOf(outputs, forward);
  const factorNames = mode === "train" ? Object.keys(optimizer.factors()) : [];
  const gradients = mode === "train" ? trainedGradients(model, forward.loss) : [];
  const norm = mode === "train" ? normOf(compiled, gradients) : undefined;
  const { reports, values } = reportsOf(outputs, measured, batch, norm);
  const { factors, updates } =
    mode === "train"
      ? trainingUpdates(compiled, { ...forward, batch, gradients })
      : { factors: [], updates: statesOf(model, forward.updates) };
  const inputs = [...forward.inputs, ...forward.targets, ...forward.sampleWeights, ...factors];
  const program: Program = { inputs, results: [inOneRow(values)], updates };
  return { mode, labels: labelsOf(outputs, forward), reports, program, forward, factorNames, batch };
}

function makeStep(request: StepRequest): Step {
  const { mode, compiled, shapes, threads } = request;
  const { batch, ...written } = writeStep(compiled, mode, shapes);
  refuseHuge(written.program, batch, compiled.model.name, compiled.device ?? defaultDevice());
  const shared = threads > 1 ? (threadsRefusal() ?? shareStep?.(request, { ...written, batch })) : undefined;
  if (typeof shared === "object") return { ...written, ...shared, alone: undefined };
  const { model, recompute } = compiled;
  const run: CompiledRun = fitted(
    { path: model.name, batch, recompute: mode === "train" ? recompute : undefined },
    () => compiled.prepare(written.program),
  );
  return {
    ...written,
    threads: 1,
    alone: shared,
    memory: run.memory,
    run(data, random, factors) {
      const given = [...data.x, ...data.y, ...data.sampleWeight];
      if (written.factorNames.length > 0) given.push(Float32Array.from(factors));
      return run.run(given, random)[0]!.data as Float32Array; // results of programs are float32
    },
  };
}

/** All numbers of some values behind one another, `[count]`. */
export function inOneRow(values: readonly Value[]): Value {
  return concat(
    values.map((value) => reshape(value, [sizeOf(value.shape)])),
    0,
  );
}

/** Outside of training only states of stateful layers are kept. */
function statesOf(model: Model, updates: readonly VariableUpdate[]): readonly VariableUpdate[] {
  const weights = new Set(model.variables);
  return updates.filter(({ variable }) => !weights.has(variable));
}

/** The gradient of a trained weight. */
export interface TrainedGradient {
  readonly gradient: Value;
  readonly readings: Readings | undefined;
}

/** The length of the whole gradient, where it is reported. */
export function normOf({ gradientNorm }: Compiled, gradients: readonly TrainedGradient[]): Value | undefined {
  return gradientNorm ? globalNorm(gradients.map(({ gradient }) => gradient)) : undefined;
}

/** The gradients of the weights that training changes, in their order. */
export function trainedGradients(model: Model, loss: Value): TrainedGradient[] {
  return gradientsOf(loss, trainedVariables(model)).map((gradient) => ({ gradient, readings: readingsOf(gradient) }));
}

/** What a batch came to. */
interface Found {
  readonly loss: Value;
  readonly batch: number;
  readonly gradients: readonly TrainedGradient[];
  /** What else the step leaves behind. */
  readonly updates: readonly VariableUpdate[];
}

const largestFloat32 = 3.4028234663852886e38;

/** The optimizer's step, and the input of its factors if it has any. */
export function trainingUpdates(
  { model, optimizer }: Compiled,
  { loss, batch, gradients, updates }: Found,
): { factors: readonly Value[]; updates: readonly VariableUpdate[] } {
  const names = Object.keys(optimizer.factors());
  const factors = inputValue("factors", [Math.max(1, names.length)]);
  const trained = updatesOf(
    trainedArrays(model).map(({ variable, spec }, index) => ({
      variable,
      ...gradients[index]!,
      constraint: spec.constraint,
    })),
    optimizer,
    Object.fromEntries(names.map((name, index) => [name, view(factors, [], [], index)])),
  );
  // What is reported is the loss times the batch, as float32: that is what must be finite.
  const finite = map([loss], ([value]) => value!.times(batch).abs().atMost(largestFloat32));
  return { factors: names.length === 0 ? [] : [factors], updates: guarded([...trained, ...updates], finite) };
}
