/** The training itself: fit with early stopping, checkpoints that only the same run can take up, and a way to stop. */
import { createHash } from "node:crypto";
import { access, rm } from "node:fs/promises";
import { UnrollError } from "../../core/errors.ts";
import type { Parts } from "../../forecast/parts.ts";
import type { Series } from "../../forecast/series.ts";
import { modelToConfig } from "../../formats/keras-model-write.ts";
import type { Model } from "../../model/model.ts";
import { type Callback, type CallbackState, EarlyStopping } from "../../training/callbacks.ts";
import { fit } from "../../training/fit.ts";
import type { FitResult } from "../../training/fit-options.ts";
import "../../training/shared-step.ts";
import type { FlagValues, Terminal } from "../command.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { showProgress } from "./progress.ts";
import { resumeCommand, type TrainSettings } from "./settings.ts";

export interface TrainedRun extends FitResult {
  /** Epoch (from 0) whose weights the model has; undefined when they are those of the last. */
  readonly bestEpoch: number | undefined;
  /** Of this process, ms. */
  readonly milliseconds: number;
}

export interface RunParts {
  readonly model: Model;
  readonly series: Series;
  readonly parts: Parts;
  readonly settings: TrainSettings;
}

/** Throws UnrollError `file`, `data`, `shape` as `fit` does. */
export async function runTraining(
  { model, series, parts, settings }: RunParts,
  flags: FlagValues,
  terminal: Terminal,
): Promise<TrainedRun> {
  const { scaled } = parts;
  const { epochs, batchSize, threads, seed, patience, checkpoint, resume } = settings;
  const validates = scaled.validation.count > 0;
  const stopping = new EarlyStopping({
    monitor: validates ? "val_loss" : "loss",
    patience,
    restoreBestWeights: true,
  });
  const began = performance.now();
  const interrupt = listenForInterrupt(() =>
    terminal.note("\nStopping after this batch. Ctrl-C again leaves at once.\n"),
  );
  let result: FitResult;
  try {
    result = await fit(model, scaled.train, undefined, {
      epochs,
      batchSize,
      threads,
      seed,
      signal: interrupt.signal,
      ...(validates ? { validationData: scaled.validation } : {}),
      callbacks: [
        sameRun(factsOf({ model, series, parts, settings }), checkpoint),
        ...(patience > 0 ? [stopping] : []),
      ],
      checkpoint: { path: checkpoint },
      resume,
      onProgress: showProgress(terminal),
      print: () => {},
    });
  } finally {
    interrupt.release();
  }
  if (result.stopped?.reason === "aborted") {
    terminal.note(
      `Saved ${checkpoint} in epoch ${result.stopped.epoch + 1}. To go on:\n  ${resumeCommand(settings.data, flags)}\n`,
    );
  }
  const bestEpoch = patience > 0 && result.epochs.length > 0 ? stopping.bestEpoch : undefined;
  return { ...result, bestEpoch, milliseconds: performance.now() - began };
}

/** Deletes the checkpoint of a run that is over, unless it was asked for. */
export async function forgetCheckpoint({ checkpoint, keepsCheckpoint }: TrainSettings): Promise<void> {
  if (!keepsCheckpoint) await rm(checkpoint, { force: true });
}

/** A checkpoint is not overwritten by a run that does not go on from it. Throws UnrollError `usage`. */
export async function checkCheckpoint(
  { checkpoint, resume }: TrainSettings,
  { replace, terminal }: { readonly replace: boolean; readonly terminal: Terminal },
): Promise<void> {
  const isThere = await access(checkpoint).then(
    () => true,
    () => false,
  );
  if (resume && !isThere) terminal.note(`There is no checkpoint ${checkpoint} yet: the run begins anew.\n`);
  if (resume || !isThere || replace) return;
  throw new UnrollError({
    code: "usage",
    path: checkpoint,
    expected: "the checkpoint of another run is kept",
    hint: "Give --resume to go on from it, or --force to begin anew.",
  });
}

/** What must be the same in the run that takes up a checkpoint, in the order in which a difference is told. */
function factsOf({ model, series, parts, settings }: RunParts): Readonly<Record<string, string>> {
  const architecture = JSON.stringify(modelToConfig(model));
  return {
    target: series.target,
    features: series.features.join(","),
    lookback: String(parts.lookback),
    horizon: String(parts.horizon),
    missing: settings.missing,
    scaler: settings.scaler,
    validation: String(settings.validation),
    test: String(settings.test),
    "batch-size": String(settings.batchSize),
    threads: String(settings.threads),
    loss: settings.loss,
    seed: String(settings.seed),
    patience: String(settings.patience),
    "contents of the data (sha256)": series.sha256,
    "model (sha256)": createHash("sha256").update(architecture).digest("hex"),
  };
}

/** Keeps the facts in the checkpoint, and refuses one with others. */
function sameRun(facts: Readonly<Record<string, string>>, path: string): Callback {
  return {
    save: () => facts,
    restore(state: CallbackState) {
      const saved = (state ?? {}) as Readonly<Record<string, string | undefined>>; // what save() gave, or another run's callback
      const other = Object.keys(facts).find((name) => saved[name] !== facts[name]);
      if (other === undefined) return;
      const flag = /^[a-z-]+$/.test(other) ? `--${other}` : other;
      throw new UnrollError({
        code: "file",
        path,
        expected: `the checkpoint is of a run with ${flag} ${saved[other] ?? "unknown"}`,
        received: `${flag} ${facts[other]}`,
        hint: "Resume with the same flags and data, or give --force without --resume to begin anew.",
      });
    },
  };
}
