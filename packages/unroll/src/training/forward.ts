/** The model's forward pass on one batch with its losses, as values of a program; and the gradients of the loss. */

import "../compiler/scan-gradient.ts";
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import type { Layer } from "../layers/layer.ts";
import type { CallValues } from "../model/graph.ts";
import type { Model } from "../model/model.ts";
import { inputValue, map, weightValue } from "../program/builder.ts";
import { differentiate } from "../program/differentiate.ts";
import type { Value } from "../program/program.ts";
import type { Comparison } from "./comparison.ts";
import type { OutputPlan } from "./compile.ts";
import type { Labels } from "./labels.ts";
import { type Loss, readLoss } from "./losses.ts";
import { totalLoss } from "./objective.ts";
import { arrayPenalties, isPenalized, layersWithoutPenalty, outputPenalties } from "./penalties.ts";
import type { VariableUpdate } from "./update.ts";

/** Shapes of one batch, `[batch, ...]` each. */
export interface BatchShapes {
  readonly x: readonly (readonly number[])[];
  /** One for each output. */
  readonly y: readonly (readonly number[])[];
  /** One for each output, or none at all. */
  readonly sampleWeight: readonly (readonly number[])[];
}

/** Shapes of tensors that form one batch. */
export function shapesOf(x: readonly Tensor[], y: readonly Tensor[], sampleWeight: readonly Tensor[]): BatchShapes {
  const list = (tensors: readonly Tensor[]): readonly number[][] => tensors.map(({ shape }) => [...shape]);
  return { x: list(x), y: list(y), sampleWeight: list(sampleWeight) };
}

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
  /** What layers gave, where a penalty on it is part of the loss. */
  readonly penalized: readonly Penalized[];
}

interface Penalized {
  readonly layer: Layer;
  readonly values: readonly Value[];
}

/** What a batch is a part of. */
export interface WholeBatch {
  /** Parts of it, all with as many examples. */
  readonly parts: number;
  /** For each output the count of its loss over the whole batch, as `lossCount` gives it. */
  readonly counts: readonly (Value | undefined)[];
}

/**
 * Writes the forward pass and the loss.
 *
 * @param whole makes the loss the share of these examples in that of a larger batch; penalties on arrays are then left to the whole
 * @throws UnrollError `shape`, `unknown-name`, `option`
 */
export function forwardOf(
  model: Model,
  outputs: readonly Pick<OutputPlan, "name" | "loss" | "lossWeight">[],
  shapes: BatchShapes,
  training: boolean,
  whole?: WholeBatch,
): Forward {
  const inputs = shapes.x.map((shape, index) => inputValue(model.inputs[index]!.node.layer.name, shape));
  const targets = shapes.y.map((shape, index) => inputValue(`${outputs[index]!.name}_target`, shape));
  const sampleWeights = shapes.sampleWeight.map((shape, index) => inputValue(`${outputs[index]!.name}_weight`, shape));
  const updates: VariableUpdate[] = [];
  const calls: CallValues[] = [];
  const penalized: Penalized[] = [];
  const unpenalized = layersWithoutPenalty(model);
  const result = model.graph.compute(inputs, {
    training,
    onUpdate: (variable, value) => updates.push({ variable, value }),
    onCall: (values) => calls.push(values),
    onResult: (layer, values) => {
      if (isPenalized(layer) && !unpenalized.has(layer)) penalized.push({ layer, values });
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
    loss === undefined
      ? undefined
      : totalLoss(loss, comparisons[index]!, whole && { parts: whole.parts, count: whole.counts[index] }),
  );
  const weighted = losses.flatMap((loss, index) => {
    const { lossWeight } = outputs[index]!;
    return loss === undefined ? [] : [lossWeight === 1 ? loss : map([loss], ([value]) => value!.times(lossWeight))];
  });
  const terms = [
    ...weighted,
    ...(whole === undefined ? arrayPenalties(model.arrays) : []),
    ...penalized.flatMap(({ layer, values }) => outputPenalties(layer, values, shapes.x[0]![0]!, whole?.parts)),
  ];
  if (terms.length === 0) {
    throw new UnrollError({
      code: "option",
      path: model.name,
      expected: "there is no loss to make smaller",
      hint: 'Compile with a loss, such as loss: "mse".',
    });
  }
  const loss = sumOf(terms);
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
    penalized,
  };
}

/** The terms added up, the first one first. */
export function sumOf(terms: readonly Value[]): Value {
  return terms.length === 1 ? terms[0]! : map(terms, (values) => values.reduce((sum, value) => sum.plus(value)));
}

function lossOf({ loss }: Pick<OutputPlan, "loss">, { predictions, targets }: Comparison): Loss | undefined {
  return loss === null ? undefined : readLoss(loss, predictions.shape.at(-1)!, lastOfTargets(targets, predictions));
}

/** The size of the targets' last axis; undefined where they have an axis less. */
export function lastOfTargets(targets: Value, predictions: Value): number | undefined {
  return targets.shape.length < predictions.shape.length ? undefined : targets.shape.at(-1)!;
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

/** The gradient of the loss for each variable, in their shapes. */
export function gradientsOf(loss: Value, variables: readonly Variable[]): Value[] {
  return differentiate(loss, variables.map(weightValue));
}
