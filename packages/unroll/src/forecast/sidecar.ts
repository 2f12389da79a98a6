/**
 * What a forecast on new rows needs beside the model: which columns in which order, how they are scaled, how many rows. One
 * JSON file next to the model's, read as a stranger's.
 */
import { UnrollError } from "../core/errors.ts";
import { type Scaler, type ScalerJSON, scalerFromJSON } from "../data/index.ts";
import { writeFile } from "../formats/files.ts";
import { readFileBytes } from "../formats/read-bytes.ts";
import type { Parts } from "./parts.ts";
import type { Series } from "./series.ts";
import type { ForecastSettings } from "./settings.ts";

/** The facts of the file. */
export interface ForecastFacts {
  readonly target: string;
  /** Columns that the model reads, in this order. */
  readonly features: readonly string[];
  /** Columns that the scaler knows, in its order: the features, and the target. */
  readonly columns: readonly string[];
  /** Rows. */
  readonly lookback: number;
  readonly horizon: number;
  /** The column with the dates, where there was one. */
  readonly date: string | undefined;
  readonly missing: ForecastSettings["missing"];
  readonly scaler: Scaler | undefined;
}

const format = "unroll-forecast";
const version = 1;
/** A file of facts is small; a larger one is something else. */
const mostBytes = 4 * 1024 * 1024;

/** `model.keras` → `model.keras.forecast.json` */
export function sidecarPath(model: string): string {
  return `${model}.forecast.json`;
}

/** Writes the facts beside the model. Throws UnrollError `file`. */
export async function writeSidecar(
  path: string,
  {
    series,
    parts,
    settings,
  }: {
    readonly series: Series;
    readonly parts: Pick<Parts, "lookback" | "horizon" | "scaler">;
    readonly settings: Pick<ForecastSettings, "missing">;
  },
): Promise<void> {
  const { target, features, columns, dates, file, sha256, lines } = series;
  const json = {
    format,
    version,
    target,
    features,
    columns,
    lookback: parts.lookback,
    horizon: parts.horizon,
    date: dates?.name ?? null,
    missing: settings.missing,
    scaler: parts.scaler?.toJSON() ?? null,
    data: { file: file.split(/[\\/]/).at(-1), rows: lines.length, sha256 },
  };
  await writeFile(path, new TextEncoder().encode(`${JSON.stringify(json, undefined, 2)}\n`));
}

/**
 * The facts beside a model; undefined where there are none.
 *
 * @throws UnrollError `format` for a file that is not what `writeSidecar` writes
 */
export async function readSidecar(model: string): Promise<ForecastFacts | undefined> {
  const path = sidecarPath(model);
  let bytes: Uint8Array;
  try {
    bytes = await readFileBytes(path);
  } catch (error) {
    if (error instanceof UnrollError && error.received === "there is no such file") return undefined;
    throw error;
  }
  if (bytes.length > mostBytes) throw malformed(path, `${bytes.length} bytes`);
  let json: Partial<Record<string, unknown>>;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes)) as typeof json; // every field is checked below
  } catch {
    throw malformed(path, "no JSON");
  }
  if (json?.format !== format || json.version !== version) {
    throw malformed(path, `format = ${String(json?.format)}, version = ${String(json?.version)}`);
  }
  const { target, features, columns, lookback, horizon, missing, scaler, date } = json;
  if (typeof target !== "string") throw malformed(path, "no target");
  if (!isNames(features) || !isNames(columns)) throw malformed(path, "no features or columns");
  if (!columns.includes(target) || features.some((name) => !columns.includes(name))) {
    throw malformed(path, "columns without the target or a feature");
  }
  if (!isSize(lookback) || !isSize(horizon)) throw malformed(path, "no lookback or horizon");
  if (missing !== "skip" && missing !== "forward" && missing !== "linear") throw malformed(path, "no missing");
  if (date !== null && typeof date !== "string") throw malformed(path, "no date");
  return {
    target,
    date: date ?? undefined,
    features,
    columns,
    lookback,
    horizon,
    missing,
    scaler: readScaler(scaler, columns, path),
  };
}

function readScaler(json: unknown, columns: readonly string[], path: string): Scaler | undefined {
  if (json === null) return undefined;
  const scaler = scalerFromJSON(json as ScalerJSON); // which checks it
  try {
    scaler.select(columns.map((_, index) => index));
  } catch {
    throw malformed(path, "a scaler of other columns");
  }
  return scaler;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function malformed(path: string, received: string): UnrollError {
  return new UnrollError({
    code: "format",
    path,
    expected: "the file must be what unroll train writes beside a model",
    received,
    hint: "Train again, or move the file away to give the model plain arrays.",
  });
}
