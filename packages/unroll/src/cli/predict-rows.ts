/**
 * `unroll predict` for a model of `unroll train`: reads the columns that it was trained on out of a table of new rows, and
 * gives forecasts in the units of the target.
 */
import { UnrollError } from "../core/errors.ts";
import { formatCsv, type Matrix, type Table, tableOf } from "../data/index.ts";
import { plural } from "../explain/lines.ts";
import { type InputWindows, modelForecasts } from "../forecast/forecasts.ts";
import { checkFit } from "../forecast/model-fit.ts";
import { type Cell, firstBeyondFloat32, isoDate, type MissingCell, readNewRows } from "../forecast/series.ts";
import type { ForecastFacts } from "../forecast/sidecar.ts";
import { writeFile } from "../formats/files.ts";
import type { Model } from "../model/model.ts";
import type { FlagValues, Terminal } from "./command.ts";
import { skippedSentence, unreadSentences } from "./missing-text.ts";
import { printJson } from "./print.ts";

/** Every window of a table, as the model reads it. */
export interface RowWindows {
  /** Line in the file of each window's newest row. */
  readonly lines: readonly number[];
  /** Of that row, ms since 1970; undefined where the table has no dates. */
  readonly dates: { readonly name: string; readonly values: readonly number[] } | undefined;
  readonly view: InputWindows;
  /** Windows left out because a value in them is missing. */
  readonly skipped: number;
  /** Cells without a value, by line. */
  readonly missing: readonly Cell[];
  /** Cells that hold something else than a number. */
  readonly unread: readonly MissingCell[];
  /** The first value that is beyond float32 when it is scaled; undefined where none is. */
  readonly beyond: Cell | undefined;
}

/** Forecasts from every window of a table. */
export interface RowForecasts extends Omit<RowWindows, "view"> {
  /** `[windows, horizon]`, in the units of the target. */
  readonly values: Matrix;
}

/** Before any work: flags that the facts leave no room for. Throws UnrollError `usage`. */
export function checkRowFlags({ lookback, out, workers }: FlagValues, facts: ForecastFacts, sidecar: string): void {
  const hint = `Move ${sidecar} away to give the model plain arrays.`;
  if (lookback !== undefined && lookback !== facts.lookback) {
    const expected = `--lookback is that of the training, ${facts.lookback}`;
    throw new UnrollError({
      code: "usage",
      path: "unroll predict",
      expected,
      received: `--lookback ${lookback}`,
      hint,
    });
  }
  if (workers !== undefined && (typeof out !== "string" || !out.endsWith(".csv"))) {
    throw new UnrollError({
      code: "usage",
      path: "unroll predict",
      expected: "--workers has no use here: it goes with --out Y.csv",
      hint,
    });
  }
  if (typeof out === "string" && !/\.(csv|json)$/.test(out)) throw wrongEnding(out);
}

function wrongEnding(out: string): UnrollError {
  return new UnrollError({
    code: "usage",
    path: "--out",
    expected: "forecasts go into a .csv or .json",
    received: out,
  });
}

/** @throws UnrollError `file`, `data`, `unknown-name`, `shape` */
export async function forecastRows(
  model: Model,
  file: string,
  facts: ForecastFacts,
  batchSize?: number,
): Promise<RowForecasts> {
  const { view, ...found } = await windowsOfRows(model, file, facts);
  const { columns, target, horizon, scaler } = facts;
  return {
    ...found,
    values: modelForecasts(model, view, { scaler, target: columns.indexOf(target), horizon, batchSize }),
  };
}

/** @throws UnrollError `file`, `data`, `unknown-name`, `shape` */
export async function windowsOfRows(model: Model, file: string, facts: ForecastFacts): Promise<RowWindows> {
  const { features, columns, lookback, horizon, scaler, missing, date } = facts;
  checkFit(model, { model: undefined }, { lookback, horizon, features: features.length });
  const rows = await readNewRows(file, { columns: features, date, missing });
  const count = rows.lines.length;
  if (count < lookback) {
    throw new UnrollError({
      code: "data",
      path: file,
      expected: `a forecast reads ${plural(lookback, "row")}, as the model was trained`,
      received: `rows = ${count}`,
      hint: "Bring the rows before them too.",
    });
  }
  const places = features.map((name) => columns.indexOf(name));
  const matrix = scaler?.select(places).transform(rows.matrix) ?? rows.matrix;
  const starts = completeWindows(matrix, lookback);
  if (starts.length === 0) {
    const first = matrix.data.findIndex(Number.isNaN);
    throw new UnrollError({
      code: "data",
      path: file,
      expected: `some ${plural(lookback, "row")} in a row must have every value`,
      received: `no ${features[first % features.length]} in line ${rows.lines[Math.floor(first / features.length)]}`,
      hint: "Fill it in, or bring more rows.",
    });
  }
  const newest = starts.map((start) => start + lookback - 1);
  return {
    lines: newest.map((row) => rows.lines[row]!),
    dates: rows.dates && { name: rows.dates.name, values: newest.map((row) => rows.dates!.values[row]!) },
    view: inputWindows(matrix, lookback, starts),
    skipped: count - lookback + 1 - starts.length,
    missing: cellsWithout(matrix, rows.lines, features),
    unread: rows.unread,
    beyond: firstBeyondFloat32(matrix, { lines: rows.lines, columns: features }),
  };
}

