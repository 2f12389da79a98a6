/** Which slips give a wrong total: one in one layer, the same in all layers that have it, a layer left out, or two of these. */
import { type Derivation, deriveSize, sumOf } from "../../equations/derive.ts";
import { constant, letter } from "../../equations/expr.ts";
import { toText } from "../../equations/render.ts";
import { plural } from "../lines.ts";
import { type Candidate, type Finding, type NamedSlip, namedSlip, toFindings } from "./answer.ts";
import { carriedSlips } from "./carried.ts";
import { countVariants } from "./count-slips.ts";
import { type CountTree, changeTerms, countOf, deriveTree, formulaOf, termsOf } from "./count-tree.ts";
import type { Outline, Place } from "./outline.ts";

/** A change of the total: the layers whose counts are others, undefined for one left out. */
interface Change {
  readonly slips: readonly NamedSlip[];
  readonly plausibility: number;
  readonly counts: ReadonlyMap<Place, CountTree | undefined>;
  readonly difference: number;
}

/** Ways to `given` as the number of parameters of the whole model. */
export function findTotalSlips(outline: Outline, given: number): Finding[] {
  const wanted = given - totalOf(outline);
  const changes = changesOf(outline);
  const singles = changes.filter(({ difference }) => difference === wanted);
  const found = singles.length > 0 ? singles : pairsOf(changes, wanted);
  const candidates = found.map(
    (change): Candidate => ({ ...change, derive: () => deriveTotal(outline, change.counts) }),
  );
  return toFindings(
    [...candidates, ...(singles.length > 0 ? [] : oneLayerAlone(outline, given))],
    singles.length > 0 ? 12 : 6,
  );
}

/** The one change of the total that gives `given`, every one there is. */
export function singleTotalSlips(outline: Outline, given: number): Candidate[] {
  const wanted = given - totalOf(outline);
  return changesOf(outline)
    .filter(({ difference }) => difference === wanted && wanted !== 0)
    .map((change) => ({ ...change, derive: () => deriveTotal(outline, change.counts) }));
}

export function totalOf({ places }: Outline): number {
  return places.reduce((sum, { parameters }) => sum + (parameters ?? 0), 0);
}

/** The sum over layers, each layer's derivation as a part. */
export function deriveTotal(
  { places }: Outline,
  changed: ReadonlyMap<Place, CountTree | undefined> = new Map(),
): Derivation {
  const trees = places.flatMap((place) => {
    const tree = changed.has(place) ? changed.get(place) : place.count;
    return tree === undefined || countOf(tree) === 0 ? [] : [{ tree, slipped: changed.has(place) }];
  });
  const parts = trees.map(({ tree }) => deriveTree(tree, tree.name));
  // A letter for each layer, so that the derivation goes from names to numbers to the sum.
  const terms = trees.map(({ tree, slipped }) =>
    letter(tree.name, countOf(tree), `${tree.className}: ${toText(formulaOf(tree))}`, slipped ? "with the slip" : ""),
  );
  return deriveSize("total parameters", sumOf(terms), parts);
}

const known = new WeakMap<Outline, readonly Change[]>();

function changesOf(outline: Outline): readonly Change[] {
  const changes = known.get(outline) ?? makeChanges(outline);
  known.set(outline, changes);
  return changes;
}

function makeChanges(outline: Outline): Change[] {
  const inLayers = [...outline.places.flatMap((place) => ownChanges(place, outline)), ...carriedChanges(outline)];
  return [...inLayers, ...everywhere(inLayers), ...leftOut(outline), ...trainedOnly(outline)];
}

function ownChanges(place: Place, outline: Outline): Change[] {
  return countVariants(place, outline).map(({ id, detail, result, count, plausibility }) => ({
    slips: [namedSlip(id, place.layer.name, detail)],
    plausibility: plausibility * 0.9,
    counts: new Map([[place, result]]),
    difference: count - (place.parameters ?? 0),
  }));
}

