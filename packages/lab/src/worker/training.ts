/** Trains the model of the page on one series: the library's windows, scaler, training and scores, told as they come. */
import { rootMeanSquaredError } from "unroll/data/regression.ts";
import { compileModel } from "unroll/training/compile.ts";
import { fit } from "unroll/training/fit.ts";
import { Checkpoints } from "./checkpoints.ts";
import { type Cut, cutFor, partOf } from "./cut.ts";
import { Insight } from "./insight.ts";
import { type Model, type Tensor, UnrollError } from "./library.ts";
import { Pacer, type Place } from "./pace.ts";
import { PlateauWatch } from "./plateau.ts";
import type { CutView, Pace, TrainProgress, TrainRequest } from "./protocol.ts";

/** Messages to the page, at most one in so many ms. */
const pause = 100;
/** Weights of a model as it was opened that are kept, 64 MB. */
const mostOpened = 16_000_000;

type Tell = (progress: TrainProgress) => void;

let running: TrainingRun | undefined;
/** The last one of the Train screen, also when it is done: its checkpoints can still be chosen. */
let last: TrainingRun | undefined;
/** Weights that models had before they were first trained. */
const opened = new WeakMap<Model, readonly Tensor[]>();
/** Models that have other weights than those now. */
const changed = new WeakSet<Model>();

export function stopTraining(): void {
  running?.stop();
}

/** Ends the run of now, if there is one; then its last progress has been told. */
export async function endTraining(): Promise<void> {
  // Each that waits for the end looks again, so that never two train.
  while (running !== undefined) {
    stopTraining();
    await running.finished;
  }
}

/** Lets the run of now go on so far, or wait after its batch. */
export function paceTraining(pace: Pace): void {
  running?.go(pace);
}

/** @throws UnrollError `usage` for an epoch whose weights are not kept, or while the run goes on. */
export function useCheckpoint(epoch: number): void {
  last?.use(epoch);
}

/** The model of the Train screen's last run, where it rests with the weights after that epoch, and so many batches of the next. */
export function restingModel(epoch: number, batch: number | undefined): Model | undefined {
  return last?.restingAt(epoch, batch);
}

/** Ends the run; the model has the weights with which it was opened. */
export async function resetWeights(model: Model): Promise<void> {
  await endTraining();
  last = undefined;
  const weights = opened.get(model);
  if (weights === undefined) return;
  model.setWeights(weights);
  changed.delete(model);
}

/** Ends the run; the model has the weights of another one of its kind, which was trained. */
export async function takeWeights(model: Model, from: Model): Promise<void> {
  await endTraining();
  rememberOpened(model);
  model.setWeights(from.getWeights());
  last = undefined;
}

function rememberOpened(model: Model): void {
  if (!opened.has(model) && model.countParams() <= mostOpened) opened.set(model, model.getWeights());
  changed.add(model);
}

/** Starts a run and answers when its data is ready; progress comes by `tell`. */
export async function startTraining(model: Model, request: TrainRequest, tell: Tell): Promise<CutView> {
  await endTraining();
  const cut = cutFor(model, request);
  if (cut.view.misfit !== undefined) {
    throw new UnrollError({
      code: "data",
      path: model.name,
      expected: cut.view.misfit,
      hint: "Give its input one feature for each column and end it with Dense(1), or Dense(steps ahead).",
    });
  }
  const continues = changed.has(model);
  rememberOpened(model);
  running = new TrainingRun(model, request, cut, continues, tell);
  if (request.insight) last = running;
  running.begin(() => {
    running = undefined;
  });
  return cut.view;
}

class TrainingRun {
  /** Settles when its last progress is told. */
  finished: Promise<void> = Promise.resolve();
  readonly #model: Model;
  readonly #request: TrainRequest;
  readonly #cut: Cut;
  /** True where it began with trained weights. */
  readonly #continues: boolean;
  readonly #tell: Tell;
  readonly #control = new AbortController();
  readonly #batches: number;
  readonly #pacer: Pacer;
  readonly #checkpoints: Checkpoints;
  readonly #insight: Insight | undefined;
  readonly #watch = new PlateauWatch();
  readonly #losses: number[] = [];
  readonly #valLosses: number[] = [];
  readonly #norms: number[] = [];
  /** The end, once it is reached. */
  #end: { readonly message: string | undefined } | undefined;
  #place: Place | undefined;
  #toldAt = 0;
  /** The checkpoint whose weights the model has, and the run's own meanwhile. */
  #chosen: number | undefined;
  #own: readonly Tensor[] = [];