/** The cells without a value, row by row. */
export function cellsWithout({ data }: Matrix, lines: ArrayLike<number>, columns: readonly string[]): Cell[] {
  const cells: Cell[] = [];
  data.forEach((value, place) => {
    if (!Number.isNaN(value)) return;
    cells.push({ line: lines[Math.floor(place / columns.length)]!, column: columns[place % columns.length]! });
  });
  return cells;
}

/** First rows of the windows that miss no value. */
export function completeWindows({ shape, data }: Matrix, lookback: number): number[] {
  const [rows, columns] = shape;
  const starts: number[] = [];
  let complete = 0;
  for (let row = 0; row < rows; row++) {
    complete = data.subarray(row * columns, (row + 1) * columns).some(Number.isNaN) ? 0 : complete + 1;
    if (complete >= lookback) starts.push(row - lookback + 1);
  }
  return starts;
}

export function inputWindows({ shape, data }: Matrix, lookback: number, starts: readonly number[]): InputWindows {
  const width = shape[1];
  return {
    count: starts.length,
    batch(indices) {
      const x = new Float32Array(indices.length * lookback * width);
      indices.forEach((index, place) => {
        const from = starts[index]! * width;
        x.set(data.subarray(from, from + lookback * width), place * lookback * width);
      });
      return { x: { shape: [indices.length, lookback, width], data: x } };
    },
  };
}

/** Prints the forecasts, or writes them to `out`, a .csv or .json. */
export async function showRowForecasts(
  forecasts: RowForecasts,
  { target, horizon }: ForecastFacts,
  { out, json, terminal }: { readonly out: string | undefined; readonly json: boolean; readonly terminal: Terminal },
): Promise<void> {
  const { lines, dates, values, skipped, missing, unread } = forecasts;
  const steps = stepNames(target, horizon);
  for (const remark of unreadSentences(unread)) terminal.note(`${remark}\n`);
  if (skipped > 0) terminal.note(`${skippedSentence(skipped, missing)}\n`);
  const rows = lines.map((line, window) => ({
    after: { line, ...(dates === undefined ? {} : { [dates.name]: isoDate(dates.values[window]!) }) },
    forecast: Array.from(values.data.subarray(window * horizon, (window + 1) * horizon)),
  }));
  const document = { target, horizon, forecasts: rows };
  if (out?.endsWith(".csv"))
    await writeFile(out, new TextEncoder().encode(formatCsv(tableOfForecasts(forecasts, steps))));
  else if (out?.endsWith(".json")) await writeFile(out, new TextEncoder().encode(`${JSON.stringify(document)}\n`));
  else if (out !== undefined) throw wrongEnding(out);
  if (json) printJson(terminal, document);
  else if (out !== undefined) terminal.note(`Wrote ${out}: ${plural(lines.length, "forecast")}.\n`);
  else {
    const texts = rows.map(({ after, forecast }) => {
      const [line, date] = Object.values(after);
      const place = date === undefined ? `line ${line}` : `${date} (line ${line})`;
      return `${place}  ${forecast.map((value) => Number(value.toPrecision(6))).join("  ")}`;
    });
    terminal.out(`${target}, ${plural(horizon, "row")} ahead of the row named\n${texts.join("\n")}\n`);
  }
}

/** Names of the forecasts' columns. */
export function stepNames(target: string, horizon: number): string[] {
  return Array.from({ length: horizon }, (_, step) => `${target}_${step + 1}_ahead`);
}

export function tableOfForecasts(
  { lines, dates, values }: Pick<RowForecasts, "lines" | "dates" | "values">,
  steps: readonly string[],
): Table {
  const [windows, horizon] = values.shape;
  const columns = Object.fromEntries(
    steps.map((name, step) => [name, Array.from({ length: windows }, (_, row) => values.data[row * horizon + step]!)]),
  );
  if (dates === undefined) return tableOf({ after_line: lines, ...columns });
  const name = `after_${dates.name}`;
  return tableOf({ [name]: dates.values, ...columns }, { dates: [name] });
}
