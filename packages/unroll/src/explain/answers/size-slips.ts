/**
 * Slips in the sizes that go into a count: timesteps for features, units of another layer, filters taken as 1. None knows a layer;
 * they look at what letters mean. The terms stay as they are.
 */
import { type CountTree, lettersIn, rebindTree } from "./count-tree.ts";
import { type CountSlip, variant } from "./count-variant.ts";
import { numberOf, setLetter, withNumber } from "./letters.ts";
import { type EarlierSize, type Outline, type Place, timestepsOf } from "./outline.ts";

export const timestepsAsFeatures: CountSlip = (place) => {
  const timesteps = timestepsOf(place);
  if (timesteps === undefined) return [];
  const result = rebindTree(place.count, setLetter("features", timesteps, "taken from the axis of timesteps"));
  const features = numberOf("features", lettersIn(place.count));
  const detail = `${timesteps} is the number of timesteps; the features are ${features}.`;
  return [{ id: "timesteps-as-features", result, detail, plausibility: 0.85 }];
};

export const swapped: CountSlip = ({ count }) => {
  const letters = lettersIn(count);
  const features = numberOf("features", letters);
  const size = numberOf("units", letters) ?? numberOf("filters", letters);
  if (features === undefined || size === undefined) return [];
  const result = rebindTree(count, (node) => {
    if (node.meaning === "features") return withNumber(node, size, "taken from the units");
    if (node.meaning === "units" || node.meaning === "filters")
      return withNumber(node, features, "taken from the features");
    return undefined;
  });
  const detail = `The layer reads ${features} features and has ${size} units, not the other way round.`;
  return [{ id: "units-and-features-swapped", result, detail, plausibility: 0.6 }];
};

export const staleFeatures: CountSlip = (place, outline) => {
  const features = numberOf("features", lettersIn(place.count));
  if (features === undefined) return [];
  const timesteps = timestepsOf(place);
  return distinct(earlierFeatures(place, outline))
    .filter(({ value }) => value !== features && value !== timesteps)
    .map(({ value, where, plausibility }) => ({
      id: "stale-features",
      result: rebindTree(place.count, setLetter("features", value, where)),
      detail: `${value} is ${where}; this layer reads ${features} features.`,
      plausibility,
    }));
};

/** Last axes that stood before: the nearer, the likelier to be mixed up. */
function earlierFeatures(
  place: Place,
  { places, inputs, earlier }: Outline,
): (EarlierSize & { plausibility: number })[] {
  const before = places.slice(0, place.index).reverse();
  const sizes = before.flatMap(({ layer, sources, outputTensors }) => [
    ...outputTensors.map(({ shape }) => ({ value: shape.at(-1), where: `what ${layer.name} gives` })),
    ...sources.map(({ from, shape }) => ({ value: shape.at(-1), where: `what ${from} gives` })),
  ]);
  const known = [
    ...sizes,
    ...inputs.map(({ name, shape }) => ({ value: shape.at(-1), where: `the features of ${name}` })),
  ];
  return [
    ...known.flatMap(({ value, where }, index) =>
      typeof value === "number" ? [{ value, where, plausibility: Math.max(0.45, 0.65 - 0.03 * index) }] : [],
    ),
    ...earlier.map((one) => ({ ...one, plausibility: 0.5 })),
    { value: 1, where: "a single series or filter", plausibility: 0.45 },
  ];
}

export const staleUnits: CountSlip = (place, { places }) => {
  const units = numberOf("units", lettersIn(place.count)) ?? numberOf("filters", lettersIn(place.count));
  if (units === undefined) return [];
  const others = places
    .filter(({ index }) => index !== place.index)
    .flatMap(({ layer, units: value }) =>
      value === undefined || value === units ? [] : [{ value, where: `the units of ${layer.name}` }],
    );
  return distinct(others).map(({ value, where }) => ({
    id: "stale-units",
    result: rebindTree(place.count, (node) =>
      node.meaning === "units" || node.meaning === "filters" ? withNumber(node, value, where) : undefined,
    ),
    detail: `${value} is ${where}; this layer has ${units}.`,
    plausibility: 0.35,
  }));
};

export const featuresMultiplied: CountSlip = (place) => {
  const timesteps = timestepsOf(place);
  const features = numberOf("features", lettersIn(place.count));
  if (timesteps === undefined || features === undefined) return [];
  const all = timesteps * features;
  return [
    {
      id: "features-multiplied",
      result: rebindTree(place.count, setLetter("features", all, `${timesteps} × ${features}, every step at once`)),
      detail: `The layer reads one step of ${features} features at a time, not all ${timesteps} steps together.`,
      plausibility: 0.45,
    },
  ];
};

export const sizeAsOne: CountSlip = ({ count }) => {
  const letters = lettersIn(count);
  const one = (meaning: "filters" | "window size"): CountTree => rebindTree(count, setLetter(meaning, 1, "taken as 1"));
  const filters = numberOf("filters", letters);
  const window = numberOf("window size", letters);
  return [
    ...(filters === undefined
      ? []
      : [
          variant(
            "filters-as-one",
            one("filters"),
            `The layer has ${filters} filters, each with its own numbers.`,
            0.6,
          ),
        ]),
    ...(window === undefined
      ? []
      : [variant("window-as-one", one("window size"), `Each filter sees ${window} steps at once.`, 0.55)]),
  ];
};

export const offByOne: CountSlip = ({ count }) => {
  const letters = lettersIn(count);
  return (["vocabulary", "features"] as const).flatMap((meaning) => {
    const value = numberOf(meaning, letters);
    if (value === undefined) return [];
    return [value - 1, value + 1]
      .filter((wrong) => wrong > 0)
      .map((wrong) =>
        variant(
          "off-by-one",
          rebindTree(count, setLetter(meaning, wrong, "one off")),
          `The ${meaning} are ${value}, not ${wrong}.`,
          meaning === "vocabulary" ? 0.6 : 0.25,
        ),
      );
  });
};

/** The first of each value. */
function distinct<T extends EarlierSize>(sizes: readonly T[]): T[] {
  return sizes.filter(({ value }, at) => sizes.findIndex((one) => one.value === value) === at);
}
