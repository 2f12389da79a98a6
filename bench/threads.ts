/**
 * `npm run bench -- threads`: predictions on one thread and on several, in turns, the same bits checked first; then training
 * steps, after three of which the predictions must agree (Adam makes whole steps of the rounding of gradients near 0). Beside
 * the workloads an LSTM over growing batches, from far too little work to plenty: on a quiet machine no size may be slower.
 *
 *   --threads 2   --rounds 40   --only W2,W6   --device native   --work predict,train
 */
import { parseArgs } from "node:util";
import { type Device, layers, type Sequential, type Tensor } from "./library.ts";
import { median } from "./table.ts";
import { buildModel, examplesOf, training, type Workload, workloads } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "40" },
    only: { type: "string" },
    device: { type: "string", default: "wasm" },
    work: { type: "string", default: "predict,train" },
  },
});
const threads = Number(values.threads);
const rounds = Number(values.rounds);
const device = values.device as Device; // predict says what is none
/** A sample lasts about so long, in ms. */
const sampleLength = 0.4;

const growing: Workload[] = [1, 2, 4, 8, 16, 32, 64, 128, 256].map((batch) => ({
  id: `B${batch}`,
  title: `LSTM(16), T 20, D 8, batch ${batch}`,
  ...{ batch, timesteps: 20, features: 8, outputs: 1 },
  stack: () => [layers.lstm({ units: 16 }), layers.dense({ units: 1 })],
}));

const works: Readonly<Record<string, { readonly title: string; readonly measure: (workload: Workload) => void }>> = {
  predict: { title: "A prediction of the whole batch", measure: measurePrediction },
  train: { title: "A training step on the whole batch (Adam, mse)", measure: measureTraining },
};

for (const [work, { title, measure }] of Object.entries(works)) {
  if (!values.work.split(",").includes(work)) continue;
  console.log(`\n${title} on the device "${device}", ms of the clock: median of ${rounds} rounds (best).\n`);
  console.log(`| | one thread | ${threads} threads | × (medians) | × (bests) |`);
  console.log("| --- | ---: | ---: | ---: | ---: |");
  for (const workload of [...workloads, ...growing]) {
    if (values.only === undefined || values.only.split(",").includes(workload.id)) measure(workload);
  }
}

function measurePrediction(workload: Workload): void {
  const { x } = examplesOf(workload);
  const net = buildModel(workload);
  const run = (count: number): Tensor => net.predict(x, { batchSize: workload.batch, threads: count, device });
  const expected = run(1).data;
  if (run(threads).data.some((value, i) => value !== expected[i])) throw new Error(`${workload.id}: other bits`);
  compare(workload.id, run);
}

function measureTraining(workload: Workload): void {
  const { x, y } = examplesOf(workload);
  const nets = new Map([1, threads].map((count) => [count, buildModel(workload)]));
  for (const net of nets.values()) net.compile({ ...training, device });
  const run = (count: number): unknown => nets.get(count)!.trainOnBatch(x, y, { threads: count });
  for (const count of nets.keys()) for (let step = 0; step < 3; step++) run(count);
  const [one, several] = [...nets.values()] as [Sequential, Sequential]; // as many as counts
  const worst = furthest(one.predict(x).data, several.predict(x).data);
  if (!(worst < 2e-3)) throw new Error(`${workload.id}: predictions that are ${worst} of the largest apart`);
  compare(`${workload.id}${several.device().training!.threads === 1 ? " (one thread does it)" : ""}`, run);
}

/** The largest difference by the largest number. */
function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const largest = (numbers: readonly number[]): number =>
    numbers.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  return largest(Array.from(a, (value, i) => value - b[i]!)) / largest(Array.from(a));
}

/** Times one thread and several in turns, and prints the row. */
function compare(name: string, run: (threads: number) => unknown): void {
  const calls = warm(() => void run(1));
  warm(() => void run(threads));
  const samples = [1, threads].map((count) => ({ count, ms: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { count, ms } of samples) ms.push(time(() => void run(count), calls));
  }
  const [one, several] = samples.map(({ ms }) => ({ median: median(ms), best: Math.min(...ms) }));
  const cell = ({ median: middle, best }: { median: number; best: number }): string =>
    `${middle.toPrecision(3)} (${best.toPrecision(3)})`;
  const ratios = [one!.median / several!.median, one!.best / several!.best].map((value) => value.toFixed(2));
  console.log(`| ${name} | ${cell(one!)} | ${cell(several!)} | ${ratios.join(" | ")} |`);
}

/** Runs until the code is at full speed; how many calls make a sample. */
function warm(work: () => void): number {
  let ms = time(work, 1);
  for (const end = performance.now() + 400; performance.now() < end; ) ms = Math.min(ms, time(work, 1));
  return Math.max(1, Math.round(sampleLength / ms));
}

function time(work: () => void, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) work();
  return (performance.now() - start) / calls;
}