  constructor(model: Model, request: TrainRequest, cut: Cut, continues: boolean, tell: Tell) {
    [this.#model, this.#request, this.#cut, this.#continues, this.#tell] = [model, request, cut, continues, tell];
    const { trained } = cut.view;
    this.#batches = Math.ceil(trained / request.batchSize);
    this.#checkpoints = new Checkpoints(model, request.epochs);
    const [x, y] = [cut.x, cut.y].map((all) => partOf(all, trained - 1, trained)) as [Tensor, Tensor]; // of two, two
    this.#insight = request.insight ? new Insight(model, x, y, this.#checkpoints.weights(0)!) : undefined;
    this.#pacer = new Pacer({
      pace: request.pace ?? "run",
      epochs: request.epochs,
      batches: this.#batches,
      signal: this.#control.signal,
      ended: (logs) => this.#ended(logs.loss, logs.val_loss, logs.gradient_norm),
      waits: (place) => {
        this.#place = place;
        this.#report();
      },
    });
  }

  begin(ended: () => void): void {
    const { epochs, batchSize, learningRate, optimizer, seed, insight = false } = this.#request;
    const { x, y } = this.#cut;
    const { trained, tested, windows } = this.#cut.view;
    compileModel(this.#model, {
      optimizer: { class_name: optimizer, config: { learning_rate: learningRate } },
      loss: "mse",
      gradientNorm: insight,
    });
    const run = fit(this.#model, partOf(x, 0, trained), partOf(y, 0, trained), {
      epochs,
      batchSize,
      seed,
      signal: this.#control.signal,
      validationData: [partOf(x, windows - tested, windows), partOf(y, windows - tested, windows)],
      verbose: false,
      // What it would say comes with the last progress.
      print: () => {},
      callbacks: [this.#pacer],
    });
    const end = (message: string | undefined): void => {
      ended();
      this.#end = { message };
      this.#place = undefined;
      this.#report();
    };
    this.finished = run.then(
      ({ stopped }) => end(stopped?.message),
      (error: unknown) => end(error instanceof Error ? error.message : String(error)),
    );
  }

  stop(): void {
    this.#control.abort();
  }

  go(pace: Pace): void {
    if (pace !== "pause") {
      this.#place = undefined;
      this.#takeBack();
    }
    this.#pacer.go(pace);
  }

  use(epoch: number): void {
    // The run's own weights are those after its last epoch, and a part of the next where it waits there.
    const isOwn = epoch > 0 && epoch === this.#losses.length;
    const weights = isOwn ? this.#own : this.#checkpoints.weights(epoch);
    if (!this.#rests || weights === undefined) {
      throw new UnrollError({
        code: "usage",
        path: "checkpoint",
        expected: this.#rests ? "the weights of that epoch must be among those kept" : "the run must wait or be done",
        received: `epoch = ${epoch}`,
      });
    }
    if (isOwn) this.#takeBack();
    else {
      if (this.#chosen === undefined) this.#own = this.#model.getWeights();
      this.#model.setWeights(weights);
      this.#chosen = epoch;
    }
    this.#report();
  }

  restingAt(epoch: number, batch: number | undefined): Model | undefined {
    const isThere = epoch === (this.#chosen ?? this.#losses.length) && batch === this.#place?.batch;
    return this.#rests && isThere ? this.#model : undefined;
  }

  /** True where the weights stay as they are until somebody asks for more. */
  get #rests(): boolean {
    return this.#place !== undefined || this.#end !== undefined;
  }

  get #unrepeatable(): TrainProgress["unrepeatable"] {
    if (this.#continues) return "continued";
    return this.#pacer.isWithinEpoch && this.#chosen === undefined ? "within" : undefined;
  }

  #takeBack(): void {
    if (this.#chosen === undefined) return;
    this.#model.setWeights(this.#own);
    this.#chosen = undefined;
  }

  #ended(loss = Number.NaN, valLoss = Number.NaN, norm?: number): void {
    this.#losses.push(loss);
    this.#valLosses.push(valLoss);
    if (norm !== undefined) this.#norms.push(norm);
    const epoch = this.#losses.length;
    this.#checkpoints.ended(epoch, valLoss, epoch === this.#request.epochs);
    this.#watch.add(epoch, valLoss);
    const now = performance.now();
    if (now - this.#toldAt < pause) return;
    this.#toldAt = now;
    this.#report();
  }

  #report(): void {
    const { x, truth, view } = this.#cut;
    const predicted = this.#model.predict(x, { batchSize: 256 });
    const output = Array.isArray(predicted) ? predicted[0]! : predicted;
    const forecast = this.#cut.unscaled(output.data);
    const tested = forecast.subarray(forecast.length - truth.length);
    const { ahead, baselines } = view;
    this.#tell({
      epoch: this.#losses.length,
      epochs: this.#request.epochs,
      loss: [...this.#losses],
      valLoss: [...this.#valLosses],
      gradientNorm: [...this.#norms],
      forecast,
      rmse: rootMeanSquaredError(truth, tested),
      naiveRmse: baselines[0]!.rmse,
      stepRmse: Array.from({ length: ahead }, (_, step) =>
        rootMeanSquaredError(everyOf(truth, ahead, step), everyOf(tested, ahead, step)),
      ),
      done: this.#end !== undefined,
      waits: this.#place && { ...this.#place, batches: this.#batches },
      message: this.#end?.message,
      checkpoints: this.#checkpoints.list(this.#losses.length),
      chosen: this.#chosen,
      plateau: this.#watch.plateau,
      unrepeatable: this.#unrepeatable,
      insight: this.#insight?.view(this.#rests),
    });
  }
}

/** Every `width`th number from `start` on. */
function everyOf(values: Float64Array, width: number, start: number): Float64Array {
  return values.filter((_, index) => index % width === start);
}
