/** The page about a training run: what was learnt from what, how well, and where every count comes from. */

import { version } from "../../core/package-version.ts";
import { escapeXml } from "../../equations/printers.ts";
import { explainModel } from "../../explain/index.ts";
import { errorsByStep, formatError, type Outcome } from "../../forecast/scores.ts";
import { writeFile } from "../../formats/files.ts";
import { missingSentences } from "../missing-text.ts";
import { paragraph, reportPage, type Section, table } from "../report/page.ts";
import type { TrainResult } from "../train.ts";
import { dataChart, errorChart, forecastChart, gradientChart, lossChart, residualChart } from "./report-charts.ts";
import { traceTraining } from "./report-gradients.ts";
import { epochsText, partRows } from "./text.ts";

/** Writes the page, whole or not at all. Throws UnrollError `file`. */
export async function writeReport(path: string, result: TrainResult): Promise<void> {
  await writeFile(path, new TextEncoder().encode(await reportHtml(result)));
}

/** The page as text. The same run gives the same page. */
async function reportHtml(result: TrainResult): Promise<string> {
  const { series, model, parts } = result;
  const ahead = parts.horizon === 1 ? "the next row" : `the next ${parts.horizon} rows`;
  const title = `${series.target}: ${ahead}, by ${model.name}`;
  return reportPage(title, lead(result), [
    dataSection(result),
    trainingSection(result),
    forecastSection(result),
    errorSection(result),
    gradientSection(result),
    modelSection(result),
    await settingsSection(result),
  ]);
}

const outcomeClass: Readonly<Record<Outcome, string>> = { beats: "beats", chance: "chance", "does not beat": "loses" };

function lead({ scores, verdict }: TrainResult): string {
  const rows = scores.map(({ name, rmse, mae, r2 }) => [name, formatError(rmse), formatError(mae), r2.toFixed(4)]);
  return `<p class="verdict ${outcomeClass[verdict.outcome]}">${escapeXml(verdict.text)}</p>
${table(["on the test part", "RMSE", "MAE", "R²"], rows, { numbers: true, strong: true })}`;
}

function dataSection(result: TrainResult): Section {
  const { series, parts } = result;
  const rows = partRows(series, parts).map(({ name, windows, span }) => [
    name,
    String(windows),
    span.replace(/^, /, ""),
  ]);
  const remarks = [...series.notes, ...missingSentences(series, parts)];
  const scaled =
    parts.scaler === undefined
      ? "The columns are not scaled."
      : `The columns are scaled by what the first ${parts.trainingRows} rows show, which are those of the training part.`;
  return {
    title: "Data and split",
    body: [
      dataChart(result),
      table(["part", "windows", "forecast rows"], rows),
      paragraph(
        `A window is ${parts.lookback} rows in, ${parts.horizon} out. The parts follow each other in time. ${scaled}`,
      ),
      ...remarks.map(paragraph),
    ].join("\n"),
  };
}

function trainingSection(result: TrainResult): Section {
  const { run, settings } = result;
  return {
    title: "Training",
    body: [lossChart(result), paragraph(epochsText(run, settings))].join("\n"),
  };
}

function forecastSection(result: TrainResult): Section {
  return { title: "Forecast against truth", body: forecastChart(result) };
}

function errorSection(result: TrainResult): Section {
  const { forecasts, parts } = result;
  const steps = errorsByStep(forecasts);
  const byStep =
    parts.horizon === 1
      ? []
      : [
          "<h3>RMSE of each row ahead</h3>",
          table(
            ["rows ahead", ...steps.map(({ name }) => name)],
            Array.from({ length: parts.horizon }, (_, step) => [
              String(step + 1),
              ...steps.map(({ rmse }) => formatError(rmse[step]!)),
            ]),
            { numbers: true },
          ),
        ];
  return { title: "Errors", body: [residualChart(result), errorChart(result), ...byStep].join("\n") };
}

function gradientSection(result: TrainResult): Section {
  const title = "Gradient through time";
  const traced = traceTraining(result);
  if ("reason" in traced) return { title, body: paragraph(traced.reason) };
  return {
    title,
    body: [gradientChart(traced), ...traced.remarks.map(paragraph)].join("\n"),
  };
}

function modelSection({ model }: TrainResult): Section {
  // The page has one h1 and its own h2.
  const derivations = explainModel(model)
    .toHtml()
    .replaceAll(/<(\/?)h([1-3])>/g, (_, slash: string, depth: string) => `<${slash}h${Number(depth) + 2}>`);
  return { title: "Where every count and shape comes from", body: derivations };
}

async function settingsSection({ series, settings, model, parts }: TrainResult): Promise<Section> {
  const rate =
    settings.learningRate === undefined
      ? "the optimizer's own learning rate"
      : `learning rate ${settings.learningRate}`;
  const rows = [
    ["data", series.file],
    ["rows", String(series.lines.length)],
    ["SHA-256", series.sha256],
    ["target", series.target],
    ["features", series.features.join(", ")],
    ["lookback, horizon", `${parts.lookback}, ${parts.horizon}`],
    ["missing values", settings.missing],
    ["scaler", settings.scaler],
    ["validation, test", `${settings.validation}, ${settings.test}`],
    ["model", `${settings.model ?? "built in"}: ${model.name}, ${model.countParams()} parameters`],
    ["training", `${settings.optimizer}, ${rate}, loss ${settings.loss}, batches of ${settings.batchSize}`],
    ["epochs, patience", `${settings.epochs}, ${settings.patience}`],
    ["seed", String(settings.seed)],
    ["Unroll", await version()],
  ];
  return { title: "Settings", body: table([], rows) };
}
