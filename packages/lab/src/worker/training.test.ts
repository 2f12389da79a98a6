/** A run that pauses goes on to the bits of one that does not, and stops where it waits. */
import { expect, it } from "vitest";
import { madeSeries } from "../data/series.ts";
import type { Pace, TrainProgress } from "./protocol.ts";
import { Session } from "./session.ts";
import {
  paceTraining,
  resetWeights,
  restingModel,
  startTraining,
  stopTraining,
  takeWeights,
  useCheckpoint,
} from "./training.ts";

// 100 values, of which 80 are trained on: 76 windows of 4, hence 3 batches of 32 an epoch.
const series = madeSeries[0]!.make(7).slice(0, 100);
const code = "model = Sequential([Input((4, 1)), LSTM(3, dropout=0.3), Dense(1)])";
const request = { series, lookback: 4, epochs: 3, batchSize: 32, learningRate: 0.01, optimizer: "Adam", seed: 7 };

/** Trains anew; each time the run waits, `next` says how it goes on. */
async function trained(pace: Pace, next: (progress: TrainProgress) => Pace | "stop"): Promise<TrainProgress[]> {
  const session = new Session();
  await session.open({ source: code, seed: 7 });
  const told: TrainProgress[] = [];
  return new Promise((resolve, reject) => {
    const tell = (progress: TrainProgress): void => {
      told.push(progress);
      if (progress.done) resolve(told);
      if (progress.waits === undefined) return;
      const order = next(progress);
      queueMicrotask(() => (order === "stop" ? stopTraining() : paceTraining(order)));
    };
    startTraining(session.need(), { ...request, pace }, tell).catch(reject);
  });
}

const places = (told: readonly TrainProgress[]): string[] =>
  told.flatMap(({ epoch, waits }) => (waits === undefined ? [] : [`${epoch}+${waits.batch}/${waits.batches}`]));

it("waits after every batch, and ends with the bits of a run that never waited", async () => {
  const straight = (await trained("run", () => "run")).at(-1)!;
  const stepped = await trained("batch", () => "batch");
  expect(places(stepped)).toEqual(["0+1/3", "0+2/3", "1+0/3", "1+1/3", "1+2/3", "2+0/3", "2+1/3", "2+2/3"]);
  const { loss, valLoss, forecast } = stepped.at(-1)!;
  expect(loss).toHaveLength(3);
  expect([loss, valLoss, forecast]).toEqual([straight.loss, straight.valLoss, straight.forecast]);
});

it("waits after one epoch, pauses in the next, and goes on to the same bits", async () => {
  const straight = (await trained("run", () => "run")).at(-1)!;
  const orders: Pace[] = ["batch", "epoch", "run"];
  const told = await trained("epoch", () => orders.shift()!);
  expect(places(told)).toEqual(["1+0/3", "1+1/3", "2+0/3"]);
  expect([told.at(-1)!.loss, told.at(-1)!.forecast]).toEqual([straight.loss, straight.forecast]);
});

it("pauses while it trains, and goes on to the same bits", async () => {
  const straight = (await trained("run", () => "run")).at(-1)!;
  const session = new Session();
  await session.open({ source: code, seed: 7 });
  const told: TrainProgress[] = [];
  await new Promise<void>((resolve, reject) => {
    const tell = (progress: TrainProgress): void => {
      told.push(progress);
      if (told.length === 1) paceTraining("pause");
      if (progress.waits !== undefined) setTimeout(() => paceTraining("run"), 20);
      if (progress.done) resolve();
    };
    startTraining(session.need(), request, tell).catch(reject);
  });
  expect(places(told)).toEqual(["1+0/3"]);
  expect([told.at(-1)!.loss, told.at(-1)!.forecast]).toEqual([straight.loss, straight.forecast]);
});

it("trains nothing more when it is stopped where it waits", async () => {
  for (const pace of ["batch", "epoch"] as const) {
    const told = await trained(pace, () => "stop");
    const [waiting, done] = [told.find(({ waits }) => waits !== undefined)!, told.at(-1)!];
    expect(places(told)).toHaveLength(1);
    expect(done.forecast).toEqual(waiting.forecast);
    expect(done.loss).toEqual(waiting.loss);
    expect(done.message).toContain(pace === "batch" ? "Stopped as asked after batch 1 of epoch 1" : "epoch 1");
  }
});

it("ends a run that waits before another begins", async () => {
  const first: TrainProgress[] = [];
  const session = new Session();
  await session.open({ source: "model = Sequential([Input((4, 1)), SimpleRNN(2), Dense(1)])", seed: 7 });
  await new Promise<void>((resolve) => {
    void startTraining(session.need(), { ...request, pace: "batch" }, (progress) => {
      first.push(progress);
      if (progress.waits !== undefined) resolve();
    });
  });
  const second = await trained("run", () => "run");
  expect(first.at(-1)!.done).toBe(true);
  expect(second.at(-1)!.loss).toHaveLength(3);
});

