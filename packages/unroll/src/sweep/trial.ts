/**
 * One task of a sweep: trains a trial on every fold up to the task's epochs, or its final model. Each fold goes on from its
 * checkpoint, to the same bits as without an interruption, so a task may be run again by anybody at any time.
 */
import { UnrollError } from "../core/errors.ts";
import { type Forecasts, modelForecasts } from "../forecast/forecasts.ts";
import { compileFor, defaultModel } from "../forecast/model.ts";
import { checkFit } from "../forecast/model-fit.ts";
import { type Score, scoresOf, verdictOf } from "../forecast/scores.ts";
import type { Series } from "../forecast/series.ts";
import { sidecarPath, writeSidecar } from "../forecast/sidecar.ts";
import { saveModel } from "../formats/save.ts";
import type { Model } from "../model/model.ts";
import { EarlyStopping } from "../training/callbacks.ts";
import { fit } from "../training/fit.ts";
import type { FitResult } from "../training/fit-options.ts";
import { testBaselines } from "./baselines.ts";
import { type Fold, type FoldWindows, foldsOf, foldWindows } from "./folds.ts";
import { variantOf } from "./given-model.ts";
import {
  type FinalScore,
  type FoldScore,
  type SweepPlan,
  type Task,
  type TaskResult,
  type Trial,
  trialOf,
} from "./plan.ts";
import { names, type SharedFiles } from "./shared-files.ts";
import { plainDefaults, type TrialSettings } from "./space.ts";

/** A plan with all that its tasks need. */
export interface OpenSweep {
  readonly plan: SweepPlan;
  readonly files: SharedFiles;
  /** By group; null without groups. */
  readonly series: ReadonlyMap<string | null, Series>;
}

/**
 * What the task gives. A trial that cannot be trained (too long a lookback, an unknown optimizer, a loss that is no number)
 * is a failed result; anything else that goes wrong, such as a full disk, is thrown and may be tried again.
 */
export async function runTask(sweep: OpenSweep, task: Task): Promise<TaskResult> {
  const trial = trialOf(sweep.plan, task.trial);
  try {
    return task.kind === "search" ? await search(sweep, trial, task) : await final(sweep, trial, task);
  } catch (error) {
    if (!(error instanceof UnrollError) || error.code === "file") throw error;
    return { task: task.id, status: "failed", reason: error.message };
  }
}

async function search(sweep: OpenSweep, trial: Trial, task: Task): Promise<TaskResult> {
  const { plan, series } = sweep;
  const data = series.get(trial.group)!; // a series for each group of the plan
  const folds: FoldScore[] = [];
  for (const [index, fold] of foldsOf(data.matrix.shape[0], plan.options, data.file).entries()) {
    const run = await train(sweep, trial, { fold, epochs: task.epochs, part: `f${index + 1}`, keepsBest: false });
    folds.push(bestOf(run.result, run.windows.unit, task.epochs));
  }
  const score = folds.reduce((sum, { rmse }) => sum + rmse, 0) / folds.length;
  checkNumber(score, trial);
  return { task: task.id, status: "done", score, folds };
}

/** The checkpoint may be of more epochs than asked for: another may have gone on since. */
function bestOf({ history, epochs }: FitResult, unit: number, asked: number): FoldScore {
  const errors = history.val_mse!.filter((_, index) => epochs[index]! < asked);
  const least = Math.min(...errors);
  return { rmse: Math.sqrt(least) * unit, bestEpoch: errors.indexOf(least) + 1, epochs: errors.length };
}

/** The plain model or the given one, with the trial's options. */
function modelOf(
  { options: { horizon }, model: given }: SweepPlan,
  settings: TrialSettings,
  seed: number,
  features: number,
) {
  const { lookback } = settings;
  if (given === undefined) {
    const { cell, units, layers: depth, dropout } = { ...plainDefaults, ...settings };
    return defaultModel({ cell, units, depth, dropout, seed, horizon }, lookback, features);
  }
  const model = variantOf(given, settings, seed);
  checkFit(model, { model: given.name }, { lookback, horizon, features });
  return model;
}