/** A wrong shape of one layer changes what the layers behind it read. */
function carriedChanges(outline: Outline): Change[] {
  return carriedSlips(outline).map(({ origin, variant: { id, detail, plausibility }, counts, difference }) => ({
    slips: [namedSlip(id, origin.layer.name, detail)],
    plausibility: plausibility * 0.85,
    counts,
    difference,
  }));
}

/** The same slip in every layer that has it: learners who do not know a rule break it everywhere. */
function everywhere(changes: readonly Change[]): Change[] {
  const byId = groupBy(
    changes.filter(({ difference }) => difference !== 0),
    ({ slips }) => slips[0]!.id,
  );
  return [...byId.values()].flatMap((same): Change[] => {
    // The most plausible of each layer.
    const layers = same.filter(
      ({ slips }, at) => same.findIndex((one) => one.slips[0]!.layer === slips[0]!.layer) === at,
    );
    const touched = layers.flatMap(({ counts }) => [...counts.keys()]);
    if (layers.length < 2 || new Set(touched).size < touched.length) return [];
    return [
      {
        slips: layers.flatMap(({ slips }) => slips),
        plausibility: Math.min(0.97, layers[0]!.plausibility * 1.1),
        counts: new Map(layers.flatMap(({ counts }) => [...counts])),
        difference: layers.reduce((sum, { difference }) => sum + difference, 0),
      },
    ];
  });
}

function leftOut({ places }: Outline): Change[] {
  return places
    .filter(({ count }) => (countOf(count) ?? 0) > 0)
    .flatMap((place): Change[] => {
      const params = countOf(place.count)!; // just checked
      const { name } = place.layer;
      return [
        {
          slips: [namedSlip("layer-left-out", name, `${name} has ${plural(params, "parameter")}.`)],
          plausibility: 0.65,
          counts: new Map([[place, undefined]]),
          difference: -params,
        },
        {
          slips: [namedSlip("layer-doubled", name, `${name} has ${plural(params, "parameter")}.`)],
          plausibility: 0.35,
          counts: new Map([[place, { ...place.count, factor: constant(2) }]]),
          difference: params,
        },
      ];
    });
}

function trainedOnly({ places, name }: Outline): Change[] {
  const counts = new Map(
    places
      .filter(({ count }) => termsOf(count).some(({ trained }) => !trained))
      .map((place) => [place, changeTerms(place.count, (term) => (term.trained ? term : undefined))]),
  );
  if (counts.size === 0) return [];
  const differences = [...counts].map(([place, tree]) => (countOf(tree) ?? 0) - (place.parameters ?? 0));
  return [
    {
      slips: [namedSlip("not-trained-left-out", name, "The total has the non-trainable parameters too.")],
      plausibility: 0.9,
      counts,
      difference: differences.reduce((sum, one) => sum + one, 0),
    },
  ];
}

/** Two changes of different layers. */
function pairsOf(changes: readonly Change[], wanted: number): Change[] {
  const byDifference = groupBy(changes, ({ difference }) => difference);
  const order = new Map(changes.map((change, index) => [change, index]));
  return changes.flatMap((first, index) => {
    if (first.difference === 0 || first.slips.length > 2) return [];
    return (byDifference.get(wanted - first.difference) ?? []).flatMap((second): Change[] => {
      const apart = [...second.counts.keys()].every((place) => !first.counts.has(place));
      if (order.get(second)! <= index || second.difference === 0 || second.slips.length > 2 || !apart) return [];
      return [
        {
          slips: [...first.slips, ...second.slips],
          plausibility: first.plausibility * second.plausibility * 0.5,
          counts: new Map([...first.counts, ...second.counts]),
          difference: wanted,
        },
      ];
    });
  });
}

function oneLayerAlone({ places }: Outline, given: number): Candidate[] {
  return places
    .filter(({ count }) => given > 0 && countOf(count) === given)
    .map(({ layer, count }) => ({
      slips: [namedSlip("another-layer", layer.name, `${given} is the count of ${layer.name} alone.`)],
      plausibility: 0.5,
      derive: () => deriveTree(count),
    }));
}

function groupBy<K, T>(list: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}
