/** Results of tasks as they come from a file, a store or a queue: anybody may have changed them, so each is read as a stranger's. */
import { UnrollError } from "../core/errors.ts";
import type { FinalScore, FoldScore, TaskResult } from "./plan.ts";

/**
 * The value, if it is a result.
 *
 * @param path where it stands, for the message
 * @throws UnrollError `file`
 */
export function readTaskResult(value: unknown, path: string): TaskResult {
  if (isRecord(value) && typeof value.task === "string") {
    const isWithout = value.status === "failed" || value.status === "timed out";
    if (isWithout && typeof value.reason === "string") return value as TaskResult; // checked here
    const { status, score, folds, final } = value;
    const isDone = status === "done" && isScore(score) && Array.isArray(folds) && folds.every(isFold);
    if (isDone && (final === undefined || isFinal(final))) return value as TaskResult; // checked here
  }
  throw new UnrollError({
    code: "file",
    path,
    expected: "must be the result of a task, as unroll sweep writes it",
    received: (JSON.stringify(value) ?? "nothing").slice(0, 60),
    hint: "Somebody has changed it: delete it, and the task is trained again.",
  });
}

function isFold(value: unknown): value is FoldScore {
  return isRecord(value) && isScore(value.rmse) && isCount(value.bestEpoch) && isCount(value.epochs);
}

function isFinal(value: unknown): value is FinalScore {
  if (!isRecord(value)) return false;
  const { rmse, mae, naive, r2, baseline, outcome, verdict, model } = value;
  const isModel = typeof model === "string" && /^models\/[\w-]+\.keras$/.test(model);
  return (
    [rmse, mae, naive].every(isScore) &&
    isNumber(r2) &&
    ["beats", "chance", "does not beat"].includes(outcome as string) &&
    typeof baseline === "string" &&
    typeof verdict === "string" &&
    isModel
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** R² may be any, also none: JSON says null for it. */
function isNumber(value: unknown): boolean {
  return typeof value === "number" || value === null;
}

function isScore(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
