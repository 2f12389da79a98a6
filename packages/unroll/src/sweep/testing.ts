/** For tests: a small series on disk and a sweep over it that takes a second. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../core/random.ts";
import type { SweepOptions } from "./options.ts";
import type { Space } from "./space.ts";

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "unroll-sweep-"));
}

/** A noisy wave of `rows` rows for each store. */
export function writeWaves(path: string, rows: number, stores: readonly string[] = ["only"]): string {
  const random = new Random(3);
  const lines = stores.flatMap((store, place) =>
    Array.from({ length: rows }, (_, t) => {
      const day = new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10);
      return `${day},${store},${(10 * (place + 1) + Math.sin(t / 3) + random.uniform(-0.1, 0.1)).toFixed(4)}`;
    }),
  );
  writeFileSync(path, `day,store,sold\n${lines.join("\n")}\n`);
  return path;
}

export const smallSpace: Space = { cell: ["gru", "simpleRNN"], units: [2, 4], lookback: [4, 6], learningRate: 0.02 };

export function smallOptions(folder: string): SweepOptions {
  const data = writeWaves(join(folder, "waves.csv"), 120);
  return { data, target: "sold", strategy: "grid", epochs: 4, folds: 2 };
}

/** Two trials, of which the first takes a second and the second more than a minute. */
export const unevenSpace: Space = { cell: "lstm", units: [2, 512], lookback: 20, batchSize: 1 };

export function unevenOptions(folder: string): SweepOptions {
  const data = writeWaves(join(folder, "many-waves.csv"), 2000);
  return { data, target: "sold", strategy: "grid", epochs: 3, folds: 1 };
}
