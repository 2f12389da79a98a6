/**
 * Where two layers differ: options, shapes and counts, and which change makes the count another. The cause is found by
 * changing one thing at a time: an option of the left layer, or what it reads, to what it is in the right one.
 */
import { UnrollError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import { productOf, putNumbersIn } from "../../equations/derive.ts";
import { evaluateSize } from "../../equations/evaluate.ts";
import { constant, type Expr } from "../../equations/expr.ts";
import { toText } from "../../equations/render.ts";
import { isLayerFunction } from "../../layers/activations.ts";
import { Layer } from "../../layers/layer.ts";
import { type CountTree, countOf, countTree, formulaOf, type Source, termsOf } from "../answers/count-tree.ts";
import type { Place } from "../answers/outline.ts";

/** An option that is another in each model; values as the layer keeps them. */
export interface OptionDifference {
  /** "resetAfter"; of a layer inside a wrapper "layer.units". */
  readonly option: string;
  readonly left: unknown;
  readonly right: unknown;
}

/** What one change adds to the count. */
export interface CountCause {
  /** "resetAfter", or "features" for what the layer reads. */
  readonly change: string;
  readonly difference: number;
  /** "g × h = 3 × 4": what is counted more or less; undefined where it is no single product. */
  readonly formula: string | undefined;
}

/** What differs between two layers that stand beside each other. */
export interface LayerDifference {
  readonly options: readonly OptionDifference[];
  readonly params: { readonly left: number | null; readonly right: number | null };
  /** The counts' formulas, where they differ: "g × [h(h+i)+h]". */
  readonly formulas: { readonly left: string; readonly right: string } | undefined;
  readonly shapes: { readonly left: Shape; readonly right: Shape };
  readonly reads: { readonly left: readonly Shape[]; readonly right: readonly Shape[] };
  /** Changes that each move the count; together they make the difference where they do not act on one another. */
  readonly causes: readonly CountCause[];
}

/** Options that say how arrays begin or are kept in bounds: they change no count, no shape and no value of given weights. */
const startOptions = /Initializer$|Regularizer$|Constraint$|^seed$|^unitForgetBias$|^dtype$|^name$/;

export function compareLayers(left: Place, right: Place): LayerDifference {
  const options = optionDifferences(left.layer, right.layer);
  const trees = { left: left.count, right: right.count };
  const formulas = { left: toText(formulaOf(trees.left)), right: toText(formulaOf(trees.right)) };
  return {
    options,
    params: { left: left.parameters, right: right.parameters },
    formulas: formulas.left === formulas.right ? undefined : formulas,
    shapes: { left: left.outputTensors[0]!.shape, right: right.outputTensors[0]!.shape },
    reads: { left: left.sources.map(({ shape }) => shape), right: right.sources.map(({ shape }) => shape) },
    causes: left.parameters === right.parameters ? [] : causesOf(left, right, options),
  };
}

/** Whether anything differs that a summary or a prediction could show. */
export function isDifferent({ options, params, shapes }: LayerDifference): boolean {
  return options.length > 0 || params.left !== params.right || String(shapes.left) !== String(shapes.right);
}

function optionDifferences(left: Layer, right: Layer, prefix = ""): OptionDifference[] {
  const names = [...new Set([...Object.keys(left.config), ...Object.keys(right.config)])];
  return names.flatMap((name): OptionDifference[] => {
    if (startOptions.test(name)) return [];
    const [a, b] = [left.config[name], right.config[name]];
    if (a instanceof Layer && b instanceof Layer) {
      const inner =
        a.className === b.className ? [] : [{ option: `${prefix}${name}`, left: a.className, right: b.className }];
      return [...inner, ...optionDifferences(a, b, `${prefix}${name}.`)];
    }
    return shown(a) === shown(b) ? [] : [{ option: `${prefix}${name}`, left: a, right: b }];
  });
}

/** Options as text, functions by name; those of layers with the layer's options, which tell them apart. */
export function shown(value: unknown): string {
  if (value instanceof Layer) return value.className;
  if (isLayerFunction(value)) {
    const { type, config } = value.layer;
    const options = Object.entries(config).map(([name, one]) => `${name}: ${JSON.stringify(one)}`);
    return `${type.className}(${options.join(", ")})`;
  }
  if (typeof value === "object" && value !== null && "name" in value) return String(value.name);
  return JSON.stringify(value) ?? "left out";
}

function causesOf(left: Place, right: Place, options: readonly OptionDifference[]): CountCause[] {
  const before = left.parameters;
  if (before === null) return [];
  const changes = [
    ...options.map(({ option, right: value }) => ({
      change: option,
      tree: attempt(() => countTree(changed(left.layer, option.split("."), value), left.sources)),
    })),
    { change: "features", tree: attempt(() => countTree(left.layer, withFeatures(left.sources, right.sources))) },
  ];
  return changes.flatMap(({ change, tree }): CountCause[] => {
    const after = tree === undefined ? null : countOf(tree);
    if (tree === undefined || after === null || after === before) return [];
    return [{ change, difference: after - before, formula: formulaOfDifference(left.count, tree) }];
  });
}

/** Sizes of the right input under the left one's names. */
function withFeatures(left: readonly Source[], right: readonly Source[]): Source[] {
  return left.map((source, index) => ({ ...source, shape: right[index]?.shape ?? source.shape }));
}

function changed(layer: Layer, path: readonly string[], value: unknown): Layer {
  const [name, ...rest] = path as [string, ...string[]]; // split gives one at least
  const inner = layer.config[name];
  const next = rest.length > 0 && inner instanceof Layer ? changed(inner, rest, value) : value;
  return new Layer(layer.type, { ...layer.config, [name]: next }, { name: layer.name, trainable: layer.trainable });
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnrollError) return undefined;
    throw error;
  }
}

