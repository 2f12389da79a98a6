/**
 * Checks a learner's answer against a model: right, or wrong by which named slips. The slips are put into the derivation
 * itself, one, then two together, and those whose result is the answer are given back.
 */
import { badOption, UnrollError } from "../../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import { deriveShape } from "../../equations/derive.ts";
import { shapeOf } from "../../layers/sizes.ts";
import type { Model } from "../../model/model.ts";
import { explainLayerOf } from "../explain.ts";
import type { AnswerCheck } from "./answer.ts";
import { countOf, deriveTree } from "./count-tree.ts";
import { type EarlierSize, type Outline, outlineOf, type Place } from "./outline.ts";
import { findCountSlips } from "./search-counts.ts";
import { findShapeSlips, formsOf } from "./search-shapes.ts";
import { deriveTotal, findTotalSlips, totalOf } from "./search-totals.ts";

/** An answer to one question; exactly one of params, total and shape. */
export interface Answer {
  /** The layer's name, or its place in `model.layers`; not for a total. */
  readonly layer?: string | number | undefined;
  /** Number of parameters of the layer; without a layer, of the model. */
  readonly params?: number | undefined;
  /** Number of parameters of the model. */
  readonly total?: number | undefined;
  /** Output shape of the layer, null for None; without a layer, of the model. */
  readonly shape?: Shape | undefined;
}

/** Options of `checkAnswer`. */
export interface CheckOptions {
  /** Sizes of models that the learner met before: they may have been kept by mistake. */
  readonly earlier?: readonly EarlierSize[];
}

/** A field of a form holds text: "120" is no wrong answer, but none yet. */
function checkWritten(model: Model, { params, total, shape }: Answer): void {
  for (const [option, value] of Object.entries({ params, total })) {
    if (value !== undefined && (typeof value !== "number" || Number.isNaN(value))) {
      throw badOption(model.name, option, "a number", value);
    }
  }
  if (shape !== undefined && !Array.isArray(shape))
    throw badOption(model.name, "shape", "a list such as [null, 4]", shape);
}

/**
 * Says whether an answer is right, and if not which mistakes give it.
 *
 * @throws UnrollError `unknown-name` for a layer that is not there, `usage` for no answer or several, `option` for text, `unbuilt`
 * @example checkAnswer(model, { layer: "gru_5", params: 120 }).findings[0].slips[0].id // "second-bias-row"
 */
export function checkAnswer(model: Model, answer: Answer, { earlier = [] }: CheckOptions = {}): AnswerCheck {
  const given = [answer.params, answer.total, answer.shape].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new UnrollError({
      code: "usage",
      path: model.name,
      expected: "an answer is one of params, total or shape",
      received: given.length === 0 ? "none of them" : `${given.length} of them`,
    });
  }
  checkWritten(model, answer);
  const outline = outlineOf(model, earlier);
  const total = answer.total ?? (answer.layer === undefined ? answer.params : undefined);
  if (total !== undefined) return checkTotal(outline, total);
  const layer = model.getLayer(answer.layer ?? model.layers.length - 1);
  const place = outline.places.find((one) => one.layer === layer);
  if (answer.params !== undefined) {
    return place === undefined
      ? checkInput(model, layer.name, answer.params)
      : checkCount(place, outline, answer.params);
  }
  const shape = answer.shape!; // the one that is left
  return place === undefined
    ? checkInputShape(layer.name, layer.calls[0]!.outputs[0]!.shape, shape)
    : checkShape(place, outline, shape);
}

function checkCount(place: Place, outline: Outline, given: number): AnswerCheck {
  const expected = countOf(place.count);
  if (expected === null) throw unknownSize(place.layer.name, "its count");
  const right = given === expected;
  return {
    ...nothingSaid,
    kind: "params",
    layer: place.layer.name,
    given,
    expected,
    right,
    findings: right ? [] : findCountSlips(place, outline, given),
    derivation: deriveTree(place.count),
  };
}

function checkTotal(outline: Outline, given: number): AnswerCheck {
  const expected = totalOf(outline);
  const right = given === expected;
  return {
    ...nothingSaid,
    kind: "total",
    layer: outline.name,
    given,
    expected,
    right,
    findings: right ? [] : findTotalSlips(outline, given),
    derivation: deriveTotal(outline),
  };
}

function checkShape(place: Place, outline: Outline, given: Shape): AnswerCheck {
  const shapes = place.outputs.map(shapeOf);
  const derivation = deriveShape("output shape", place.outputs[0]!);
  const about = { ...nothingSaid, kind: "shape", layer: place.layer.name, given, derivation } as const;
  for (const [index, shape] of shapes.entries()) {
    const remarks = remarksOnMatch(shape, given, place);
    if (remarks === undefined) continue;
    const which = shapes.length === 1 ? [] : [`That is output ${index + 1} of ${shapes.length}.`];
    return { ...about, expected: shape, right: true, remarks: [...remarks, ...which] };
  }
  return { ...about, expected: shapes[0]!, right: false, findings: findShapeSlips(place, outline, given) };
}

/** Undefined where the shape is not the given one; else how the given one is written differently. */
function remarksOnMatch(shape: Shape, given: Shape, { sources }: Place): string[] | undefined {
  if (sameShape(shape, given)) return [];
  const [batch, ...rest] = given;
  const isTimesteps = batch === sources[0]?.shape[1];
  if (shape[0] === null && typeof batch === "number" && sameShape(shape.slice(1), rest) && !isTimesteps) {
    return [`Right for a batch of ${batch}; Keras writes None, as the batch is not part of the model.`];
  }
  if (formsOf(given).some((form) => sameShape(shape, form))) {
    return [`Right for one example; Keras writes the batch in front: ${formatShape(shape)}.`];
  }
  return undefined;
}

/** Input layers are no places: they compute nothing. */
function checkInput(model: Model, layer: string, given: number): AnswerCheck {
  const { count } = explainLayerOf(model, layer);
  return { ...nothingSaid, kind: "params", layer, given, expected: 0, right: given === 0, derivation: count };
}

function checkInputShape(layer: string, expected: Shape, given: Shape): AnswerCheck {
  const right = formsOf(given).some((form) => sameShape(form, expected));
  return { ...nothingSaid, kind: "shape", layer, given, expected, right };
}

const nothingSaid = { digits: undefined, findings: [], derivation: undefined, remarks: [] } as const;

function unknownSize(path: string, what: string): UnrollError {
  return new UnrollError({ code: "unbuilt", path, expected: `${what} needs a size that is None` });
}