interface Run {
  readonly model: Model;
  readonly windows: FoldWindows;
  readonly result: FitResult;
}

async function train(
  { plan, files, series }: OpenSweep,
  { id, group, settings, seed }: Trial,
  { fold, epochs, part, keepsBest }: { fold: Fold; epochs: number; part: string; keepsBest: boolean },
): Promise<Run> {
  const { horizon, patience } = plan.options;
  const data = series.get(group)!; // a series for each group of the plan
  const windows = foldWindows(data, fold, settings, horizon);
  const { optimizer, learningRate, loss, batchSize } = settings;
  const model = modelOf(plan, settings, seed, data.features.length);
  compileFor(model, { optimizer, learningRate: learningRate ?? undefined, loss }, ["mse"]);
  const checkpoint = names.checkpoint(id, part);
  await files.pull(checkpoint);
  const result = await fit(model, windows.train, undefined, {
    epochs,
    batchSize,
    seed,
    validationData: windows.scored.scaled,
    callbacks: [
      // Without patience it still remembers the best epoch.
      new EarlyStopping({
        monitor: "val_mse",
        mode: "min",
        patience: patience === 0 ? plan.options.epochs : patience,
        restoreBestWeights: keepsBest,
      }),
      { onEpochBegin: () => files.push(checkpoint) },
    ],
    checkpoint: { path: files.pathOf(checkpoint) },
    resume: true,
    print: () => {},
  });
  await files.push(checkpoint);
  if (result.stopped?.reason === "not-a-number") {
    throw new UnrollError({ code: "data", path: `trial ${id}`, expected: result.stopped.message.replace(/\.$/, "") });
  }
  return { model, windows, result };
}

/** A score that is none cannot be compared, and JSON has no word for it. */
function checkNumber(score: number, { id }: Trial): void {
  if (Number.isFinite(score)) return;
  throw new UnrollError({
    code: "data",
    path: `trial ${id}`,
    expected: "the forecasts must be numbers",
    received: `RMSE = ${score}`,
    hint: "A lower learningRate often helps.",
  });
}

/** Trained like the last fold, and tested on the rows behind it, which nothing has seen so far. */
async function final(sweep: OpenSweep, trial: Trial, task: Task): Promise<TaskResult> {
  const { plan, files, series } = sweep;
  const data = series.get(trial.group)!; // a series for each group of the plan
  const { horizon, missing } = plan.options;
  const rows = data.matrix.shape[0];
  const fold = foldsOf(rows, plan.options, data.file).at(-1)!; // at least one
  const run = await train(sweep, trial, { fold, epochs: task.epochs, part: "final", keepsBest: true });
  const { model, windows, result } = run;
  const { scaler, unit } = windows;
  const test = windows.part(fold.scoredEnd, rows);
  const forecasts: Forecasts = {
    ...testBaselines(data, fold, plan.options, test.raw),
    model: modelForecasts(model, test.scaled, { scaler, target: data.columns.indexOf(data.target), horizon }),
  };
  const [own, ...naive] = scoresOf(forecasts) as [Score, ...Score[]]; // the model is always there
  const name = names.model(trial.id);
  await files.pull(name);
  await saveModel(model, files.pathOf(name));
  await writeSidecar(sidecarPath(files.pathOf(name)), {
    series: data,
    parts: { lookback: trial.settings.lookback, horizon, scaler },
    settings: { missing },
  });
  await files.push(name);
  await files.push(sidecarPath(name));
  const best = bestOf(result, unit, task.epochs);
  const { rmse, mae, r2 } = own;
  checkNumber(rmse, trial);
  const { outcome, baseline, text: verdict } = verdictOf(forecasts);
  const least = naive.find((one) => one.name === baseline)!; // the best of them
  const score: FinalScore = { rmse, mae, r2, naive: least.rmse, baseline, outcome, verdict, model: name };
  return { task: task.id, status: "done", score: best.rmse, folds: [best], final: score };
}
