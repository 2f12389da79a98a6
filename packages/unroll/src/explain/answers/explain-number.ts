/**
 * Where a number comes from: "132" found in a summary, an exercise or a forum. Looks for it among all that a model derives
 * (counts, parts of counts, totals, sizes) and among what one slip would make of these, and gives back every way there is.
 */
import { type Shape, sameShape } from "../../core/shape.ts";
import {
  type Derivation,
  deriveShape,
  deriveSize,
  productOf,
  type ShapeDerivation,
  sumOf,
} from "../../equations/derive.ts";
import { constant, letter, type SymbolNode } from "../../equations/expr.ts";
import { shapeOf } from "../../layers/sizes.ts";
import type { Model } from "../../model/model.ts";
import { explainModel } from "../explain.ts";
import type { LayerExplanation } from "../explanation.ts";
import { type Candidate, type NamedSlip, namedSlip, ranked } from "./answer.ts";
import { changeTerms, countOf, deriveTree, formulaOf, lettersIn, termsOf } from "./count-tree.ts";
import { rebindLetters } from "./letters.ts";
import { type Outline, outlineOf, type Place } from "./outline.ts";
import { layerVariants } from "./search-counts.ts";
import { formsOf } from "./search-shapes.ts";
import { deriveTotal, singleTotalSlips, totalOf } from "./search-totals.ts";
import { shapeVariants } from "./shape-slips.ts";

/** What a number is; in this order origins are given. */
export type OriginKind = (typeof kinds)[number];

const kinds = ["total", "count", "shape", "running total", "part", "values", "bytes", "size", "slip"] as const;

/** One way to a number. */
export interface NumberOrigin {
  readonly kind: OriginKind;
  /** The layer's name; the model's for totals. */
  readonly layer: string;
  /** "the parameters of gru" */
  readonly what: string;
  /** The slips that lead to it; empty for a number that the model has. */
  readonly slips: readonly NamedSlip[];
  /** Ends at the number. */
  readonly derivation: Derivation | ShapeDerivation;
}

/**
 * Every way from a model to a number or a shape: what the model derives to it, then what one slip makes it, the likeliest
 * first. Empty where the number is none of these.
 *
 * @throws UnrollError `unbuilt` while the model does not know its input shape
 * @example explainNumber(model, 132)[0].what // "the parameters of gru"
 */
export function explainNumber(model: Model, given: number | Shape): NumberOrigin[] {
  const outline = outlineOf(model);
  const found = typeof given === "number" ? numbers(model, outline, given) : shapes(outline, given);
  const order = (one: NumberOrigin): number => kinds.indexOf(one.kind);
  return found.sort((a, b) => order(a) - order(b));
}

function numbers(model: Model, outline: Outline, given: number): NumberOrigin[] {
  const { layers } = explainModel(model);
  const right = [
    ...totals(outline),
    ...outline.places.flatMap((place) => [
      ...counts(place),
      ...(layers.find(({ name }) => name === place.layer.name)?.count.parts ?? []).flatMap((part) =>
        partsOf(part, place.layer.name),
      ),
      ...gates(place),
      ...sizes(place),
    ]),
    ...layers.flatMap((layer) => shapeSizes(layer)),
  ].filter(({ derivation }) => derivation.result === given);
  const known = unique(right);
  return [...known, ...slips(outline, given)];
}

