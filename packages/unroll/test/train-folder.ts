/** A series of days for tests of `unroll train`, and the run as JSON. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { unroll } from "./run-unroll.ts";

/** What a run writes as JSON, as far as the tests read it. */
export interface TrainJson {
  readonly data: {
    readonly rows: number;
    readonly sha256: string;
    readonly features: readonly string[];
    readonly missing: readonly { readonly line: number; readonly column: string; readonly text: string }[];
    readonly unread: readonly { readonly line: number; readonly column: string; readonly text: string }[];
    readonly filled: readonly { readonly row: number; readonly column: string; readonly value: number }[];
    readonly skippedWindows: number;
    readonly notes: readonly string[];
  };
  readonly windows: {
    readonly lookback: number;
    readonly parts: readonly { name: string; windows: number; span: string }[];
  };
  readonly model: { readonly name: string; readonly params: number };
  readonly training: { readonly epochs: number; readonly history: { readonly loss: readonly number[] } };
  readonly test: {
    readonly scores: readonly { name: string; rmse: number; mae: number; r2: number }[];
    readonly verdict: { readonly outcome: string; readonly text: string };
  };
}

/** 2020-01-01 and so many days more. */
export const day = (index: number): string => new Date(Date.UTC(2020, 0, 1 + index)).toISOString().slice(0, 10);
/** The temperature of a day. */
export const wave = (t: number): number => 20 + 5 * Math.sin(t / 6);
/** `[date, temp, wind, sky]` */
export const rows = Array.from({ length: 160 }, (_, t) => [
  day(t),
  wave(t).toFixed(4),
  Math.cos(t / 6).toFixed(4),
  t % 2 ? "dry" : "wet",
]);
/** The text of a table. */
export const csv = (lines: readonly (readonly string[])[], head = "date,temp,wind,sky"): string =>
  `${head}\n${lines.map((line) => line.join(",")).join("\n")}\n`;
/** Flags of a run that is soon over. */
export const quick = ["--lookback", "8", "--units", "4", "--epochs", "2"];

/** A folder with weather.csv in it. */
export interface TrainFolder {
  readonly folder: string;
  readonly weather: string;
  at(name: string): string;
  /** Writes a file, and gives its path. */
  write(name: string, text: string): string;
}

export function makeTrainFolder(): TrainFolder {
  const folder = mkdtempSync(join(tmpdir(), "unroll-train-"));
  const at = (name: string): string => join(folder, name);
  const write = (name: string, text: string): string => {
    writeFileSync(at(name), text);
    return at(name);
  };
  return { folder, at, write, weather: write("weather.csv", csv(rows)) };
}

/** A run that must succeed without a word on stderr. */
export async function trainJson(...words: string[]): Promise<TrainJson> {
  const { code, out, note } = await unroll("train", ...words, "--json", "--force");
  expect({ code, note: code === 0 ? "" : note }).toEqual({ code: 0, note: "" });
  return JSON.parse(out) as TrainJson;
}
