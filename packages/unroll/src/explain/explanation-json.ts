/** Explanations as plain data: numbers, and formulas as text. */
import type { Shape } from "../core/shape.ts";
import type { Derivation, DerivationLetter } from "../equations/derive.ts";
import { toText } from "../equations/render.ts";
import type { ExplanationFacts, LayerExplanation } from "./explanation.ts";

export interface DerivationJson {
  readonly title: string;
  readonly letters: readonly DerivationLetter[];
  /** The formula, then each step of working it out. */
  readonly steps: readonly string[];
  readonly result: number | null;
  readonly parts: readonly DerivationJson[];
}

export interface LayerExplanationJson {
  readonly name: string;
  readonly type: string;
  readonly does: string;
  readonly inputs: readonly { readonly from: string; readonly shape: Shape }[];
  readonly params: number | null;
  readonly nonTrainable: number;
  readonly count: DerivationJson;
  readonly outputShapes: readonly { readonly shape: Shape; readonly axes: readonly DerivationJson[] }[];
  readonly equations: readonly string[];
  readonly remarks: readonly string[];
  readonly inside: readonly LayerExplanationJson[];
}

export interface ExplanationJson {
  readonly name: string;
  readonly layers: readonly LayerExplanationJson[];
  readonly totalParams: number | null;
  readonly nonTrainableParams: number;
}

export function explanationToJson({ name, layers, total, nonTrainable }: ExplanationFacts): ExplanationJson {
  return { name, layers: layers.map(layerToJson), totalParams: total.result, nonTrainableParams: nonTrainable };
}

export function layerToJson(layer: LayerExplanation): LayerExplanationJson {
  const { equations } = layer;
  return {
    name: layer.name,
    type: layer.className,
    does: layer.does,
    inputs: layer.inputs,
    params: layer.count.result,
    nonTrainable: layer.nonTrainable,
    count: derivationToJson(layer.count),
    outputShapes: layer.outputs.map(({ result, axes }) => ({ shape: result, axes: axes.map(derivationToJson) })),
    equations: equations?.equations.map((equation) => toText(equation, equations.notation)) ?? [],
    remarks: layer.remarks,
    inside: layer.inside.map(layerToJson),
  };
}

function derivationToJson({ title, letters, formula, steps, result, parts }: Derivation): DerivationJson {
  const shown = [formula, ...steps.filter((step) => step !== formula)];
  return { title, letters, steps: shown.map((step) => toText(step)), result, parts: parts.map(derivationToJson) };
}
