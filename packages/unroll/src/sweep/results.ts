/** What a sweep found, as plain data that depends on nothing but the plan: no times, no places. */
import type { BaselineScore } from "./baselines.ts";
import {
  type FinalScore,
  type FoldScore,
  finalTask,
  type RankedTrial,
  type Results,
  ranked,
  type SweepPlan,
} from "./plan.ts";
import type { TrialSettings } from "./space.ts";

/** A trial with its settings and how it did. */
export interface TrialRow {
  readonly trial: string;
  readonly settings: TrialSettings;
  /** `stopped`: halving went on without it. `open`: not trained yet. */
  readonly status: "done" | "stopped" | "failed" | "timed out" | "open";
  /** Mean RMSE over the folds in the units of the target. */
  readonly score: number | null;
  readonly folds: readonly FoldScore[];
  /** Why it has no score. */
  readonly reason?: string;
}

/** What was found for one group of rows, or for all of them. */
export interface GroupResult {
  /** A value of the group column; null without groups. */
  readonly group: string | null;
  /** Of forecasts that need no model, as the trials' scores: repeating the last value, and one season before where there is one. */
  readonly baselines: readonly BaselineScore[];
  /** Best first. */
  readonly trials: readonly TrialRow[];
  /** Null where no trial or no final model could be trained. */
  readonly best: (TrialRow & { readonly final: FinalScore }) | null;
  /** Why the final model of the best trial could not be trained. */
  readonly reason?: string;
}

/** What a sweep found, as plain data. */
export interface SweepResults {
  readonly sweep: string;
  readonly target: string;
  readonly groups: readonly GroupResult[];
}

export function resultsOf(
  plan: SweepPlan,
  results: Results,
  baselines: ReadonlyMap<string | null, readonly BaselineScore[]>,
): SweepResults {
  const groups = plan.groups.map((group): GroupResult => {
    const list = ranked(plan, group, results);
    const trials = list.map((one) => rowOf(plan, one));
    const first = list[0];
    const end = first === undefined ? undefined : results.get(finalTask(plan, first.trial).id);
    const final = end?.status === "done" ? end.final : undefined;
    const best = final === undefined ? null : { ...trials[0]!, final }; // one for each
    const reason = end === undefined || end.status === "done" ? {} : { reason: end.reason };
    return { group, baselines: baselines.get(group)!, trials, best, ...reason };
  });
  return { sweep: plan.id, target: plan.options.target, groups };
}

function rowOf({ rounds: all }: SweepPlan, { trial, score, rounds, result }: RankedTrial): TrialRow {
  const { id, settings } = trial;
  const row = { trial: id, settings, score };
  if (result === undefined) return { ...row, status: "open", folds: [] };
  if (result.status !== "done") return { ...row, status: result.status, folds: [], reason: result.reason };
  return { ...row, status: rounds === all.length ? "done" : "stopped", folds: result.folds };
}