function totals(outline: Outline): NumberOrigin[] {
  const { name, places } = outline;
  const about = { layer: name, slips: [] };
  const counted = places.filter(({ parameters }) => (parameters ?? 0) > 0);
  const running = counted.slice(1, -1).map((place, at): NumberOrigin => {
    const upTo = counted.slice(0, at + 2);
    const terms = upTo.map(({ layer, parameters }) => letter(layer.name, parameters, layer.className, "its count"));
    const what = `the parameters of the layers down to ${place.layer.name}`;
    return { ...about, kind: "running total", what, derivation: deriveSize("running total", sumOf(terms)) };
  });
  const frozen = counted.flatMap(({ count }) => termsOf(count)).some(({ trained }) => !trained);
  const trained = new Map(
    counted.map((place) => [place, changeTerms(place.count, (term) => (term.trained ? term : undefined))]),
  );
  const bytes = letter("P", totalOf(outline), "parameters", "the model's total").times(constant(4));
  return [
    { ...about, kind: "total", what: `the parameters of ${name}`, derivation: deriveTotal(outline) },
    ...(frozen
      ? [
          {
            ...about,
            kind: "total",
            what: `the parameters of ${name} that are trained`,
            derivation: deriveTotal(outline, trained),
          } as const,
        ]
      : []),
    ...running,
    {
      ...about,
      kind: "bytes",
      what: `the bytes of the weights of ${name}, 4 for each in float32`,
      derivation: deriveSize("bytes", bytes),
    },
  ];
}

function counts({ layer, count }: Place): NumberOrigin[] {
  if (countOf(count) === 0) return [];
  return [
    {
      kind: "count",
      layer: layer.name,
      what: `the parameters of ${layer.name}`,
      slips: [],
      derivation: deriveTree(count),
    },
  ];
}

/** The arrays of a layer and the blocks of an array, or the layers inside. */
function partsOf(part: Derivation, layer: string): NumberOrigin[] {
  const own: NumberOrigin = { kind: "part", layer, what: `${part.title} of ${layer}`, slips: [], derivation: part };
  return [own, ...part.parts.flatMap((inner) => partsOf(inner, layer))];
}

/** What one gate of a cell has. */
function gates({ layer, count }: Place): NumberOrigin[] {
  return [count, ...count.inside].flatMap((tree): NumberOrigin[] => {
    if (tree.gates === undefined) return [];
    const terms = tree.terms.filter(({ perGate }) => perGate).map((term) => ({ ...term, perGate: false }));
    const derivation = deriveSize("one gate", formulaOf({ ...tree, gates: undefined, terms, inside: [] }));
    return [{ kind: "part", layer: layer.name, what: `one gate of ${tree.name}`, slips: [], derivation }];
  });
}

/** Units, features, timesteps and whatever else has a letter. */
function sizes({ layer, count, outputs, inputs }: Place): NumberOrigin[] {
  const letters: SymbolNode[] = [];
  for (const formula of [...lettersIn(count), ...outputs.flat(), ...inputs.flat()]) {
    rebindLetters(formula, (node) => {
      letters.push(node);
      return undefined;
    });
  }
  return letters.map(({ name, value = null, meaning, from = "" }) => ({
    kind: "size",
    layer: layer.name,
    what: `the ${meaning.replace(/,.*/, "")} of ${layer.name}`,
    slips: [],
    derivation: deriveSize(meaning, letter(name, value, meaning, from)),
  }));
}

/** Axes of the output that are worked out, and how many numbers come out for one example. */
function shapeSizes({ name, outputs, className }: LayerExplanation): NumberOrigin[] {
  return outputs.flatMap(({ axes }, index): NumberOrigin[] => {
    const which = outputs.length === 1 ? "the output" : `output ${index + 1}`;
    const inner = axes.slice(1);
    const worked = inner.flatMap((derivation, axis): NumberOrigin[] =>
      derivation.formula.node.op === "symbol"
        ? []
        : [{ kind: "size", layer: name, what: `axis ${axis + 1} of ${which} of ${name}`, slips: [], derivation }],
    );
    if (inner.length < 2) return worked;
    const all = deriveSize("numbers", productOf(inner.map(({ formula }) => formula)));
    const what =
      className === "InputLayer"
        ? `the numbers that ${name} reads for one example`
        : `the numbers in ${which} of ${name} for one example`;
    return [...worked, { kind: "values", layer: name, what, slips: [], derivation: all }];
  });
}

