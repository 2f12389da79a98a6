/** What a sweep found, as plain data that depends on nothing but the plan: no times, no places. */
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

export interface TrialRow {
  readonly trial: string;
  readonly settings: TrialSettings;
  /** `stopped`: halving went on without it. `open`: not trained yet. */
  readonly status: "done" | "stopped" | "failed" | "open";
  /** Mean RMSE over the folds in the units of the target. */
  readonly score: number | null;
  readonly folds: readonly FoldScore[];
  /** Why it failed. */
  readonly reason?: string;
}

export interface GroupResult {
  /** A value of the group column; null without groups. */
  readonly group: string | null;
  /** Of repeating the last value, as the trials' scores. */
  readonly naive: number;
  /** Best first. */
  readonly trials: readonly TrialRow[];
  /** Null where no trial could be trained. */
  readonly best: (TrialRow & { readonly final: FinalScore }) | null;
}

export interface SweepResults {
  readonly sweep: string;
  readonly target: string;
  readonly groups: readonly GroupResult[];
}

export function resultsOf(plan: SweepPlan, results: Results, naive: ReadonlyMap<string | null, number>): SweepResults {
  const groups = plan.groups.map((group): GroupResult => {
    const list = ranked(plan, group, results);
    const trials = list.map((one) => rowOf(plan, one));
    const first = list[0];
    const end = first === undefined ? undefined : results.get(finalTask(plan, first.trial).id);
    const final = end?.status === "done" ? end.final : undefined;
    return { group, naive: naive.get(group)!, trials, best: final === undefined ? null : { ...trials[0]!, final } }; // one for each
  });
  return { sweep: plan.id, target: plan.options.target, groups };
}

function rowOf({ rounds: all }: SweepPlan, { trial, score, rounds, result }: RankedTrial): TrialRow {
  const { id, settings } = trial;
  const row = { trial: id, settings, score };
  if (result === undefined) return { ...row, status: "open", folds: [] };
  if (result.status === "failed") return { ...row, status: "failed", folds: [], reason: result.reason };
  return { ...row, status: rounds === all.length ? "done" : "stopped", folds: result.folds };
}
