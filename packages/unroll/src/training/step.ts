/**
 * A step as one tensor program: the model's forward pass, the losses, and for training the gradients, the optimizer's
 * equations and everything a step leaves behind. One step is prepared for each batch size and kept.
 */

import type { MemoryUse } from "../compiler/index.ts";
import { UnrollError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import type { CompiledRun } from "../layers/run.ts";
import type { CallValues } from "../model/graph.ts";
import type { Model } from "../model/model.ts";
import { refuseHuge } from "../model/plan.ts";
import { concat, filled, inputValue, map, reshape, view, weightValue } from "../program/builder.ts";
import { differentiate } from "../program/differentiate.ts";
import type { Program, Value } from "../program/program.ts";
import type { Comparison } from "./comparison.ts";
import { type Compiled, type OutputPlan, trainedArrays, trainedVariables } from "./compile.ts";
import type { Labels } from "./labels.ts";
import { type Loss, readLoss } from "./losses.ts";
import { fitted } from "./memory-error.ts";
import { type ArrayTotals, type Metric, ratio, reportedNames, reportedNumbers } from "./metric-rule.ts";
import { readMetric } from "./metrics.ts";
import { metricTotals, totalLoss } from "./objective.ts";
import { arrayPenalties, layersWithoutPenalty, outputPenalties } from "./penalties.ts";
import { guarded, updatesOf, type VariableUpdate } from "./update.ts";

/** Shapes of one batch, `[batch, ...]` each. */
export interface BatchShapes {
  readonly x: readonly (readonly number[])[];
  /** One for each output. */
  readonly y: readonly (readonly number[])[];
  /** One for each output, or none at all. */
  readonly sampleWeight: readonly (readonly number[])[];
}

/** The numbers of one batch, in the order of the shapes. */
export interface BatchData {
  readonly x: readonly TensorData[];
  readonly y: readonly TensorData[];
  readonly sampleWeight: readonly TensorData[];
}

export type StepMode = "train" | "test";

/** The model's computation of a batch up to the loss. */
export interface Forward {
  readonly inputs: readonly Value[];
  readonly targets: readonly Value[];
  readonly sampleWeights: readonly Value[];
  readonly outputs: readonly Value[];
  readonly calls: readonly CallValues[];
  /** What is minimised, shape `[]`: the weighted losses of the outputs and all penalties. */
  readonly loss: Value;
  /** Each output's own loss, where it has one. */
  readonly losses: readonly (Value | undefined)[];
  /** What it was made of. */
  readonly readLosses: readonly (Loss | undefined)[];
  readonly comparisons: readonly Comparison[];
  /** Moving statistics and states after the run. */
  readonly updates: readonly VariableUpdate[];
}

/** Writes the forward pass and the loss. Throws UnrollError `shape`, `unknown-name`, `option`. */
export function forwardOf(
  model: Model,
  outputs: readonly Pick<OutputPlan, "name" | "loss" | "lossWeight">[],
  shapes: BatchShapes,
  training: boolean,
): Forward {
  const inputs = shapes.x.map((shape, index) => inputValue(model.inputs[index]!.node.layer.name, shape));
  const targets = shapes.y.map((shape, index) => inputValue(`${outputs[index]!.name}_target`, shape));
  const sampleWeights = shapes.sampleWeight.map((shape, index) => inputValue(`${outputs[index]!.name}_weight`, shape));
  const updates: VariableUpdate[] = [];
  const calls: CallValues[] = [];
  const penalties: Value[] = [];
  const unpenalized = layersWithoutPenalty(model);
  const result = model.graph.compute(inputs, {
    training,
    onUpdate: (variable, value) => updates.push({ variable, value }),
    onCall: (values) => calls.push(values),
    onResult: (layer, values) => {
      if (!unpenalized.has(layer)) penalties.push(...outputPenalties(layer, values));
    },
  });
  const comparisons = result.outputs.map(
    (predictions, index): Comparison => ({
      predictions,
      targets: targets[index]!,
      sampleWeight: sampleWeights[index],
      mask: result.masks?.[index],
    }),
  );
  const readLosses = comparisons.map((comparison, index) => lossOf(outputs[index]!, comparison));
  const losses = readLosses.map((loss, index) =>
    loss === undefined ? undefined : totalLoss(loss, comparisons[index]!),
  );
  const weighted = losses.flatMap((loss, index) => {
    const { lossWeight } = outputs[index]!;
    return loss === undefined ? [] : [lossWeight === 1 ? loss : map([loss], ([value]) => value!.times(lossWeight))];
  });
  const terms = [...weighted, ...arrayPenalties(model.arrays), ...penalties];
  if (terms.length === 0) {
    throw new UnrollError({
      code: "option",
      path: model.name,
      expected: "there is no loss to make smaller",
      hint: 'Compile with a loss, such as loss: "mse".',
    });
  }
  const loss = terms.length === 1 ? terms[0]! : map(terms, (values) => values.reduce((sum, value) => sum.plus(value)));
  return {
    inputs,
    targets,
    sampleWeights,
    outputs: result.outputs,
    calls,
    loss,
    losses,
    readLosses,
    comparisons,
    updates,
  };
}

function lossOf({ loss }: Pick<OutputPlan, "loss">, { predictions, targets }: Comparison): Loss | undefined {
  return loss === null ? undefined : readLoss(loss, predictions.shape.at(-1)!, lastOfTargets(targets, predictions));
}

/** The size of the targets' last axis; undefined where they have an axis less. */
function lastOfTargets(targets: Value, predictions: Value): number | undefined {
  return targets.shape.length < predictions.shape.length ? undefined : targets.shape.at(-1)!;
}

/** What is reported of a loss or a metric: how batch numbers become the numbers of an epoch. */
export interface Report {
  /** One; several for a metric with a result for each threshold or class. */
  readonly names: readonly string[];
  readonly better: "lower" | "higher";
  /** The totals in a batch's numbers, one after another from `start` on. */
  readonly totals: readonly { readonly name: string; readonly size: number }[];
  readonly start: number;
  /** One number for each name. */
  results(totals: ArrayTotals): readonly number[];
}

/** A prepared step. */
export interface Step {
  readonly reports: readonly Report[];
  /** The numbers of one batch: the totals of every report, one after another. The loss comes first. */
  run(batch: BatchData, random: Random, factors: readonly number[]): Float32Array;
  readonly mode: StepMode;
  /** For each output the classes that its targets may name; undefined where targets are no class indices. */
  readonly labels: readonly (Labels | undefined)[];
  readonly program: Program;
  /** What it takes in the engine; undefined on the reference. */
  readonly memory: MemoryUse | undefined;
  readonly forward: Forward;
  /** Names of the optimizer's factors, in the order in which `run` takes them. */
  readonly factorNames: readonly string[];
}

/** Prepared steps that are kept for a model. */
const keptSteps = 8;

/** The step for batches of these shapes, prepared or taken from those kept. */
export function stepFor(compiled: Compiled, mode: StepMode, shapes: BatchShapes): Step {
  const trained = compiled.model.variables.map(({ trainable }) => (trainable ? 1 : 0)).join("");
  const key = JSON.stringify([mode, shapes, trained]);
  const kept = compiled.steps.get(key) as Step | undefined; // only steps are put in
  if (kept !== undefined) {
    compiled.steps.delete(key);
    compiled.steps.set(key, kept);
    return kept;
  }
  const step = makeStep(compiled, mode, shapes);
  compiled.steps.set(key, step);
  if (compiled.steps.size > keptSteps) compiled.steps.delete(compiled.steps.keys().next().value!);
  return step;
}

/** A step that is written but not prepared. */
interface WrittenStep extends Pick<Step, "mode" | "labels" | "program" | "forward" | "reports" | "factorNames"> {
  readonly batch: number;
}

/** Writes a step. Throws UnrollError `shape`, `unknown-name`, `option`, `unsupported`. */
export function writeStep(compiled: Compiled, mode: StepMode, shapes: BatchShapes): WrittenStep {
  const { model, outputs } = compiled;
  const batch = shapes.x[0]![0]!;
  const forward = forwardOf(model, outputs, shapes, mode === "train");
  const { reports, values } = reportsOf(compiled, forward, batch);
  const factorNames = mode === "train" ? Object.keys(compiled.optimizer.factors()) : [];
  const factors = inputValue("factors", [Math.max(1, factorNames.length)]);
  const numbers = concat(
    values.map((value) => reshape(value, [sizeOf(value.shape)])),
    0,
  );
  const program: Program = {
    inputs: [
      ...forward.inputs,
      ...forward.targets,
      ...forward.sampleWeights,
      ...(factorNames.length === 0 ? [] : [factors]),
    ],
    results: [numbers],
    updates:
      mode === "train" ? trainingUpdates(compiled, forward, factors, factorNames) : statesOf(model, forward.updates),
  };
  return { mode, labels: labelsOf(outputs, forward), reports, program, forward, factorNames, batch };
}

function makeStep(compiled: Compiled, mode: StepMode, shapes: BatchShapes): Step {
  const { batch, ...written } = writeStep(compiled, mode, shapes);
  refuseHuge(written.program, batch, compiled.model.name);
  const { model, recompute } = compiled;
  const run: CompiledRun = fitted(
    { path: model.name, batch, recompute: mode === "train" ? recompute : undefined },
    () => compiled.prepare(written.program),
  );
  return {
    ...written,
    memory: run.memory,
    run(data, random, numbersOfFactors) {
      const given = [...data.x, ...data.y, ...data.sampleWeight];
      if (written.factorNames.length > 0) given.push(Float32Array.from(numbersOfFactors));
      return run.run(given, random)[0]!.data as Float32Array; // results of programs are float32
    },
  };
}

/** For each output the classes that its targets may name; undefined where targets are no class indices. */
export function labelsOf(
  outputs: readonly Pick<OutputPlan, "name" | "loss">[],
  { comparisons }: Pick<Forward, "comparisons">,
): (Labels | undefined)[] {
  return outputs.map((output, index) => {
    const comparison = comparisons[index]!;
    const loss = lossOf(output, comparison);
    if (loss?.rule.targets !== "index") return undefined;
    const { ignoreClass } = loss.options;
    return {
      output: output.name,
      classes: comparison.predictions.shape.at(-1)!,
      ignored: typeof ignoreClass === "number" ? ignoreClass : undefined,
    };
  });
}

/** Outside of training only states of stateful layers are kept. */
function statesOf(model: Model, updates: readonly VariableUpdate[]): readonly VariableUpdate[] {
  const weights = new Set(model.variables);
  return updates.filter(({ variable }) => !weights.has(variable));
}

const largestFloat32 = 3.4028234663852886e38;

function trainingUpdates(
  { model, optimizer }: Compiled,
  forward: Forward,
  factors: Value,
  factorNames: readonly string[],
): readonly VariableUpdate[] {
  const arrays = trainedArrays(model);
  const gradients = gradientsOf(forward.loss, trainedVariables(model));
  const byName = Object.fromEntries(factorNames.map((name, index) => [name, view(factors, [], [], index)]));
  const updates = updatesOf(
    arrays.map(({ variable, spec }, index) => ({
      variable,
      gradient: gradients[index]!,
      constraint: spec.constraint,
    })),
    optimizer,
    byName,
  );
  // What is reported is the loss times the batch, as float32: that is what must be finite.
  const batch = forward.inputs[0]!.shape[0]!;
  const finite = map([forward.loss], ([loss]) => loss!.times(batch).abs().atMost(largestFloat32));
  return guarded([...updates, ...forward.updates], finite);
}

/** The gradient of the loss for each variable, in their shapes. */
export function gradientsOf(loss: Value, variables: readonly Variable[]): Value[] {
  return differentiate(loss, variables.map(weightValue));
}

function reportsOf({ outputs }: Compiled, forward: Forward, batch: number): { reports: Report[]; values: Value[] } {
  const reports: Report[] = [];
  const values: Value[] = [];
  const taken = new Map<string, number>();
  let start = 0;
  const add = (report: Pick<Report, "names" | "better" | "results">, found: Readonly<Record<string, Value>>): void => {
    const totals = Object.entries(found).map(([name, { shape }]) => ({ name, size: sizeOf(shape) }));
    reports.push({ ...report, totals, start });
    values.push(...Object.values(found));
    start += totals.reduce((sum, { size }) => sum + size, 0);
  };
  const addMean = (name: string, value: Value): void => {
    const times = map([value], ([v]) => v!.times(batch));
    add({ names: [name], better: "lower", results: meanOf }, { value: times, weight: filled([], batch) });
    taken.set(name, 1);
  };
  const addMetric = (metric: Metric, output: OutputPlan, comparison: Comparison, prefix: string): void => {
    const before = outputs.length > 1 ? `${output.name}_` : "";
    const names = reportedNames(metric, comparison.predictions.shape.at(-1)!).map((own) => {
      const plain = `${before}${own}`;
      return uniqueName(taken.has(plain) && prefix !== "" ? `${before}${prefix}${own}` : plain, taken);
    });
    const results = (totals: ArrayTotals): readonly number[] => reportedNumbers(metric, totals);
    add({ names, better: metric.rule.better, results }, metricTotals(metric, comparison));
  };
  addMean("loss", forward.loss);
  if (outputs.length > 1) {
    for (const [index, loss] of forward.losses.entries()) {
      if (loss !== undefined) addMean(`${outputs[index]!.name}_loss`, loss);
    }
  }
  for (const [prefix, list] of [
    ["", "metrics"],
    ["weighted_", "weightedMetrics"],
  ] as const) {
    for (const [index, output] of outputs.entries()) {
      const { sampleWeight, ...comparison } = forward.comparisons[index]!;
      const { predictions, targets } = comparison;
      for (const given of output[list]) {
        const metric = readMetric(given, predictions.shape.at(-1)!, lastOfTargets(targets, predictions));
        addMetric(metric, output, prefix === "" ? comparison : { ...comparison, sampleWeight }, prefix);
      }
    }
  }
  return { reports, values };
}

function meanOf({ value, weight }: ArrayTotals): readonly number[] {
  return [ratio(value![0]!, weight![0]!)];
}

function uniqueName(name: string, seen: Map<string, number>): string {
  const count = seen.get(name) ?? 0;
  seen.set(name, count + 1);
  return count === 0 ? name : `${name}_${count}`;
}

/** Logs in alphabetical order, as Keras's are. */
export function inOrder(logs: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Adds up the numbers of batches, in float64, and says what they come to. */
export class Totals {
  #reports: readonly Report[] = [];
  #sums: number[] = [];

  add(step: Step, numbers: Float32Array): void {
    this.#reports = step.reports;
    if (this.#sums.length === 0) this.#sums = new Array<number>(numbers.length).fill(0);
    for (let i = 0; i < numbers.length; i++) this.#sums[i]! += numbers[i]!;
  }

  /** Every report so far. */
  logs(): Record<string, number> {
    const entries = this.#reports.flatMap((report): [string, number][] => {
      let at = report.start;
      const totals = report.totals.map(({ name, size }) => {
        at += size;
        return [name, this.#sums.slice(at - size, at)] as const;
      });
      const numbers = report.results(Object.fromEntries(totals));
      return report.names.map((name, i) => [name, numbers[i]!]);
    });
    return inOrder(Object.fromEntries(entries));
  }

  get sums(): readonly number[] {
    return this.#sums;
  }

  restore(reports: readonly Report[], sums: readonly number[]): void {
    this.#reports = reports;
    this.#sums = [...sums];
  }
}

/** Shapes of tensors that form one batch. */
export function shapesOf(x: readonly Tensor[], y: readonly Tensor[], sampleWeight: readonly Tensor[]): BatchShapes {
  const list = (tensors: readonly Tensor[]): readonly number[][] => tensors.map(({ shape }) => [...shape]);
  return { x: list(x), y: list(y), sampleWeight: list(sampleWeight) };
}
