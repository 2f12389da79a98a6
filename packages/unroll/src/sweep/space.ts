/**
 * What a sweep tries: for each parameter a list of values, a range, or one value. Here they are checked and turned into
 * settings of trials, by grid or by seeded chance; nothing is trained.
 */
import { didYouMean, UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";

/** What one trial trains with. */
export interface TrialSettings {
  readonly cell: "lstm" | "gru" | "simpleRNN";
  /** Of each recurrent layer. */
  readonly units: number;
  /** Recurrent layers. */
  readonly layers: number;
  readonly dropout: number;
  /** Rows. */
  readonly lookback: number;
  /** Null takes the optimizer's. */
  readonly learningRate: number | null;
  readonly optimizer: string;
  readonly loss: string;
  readonly batchSize: number;
  readonly scaler: "standard" | "minmax" | "none";
}

/** All values between two, both included; whole ones where the parameter is a whole number. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** `log` gives each power of ten the same share. Default `linear`. */
  readonly scale?: "linear" | "log";
  /** Values that a grid takes, evenly from end to end. */
  readonly steps?: number;
}

type Value = string | number;

/** Parameter → the values to try. What is left out has its default. */
export type Space = { readonly [Name in keyof TrialSettings]?: Value | readonly Value[] | Range };

interface Parameter {
  readonly kind: "whole" | "number" | "name";
  readonly least?: number;
  /** Not itself allowed. */
  readonly below?: number;
  readonly above?: number;
  readonly choices?: readonly string[];
}

const parameters: Readonly<Record<keyof TrialSettings, Parameter>> = {
  cell: { kind: "name", choices: ["lstm", "gru", "simpleRNN"] },
  units: { kind: "whole", least: 1 },
  layers: { kind: "whole", least: 1 },
  dropout: { kind: "number", least: 0, below: 1 },
  lookback: { kind: "whole", least: 1 },
  learningRate: { kind: "number", above: 0 },
  optimizer: { kind: "name" },
  loss: { kind: "name" },
  batchSize: { kind: "whole", least: 1 },
  scaler: { kind: "name", choices: ["standard", "minmax", "none"] },
};

/** Names of all parameters, in the order in which tables show them. */
export const parameterNames = Object.keys(parameters) as readonly (keyof TrialSettings)[]; // the keys of that record

const defaults: TrialSettings = {
  cell: "lstm",
  units: 32,
  layers: 1,
  dropout: 0,
  lookback: 21,
  learningRate: null,
  optimizer: "adam",
  loss: "mse",
  batchSize: 32,
  scaler: "standard",
};

/** A checked space: what varies, each as a list or as a range. */
export type CheckedSpace = ReadonlyMap<keyof TrialSettings, readonly Value[] | Range>;

/** Most trials of a sweep; more is a mistake in the space. */
export const mostTrials = 10_000;

/**
 * Checks every name and value.
 *
 * @param path what the messages call the space
 * @throws UnrollError `unknown-name`, `option`
 */
export function checkSpace(space: unknown, path = "space"): CheckedSpace {
  if (!isRecord(space)) throw fault(path, "a space must be an object: parameter → values", `space = ${show(space)}`);
  const checked = new Map<keyof TrialSettings, readonly Value[] | Range>();
  for (const name of Object.keys(space)) {
    if (Object.hasOwn(parameters, name)) continue;
    throw new UnrollError({
      code: "unknown-name",
      path,
      expected: "every parameter must be one that trials have",
      received: name,
      hint: didYouMean(name, parameterNames) ?? `They are ${parameterNames.join(", ")}.`,
    });
  }
  for (const name of parameterNames) {
    const given = space[name];
    if (given !== undefined) checked.set(name, checkValues(name, given, path));
  }
  return checked;
}

function checkValues(name: keyof TrialSettings, given: unknown, path: string): readonly Value[] | Range {
  if (isRecord(given)) return checkRange(name, given, path);
  const values = Array.isArray(given) ? (given as readonly unknown[]) : [given];
  if (values.length === 0) throw fault(path, `${name} must have a value to try`, "an empty list");
  const checked = values.map((value) => checkValue(name, value, path));
  if (new Set(checked).size < checked.length) {
    throw fault(path, `${name} must have each value once`, `${name} = ${show(given)}`);
  }
  return checked;
}

