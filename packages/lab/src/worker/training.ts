/** Trains the model of the page on one series: the library's windows, scaler, training and scores, told as they come. */
import { lastValue } from "unroll/data/baselines.ts";
import { MinMaxScaler } from "unroll/data/min-max-scaler.ts";
import { rootMeanSquaredError } from "unroll/data/regression.ts";
import { windows } from "unroll/data/windows.ts";
import { compileModel } from "unroll/training/compile.ts";
import { fit } from "unroll/training/fit.ts";
import { type Model, UnrollError } from "./library.ts";
import { Pacer, type Place } from "./pace.ts";
import type { Pace, TrainProgress, TrainRequest, TrainStart } from "./protocol.ts";

/** Part of the series at its end that training never sees. */
const testPart = 0.2;
/** Messages to the page, at most one in so many ms. */
const pause = 100;

interface Run {
  readonly control: AbortController;
  readonly pacer: Pacer;
  /** Settles when its last progress is told. */
  readonly finished: Promise<void>;
}

let running: Run | undefined;

export function stopTraining(): void {
  running?.control.abort();
}

/** Lets the run of now go on so far, or wait after its batch. */
export function paceTraining(pace: Pace): void {
  running?.pacer.go(pace);
}

/** Starts a run and answers when its data is ready; progress comes by `tell`. */
export async function startTraining(
  model: Model,
  request: TrainRequest,
  tell: (progress: TrainProgress) => void,
): Promise<TrainStart> {
  // Each that waits to start looks again, so that never two train.
  while (running !== undefined) {
    stopTraining();
    await running.finished;
  }
  refuse(model, request);
  const { series, lookback, epochs, batchSize, learningRate, optimizer, seed, pace = "run" } = request;
  const testFrom = Math.floor(series.length * (1 - testPart));
  // Fitted on the training part only, so that nothing of the future is seen.
  const scaler = new MinMaxScaler().fit(series.slice(0, testFrom));
  const scaled = scaler.transform([...series]);
  const view = windows({ data: scaled, lookback });
  const trained = Math.max(1, testFrom - lookback);
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
  const training = view.batch(range(0, trained));
  const test = view.batch(range(trained, view.count));
  const all = view.batch(range(0, view.count));
  const { state } = scaler;

  compileModel(model, {
    optimizer: { class_name: optimizer, config: { learning_rate: learningRate } },
    loss: "mse",
  });
  const truth = series.slice(lookback + trained);
  const naive = scaler.inverseTransform(lastValue(view)).data.subarray(trained);
  const naiveRmse = rootMeanSquaredError([...truth], naive);
  const control = new AbortController();
  const batches = Math.ceil(trained / batchSize);
  const losses: number[] = [];
  const valLosses: number[] = [];
  let last = 0;
  const report = (done: boolean, message?: string, place?: Place): void => {
    const predicted = model.predict(all.x, { batchSize: 256 });
    const output = Array.isArray(predicted) ? predicted[0]! : predicted;
    const forecast = scaler.inverseTransform({ shape: [view.count, 1], data: Float64Array.from(output.data) }).data;
    tell({
      epoch: losses.length,
      epochs,
      loss: [...losses],
      valLoss: [...valLosses],
      forecast,
      rmse: rootMeanSquaredError([...truth], forecast.slice(trained)),
      naiveRmse,
      done,
      waits: place && { ...place, batches },
      message,
    });
  };
  const pacer = new Pacer({
    pace,
    epochs,
    batches,
    signal: control.signal,
    ended(logs) {
      losses.push(logs.loss ?? Number.NaN);
      valLosses.push(logs.val_loss ?? Number.NaN);
      const now = performance.now();
      if (now - last < pause) return;
      last = now;
      report(false);
    },
    waits: (place) => report(false, undefined, place),
  });
  const run = fit(model, training.x, training.y, {
    epochs,
    batchSize,
    seed,
    signal: control.signal,
    validationData: [test.x, test.y],
    verbose: false,
    // What it would say comes with the last progress.
    print: () => {},
    callbacks: [pacer],
  });
  const end = (message: string | undefined): void => {
    running = undefined;
    report(true, message);
  };
  const finished = run.then(
    ({ stopped }) => end(stopped?.message),
    (error: unknown) => end(error instanceof Error ? error.message : String(error)),
  );
  running = { control, pacer, finished };
  return {
    windows: view.count,
    testFrom: lookback + trained,
    xShape: training.x.shape,
    scale: { min: state.dataMin[0]!, max: state.dataMax[0]! },
  };
}

function refuse(model: Model, { series, lookback }: TrainRequest): void {
  const { shape } = model.inputs[0]!;
  const output = model.outputs[0]!.shape;
  const fits =
    model.inputs.length === 1 && shape.length === 3 && shape[2] === 1 && output.length === 2 && output[1] === 1;
  if (!fits) {
    throw new UnrollError({
      code: "data",
      path: model.name,
      expected: "one series needs a model from (None, timesteps, 1) to (None, 1)",
      received: `a model from (${shape.map((size) => size ?? "None").join(", ")}) to (${output.map((size) => size ?? "None").join(", ")})`,
      hint: "Give its input one feature and end it with Dense(1).",
    });
  }
  if (shape[1] !== null && shape[1] !== lookback) {
    throw new UnrollError({
      code: "data",
      path: model.name,
      expected: `the model reads ${shape[1]} timesteps`,
      received: `lookback = ${lookback}`,
    });
  }
  if (series.length < lookback * 2 + 10) {
    throw new UnrollError({
      code: "data",
      path: "series",
      expected: `a lookback of ${lookback} needs at least ${lookback * 2 + 10} numbers`,
      received: `${series.length} numbers`,
    });
  }
}
