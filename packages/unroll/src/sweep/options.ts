/** What a sweep is asked for beside its space: data, cross-validation, strategy; with defaults and checks. */
import { didYouMean, UnrollError } from "../core/errors.ts";
import type { Model } from "../model/model.ts";
import { mostTrials } from "./space.ts";

/** What is searched: data, strategy, how trials are trained and scored. */
export interface SweepOptions extends DataOptions {
  /** A model of one's own: the space then names options of its layers, such as `memory.units`. Its weights are drawn anew. */
  readonly model?: Model;
  /** What messages call the model; by default by its own name. */
  readonly modelFile?: string;
  /** What messages call the space. */
  readonly spaceFile?: string;
}

/** All that can be written down. */
export interface DataOptions {
  /** The CSV file. */
  readonly data: string;
  readonly target: string;
  /** Columns to read; by default every column of numbers. */
  readonly features?: readonly string[];
  /** The column with the dates; null takes the rows as they stand; by default it is looked for. */
  readonly date?: string | null;
  /** What to do about gaps. Default `skip`. */
  readonly missing?: "skip" | "forward" | "linear";
  /** Rows ahead to forecast. Default 1. */
  readonly horizon?: number;
  /** Rows of a season, for the forecast of one season before that models are compared with. By default it is looked for. */
  readonly period?: number;
  /** A column; each of its values gets a search and a model of its own. */
  readonly groupBy?: string;
  /** Default `random`. `asha` is halving without waiting for whole rounds. */
  readonly strategy?: "grid" | "random" | "halving" | "asha";
  /** Settings to draw, for all but grid. Default 20. */
  readonly trials?: number;
  /** Most epochs of a trial. Default 30. */
  readonly epochs?: number;
  /** Epochs without gain before a trial ends; 0 trains all of them. Default 5. */
  readonly patience?: number;
  /** Parts of the series that trials are scored on, one after the other in time. Default 3. */
  readonly folds?: number;
  /** Whether training begins at the first row, or moves on with the fold. Default `expanding`. */
  readonly window?: "expanding" | "sliding";
  /** Rows of each fold's scored part: a share below 1, or a number. Default 0.1. */
  readonly validation?: number;
  /** The newest rows, which the search never sees: a share below 1, or a number. Default 0.15. */
  readonly test?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Halving, also asha, keeps one trial of so many, and gives it so many times the epochs. Default 3. */
  readonly eta?: number;
  /** Epochs of halving's first round. Default 2. */
  readonly minEpochs?: number;
}

/** With nothing left open. */
export type CheckedOptions = Required<Omit<DataOptions, "features" | "date" | "groupBy" | "period">> & {
  readonly features: readonly string[] | null;
  /** The empty text looks for one. */
  readonly date: string | null;
  readonly groupBy: string | null;
  /** Null looks for one. */
  readonly period: number | null;
};

type NumberName = "horizon" | "trials" | "epochs" | "patience" | "folds" | "seed" | "eta" | "minEpochs";

const numbers: Readonly<
  Record<NumberName, { readonly value: number; readonly least: number; readonly most?: number }>
> = {
  horizon: { value: 1, least: 1 },
  trials: { value: 20, least: 1, most: mostTrials },
  epochs: { value: 30, least: 1 },
  patience: { value: 5, least: 0 },
  folds: { value: 3, least: 1 },
  seed: { value: 0, least: 0 },
  eta: { value: 3, least: 2 },
  minEpochs: { value: 2, least: 1 },
};

const words = {
  missing: ["skip", "forward", "linear"],
  strategy: ["random", "grid", "halving", "asha"],
  window: ["expanding", "sliding"],
} as const;

const shares = { validation: 0.1, test: 0.15 } as const;
const leastPeriod = 2;
const texts = ["data", "target", "features", "date", "groupBy"];

/** @throws UnrollError `option`, `unknown-name` */
export function checkOptions(options: DataOptions): CheckedOptions {
  const known = [...texts, "period", ...Object.keys(numbers), ...Object.keys(words), ...Object.keys(shares)];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UnrollError({
      code: "unknown-name",
      path: "sweep",
      expected: "every option must be one that a sweep has",
      received: unknown,
      hint: didYouMean(unknown, known) ?? `They are ${known.join(", ")}.`,
    });
  }
  for (const name of ["data", "target"] as const) {
    if (typeof options[name] !== "string" || options[name] === "") throw fault(name, "be a text", options[name]);
  }
  const checked: CheckedOptions = {
    data: options.data,
    target: options.target,
    features: options.features ?? null,
    date: options.date === undefined ? "" : options.date,
    groupBy: options.groupBy ?? null,
    missing: word(options, "missing"),
    strategy: word(options, "strategy"),
    window: word(options, "window"),
    horizon: number(options, "horizon"),
    period: period(options),
    trials: number(options, "trials"),
    epochs: number(options, "epochs"),
    patience: number(options, "patience"),
    folds: number(options, "folds"),
    seed: number(options, "seed"),
    eta: number(options, "eta"),
    minEpochs: number(options, "minEpochs"),
    validation: part(options, "validation"),
    test: part(options, "test"),
  };
  checkHalving(checked);
  return checked;
}

/** With one round nothing is halved: all trials would train to the end. */
function checkHalving({ strategy, epochs, eta, minEpochs }: CheckedOptions): void {
  if ((strategy !== "halving" && strategy !== "asha") || eta * minEpochs <= epochs) return;
  throw new UnrollError({
    code: "option",
    path: "sweep",
    expected: `${strategy} needs two rounds or more: epochs must be eta × minEpochs or more`,
    received: `epochs = ${epochs}, eta = ${eta}, minEpochs = ${minEpochs}`,
    hint: `Give ${eta * minEpochs} epochs or more, or a smaller eta or minEpochs.`,
  });
}

function word<Name extends keyof typeof words>(options: DataOptions, name: Name): (typeof words)[Name][number] {
  const choices: readonly string[] = words[name];
  const value = options[name] ?? choices[0]!;
  if (!choices.includes(value)) throw fault(name, `be one of ${choices.join(", ")}`, value);
  return value as (typeof words)[Name][number]; // one of the choices
}

function number(options: DataOptions, name: NumberName): number {
  const { value: usual, least, most } = numbers[name];
  const value = options[name] ?? usual;
  const rule = most === undefined ? `of ${least} or more` : `from ${least} to ${most}`;
  const isWithin = Number.isSafeInteger(value) && value >= least && value <= (most ?? value);
  if (!isWithin) throw fault(name, `be a whole number ${rule}`, value);
  return value;
}

function period({ period: value }: DataOptions): number | null {
  if (value === undefined) return null;
  if (Number.isSafeInteger(value) && value >= leastPeriod) return value;
  throw fault("period", `be a whole number of ${leastPeriod} or more`, value);
}

function part(options: DataOptions, name: keyof typeof shares): number {
  const value = options[name] ?? shares[name];
  if ((value > 0 && value < 1) || (Number.isSafeInteger(value) && value > 0)) return value;
  throw fault(name, "be a share below 1, or a whole number of rows", value);
}

function fault(name: string, rule: string, value: unknown): UnrollError {
  const received = value === undefined ? "nothing" : JSON.stringify(value);
  return new UnrollError({
    code: "option",
    path: "sweep",
    expected: `${name} must ${rule}`,
    received: `${name} = ${received}`,
  });
}
