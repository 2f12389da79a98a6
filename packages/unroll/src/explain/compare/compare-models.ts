/**
 * Two models side by side: which layers belong together, where counts and shapes differ and why, and where the same input
 * begins to give other values.
 */
import { UnrollError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { ModelData } from "../../model/data.ts";
import type { Model } from "../../model/model.ts";
import { outlineOf, type Place } from "../answers/outline.ts";
import { differenceOf } from "../compare.ts";
import { type Alike, alignLayers, type Pairing } from "./align.ts";
import { compareLayers, isDifferent, type LayerDifference } from "./compare-layers.ts";

/** One layer of a model. */
export interface ComparedLayer {
  readonly name: string;
  readonly className: string;
  readonly outputShape: Shape;
  readonly params: number | null;
}

/** Outputs of both layers for the same input. */
export interface ValueDifference {
  /** The largest |a − b| / max(1, |a|); undefined where the shapes differ. */
  readonly largest: number | undefined;
  readonly compared: number;
}

/** Layers of two models that stand beside each other. */
export interface ComparedPair {
  /** Undefined where this model has no such layer. */
  readonly left: ComparedLayer | undefined;
  readonly right: ComparedLayer | undefined;
  /** Undefined without a partner, or where nothing differs. */
  readonly difference: LayerDifference | undefined;
  /** Only with data, for pairs. */
  readonly values: ValueDifference | undefined;
}

/** Where two models differ, layer by layer. */
export interface ModelComparison {
  readonly left: { readonly name: string; readonly totalParams: number };
  readonly right: { readonly name: string; readonly totalParams: number };
  readonly pairs: readonly ComparedPair[];
  /** True where neither counts, shapes nor options differ. */
  readonly sameArchitecture: boolean;
  /** The first pair whose values differ by more than the tolerance; undefined without data or where none does. */
  readonly firstValueDifference: string | undefined;
  /** Undefined without data. */
  readonly sameValues: boolean | undefined;
}

/** Options of `compareModels`. */
export interface CompareOptions {
  /** The same data for both. */
  readonly x?: ModelData;
  /** Largest difference of values that counts as none, relative where a value is over 1; by default 1e-5. */
  readonly tolerance?: number;
}

/**
 * Compares two models.
 *
 * @throws UnrollError `unbuilt` while a model does not know its input shape; `shape`, `data` when `x` does not fit one of them
 * @example compareModels(before, after).pairs[0].difference.causes // [{ change: "resetAfter", difference: 12, ... }]
 */
export function compareModels(
  left: Model,
  right: Model,
  { x, tolerance = 1e-5 }: CompareOptions = {},
): ModelComparison {
  const places = [outlineOf(left).places, outlineOf(right).places] as const;
  const values = x === undefined ? undefined : valuesOf(left, right, x);
  const pairs = pairsOf(...places).map(([i, j]): ComparedPair => {
    const [one, other] = [i === undefined ? undefined : places[0][i], j === undefined ? undefined : places[1][j]];
    const difference = one === undefined || other === undefined ? undefined : compareLayers(one, other);
    return {
      left: one === undefined ? undefined : describe(one),
      right: other === undefined ? undefined : describe(other),
      difference: difference !== undefined && isDifferent(difference) ? difference : undefined,
      values: one === undefined || other === undefined ? undefined : values?.(one.layer.name, other.layer.name),
    };
  });
  const first = pairs.find(({ values: found }) => found !== undefined && !((found.largest ?? Infinity) <= tolerance));
  return {
    left: { name: left.name, totalParams: left.countParams() },
    right: { name: right.name, totalParams: right.countParams() },
    pairs,
    sameArchitecture: pairs.every((pair) => pair.left && pair.right && pair.difference === undefined),
    firstValueDifference: first?.left?.name,
    sameValues: x === undefined ? undefined : sameResults(left, right, x, tolerance),
  };
}

function pairsOf(left: readonly Place[], right: readonly Place[]): Pairing[] {
  const alike = ({ layer: { name, className } }: Place): Alike => ({ name, className });
  return alignLayers(left.map(alike), right.map(alike));
}

function describe({ layer: { name, className }, outputTensors, parameters }: Place): ComparedLayer {
  return { name, className, outputShape: outputTensors[0]!.shape, params: parameters };
}

/** The largest difference of two layers' first outputs. */
function valuesOf(left: Model, right: Model, x: ModelData): (a: string, b: string) => ValueDifference | undefined {
  const outputs = [left, right].map(
    (model) => new Map(model.intermediates(x).map(({ layer, outputs: [first] }) => [layer.name, first!])),
  );
  return (a, b) => {
    const [one, other] = [outputs[0]!.get(a), outputs[1]!.get(b)];
    if (one === undefined || other === undefined) return undefined;
    if (String(one.shape) !== String(other.shape)) return { largest: undefined, compared: 0 };
    return { largest: largestDifference(one.data, other.data), compared: one.data.length };
  };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, differenceOf(b[i]!, a[i]!));
  return largest;
}

function sameResults(left: Model, right: Model, x: ModelData, tolerance: number): boolean {
  const [a, b] = [[left.predict(x)].flat(), [right.predict(x)].flat()];
  return a.every(
    ({ shape, data }, index) =>
      String(shape) === String(b[index]?.shape) && largestDifference(data, b[index]!.data) <= tolerance,
  );
}

/**
 * Gives `to` the weights of `from`, layer by layer, where the arrays have the same shapes: then values differ only by what
 * the layers compute. Returns the names of the layers that kept their own.
 */
export function shareWeights(from: Model, to: Model): string[] {
  const places = [outlineOf(from).places, outlineOf(to).places] as const;
  const kept: string[] = [];
  for (const [i, j] of pairsOf(...places)) {
    const target = j === undefined ? undefined : places[1][j]!.layer;
    if (target === undefined || target.arrays.length === 0) continue;
    const source = i === undefined ? undefined : places[0][i]!.layer;
    try {
      if (source === undefined) throw new UnrollError({ code: "weights", path: target.name, expected: "no partner" });
      target.setWeights(source.getWeights());
    } catch (error) {
      if (!(error instanceof UnrollError)) throw error;
      kept.push(target.name);
    }
  }
  return kept;
}
