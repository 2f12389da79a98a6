/**
 * Runs that the user keeps, to compare them: how each was made, and what came of it, on this device alone. The weights are in the
 * worker and go with the page; from seed and settings they come out again.
 */
import type { Baseline } from "../worker/protocol.ts";
import { forget, hearKept, keep, readKept } from "./device.ts";

export interface KeptRun {
  /** Its recipe as a link has it (run-recipe.ts). */
  readonly id: string;
  readonly name: string;
  /** Of each epoch, on the training and the test part. */
  readonly loss: readonly number[];
  readonly valLoss: readonly number[];
  readonly rmse: number;
  readonly baselines: readonly Pick<Baseline, "kind" | "period" | "rmse">[];
}

const place = "unroll-runs";
const most = 8;

/** With that run as the latest; the oldest go first. */
export function withRun(list: readonly KeptRun[], run: KeptRun): KeptRun[] {
  return [...list.filter(({ id }) => id !== run.id), run].slice(-most);
}

/** A name that no kept run has. */
export function freeName(list: readonly KeptRun[], name: string): string {
  const taken = new Set(list.map((one) => one.name));
  for (let number = 1; ; number++) {
    const found = number === 1 ? name : `${name} (${number})`;
    if (!taken.has(found)) return found;
  }
}

export function writeRuns(list: readonly KeptRun[]): void {
  if (list.length === 0) forget(place);
  else keep(place, JSON.stringify(list));
}

/** Tells of runs that another tab of this browser keeps or forgets. */
export function hearRuns(taken: (list: readonly KeptRun[]) => void): void {
  hearKept(place, () => taken(readRuns()));
}

/** Read with care, for anybody may have written there. */
export function readRuns(): readonly KeptRun[] {
  try {
    // JSON has no NaN, which a loss can be: it is written as null.
    const list: unknown = JSON.parse(readKept(place) ?? "[]", (_, value: unknown) => value ?? Number.NaN);
    return Array.isArray(list) ? list.filter(isRun).slice(-most) : [];
  } catch {
    return [];
  }
}

const isNumbers = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= 10_000 && value.every((one) => typeof one === "number");

function isRun(value: unknown): value is KeptRun {
  const { id, name, loss, valLoss, rmse, baselines } = (value ?? {}) as Partial<KeptRun>; // asked field by field
  return (
    typeof id === "string" &&
    /^run\.u1\.[\w-]+$/.test(id) &&
    typeof name === "string" &&
    isNumbers(loss) &&
    isNumbers(valLoss) &&
    typeof rmse === "number" &&
    Array.isArray(baselines) &&
    baselines.every((one) => typeof one?.kind === "string" && typeof one?.rmse === "number")
  );
}
