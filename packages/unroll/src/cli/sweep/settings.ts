/** The flags of `unroll sweep` and what they say to the library. */
import { UnrollError } from "../../core/errors.ts";
import type { SweepOptions } from "../../sweep/index.ts";
import { longestTimeout } from "../../sweep/timeout.ts";
import type { Flag, FlagValues } from "../command.ts";

const whole = (value: string, doc: string, least = 1): Flag => ({ kind: "whole", value, doc, least });

export const sweepFlags: Readonly<Record<string, Flag>> = {
  target: { kind: "string", value: "COL", doc: "the column to forecast" },
  model: { kind: "string", value: "FILE", doc: "vary this model; the space says memory.units" },
  pick: { kind: "string", value: "NAME", doc: "one of several models in that file" },
  set: { kind: "string", value: "NAME=VALUE", many: true, doc: "a size that code leaves open" },
  features: { kind: "string", value: "A,B", many: true, doc: "columns to read; all numbers" },
  date: { kind: "string", value: "COL", doc: "the dates; none takes rows as they stand" },
  missing: { kind: "string", choices: ["skip", "forward", "linear"], doc: "what to do about gaps; skip" },
  horizon: whole("N", "rows ahead to forecast; by default 1"),
  period: whole("N", "rows of a season; found by default", 2),
  "group-by": { kind: "string", value: "COL", doc: "a search and a model for each value" },
  strategy: {
    kind: "string",
    choices: ["random", "grid", "halving", "asha"],
    doc: "random; the last two stop weak trials early",
  },
  trials: whole("N", "settings to draw; by default 20"),
  epochs: whole("N", "most of a trial; by default 30"),
  patience: whole("N", "epochs without gain; by default 5, 0: all", 0),
  folds: whole("N", "scored parts, one after the other; 3"),
  window: { kind: "string", choices: ["expanding", "sliding"], doc: "rows to train on" },
  validation: { kind: "number", value: "PART", doc: "rows of a fold: below 1 a share; 0.1" },
  test: { kind: "number", value: "PART", doc: "newest rows, kept from the search; 0.15" },
  eta: whole("N", "halving and asha keep one of N; by default 3", 2),
  "min-epochs": whole("N", "of the first round of halving and asha; 2"),
  seed: whole("N", "same seed, same results; by default 0", 0),
  folder: { kind: "string", value: "DIR", doc: "or s3:// URL: all that is kept; DATA.sweep" },
  threads: whole("N", "by default one a core", 0),
  "trial-timeout": { kind: "whole", value: "S", doc: "end a trial after S seconds", most: longestTimeout },
  queue: { kind: "string", value: "URL", doc: "Redis, for workers started elsewhere" },
  out: { kind: "string", value: "FILE", doc: "keep the best model (.keras)" },
  report: { kind: "string", value: "FILE", doc: "write a page with plots (.html)" },
  force: { kind: "boolean", doc: "replace files that are there already" },
};

/** Throws UnrollError `usage` for a flag that would change nothing beside the others. */
export function checkIdleFlags(flags: FlagValues): void {
  const { strategy = "random", model } = flags;
  const halves = strategy === "halving" || strategy === "asha";
  const rules: readonly (readonly [names: readonly string[], isOfUse: boolean, reason: string])[] = [
    [["trials"], strategy !== "grid", "a grid takes every combination"],
    [["eta", "min-epochs"], halves, "it goes with --strategy halving or asha"],
    [["threads"], flags.queue === undefined, "with --queue the workers train; each has its own --concurrency"],
    [["trial-timeout"], flags.threads !== 0, "--threads 0 trains where nothing can end a trial"],
    [["pick", "set"], model !== undefined, "it goes with --model FILE"],
  ];
  for (const [names, isOfUse, reason] of rules) {
    const idle = isOfUse ? undefined : names.find((name) => flags[name] !== undefined);
    if (idle === undefined) continue;
    throw new UnrollError({
      code: "usage",
      path: "unroll sweep",
      expected: `--${idle} has no use here: ${reason}`,
      hint: "Leave it out.",
    });
  }
}

/** Columns of `--features` are separated by commas. The library checks the rest. */
export function optionsOf(data: string, flags: FlagValues): SweepOptions {
  // The command line has checked each flag's kind and choices.
  const given: Record<string, unknown> = {
    data,
    target: flags.target,
    features: (flags.features as readonly string[] | undefined)?.flatMap((text) =>
      text.split(",").map((one) => one.trim()),
    ),
    date: flags.date === "none" ? null : flags.date,
    missing: flags.missing,
    horizon: flags.horizon,
    period: flags.period,
    groupBy: flags["group-by"],
    strategy: flags.strategy,
    trials: flags.trials,
    epochs: flags.epochs,
    patience: flags.patience,
    folds: flags.folds,
    window: flags.window,
    validation: flags.validation,
    test: flags.test,
    eta: flags.eta,
    minEpochs: flags["min-epochs"],
    seed: flags.seed,
  };
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as unknown as SweepOptions; // checkOptions reads it as a stranger's
}
