/** The charts of a training report: which numbers go on which axis, under which name. */
import type { Matrix } from "../../data/index.ts";
import { formatError } from "../../forecast/scores.ts";
import type { Series } from "../../forecast/series.ts";
import { type Chart, type ChartAxis, type ChartSeries, drawChart } from "../report/chart.ts";
import type { TrainResult } from "../train.ts";
import type { TracedGradients } from "./report-gradients.ts";

/** The target over all rows, with the parts. */
export function dataChart({ series, parts }: TrainResult): string {
  const rows = series.lines.length;
  const at = rowPlace(series);
  const column = series.columns.indexOf(series.target);
  const width = series.columns.length;
  const starts = (["train", "validation", "test"] as const).flatMap((name) => {
    const view = parts.raw[name];
    return view.count === 0 ? [] : [{ name, row: name === "train" ? 0 : view.targetRow(0) }];
  });
  return drawChart({
    title: `${series.target}, and the part that each row belongs to`,
    description: `${rows} rows of ${series.target}; ${starts.map(({ name, row }) => `${name} from row ${row + 1}`).join(", ")}.`,
    x: rowAxis(series),
    y: { label: series.target, kind: "number" },
    bands: starts.map(({ name, row }, index) => ({
      name,
      from: at(row),
      to: at(starts[index + 1]?.row ?? rows - 1),
      shade: index as 0 | 1 | 2, // three parts at most
    })),
    series: [
      {
        kind: "line",
        name: series.target,
        role: "truth",
        x: Array.from({ length: rows }, (_, row) => at(row)),
        y: Array.from({ length: rows }, (_, row) => series.matrix.data[row * width + column]!),
      },
    ],
  });
}

/** Loss by epoch, in training and validation. */
export function lossChart({ run, settings, parts }: TrainResult): string {
  const x = run.epochs.map((epoch) => epoch + 1);
  const { loss = [], val_loss: validation } = run.history;
  const both = [...loss, ...(validation ?? [])];
  const isWide = Math.min(...both) > 0 && Math.max(...both) / Math.min(...both) > 50;
  return drawChart({
    title: "Loss by epoch",
    description: `From ${formatError(loss[0] ?? Number.NaN)} to ${formatError(loss.at(-1) ?? Number.NaN)} in ${x.length} epochs.`,
    x: { label: "epoch", kind: "number" },
    y: {
      label: parts.scaler === undefined ? settings.loss : `${settings.loss} of scaled values`,
      kind: isWide ? "log" : "number",
    },
    fromZero: !isWide,
    ...(run.bestEpoch === undefined ? {} : { marks: [{ x: run.bestEpoch + 1, label: `best: ${run.bestEpoch + 1}` }] }),
    series: [
      { kind: "line", name: "training", role: "truth", x, y: loss },
      ...(validation === undefined
        ? []
        : [{ kind: "line", name: "validation", role: "model", x, y: validation } satisfies ChartSeries]),
    ],
  });
}

/** Truth and forecasts one row ahead, over the test part. */
export function forecastChart(result: TrainResult): string {
  const { series, forecasts, parts } = result;
  const x = testPlaces(result);
  const line = (name: string, role: ChartSeries["role"], values: Matrix): ChartSeries => ({
    kind: "line",
    name,
    role,
    x,
    y: firstStep(values),
  });
  const { seasonal } = forecasts;
  const ahead = parts.horizon === 1 ? "" : ", one row ahead";
  return drawChart({
    title: `${series.target} on the test part${ahead}`,
    description: `Truth, this model and the baselines over ${x.length} windows.`,
    x: rowAxis(series),
    y: { label: series.target, kind: "number" },
    series: [
      ...(seasonal === undefined ? [] : [line(`${seasonal.period} rows before`, "seasonal", seasonal.values)]),
      line("last value", "naive", forecasts.lastValue),
      line("truth", "truth", forecasts.truth),
      line("this model", "model", forecasts.model),
    ],
  });
}

/** Truth less forecast over time. */
export function residualChart(result: TrainResult): string {
  const { series, parts } = result;
  const x = testPlaces(result);
  const ahead = parts.horizon === 1 ? "" : ", one row ahead";
  return drawChart({
    title: `Residuals of the model over time${ahead}`,
    description: `Truth less forecast for each of ${x.length} windows; around 0 without a pattern when nothing is left to learn.`,
    x: rowAxis(series),
    y: { label: `${series.target}: truth − forecast`, kind: "number" },
    fromZero: true,
    series: [{ kind: "points", name: "this model", role: "model", x, y: residuals(result) }],
  });
}

/** How many residuals are how large. */
export function errorChart(result: TrainResult): string {
  const values = residuals(result);
  const largest = Math.max(...values.map(Math.abs), Number.MIN_VALUE);
  const bins = Math.max(6, Math.min(30, 2 * Math.ceil(Math.sqrt(values.length) / 2)));
  // 0 is a border, so that too high and too low are told apart.
  const half = bins / 2;
  const width = largest / half;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.min(bins - 1, Math.floor(value / width) + half)]!++;
  return drawChart({
    title: "How large the residuals are",
    description: `${values.filter((value) => value > 0).length} of ${values.length} forecasts are too low.`,
    x: { label: `${result.series.target}: truth − forecast`, kind: "number" },
    y: { label: "windows", kind: "number" },
    fromZero: true,
    barWidth: width,
    series: [
      {
        kind: "bars",
        name: "windows",
        role: "model",
        x: counts.map((_, bin) => (bin - half) * width),
        y: counts,
      },
    ],
  });
}

const roles: readonly ChartSeries["role"][] = ["model", "naive", "seasonal", "other"];

/** ‖∂L/∂h‖ by timestep, a line for each recurrent layer. */
export function gradientChart({ runs, windows, lookback }: TracedGradients): string {
  const chart: Chart = {
    title: `Gradient of the loss by the state, over ${windows} test windows`,
    description: "Norm of the gradient after each timestep, on its way back from the last.",
    x: { label: `timestep of the window (${lookback - 1} is the newest row)`, kind: "number" },
    y: { label: "‖∂L/∂h‖, logarithmic", kind: "log" },
    series: runs.map(({ name, timesteps, norms }, index) => ({
      kind: "line",
      name,
      role: roles[index % roles.length]!,
      x: timesteps,
      y: norms,
    })),
  };
  return drawChart(chart);
}

function residuals({ forecasts }: TrainResult): number[] {
  const model = firstStep(forecasts.model);
  return firstStep(forecasts.truth).map((value, index) => value - model[index]!);
}

/** The column of the nearest row ahead. */
function firstStep({ shape, data }: Matrix): number[] {
  return Array.from({ length: shape[0] }, (_, row) => data[row * shape[1]]!);
}

/** Where the first forecast of each test window lies on the x axis. */
function testPlaces({ series, parts }: TrainResult): number[] {
  const at = rowPlace(series);
  const { test } = parts.raw;
  return Array.from({ length: test.count }, (_, window) => at(test.targetRow(window)));
}

function rowPlace({ dates }: Series): (row: number) => number {
  return (row) => dates?.values[row] ?? row + 1;
}

function rowAxis({ dates }: Series): ChartAxis {
  return dates === undefined ? { label: "row", kind: "number" } : { label: dates.name, kind: "date" };
}
