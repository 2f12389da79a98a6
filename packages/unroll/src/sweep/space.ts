/**
 * What a sweep tries: for each parameter a list of values, a range, or one value. Here they are checked, with the place in the
 * space in every message; draw.ts makes settings of them. Nothing is trained.
 */
import { didYouMean, UnrollError } from "../core/errors.ts";
import { readLoss } from "../training/losses.ts";
import { readOptimizer } from "../training/optimizer.ts";

type Value = string | number;

/** What trials train with, whatever the model. */
export interface TrainingSettings {
  /** Rows. */
  readonly lookback: number;
  /** Null takes the optimizer's. */
  readonly learningRate: number | null;
  readonly optimizer: string;
  readonly loss: string;
  readonly batchSize: number;
  readonly scaler: "standard" | "minmax" | "none";
}

/** What the plain model is made of. */
export interface PlainSettings {
  readonly cell: "lstm" | "gru" | "simpleRNN";
  /** Of each recurrent layer. */
  readonly units: number;
  /** Recurrent layers. */
  readonly layers: number;
  readonly dropout: number;
}

/** What one trial trains with: the plain model's settings, or options of a given model's layers, such as `memory.units`. */
export interface TrialSettings extends TrainingSettings, Partial<PlainSettings> {
  readonly [option: `${string}.${string}`]: Value;
}

export type ParameterName = keyof TrialSettings;

/** All values between two, both included; whole ones where the parameter is a whole number. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** `log` gives each power of ten the same share. Default `linear`. */
  readonly scale?: "linear" | "log";
  /** Values that a grid takes, evenly from end to end. */
  readonly steps?: number;
}

/** Parameter → the values to try. What is left out has its default. */
export type Space = { readonly [Name in ParameterName]?: Value | readonly Value[] | Range };

/** What a parameter may be. */
export interface Parameter {
  readonly kind: "whole" | "number" | "name";
  readonly least?: number;
  /** Not itself allowed. */
  readonly below?: number;
  readonly above?: number;
  readonly choices?: readonly string[];
  /** Throws UnrollError for what the rules above let through. */
  readonly check?: (value: Value) => void;
}

const training: Readonly<Record<keyof TrainingSettings, Parameter>> = {
  lookback: { kind: "whole", least: 1 },
  learningRate: { kind: "number", above: 0 },
  optimizer: { kind: "name", check: (name) => void readOptimizer(String(name)) },
  loss: { kind: "name", check: (name) => void readLoss(String(name), 1, 1) },
  batchSize: { kind: "whole", least: 1 },
  scaler: { kind: "name", choices: ["standard", "minmax", "none"] },
};

const plain: Readonly<Record<keyof PlainSettings, Parameter>> = {
  cell: { kind: "name", choices: ["lstm", "gru", "simpleRNN"] },
  units: { kind: "whole", least: 1 },
  layers: { kind: "whole", least: 1 },
  dropout: { kind: "number", least: 0, below: 1 },
};

/** Parameters by name, in the order in which tables show them. */
export type Parameters = ReadonlyMap<string, Parameter>;

/** Those of a sweep without a model of its own. */
export const plainParameters: Parameters = new Map(Object.entries({ ...plain, ...training }));

/** Those of a sweep of a given model, whose options are told. */
export function parametersOf(options: Parameters): Parameters {
  return new Map([...options, ...Object.entries(training)]);
}

export const trainingDefaults: TrainingSettings = {
  lookback: 21,
  learningRate: null,
  optimizer: "adam",
  loss: "mse",
  batchSize: 32,
  scaler: "standard",
};

export const plainDefaults: PlainSettings = { cell: "lstm", units: 32, layers: 1, dropout: 0 };

export interface CheckedRange extends Range {
  readonly scale: "linear" | "log";
  readonly isWhole: boolean;
}

/** A checked space: what varies, each as a list or as a range. */
export type CheckedSpace = ReadonlyMap<string, readonly Value[] | CheckedRange>;

/** Most trials of a sweep; more is a mistake in the space. */
export const mostTrials = 10_000;

/**
 * Checks every name and value.
 *
 * @param path what the messages call the space: its file
 * @throws UnrollError `unknown-name`, `option`
 */
