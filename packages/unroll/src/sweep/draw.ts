/** Settings of trials out of a checked space: every combination, or drawn by a seed. */
import { UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { type CheckedRange, type CheckedSpace, mostTrials, type TrialSettings } from "./space.ts";

type Value = string | number;

/**
 * Every combination, the last parameter changing fastest.
 *
 * @throws UnrollError `option` for a range without `steps`, and for more than `mostTrials`
 */
export function gridOf(space: CheckedSpace, defaults: TrialSettings, path = "space"): TrialSettings[] {
  const axes = [...space].map(
    ([name, values]) => [name, isRange(values) ? stepsOf(name, values, path) : values] as const,
  );
  const count = axes.reduce((product, [, values]) => product * values.length, 1);
  if (count > mostTrials) {
    throw new UnrollError({
      code: "option",
      path,
      expected: `a grid may have ${mostTrials} trials at most`,
      received: `${count} combinations`,
      hint: "Try the random strategy.",
    });
  }
  let settings: TrialSettings[] = [defaults];
  for (const [name, values] of axes) {
    settings = settings.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  return settings;
}

function stepsOf(name: string, range: CheckedRange, path: string): readonly Value[] {
  const { steps } = range;
  if (steps === undefined) {
    const { isWhole, ...given } = range;
    throw new UnrollError({
      code: "option",
      path: `${path}, ${name}`,
      expected: `a grid needs to know how many values of ${name} to take`,
      received: JSON.stringify(given),
      hint: "Give steps, or a list.",
    });
  }
  const values = Array.from({ length: steps }, (_, index) => valueAt(range, index / (steps - 1)));
  return [...new Set(values)];
}

/**
 * As many different settings as asked for, drawn by the seed; fewer where the space has no more.
 */
export function drawSettings(
  space: CheckedSpace,
  defaults: TrialSettings,
  { count, seed }: { readonly count: number; readonly seed: number },
): TrialSettings[] {
  const random = new Random(seed);
  const drawn = new Map<string, TrialSettings>();
  // A small space runs out of new settings; so many repeats in a row are no chance.
  for (let repeats = 0; drawn.size < count && repeats < 1000; ) {
    const values = [...space].map(([name, given]) => [name, drawValue(given, random)] as const);
    const settings: TrialSettings = { ...defaults, ...Object.fromEntries(values) };
    const key = JSON.stringify(settings);
    repeats = drawn.has(key) ? repeats + 1 : 0;
    drawn.set(key, settings);
  }
  return [...drawn.values()];
}

function drawValue(given: readonly Value[] | CheckedRange, random: Random): Value {
  return isRange(given) ? valueAt(given, random.uniform()) : given[random.below(given.length)]!;
}

/** The value at a share of the way from one end to the other. */
function valueAt({ from, to, scale, isWhole }: CheckedRange, share: number): number {
  const value = scale === "log" ? from * (to / from) ** share : from + (to - from) * share;
  // Six digits are as fine as a search is, and fit a table.
  const rounded = isWhole ? Math.round(value) : Number(value.toPrecision(6));
  return Math.min(to, Math.max(from, rounded));
}

function isRange(values: readonly Value[] | CheckedRange): values is CheckedRange {
  return !Array.isArray(values);
}
