/** What `unroll train` prints: the data before training, the errors and the verdict after it. */
import { plural, wrapText } from "../../explain/lines.ts";
import type { Parts } from "../../forecast/parts.ts";
import { formatError, type Score, type Verdict } from "../../forecast/scores.ts";
import { isoDate, type Series } from "../../forecast/series.ts";
import type { Model } from "../../model/model.ts";
import { missingSentences } from "../missing-text.ts";
import { remarkOn } from "../read-data.ts";
import type { TrainedRun } from "./run.ts";
import type { TrainSettings } from "./settings.ts";

/** The series, the split and the model, before training begins. */
export function dataText(series: Series, parts: Parts, model: Model, columns: number): string {
  const { file, target, features, lines, notes } = series;
  const reads = features.length > 6 ? `${plural(features.length, "column")}` : features.join(", ");
  const sentences = [
    `${file}: ${plural(lines.length, "row")}${spanText(series, 0, lines.length - 1)}.`,
    ...notes,
    ...missingSentences(series, parts),
    ...beyondSentences(parts),
    `${model.name} (${plural(model.countParams(), "parameter")}) reads ${plural(parts.lookback, "row")} of ${reads} and forecasts ${target} ${plural(parts.horizon, "row")} ahead.`,
    ...partRows(series, parts).map(
      ({ name, windows, span }) => `${name.padEnd(10)} ${plural(windows, "window")}${span}`,
    ),
  ];
  return `${wrapText(sentences.join("\n"), columns)}\n`;
}

/** One entry for each part that has windows; the span is that of its targets. */
export function partRows(
  series: Series,
  { raw, horizon }: Parts,
): { readonly name: string; readonly windows: number; readonly span: string }[] {
  return (["train", "validation", "test"] as const).flatMap((name) => {
    const view = raw[name];
    if (view.count === 0) return [];
    const last = view.targetRow(view.count - 1) + horizon - 1;
    return [{ name, windows: view.count, span: spanText(series, view.targetRow(0), last) }];
  });
}

function spanText({ dates, lines }: Series, from: number, to: number): string {
  if (dates === undefined) return `, lines ${lines[from]} to ${lines[to]}`;
  return `, ${isoDate(dates.values[from]!)} to ${isoDate(dates.values[to]!)}`;
}

/** Where the model would see an infinity. */
function beyondSentences({ beyond, scaler }: Pick<Parts, "beyond" | "scaler">): string[] {
  if (beyond === undefined) return [];
  const place = `on line ${beyond.line}, column ${beyond.column}${scaler === undefined ? "" : ", when scaled"}`;
  return [remarkOn("infinity", "", place)];
}

/** How long it was trained, and which epoch's weights the model has. */
export function epochsText(
  { epochs, bestEpoch, history }: Pick<TrainedRun, "epochs" | "bestEpoch" | "history">,
  { epochs: asked, patience }: Pick<TrainSettings, "epochs" | "patience">,
): string {
  const early = epochs.length < asked ? ` of ${asked}: the last ${patience} brought nothing better` : "";
  const kept =
    bestEpoch === undefined
      ? "The model is that of the last epoch."
      : `The model is that of epoch ${bestEpoch + 1}, the best by ${history.val_loss === undefined ? "loss" : "validation loss"}.`;
  return `${plural(epochs.length, "epoch")}${early}. ${kept}`;
}

/** A table of errors, and the verdict. */
export function resultText(scores: readonly Score[], verdict: Verdict, target: string, columns: number): string {
  const cells = scores.map(({ name, rmse, mae, r2 }) => [name, formatError(rmse), formatError(mae), r2.toFixed(4)]);
  const rows = [["on the test part", "RMSE", "MAE", "R²"], ...cells];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]! + 3))).join(""),
  );
  return `${[`Errors of ${target}, in its own units:`, ...table, "", ...wrapText(verdict.text, columns).split("\n")].join("\n")}\n`;
}