export function checkSpace(space: unknown, path = "space", parameters: Parameters = plainParameters): CheckedSpace {
  if (!isRecord(space)) throw fault(path, "a space must be an object: parameter → values", `space = ${show(space)}`);
  for (const name of Object.keys(space)) if (!parameters.has(name)) throw unknownParameter(name, path, parameters);
  const checked = new Map<string, readonly Value[] | CheckedRange>();
  for (const [name, parameter] of parameters) {
    const given = Object.hasOwn(space, name) ? space[name] : undefined;
    if (given !== undefined) checked.set(name, checkValues({ name, parameter, path: `${path}, ${name}` }, given));
  }
  return checked;
}

function unknownParameter(name: string, path: string, parameters: Parameters): UnrollError {
  const known = [...parameters.keys()];
  const near = known.filter((one) => one.endsWith(`.${name}`));
  const isPlain = Object.hasOwn(plain, name);
  const list = known.length > 20 ? `${known.slice(0, 20).join(", ")} and ${known.length - 20} more` : known.join(", ");
  return new UnrollError({
    code: "unknown-name",
    path,
    expected:
      isPlain && !parameters.has(name)
        ? `${name} is of the plain model; of a given one say which layer's option it is`
        : "every parameter must be one that trials have",
    received: name,
    hint: near.length > 0 ? `There is ${near.join(", ")}.` : (didYouMean(name, known) ?? `They are ${list}.`),
  });
}

/** Where a value stands, and what it may be. */
interface Place {
  readonly name: string;
  readonly parameter: Parameter;
  /** `space.json, units[2]` */
  readonly path: string;
}

function checkValues(place: Place, given: unknown): readonly Value[] | CheckedRange {
  const { name, path } = place;
  if (isRecord(given)) return checkRange(place, given);
  if (!Array.isArray(given)) return [checkValue(place, given)];
  const values = given as readonly unknown[];
  if (values.length === 0) throw fault(path, `${name} must have a value to try`, "an empty list");
  if (values.length > mostTrials) {
    throw fault(path, `${name} may have ${mostTrials} values at most`, `${values.length} values`);
  }
  const checked = values.map((value, index) => checkValue({ ...place, path: `${path}[${index}]` }, value));
  if (new Set(checked).size < checked.length) {
    throw fault(path, `${name} must have each value once`, `${name} = ${show(given)}`);
  }
  return checked;
}

function checkValue({ name, parameter, path }: Place, value: unknown): Value {
  const { kind, least, below, above, choices, check } = parameter;
  const wrong = (rule: string, hint?: string): UnrollError =>
    fault(path, `${name} must be ${rule}`, `${name} = ${show(value)}`, hint);
  if (kind === "name") {
    const rule = choices === undefined ? "a name" : `one of ${choices.join(", ")}`;
    if (typeof value !== "string" || value === "") throw wrong(rule);
    if (choices !== undefined && !choices.includes(value)) throw wrong(rule, didYouMean(value, choices));
  } else {
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
  }
  try {
    check?.(value);
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    throw fault(path, error.expected, `${name} = ${show(value)}`, error.hint);
  }
  return value;
}

function checkRange(place: Place, given: Record<string, unknown>): CheckedRange {
  const { name, parameter, path } = place;
  if (parameter.kind === "name") throw fault(path, `${name} takes names, not a range`, show(given));
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
  const from = checkValue({ ...place, path: `${path}.from` }, given.from) as number;
  const to = checkValue({ ...place, path: `${path}.to` }, given.to) as number;
  if (from >= to) throw fault(path, `the range of ${name} must go up`, `from = ${from}, to = ${to}`);
  const { scale = "linear", steps } = given;
  if (scale !== "linear" && scale !== "log")
    throw fault(path, `the scale of ${name} must be linear or log`, show(scale));
  if (scale === "log" && from <= 0) throw fault(path, `a log range of ${name} must begin above 0`, `from = ${from}`);
  const isWhole = parameter.kind === "whole";
  if (steps === undefined) return { from, to, scale, isWhole };
  if (typeof steps !== "number" || !Number.isInteger(steps) || steps < 2 || steps > mostTrials) {
    throw fault(path, `steps of ${name} must be a whole number from 2 to ${mostTrials}`, `steps = ${show(steps)}`);
  }
  return { from, to, scale, steps, isWhole };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** At most a line of it. */
function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)} ...` : text;
}

function fault(path: string, expected: string, received: string, hint?: string): UnrollError {
  return new UnrollError({ code: "option", path, expected, received, ...(hint === undefined ? {} : { hint }) });
}