function checkValue(name: keyof TrialSettings, value: unknown, path: string): Value {
  const { kind, least, below, above, choices } = parameters[name];
  const wrong = (rule: string): UnrollError => fault(path, `${name} must be ${rule}`, `${name} = ${show(value)}`);
  if (kind === "name") {
    if (typeof value !== "string" || value === "") throw wrong(choices === undefined ? "a name" : choices.join(", "));
    if (choices !== undefined && !choices.includes(value)) throw wrong(`one of ${choices.join(", ")}`);
    return value;
  }
  const rule = [
    kind === "whole" ? "a whole number" : "a number",
    ...(least === undefined ? [] : [`of ${least} or more`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ].join(" ");
  if (typeof value !== "number" || !Number.isFinite(value)) throw wrong(rule);
  if (kind === "whole" && !Number.isSafeInteger(value)) throw wrong(rule);
  if (value < (least ?? value) || value >= (below ?? Number.POSITIVE_INFINITY)) throw wrong(rule);
  if (above !== undefined && value <= above) throw wrong(rule);
  return value;
}

function checkRange(name: keyof TrialSettings, given: Record<string, unknown>, path: string): Range {
  if (parameters[name].kind === "name") throw fault(path, `${name} takes names, not a range`, show(given));
  const unknown = Object.keys(given).find((key) => !["from", "to", "scale", "steps"].includes(key));
  if (unknown !== undefined) {
    throw fault(
      path,
      `the range of ${name} has from, to, scale and steps`,
      unknown,
      didYouMean(unknown, ["from", "to", "scale", "steps"]),
    );
  }
  // checkValue of a parameter of numbers gives numbers.
  const from = checkValue(name, given.from, path) as number;
  const to = checkValue(name, given.to, path) as number;
  if (from >= to) throw fault(path, `the range of ${name} must go up`, `from = ${from}, to = ${to}`);
  const { scale = "linear", steps } = given;
  if (scale !== "linear" && scale !== "log")
    throw fault(path, `the scale of ${name} must be linear or log`, show(scale));
  if (scale === "log" && from <= 0) throw fault(path, `a log range of ${name} must begin above 0`, `from = ${from}`);
  if (steps === undefined) return { from, to, scale };
  if (typeof steps !== "number" || !Number.isInteger(steps) || steps < 2) {
    throw fault(path, `steps of ${name} must be a whole number of 2 or more`, `steps = ${show(steps)}`);
  }
  return { from, to, scale, steps };
}

/**
 * Every combination, the last parameter changing fastest.
 *
 * @throws UnrollError `option` for a range without `steps`, and for more than `mostTrials`
 */
export function gridOf(space: CheckedSpace, path = "space"): TrialSettings[] {
  const axes = [...space].map(
    ([name, values]) => [name, isRange(values) ? stepsOf(name, values, path) : values] as const,
  );
  const count = axes.reduce((product, [, values]) => product * values.length, 1);
  if (count > mostTrials) {
    throw fault(
      path,
      `a grid may have ${mostTrials} trials at most`,
      `${count} combinations`,
      "Try the random strategy.",
    );
  }
  let settings: TrialSettings[] = [defaults];
  for (const [name, values] of axes) {
    settings = settings.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  return settings;
}

function stepsOf(name: keyof TrialSettings, range: Range, path: string): readonly Value[] {
  const { steps } = range;
  if (steps === undefined) {
    throw fault(path, `a grid needs to know how many values of ${name} to take`, show(range), "Give steps, or a list.");
  }
  const values = Array.from({ length: steps }, (_, index) => valueAt(name, range, index / (steps - 1)));
  return [...new Set(values)];
}

/**
 * As many different settings as asked for, drawn by the seed; fewer where the space has no more.
 */
export function drawSettings(space: CheckedSpace, count: number, seed: number): TrialSettings[] {
  const random = new Random(seed);
  const drawn = new Map<string, TrialSettings>();
  // A small space runs out of new settings; so many repeats in a row are no chance.
  for (let repeats = 0; drawn.size < count && repeats < 1000; ) {
    const values = [...space].map(([name, given]) => [name, drawValue(name, given, random)] as const);
    const settings: TrialSettings = { ...defaults, ...Object.fromEntries(values) };
    const key = JSON.stringify(settings);
    repeats = drawn.has(key) ? repeats + 1 : 0;
    drawn.set(key, settings);
  }
  return [...drawn.values()];
}

function drawValue(name: keyof TrialSettings, given: readonly Value[] | Range, random: Random): Value {
  return isRange(given) ? valueAt(name, given, random.uniform()) : given[random.below(given.length)]!;
}

/** The value at a share of the way from one end to the other. */
function valueAt(name: keyof TrialSettings, { from, to, scale }: Range, share: number): number {
  const value = scale === "log" ? from * (to / from) ** share : from + (to - from) * share;
  if (parameters[name].kind === "whole") return Math.min(to, Math.max(from, Math.round(value)));
  // Six digits are as fine as a search is, and fit a table.
  return Math.min(to, Math.max(from, Number(value.toPrecision(6))));
}

function isRange(values: readonly Value[] | Range): values is Range {
  return !Array.isArray(values);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function fault(path: string, expected: string, received: string, hint?: string): UnrollError {
  return new UnrollError({ code: "option", path, expected, received, ...(hint === undefined ? {} : { hint }) });
}