/** The one product that was added or taken away, with its numbers; undefined where more than one term changed. */
function formulaOfDifference(before: CountTree, after: CountTree): string | undefined {
  const [old, now] = [termsOf(before), termsOf(after)];
  const names = [...new Set([...old, ...now].map(({ name }) => name))];
  const gates = after.gates ?? before.gates;
  if (names.length !== old.length && names.length !== now.length) return undefined; // two directions
  const changes = names.flatMap((name): Expr[] => {
    const [a, b] = [old.find((term) => term.name === name), now.find((term) => term.name === name)];
    const [oldFactors, newFactors] = [a?.factors ?? [constant(0)], b?.factors ?? [constant(0)]];
    if (sameSizes(oldFactors, newFactors)) return [];
    const perGate = (a ?? b)?.perGate === true && gates !== undefined;
    const rest = differenceOf(oldFactors, newFactors);
    return [rest === undefined ? constant(Number.NaN) : perGate ? gates.times(rest) : rest];
  });
  const [only, ...others] = changes;
  if (only === undefined || others.length > 0 || Number.isNaN(evaluateSize(only))) return undefined;
  return `${toText(only)} = ${toText(putNumbersIn(only))}`;
}

/** The product of what both share, and what one has more of the factor that differs; undefined where several differ. */
function differenceOf(old: readonly Expr[], now: readonly Expr[]): Expr | undefined {
  const [short, long] = old.length <= now.length ? [old, now] : [now, old];
  const isNothing = (list: readonly Expr[]): boolean => list.length === 1 && evaluateSize(list[0]!) === 0;
  if (isNothing(short)) return productOf(long);
  // A factor more, such as the 2 of two rows of bias.
  if (long.length === short.length + 1) {
    const times = evaluateSize(long[0]!);
    if (times === null || !sameSizes(long.slice(1), short)) return undefined;
    return times === 2 ? productOf(short) : constant(times - 1).times(productOf(short));
  }
  const differing = long.flatMap((factor, index) => (sameSizes([factor], [short[index]!]) ? [] : [index]));
  if (long.length !== short.length || differing.length !== 1) return undefined;
  const [at] = differing as [number]; // one, as just asked
  const [a, b] = [evaluateSize(short[at]!), evaluateSize(long[at]!)];
  if (a === null || b === null) return undefined;
  const others = long.filter((_, index) => index !== at);
  const more = Math.abs(b - a);
  return more === 1 ? productOf(others) : constant(more).times(productOf(others));
}

function sameSizes(left: readonly Expr[], right: readonly Expr[]): boolean {
  return (
    left.length === right.length && left.every((size, index) => evaluateSize(size) === evaluateSize(right[index]!))
  );
}
