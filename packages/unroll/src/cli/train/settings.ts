/** What `unroll train` is asked for: its flags, their checks, and the command that would ask for the same again. */
import { UnrollError } from "../../core/errors.ts";
import type { ForecastSettings } from "../../forecast/settings.ts";
import type { Flag, FlagValues } from "../command.ts";

export const trainFlags: Readonly<Record<string, Flag>> = {
  target: { kind: "string", value: "COL", doc: "the column to forecast" },
  features: { kind: "string", value: "A,B", many: true, doc: "columns to read; by default all numbers" },
  lookback: { kind: "whole", value: "N", doc: "rows that the model sees; by default 21" },
  horizon: { kind: "whole", value: "N", doc: "rows ahead to forecast; by default 1" },
  date: { kind: "string", value: "COL", doc: "the dates; none takes the rows as they stand" },
  missing: { kind: "string", choices: ["skip", "forward", "linear"], doc: "what to do about gaps; skip" },
  scaler: { kind: "string", choices: ["standard", "minmax", "none"], doc: "fitted on the training part" },
  validation: { kind: "number", value: "PART", doc: "below 1 a share, else windows; 0.15" },
  test: { kind: "number", value: "PART", doc: "the newest part, for the errors; 0.15" },
  period: { kind: "whole", least: 2, value: "N", doc: "rows of a season; found by default" },
  model: { kind: "string", value: "FILE", doc: "train this model (.json .py .ipynb .keras ...)" },
  pick: { kind: "string", value: "NAME", doc: "one of several models of FILE" },
  set: { kind: "string", value: "NAME=VALUE", many: true, doc: "a size that code leaves open" },
  cell: { kind: "string", choices: ["lstm", "gru", "simpleRNN"], doc: "without --model; by default lstm" },
  units: { kind: "whole", value: "N", doc: "without --model; by default 32" },
  epochs: { kind: "whole", value: "N", doc: "by default 50" },
  "batch-size": { kind: "whole", value: "N", doc: "by default 32" },
  threads: { kind: "whole", value: "N", doc: "that share a step; by default 1" },
  optimizer: { kind: "string", value: "NAME", doc: "by default adam" },
  "learning-rate": { kind: "number", value: "RATE", doc: "by default the optimizer's" },
  loss: { kind: "string", value: "NAME", doc: "by default mse" },
  patience: { kind: "whole", least: 0, value: "N", doc: "epochs without gain; by default 10, 0: all" },
  seed: { kind: "whole", least: 0, value: "N", doc: "same seed, same bits; by default 0" },
  out: { kind: "string", value: "FILE", doc: "keep the trained model (.keras .h5 ...)" },
  report: { kind: "string", value: "FILE", doc: "write a page about the run (.html)" },
  force: { kind: "boolean", doc: "replace files that are there already" },
  checkpoint: { kind: "string", value: "FILE", doc: "save the run here after each epoch, and keep it" },
  resume: { kind: "boolean", doc: "go on from the checkpoint" },
};

export interface TrainSettings extends ForecastSettings {
  /** Rows; undefined takes the model's, or 21. */
  readonly lookback: number | undefined;
  readonly period: number | undefined;
  readonly model: string | undefined;
  readonly cell: "lstm" | "gru" | "simpleRNN";
  readonly units: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Threads that share a training step; the last bits depend on them. */
  readonly threads: number;
  readonly optimizer: string;
  readonly learningRate: number | undefined;
  readonly loss: string;
  /** Epochs; 0 trains all of them. */
  readonly patience: number;
  readonly seed: number;
  readonly out: string | undefined;
  readonly report: string | undefined;
  readonly checkpoint: string;
  /** Whether the checkpoint was asked for and stays when the run is over. */
  readonly keepsCheckpoint: boolean;
  readonly resume: boolean;
}

/** @throws UnrollError `usage` */
export function readSettings(data: string, flags: FlagValues): TrainSettings {
  // The command line has checked each flag's kind and choices.
  const text = (name: string): string | undefined => flags[name] as string | undefined;
  const number = (name: string): number | undefined => flags[name] as number | undefined;
  const target = text("target");
  if (target === undefined) {
    throw usage("needs the column to forecast", undefined, "Give --target COL.");
  }
  if (text("model") !== undefined && (text("cell") !== undefined || number("units") !== undefined)) {
    throw usage(
      "--cell and --units make the model that --model replaces",
      `--model ${text("model")}`,
      "Leave one out.",
    );
  }
  if (text("model") === undefined && (text("pick") !== undefined || flags.set !== undefined)) {
    throw usage("--pick and --set go with --model", "no --model");
  }
  const out = text("out");
  return {
    data,
    target,
    features: flags.features as readonly string[] | undefined,
    lookback: number("lookback"),
    horizon: number("horizon") ?? 1,
    date: text("date") === "none" ? null : text("date"),
    missing: (text("missing") ?? "skip") as TrainSettings["missing"],
    scaler: (text("scaler") ?? "standard") as TrainSettings["scaler"],
    validation: part("validation", number("validation"), 0),
    test: part("test", number("test"), 1),
    period: number("period"),
    model: text("model"),
    cell: (text("cell") ?? "lstm") as TrainSettings["cell"],
    units: number("units") ?? 32,
    epochs: number("epochs") ?? 50,
    batchSize: number("batch-size") ?? 32,
    threads: number("threads") ?? 1,
    optimizer: text("optimizer") ?? "adam",
    learningRate: number("learning-rate"),
    loss: text("loss") ?? "mse",
    patience: number("patience") ?? 10,
    seed: number("seed") ?? 0,
    out,
    report: text("report"),
    checkpoint: text("checkpoint") ?? `${out ?? fileName(data)}.checkpoint`,
    keepsCheckpoint: text("checkpoint") !== undefined,
    resume: flags.resume === true,
  };
}

const defaultPart = 0.15;

/** A share below 1, or a whole number of windows. */
function part(name: string, value: number | undefined, least: number): number {
  if (value === undefined) return defaultPart;
  if ((value > 0 && value < 1) || (Number.isInteger(value) && value >= least)) return value;
  const bound = least === 0 ? "0, " : "";
  throw usage(`--${name} must be ${bound}a share below 1, or a whole number of windows`, `--${name} ${value}`);
}

function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1)!;
}

function usage(expected: string, received?: string, hint?: string): UnrollError {
  return new UnrollError({
    code: "usage",
    path: "unroll train",
    expected,
    ...(received === undefined ? {} : { received }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The words of a command line that goes on with this run, quoted for a shell. */
export function resumeCommand(data: string, flags: FlagValues): string {
  const words = ["unroll", "train", data];
  for (const [name, value] of Object.entries({ ...flags, resume: true })) {
    if (value === undefined || value === false) continue;
    if (value === true) words.push(`--${name}`);
    else for (const one of Array.isArray(value) ? value : [value]) words.push(`--${name}`, String(one));
  }
  return words.map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w./,:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