it("gives the model the weights of a checkpoint, and its own back when it goes on", async () => {
  const straight = (await trained("run", () => "run")).at(-1)!;
  const session = new Session();
  await session.open({ source: code, seed: 7 });
  const model = session.need();
  const told: TrainProgress[] = [];
  await new Promise<void>((resolve, reject) => {
    const tell = (progress: TrainProgress): void => {
      told.push(progress);
      if (progress.done) resolve();
      if (progress.waits === undefined || progress.chosen !== undefined) return;
      // In the middle of an epoch too.
      queueMicrotask(() => {
        useCheckpoint(0);
        paceTraining("batch");
      });
    };
    startTraining(model, { ...request, pace: "batch", insight: true }, tell).catch(reject);
  });
  const before = told.filter(({ chosen }) => chosen === 0);
  expect(before.length).toBeGreaterThan(5);
  for (const { forecast } of before) expect(forecast).toEqual(before[0]!.forecast);
  expect([told.at(-1)!.loss, told.at(-1)!.forecast]).toEqual([straight.loss, straight.forecast]);
  expect(told.at(-1)!.checkpoints.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
  // When it is done, there and back.
  const first = told.find(({ epoch, waits }) => epoch === 1 && waits?.batch === 0)!;
  useCheckpoint(1);
  expect(told.at(-1)).toMatchObject({ done: true, chosen: 1, rmse: first.rmse });
  expect(told.at(-1)!.forecast).toEqual(first.forecast);
  useCheckpoint(3);
  expect(told.at(-1)!.chosen).toBeUndefined();
  expect(told.at(-1)!.forecast).toEqual(straight.forecast);
  expect(() => useCheckpoint(7)).toThrow("the weights of that epoch must be among those kept");
});

it("resets the weights to those with which the model was opened, however often it was trained", async () => {
  const session = new Session();
  await session.open({ source: code, seed: 7 });
  const model = session.need();
  const opened = model.getWeights();
  for (let time = 0; time < 2; time++) {
    await new Promise<void>((resolve, reject) => {
      startTraining(model, { ...request, epochs: 1 }, ({ done }) => done && resolve()).catch(reject);
    });
  }
  expect(model.getWeights()).not.toEqual(opened);
  await resetWeights(model);
  expect(model.getWeights()).toEqual(opened);
});

it("tells of gradients and weights when asked, without another bit", async () => {
  const straight = (await trained("run", () => "run")).at(-1)!;
  const session = new Session();
  await session.open({ source: code, seed: 7 });
  const done = await new Promise<TrainProgress>((resolve, reject) => {
    const tell = (progress: TrainProgress): unknown => progress.done && resolve(progress);
    startTraining(session.need(), { ...request, insight: true }, tell).catch(reject);
  });
  expect([done.loss, done.forecast]).toEqual([straight.loss, straight.forecast]);
  expect(straight).toMatchObject({ gradientNorm: [], insight: undefined });
  expect(done.gradientNorm).toHaveLength(3);
  expect(done.gradientNorm.every((norm) => norm > 0)).toBe(true);
  expect(done.insight!.flows[0]).toMatchObject({ layer: "lstm", state: "h" });
  expect(done.insight!.weights.length).toBe(5);
});

it("says of weights whether the seed leads to them", async () => {
  // Stopped within an epoch, and at the end of one.
  for (const [pace, why] of [
    ["batch", "within"],
    ["epoch", undefined],
  ] as const) {
    const told = await trained(pace, () => "stop");
    expect(told.map(({ unrepeatable }) => unrepeatable)).toEqual(told.map(() => why));
  }
  const session = new Session();
  await session.open({ source: code, seed: 7 });
  const model = session.need();
  const run = (): Promise<TrainProgress> =>
    new Promise((resolve, reject) => {
      startTraining(model, { ...request, epochs: 1 }, (progress) => progress.done && resolve(progress)).catch(reject);
    });
  const first = await run();
  expect([first.unrepeatable, (await run()).unrepeatable]).toEqual([undefined, "continued"]);
  await resetWeights(model);
  const again = await run();
  expect([again.unrepeatable, again.loss]).toEqual([undefined, first.loss]);
  // A kept run's weights are trained ones too.
  const other = new Session();
  await other.open({ source: code, seed: 7 });
  const opened = other.need().getWeights();
  await takeWeights(other.need(), model);
  expect(other.need().getWeights()).toEqual(model.getWeights());
  const further = await new Promise<TrainProgress>((resolve, reject) => {
    startTraining(other.need(), { ...request, epochs: 1 }, (one) => one.done && resolve(one)).catch(reject);
  });
  expect(further.unrepeatable).toBe("continued");
  await resetWeights(other.need());
  expect(other.need().getWeights()).toEqual(opened);
});

it("has a model to keep where its weights are those that are meant, and stay", async () => {
  const session = new Session();
  await session.open({ source: code, seed: 7 });
  const model = session.need();
  const found: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    const tell = ({ waits, done }: TrainProgress): void => {
      if (done) resolve();
      if (waits === undefined) return;
      queueMicrotask(() => {
        found.push(restingModel(0, 1) === model, restingModel(0, 2), restingModel(1, 0));
        paceTraining("run");
        found.push(restingModel(0, 1), restingModel(0, undefined));
      });
    };
    startTraining(model, { ...request, pace: "batch", insight: true }, tell).catch(reject);
  });
  expect(found).toEqual([true, undefined, undefined, undefined, undefined]);
  // Whatever is opened meanwhile.
  await session.open({ source: code, seed: 8 });
  expect(restingModel(3, undefined)).toBe(model);
  useCheckpoint(1);
  expect([restingModel(3, undefined), restingModel(1, undefined) === model]).toEqual([undefined, true]);
  await resetWeights(model);
  expect(restingModel(1, undefined)).toBeUndefined();
});
