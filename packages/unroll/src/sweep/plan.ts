/**
 * A sweep as data: its trials, and which pieces of work come next after the results so far. All of it follows from space,
 * options, data and seed, so that a sweep that goes on elsewhere or later does the same.
 */
import { createHash } from "node:crypto";
import { UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import type { Outcome } from "../forecast/scores.ts";
import { drawSettings, gridOf } from "./draw.ts";
import type { GivenModel } from "./given-model.ts";
import type { CheckedOptions } from "./options.ts";
import { type Known, promoteInOrder, promoteTogether } from "./promotion.ts";
import { type CheckedSpace, mostTrials, plainDefaults, type TrialSettings, trainingDefaults } from "./space.ts";

export interface Trial {
  /** `t3`, or `g2-t3` where there are groups; both count from 1. */
  readonly id: string;
  /** A value of the group column. */
  readonly group: string | null;
  readonly settings: TrialSettings;
  /** Of weights, order and dropout. */
  readonly seed: number;
}

/** A piece of work: train a trial on all folds up to so many epochs, or train its final model. */
export interface Task {
  readonly id: string;
  readonly trial: string;
  readonly kind: "search" | "final";
  /** Epochs since the trial's beginning. */
  readonly epochs: number;
}

/** How a trial did on one fold, in the units of the target. */
export interface FoldScore {
  /** Of the best epoch, on the fold's scored part. */
  readonly rmse: number;
  /** Counted from 1. */
  readonly bestEpoch: number;
  /** Epochs trained. */
  readonly epochs: number;
}

/** The final model on the rows that the search never saw, beside the best of the forecasts that need no model. */
export interface FinalScore {
  readonly rmse: number;
  readonly mae: number;
  readonly r2: number;
  /** RMSE of the best forecast that needs no model. */
  readonly naive: number;
  /** Which one that is: `last value`, `7 rows before`. */
  readonly baseline: string;
  readonly outcome: Outcome;
  /** The sentence about it. */
  readonly verdict: string;
  /** The model's file in the folder of the sweep. */
  readonly model: string;
}

/** What a task gave. The same task gives the same result wherever it runs, unless it is ended for taking too long there. */
export type TaskResult = { readonly task: string } & (
  | {
      readonly status: "done";
      readonly score: number;
      readonly folds: readonly FoldScore[];
      readonly final?: FinalScore;
    }
  | { readonly status: "failed" | "timed out"; readonly reason: string }
);

export interface SweepPlan {
  /** Of everything that decides the results, hexadecimal. */
  readonly id: string;
  readonly options: CheckedOptions;
  /** What trials vary; without it the plain model. */
  readonly model?: GivenModel;
  /** The data's file in the folder of the sweep. */
  readonly data: string;
  /** Of the data, hexadecimal. */
  readonly sha256: string;
  readonly groups: readonly (string | null)[];
  readonly trials: readonly Trial[];
  /** Epochs at which halving compares trials, together or one by one; the last is the most that any trains. Other strategies have one. */
  readonly rounds: readonly number[];
}

/** @throws UnrollError `option` */
export function makePlan(
  space: CheckedSpace,
  options: CheckedOptions,
  data: { readonly file: string; readonly sha256: string; readonly groups: readonly string[] | null },
  model?: GivenModel,
): SweepPlan {
  const { strategy, trials: count, seed } = options;
  const defaults: TrialSettings =
    model === undefined ? { ...plainDefaults, ...trainingDefaults } : { ...trainingDefaults, lookback: model.lookback };
  const settings = strategy === "grid" ? gridOf(space, defaults) : drawSettings(space, defaults, { count, seed });
  const groups = data.groups ?? [null];
  if (settings.length * groups.length > mostTrials) {
    throw new UnrollError({
      code: "option",
      path: "sweep",
      expected: `a sweep may have ${mostTrials} trials at most`,
      received: `${settings.length} for each of ${groups.length} groups`,
    });
  }
  const seeds = new Random(seed).split();
  const seeded = settings.map((one) => ({ settings: one, seed: seeds.nextUint32() }));
  const trials = groups.flatMap((group, place) =>
    seeded.map(
      (one, index): Trial => ({ id: `${group === null ? "" : `g${place + 1}-`}t${index + 1}`, group, ...one }),
    ),
  );
  // Where the file lies decides nothing; what is in it does.
  const facts = { version: 2, space: [...space], options: { ...options, data: data.sha256 }, model: model?.config };
  const id = createHash("sha256").update(JSON.stringify(facts)).digest("hex");
  return {
    id,
    options,
    ...(model === undefined ? {} : { model }),
    data: data.file,
    sha256: data.sha256,
    groups,
    trials,
    rounds: roundsOf(options),
  };
}

function roundsOf({ strategy, epochs, eta, minEpochs }: CheckedOptions): number[] {
  const rounds = [epochs];
  if (strategy !== "halving" && strategy !== "asha") return rounds;
  for (let next = Math.floor(epochs / eta); next >= minEpochs; next = Math.floor(next / eta)) rounds.unshift(next);
  return rounds;
}

export type Results = ReadonlyMap<string, TaskResult>;

/**
 * The tasks that can run now and have no result yet, those of trials that got furthest first. A round of halving begins when
 * all of the one before is known; with `asha` a trial goes on by itself. Neither depends on which machine was faster.
 */
export function nextTasks(plan: SweepPlan, results: Results): Task[] {
  return plan.groups.flatMap((group) => nextOfGroup(plan, group, results));
}

function nextOfGroup(plan: SweepPlan, group: string | null, results: Results): Task[] {
  const tasks = roundsSoFar(plan, group, results).flatMap((trials, round) =>
    trials.map((trial) => searchTask(trial, plan.rounds[round]!)),
  );
  const open = tasks.filter(({ id }) => !results.has(id)).sort((a, b) => b.epochs - a.epochs);
  if (open.length > 0) return open;
  const best = ranked(plan, group, results)[0];
  if (best === undefined || best.score === null) return [];
  const task = finalTask(plan, best.trial);
  return results.has(task.id) ? [] : [task];
}

/** How many tasks are known to follow: those that can run now, and the final model of each group. Rounds to come are not known. */
export function countToGo(plan: SweepPlan, results: Results): number {
  const next = plan.groups.map((group) => nextOfGroup(plan, group, results));
  return next.reduce((sum, tasks) => sum + tasks.length + (tasks.some(({ kind }) => kind === "search") ? 1 : 0), 0);
}

/** The trials of each round, as far as the results decide them. */
function roundsSoFar(plan: SweepPlan, group: string | null, results: Results): Trial[][] {
  const { strategy, eta } = plan.options;
  let trials = plan.trials.filter((trial) => trial.group === group);
  const rounds = [trials];
  // Whether no other trial will come to this round.
  let isWhole = true;
  for (const epochs of plan.rounds.slice(0, -1)) {
    const scores = trials.map((trial): Known => {
      const result = results.get(searchTask(trial, epochs).id);
      return result === undefined ? undefined : scoreOf(result);
    });
    isWhole &&= !scores.includes(undefined);
    const promoted = strategy === "asha" ? promoteInOrder(scores, eta, isWhole) : promoteTogether(scores, eta);
    if (promoted.length === 0) break;
    trials = promoted.map((place) => trials[place]!);
    rounds.push(trials);
  }
  return rounds;
}

function searchTask({ id }: Trial, epochs: number): Task {
  return { id: `${id}-e${epochs}`, trial: id, kind: "search", epochs };
}

export function finalTask(plan: SweepPlan, { id }: Trial): Task {
  return { id: `${id}-final`, trial: id, kind: "final", epochs: plan.options.epochs };
}

export interface RankedTrial {
  readonly trial: Trial;
  /** Mean RMSE over the folds; null while there is none. */
  readonly score: number | null;
  /** Rounds that it took part in. */
  readonly rounds: number;
  /** Of the last of them. */
  readonly result: TaskResult | undefined;
}

/** The trials of a group, best first: those that got further come first, then the smaller error, then the smaller number. */
export function ranked(plan: SweepPlan, group: string | null, results: Results): RankedTrial[] {
  const all = plan.trials
    .filter((trial) => trial.group === group)
    .map((trial): RankedTrial => {
      const done = plan.rounds
        .map((epochs) => results.get(searchTask(trial, epochs).id))
        .filter((one) => one !== undefined);
      const result = done.at(-1);
      return { trial, score: scoreOf(result), rounds: done.length, result };
    });
  const known = byScore(all.filter(({ score }) => score !== null)).sort((a, b) => b.rounds - a.rounds);
  return [...known, ...all.filter(({ score }) => score === null)];
}

function scoreOf(result: TaskResult | undefined): number | null {
  return result?.status === "done" ? result.score : null;
}

/** Ascending, those without a score last; equal ones stay in their order. */
function byScore<One extends { readonly score: number | null }>(list: readonly One[]): One[] {
  const place = ({ score }: One): number => score ?? Number.POSITIVE_INFINITY;
  return [...list].sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}

/** @throws UnrollError `data` for an id that the plan does not have, as a queue of another sweep may give */
export function trialOf({ trials, id: sweep }: SweepPlan, id: string): Trial {
  const trial = trials.find((one) => one.id === id);
  if (trial !== undefined) return trial;
  throw new UnrollError({
    code: "data",
    path: `sweep ${sweep.slice(0, 12)}`,
    expected: "has no such trial",
    received: id,
  });
}