function slips(outline: Outline, given: number): NumberOrigin[] {
  const ofCounts = outline.places.flatMap((place) =>
    layerVariants(place, outline)
      .filter(({ count }) => count === given && count > 0)
      .map(({ id, layer, detail, plausibility, result }) => ({
        slips: [namedSlip(id, layer, detail)],
        plausibility,
        of: place.layer.name,
        what: `the parameters of ${place.layer.name}`,
        derive: (): Derivation => deriveTree(result),
      })),
  );
  const ofTotals = singleTotalSlips(outline, given).map((one) => ({
    ...one,
    of: outline.name,
    what: `the parameters of ${outline.name}`,
  }));
  const ofShapes = outline.places.flatMap((place) =>
    shapeVariants(place, outline).flatMap(({ id, detail, plausibility, result }) =>
      result.slice(1).flatMap((axis, at) =>
        shapeOf([axis])[0] === given && shapeOf(place.outputs[0]!)[at + 1] !== given
          ? [
              {
                slips: [namedSlip(id, place.layer.name, detail)],
                plausibility: plausibility * 0.8,
                of: place.layer.name,
                what: `axis ${at + 1} of the output of ${place.layer.name}`,
                derive: (): Derivation => deriveSize(`axis ${at + 1}`, axis),
              },
            ]
          : [],
      ),
    ),
  );
  // A slip before a layer is one way to each number behind it.
  const all = [...groupsOf([...ofCounts, ...ofShapes]), ...ranked(ofTotals, Number.POSITIVE_INFINITY)];
  return all.sort((a, b) => b.plausibility - a.plausibility).map(originOf);
}

type Way = Candidate & { readonly of: string; readonly what: string };

/** Each set of slips once for what it is a number of. */
function groupsOf(ways: readonly Way[]): Way[] {
  return [...new Set(ways.map(({ what }) => what))].flatMap((what) =>
    ranked(
      ways.filter((one) => one.what === what),
      Number.POSITIVE_INFINITY,
    ),
  );
}

function originOf({ slips: made, of, what, derive }: Way): NumberOrigin {
  return { kind: "slip", layer: of, what, slips: made, derivation: derive() };
}

function shapes(outline: Outline, given: Shape): NumberOrigin[] {
  const forms = formsOf(given);
  const right = outline.places.flatMap(({ layer, outputs }) =>
    outputs
      .filter((one) => forms.some((form) => sameShape(shapeOf(one), form)))
      .map((one): NumberOrigin => {
        const derivation = deriveShape("output shape", one);
        return { kind: "shape", layer: layer.name, what: `the output shape of ${layer.name}`, slips: [], derivation };
      }),
  );
  const read = new Set(outline.inputs.map(({ name }) => name));
  const inputs = outline.places.flatMap(({ sources, inputs: letters }) =>
    sources.flatMap(({ from, shape }, at): NumberOrigin[] => {
      if (!read.has(from) || !forms.some((form) => sameShape(shape, form))) return [];
      const derivation = deriveShape("input shape", letters[at]!);
      return [{ kind: "shape", layer: from, what: `the shape of ${from}`, slips: [], derivation }];
    }),
  );
  const wrong = outline.places.flatMap((place) =>
    shapeVariants(place, outline)
      .filter(({ result }) => forms.some((form) => sameShape(shapeOf(result), form)))
      .map(({ id, detail, plausibility, result }) => ({
        slips: [namedSlip(id, place.layer.name, detail)],
        plausibility,
        of: place.layer.name,
        what: `the output shape of ${place.layer.name}`,
        derive: (): ShapeDerivation => deriveShape("output shape", result),
      })),
  );
  return [
    ...unique(inputs),
    ...right,
    ...groupsOf(wrong)
      .sort((a, b) => b.plausibility - a.plausibility)
      .map(originOf),
  ];
}

/** What is said once is not said again. */
function unique(origins: readonly NumberOrigin[]): NumberOrigin[] {
  return origins.filter(({ what }, at) => origins.findIndex((one) => one.what === what) === at);
}
