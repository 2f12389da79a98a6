/** Keeps a run of the Train screen, and makes a kept one again: the same seed gives the same bits. */
import { compareRunWords } from "../words-runs.ts";
import type { CutView, TrainProgress } from "../worker/protocol.ts";
import type { Compared } from "./compared.ts";
import { keptRuns } from "./kept-runs.svelte.ts";
import type { KeptRun } from "./kept-runs.ts";
import { lab } from "./lab.svelte.ts";
import { unpack } from "./pack.ts";
import { type Hindrance, type RunRecipe, writeRecipe } from "./run-recipe.ts";
import { seriesOf } from "./series-of.ts";
import type { StartedRun } from "./train-desk.svelte.ts";

interface KeepRequest {
  readonly name: string;
  /** Whose weights the model has: what came later is no part of the run. */
  readonly epoch: number;
  readonly progress: TrainProgress;
  readonly run: StartedRun;
}

export interface Kept {
  readonly run: KeptRun;
  /** What else there is to say of it: its weights were too large, or it cannot be made again elsewhere. */
  readonly note: string;
}

/** Copies that were made, each of which has a number until its recipe is written. */
let copies = 0;

/** "moved" where the weights are no longer those that were to be kept; undefined where the worker refuses, which is said. */
export async function keepRun({ name, epoch, progress, run }: KeepRequest): Promise<Kept | "moved" | undefined> {
  copies += 1;
  const copy = `copy ${copies}`;
  // Asked for first: while the recipe is written the run may go on.
  const copied = lab.attempt(() => lab.worker.keepRun({ id: copy, epoch, batch: progress.waits?.batch }));
  const { m, s, file, pick } = run.model;
  const hindrance = hindranceOf(run, progress);
  const recipe: RunRecipe = {
    name,
    m,
    code: m === "" ? ((await unpack(s)) ?? "") : "",
    file: m === "" && s === "" ? file : "",
    pick,
    seed: run.seed,
    data: run.data,
    settings: { ...run.settings, epochs: epoch },
    hindrance,
  };
  const id = await writeRecipe(recipe);
  const found = await copied;
  if (found === undefined || found === "moved") return found;
  await lab.attempt(() => lab.worker.nameRun({ id: copy, name: id }));
  const { large, lost, onlyHere } = compareRunWords;
  const isKept = found === "kept";
  const note = hindrance === undefined ? (isKept ? "" : large) : (isKept ? onlyHere : lost)(hindrance);
  return { run: remember({ id, name }, epoch, progress, run.cut), note };
}

function hindranceOf({ data, model }: StartedRun, { unrepeatable }: TrainProgress): Hindrance | undefined {
  if (unrepeatable !== undefined) return unrepeatable;
  if (data === "own") return "own";
  if (model.m === "" && model.s === "" && model.file !== "") return "file";
  return model.isSized ? "sized" : undefined;
}

function remember(
  run: Pick<KeptRun, "id" | "name">,
  epochs: number,
  { loss, valLoss, rmse = Number.NaN }: TrainProgress,
  { baselines }: CutView,
): KeptRun {
  const kept = {
    ...run,
    loss: loss.slice(0, epochs),
    valLoss: valLoss.slice(0, epochs),
    rmse,
    baselines: baselines.map(({ kind, period, rmse: error }) => ({ kind, period, rmse: error })),
  };
  keptRuns.keep(kept);
  return kept;
}

/** How a run that was made again stands to what is known of it, or why its weights are not here. */
export type Again = "same" | "other" | "first" | "large" | "stopped" | "unknown";

/**
 * Undefined where the worker refuses, which is said.
 * @param lookback the windows' size, where the model says it
 */
export async function makeAgain(
  { link, recipe }: Compared & { readonly recipe: RunRecipe },
  index: number,
  lookback: number = recipe.settings.lookback,
  told: (progress: TrainProgress) => void = () => {},
): Promise<Again | undefined> {
  const { settings, seed, data, name } = recipe;
  const series = seriesOf(data, seed, lookback);
  if (series === undefined) return "unknown";
  const { epochs, batchSize, learningRate, optimizer, horizon } = settings;
  const request = { ...series, index, lookback, horizon, epochs, batchSize, learningRate, optimizer, seed };
  const run = await lab.compared.follow((id) => lab.attempt(() => lab.worker.trainCompared({ ...request, id })), told);
  if (run === undefined) return undefined;
  const { started: cut, end: progress } = run;
  // Stopped before its end, it is another run.
  if (progress.epoch < epochs && Number.isFinite(progress.loss.at(-1) ?? 0)) return "stopped";
  const found = await lab.attempt(() => lab.worker.keepCompared({ id: link, run: run.id }));
  if (found === undefined) return undefined;
  if (found === "moved") return "stopped";
  const before = keptRuns.find(link);
  const { loss } = remember({ id: link, name }, epochs, progress, cut);
  if (found === "large") return "large";
  if (before === undefined) return "first";
  return before.loss.length === loss.length && before.loss.every((one, at) => Object.is(one, loss[at]))
    ? "same"
    : "other";
}
