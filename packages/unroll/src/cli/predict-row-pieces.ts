/**
 * `unroll predict` for a model of `unroll train` and a table larger than memory: the forecasts of predict-rows.ts, byte for byte,
 * made window by window as the file is read.
 */
import { createHash } from "node:crypto";
import { UnrollError } from "../core/errors.ts";
import { formatCsv, type Matrix } from "../data/index.ts";
import { plural } from "../explain/lines.ts";
import { checkFit } from "../forecast/model-fit.ts";
import { type Cell, type MissingCell, readNewRowBatches } from "../forecast/series.ts";
import type { ForecastFacts } from "../forecast/sidecar.ts";
import type { Model } from "../model/model.ts";
import type { ExampleChunk } from "../serve/csv-examples.ts";
import type { CsvLayout } from "../serve/predict-csv.ts";
import { cellsWithout, completeWindows, inputWindows, stepNames, tableOfForecasts } from "./predict-rows.ts";

/** What is found out on the way. */
export interface PieceFindings {
  /** Windows left out because a value in them is missing. */
  skipped: number;
  /** Cells without a value, by line; the first ones of a file that has many. */
  readonly missing: Cell[];
  /** Cells that hold something else than a number; the first ones. */
  readonly unread: MissingCell[];
  /** The first value that is beyond float32 when it is scaled. */
  beyond?: Cell;
}

/** How the facts beside a model read a table in pieces. Throws UnrollError `shape` for a model that they do not fit. */
export function forecastLayout(model: Model, file: string, facts: ForecastFacts, findings: PieceFindings): CsvLayout {
  const { features, columns, target, lookback, horizon, scaler, missing, date } = facts;
  checkFit(model, { model: undefined }, { lookback, horizon, features: features.length });
  const places = features.map((name) => columns.indexOf(name));
  const id = { target, features, lookback, horizon, date, missing, scaler: scaler?.toJSON() ?? null };
  return {
    id: createHash("sha256").update(JSON.stringify(id)).digest("hex"),
    async *examplesOf(tables) {
      let kept: ScaledRows = {
        matrix: { shape: [0, features.length], data: new Float64Array(0) },
        lines: [],
        dates: [],
      };
      let index = 0;
      let rowCount = 0;
      for await (const rows of readNewRowBatches(tables, file, {
        columns: features,
        date,
        missing,
      })) {
        const matrix = scaler?.select(places).transform(rows.matrix) ?? rows.matrix;
        const lines = [...rows.lines];
        addUpTo(findings.missing, cellsWithout(matrix, lines, features));
        addUpTo(findings.unread, rows.unread);
        rowCount += lines.length;
        findings.beyond ??= firstBeyond(matrix, lines, features);
        const all = joined(kept, { matrix, lines, dates: [...(rows.dates?.values ?? [])] });
        const starts = completeWindows(all.matrix, lookback);
        findings.skipped += Math.max(0, all.lines.length - lookback + 1) - starts.length;
        if (starts.length > 0) yield chunkOf(index++, all, starts, lookback);
        kept = lastRows(all, lookback - 1);
      }
      if (index === 0) throw nothingToForecast(file, rowCount, lookback);
    },
    textOf({ index, lines, dates }, output) {
      const scaled = { shape: [output.data.length, 1] as const, data: Float64Array.from(output.data) };
      const { data } =
        scaler === undefined ? scaled : scaler.select([columns.indexOf(target)]).inverseTransform(scaled);
      const values: Matrix = { shape: [lines.length, horizon], data };
      const dated = dates === undefined || date === undefined ? undefined : { name: date, values: dates };
      const text = formatCsv(tableOfForecasts({ lines, dates: dated, values }, stepNames(target, horizon)));
      return index === 0 ? text : text.slice(text.indexOf("\n") + 1);
    },
  };
}

/** Of all that are told few are shown; the file may have more of them than memory holds. */
const mostCells = 10_000;

function addUpTo<T>(list: T[], more: readonly T[]): void {
  for (const one of more.slice(0, mostCells - list.length)) list.push(one);
}

/** Rows as the model reads them, with where they come from. */
interface ScaledRows {
  readonly matrix: Matrix;
  readonly lines: readonly number[];
  /** Empty where there are none. */
  readonly dates: readonly number[];
}

function joined(before: ScaledRows, more: ScaledRows): ScaledRows {
  const [rows, width] = more.matrix.shape;
  const data = new Float64Array(before.matrix.data.length + more.matrix.data.length);
  data.set(before.matrix.data);
  data.set(more.matrix.data, before.matrix.data.length);
  return {
    matrix: { shape: [before.lines.length + rows, width], data },
    lines: [...before.lines, ...more.lines],
    dates: [...before.dates, ...more.dates],
  };
}

function lastRows({ matrix, lines, dates }: ScaledRows, count: number): ScaledRows {
  const from = Math.max(0, lines.length - count);
  const width = matrix.shape[1];
  const data = matrix.data.slice(from * width);
  return { matrix: { shape: [lines.length - from, width], data }, lines: lines.slice(from), dates: dates.slice(from) };
}

function chunkOf(index: number, rows: ScaledRows, starts: readonly number[], lookback: number): ExampleChunk {
  const newest = starts.map((start) => start + lookback - 1);
  const { x } = inputWindows(rows.matrix, lookback, starts).batch(Uint32Array.from(starts.keys()));
  const lines = newest.map((row) => rows.lines[row]!);
  return {
    index,
    inputs: x,
    lines,
    ...(rows.dates.length === 0 ? {} : { dates: newest.map((row) => rows.dates[row]!) }),
  };
}

function firstBeyond({ data }: Matrix, lines: readonly number[], features: readonly string[]): PieceFindings["beyond"] {
  const place = data.findIndex((value) => Math.abs(Math.fround(value)) === Number.POSITIVE_INFINITY);
  if (place === -1) return undefined;
  return { line: lines[Math.floor(place / features.length)]!, column: features[place % features.length]! };
}

function nothingToForecast(file: string, rows: number, lookback: number): UnrollError {
  return new UnrollError({
    code: "data",
    path: file,
    expected: `some ${plural(lookback, "row")} in a row must have every value`,
    received: `rows = ${rows}`,
    hint: "Fill gaps in, or bring more rows.",
  });
}
