/**
 * `unroll train DATA.csv --target COL`: a forecast model from a table, beside the baselines that need no model. The steps are
 * in train/; this file puts them in order.
 */
import { UnrollError } from "../core/errors.ts";
import { wrapText } from "../explain/lines.ts";
import { type Baselines, type Forecasts, testBaselines, testForecasts } from "../forecast/forecasts.ts";
import { compileFor, defaultLookback, defaultModel } from "../forecast/model.ts";
import { checkFit, timestepsOf } from "../forecast/model-fit.ts";
import { cutParts } from "../forecast/parts.ts";
import { type Score, scoresOf, type Verdict, verdictOf } from "../forecast/scores.ts";
import { readSeries } from "../forecast/series.ts";
import { sidecarPath, writeSidecar } from "../forecast/sidecar.ts";
import { formatOfPath, saveModel, withoutArchitecture, withoutWeights } from "../formats/save.ts";
import type { Model } from "../model/model.ts";
import type { Command, FlagValues, Terminal } from "./command.ts";
import { fileOf, printJson } from "./print.ts";
import { checkDistinct, checkPageName, checkTarget } from "./targets.ts";
import { inFlags } from "./train/flag-words.ts";
import { readGivenModel } from "./train/model.ts";
import { checkCheckpoint, forgetCheckpoint, type RunParts, runTraining, type TrainedRun } from "./train/run.ts";
import { readSettings, type TrainSettings, trainFlags } from "./train/settings.ts";
import { dataText, epochsText, partRows, resultText } from "./train/text.ts";

export const train: Command = {
  name: "train",
  doc: "train a forecast on a CSV, beside naive ones",
  positionals: ["DATA"],
  flags: trainFlags,
  examples: [
    "unroll train prices.csv --target close --out model.keras",
    "unroll train prices.csv --target AAPL --features MSFT,IBM --lookback 12",
    "unroll train weather.csv --target temp --model notebook.ipynb --report a.html",
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const settings = readSettings(fileOf(invocation), flags);
    await checkTargets(settings, flags, terminal);
    const prepared = await prepare(settings, flags, terminal);
    const { model, series, parts } = prepared;
    terminal.note(dataText(series, parts, model, terminal.columns));
    const run = await inFlags(settings, () => runTraining(prepared, flags, terminal));
    if (run.stopped?.reason === "not-a-number") {
      await forgetCheckpoint(settings);
      terminal.note(
        `${terminal.redraws === true ? "\n" : ""}${run.stopped.message} A lower --learning-rate often helps.\n`,
      );
      return 1;
    }
    if (run.stopped?.reason === "aborted") return 1;
    const forecasts = { ...prepared.baselines, model: testForecasts(model, series, parts) };
    const result: TrainResult = {
      ...prepared,
      run,
      forecasts,
      scores: scoresOf(forecasts),
      verdict: verdictOf(forecasts),
    };
    const written = await writeFiles(result);
    // Only now: where a file could not be written, --resume gives the result again.
    await forgetCheckpoint(settings);
    if (flags.json === true) printJson(terminal, resultJson(result, written));
    else {
      terminal.note(`${wrapText(epochsText(run, settings), terminal.columns)}\n`);
      terminal.out(`\n${resultText(result.scores, result.verdict, settings.target, terminal.columns)}`);
      terminal.note(
        written.length > 0 ? `Wrote ${written.join(", ")}.\n` : "Give --out model.keras to keep the model.\n",
      );
    }
    return 0;
  },
};

/** All that a finished run knows. */
export interface TrainResult extends RunParts {
  readonly run: TrainedRun;
  readonly forecasts: Forecasts;
  readonly scores: readonly Score[];
  readonly verdict: Verdict;
}

/** Before any work: whether the files can be written. */
async function checkTargets(settings: TrainSettings, flags: FlagValues, terminal: Terminal): Promise<void> {
  const { data, model, out, report, checkpoint } = settings;
  const options = { sources: [data, model], replace: flags.force === true };
  if (out !== undefined) {
    const format = formatOfPath(out);
    if (withoutWeights.has(format) || withoutArchitecture.has(format)) {
      throw new UnrollError({
        code: "usage",
        path: "--out",
        expected: "the file must hold architecture and weights",
        received: out,
        hint: "Choose .keras, .h5 or .safetensors.",
      });
    }
    await checkTarget(out, options);
    await checkTarget(sidecarPath(out), options);
  }
  if (report !== undefined) {
    checkPageName(report, "--report");
    await checkTarget(report, options);
  }
  await checkTarget(checkpoint, { ...options, replace: true });
  await checkDistinct({
    "--out": out,
    "what is kept beside --out": out === undefined ? undefined : sidecarPath(out),
    "--report": report,
    "the checkpoint": checkpoint,
  });
  await checkCheckpoint(settings, { replace: options.replace, terminal });
}

async function prepare(
  settings: TrainSettings,
  flags: FlagValues,
  terminal: Terminal,
): Promise<RunParts & { readonly baselines: Baselines }> {
  const series = await readSeries(settings);
  const given = await readGivenModel(settings, flags, terminal);
  const lookback = settings.lookback ?? timestepsOf(given) ?? defaultLookback;
  const parts = cutParts(series, lookback, settings);
  const baselines = testBaselines(series, parts, settings.period);
  const model: Model = given ?? defaultModel(settings, lookback, series.features.length);
  checkFit(model, settings, { lookback, horizon: settings.horizon, features: series.features.length });
  await inFlags(settings, () => compileFor(model, settings));
  return { model, series, parts, settings, baselines };
}

/** The paths that were written. */
async function writeFiles(result: TrainResult): Promise<string[]> {
  const { out, report } = result.settings;
  const written: string[] = [];
  if (out !== undefined) {
    await saveModel(result.model, out);
    await writeSidecar(sidecarPath(out), result);
    written.push(out, sidecarPath(out));
  }
  if (report !== undefined) {
    const { writeReport } = await import("./train/report.ts");
    await writeReport(report, result);
    written.push(report);
  }
  return written;
}

function resultJson({ series, parts, settings, model, run, scores, verdict }: TrainResult, written: readonly string[]) {
  const { file, sha256, lines, target, features, missing, filled, unread, notes } = series;
  return {
    data: {
      file,
      sha256,
      rows: lines.length,
      target,
      features,
      missing,
      filled,
      unread,
      notes,
      skippedWindows: parts.skipped,
    },
    windows: { lookback: parts.lookback, horizon: parts.horizon, parts: partRows(series, parts) },
    model: { name: model.name, params: model.countParams() },
    training: {
      optimizer: settings.optimizer,
      loss: settings.loss,
      batchSize: settings.batchSize,
      seed: settings.seed,
      epochs: run.epochs.length,
      bestEpoch: run.bestEpoch === undefined ? null : run.bestEpoch + 1,
      history: run.history,
    },
    test: { scores, verdict },
    written,
  };
}
