/**
 * `npm run bench -- threads`: predictions on one thread and on several, in turns, the same bits checked first. Beside the
 * workloads an LSTM over growing batches, from far too little work to plenty: on a quiet machine no size may be slower.
 *
 *   --threads 2   --rounds 40   --only W2,W6   --device native
 */
import { parseArgs } from "node:util";
import { type Device, layers, type Tensor } from "./library.ts";
import { median } from "./table.ts";
import { buildModel, examplesOf, type Workload, workloads } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "40" },
    only: { type: "string" },
    device: { type: "string", default: "wasm" },
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

console.log(
  `A prediction of the whole batch on the device "${device}", ms of the clock: median of ${rounds} rounds (best).\n`,
);
console.log(`| | one thread | ${threads} threads | × (medians) | × (bests) |`);
console.log("| --- | ---: | ---: | ---: | ---: |");
for (const workload of [...workloads, ...growing]) {
  if (values.only === undefined || values.only.split(",").includes(workload.id)) measure(workload);
}

function measure(workload: Workload): void {
  const { x } = examplesOf(workload);
  const net = buildModel(workload);
  const run = (count: number): Tensor => net.predict(x, { batchSize: workload.batch, threads: count, device });
  const expected = run(1).data;
  if (run(threads).data.some((value, i) => value !== expected[i])) throw new Error(`${workload.id}: other bits`);
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
  console.log(`| ${workload.id} | ${cell(one!)} | ${cell(several!)} | ${ratios.join(" | ")} |`);
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
