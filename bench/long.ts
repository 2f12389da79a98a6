/**
 * `npm run bench -- long`: training steps on long sequences, with all that a step computes kept, and with timesteps computed
 * again. Memory as planned and as the process's peak (a process of its own for each row), the same bits checked, then time in turns.
 *
 *   --rounds 3   --only L1,L2
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { input, layers, Random, type Sequential, sequential, type Tensor, tensor } from "./library.ts";
import { median } from "./table.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
    row: { type: "string" },
    length: { type: "string" },
  },
});
const rounds = Number(values.rounds);

interface Case {
  readonly id: string;
  readonly timesteps: number;
  readonly stack: number;
}

const [units, features, batch] = [64, 8, 32];
/** Lengths at which everything fits; then those that only segments make possible. */
const cases: readonly Case[] = [
  { id: "S1", timesteps: 1_000, stack: 1 },
  { id: "L1", timesteps: 10_000, stack: 1 },
  { id: "L2", timesteps: 10_000, stack: 2 },
  { id: "X1", timesteps: 100_000, stack: 1 },
];
/** Bytes that a linear memory can have. */
const addressable = 2 ** 32;
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

type Recompute = false | number | "auto";

function build({ timesteps, stack }: Case, recompute: Recompute): Sequential {
  const net = sequential({
    seed: 1,
    layers: [
      input({ shape: [timesteps, features] }),
      ...Array.from({ length: stack }, (_, i) => layers.lstm({ units, returnSequences: i < stack - 1 })),
      layers.dense({ units: 1 }),
    ],
  });
  net.compile({ optimizer: "adam", loss: "mse", recompute });
  return net;
}

function data({ timesteps }: Case): { readonly x: Tensor; readonly y: Tensor } {
  const random = new Random(2);
  const draw = (shape: readonly number[]): Tensor =>
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform(-1, 1)),
      shape,
    );
  return { x: draw([batch, timesteps, features]), y: draw([batch, 1]) };
}

/** Bytes that the step would take; undefined where addresses do not reach so far. */
function planned(one: Case, recompute: Recompute): number | undefined {
  try {
    return build(one, recompute).memory({ batch, training: true }).bytes;
  } catch (error) {
    if ((error as { code?: string }).code === "memory") return undefined;
    throw error;
  }
}

/** The peak of a process that does two steps, in bytes. */
function peak(one: Case, recompute: Recompute): number {
  const words = [...process.execArgv, process.argv[1]!, "--row", one.id, "--length", String(recompute)];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

/** ms of processor time: the machine may have other work. */
function time(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function measure(one: Case): void {
  const { x, y } = data(one);
  const variants = ([false, "auto"] as const).flatMap((recompute) => {
    const bytes = planned(one, recompute);
    return bytes === undefined
      ? []
      : [{ recompute, bytes, rss: peak(one, recompute), net: build(one, recompute), ms: [] as number[] }];
  });
  for (const { net } of variants) net.trainOnBatch(x, y);
  const [first, ...others] = variants.map(({ net }) => net.getWeights());
  for (const other of others) {
    const differs = other.some((array, i) => array.data.some((value, j) => value !== first![i]!.data[j]));
    if (differs) throw new Error(`${one.id}: other bits`);
  }
  for (let round = 0; round < rounds; round++) {
    for (const { net, ms } of variants) ms.push(time(() => void net.trainOnBatch(x, y)));
  }
  const whole = variants.find(({ recompute }) => recompute === false);
  const layersText = one.stack === 1 ? "" : `${one.stack} × `;
  for (const { recompute, bytes, rss, ms } of variants) {
    const ratios = whole?.ms.map((value, i) => ms[i]! / value);
    const cells = [
      `${layersText}LSTM(${units}), T ${one.timesteps.toLocaleString("en-US")}`,
      recompute === false ? "kept" : bytes === whole?.bytes ? "auto: kept" : "auto: computed again",
      mebibytes(bytes),
      mebibytes(rss),
      median(ms).toFixed(0),
      ratios === undefined ? "" : median(ratios).toFixed(2),
      ((median(ms) * 1000) / one.timesteps).toFixed(1),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  if (whole === undefined)
    console.log(
      `| ${layersText}LSTM(${units}), T ${one.timesteps.toLocaleString("en-US")} | kept | over ${mebibytes(addressable)} | | | | |`,
    );
}

if (values.row !== undefined) {
  const one = cases.find(({ id }) => id === values.row)!;
  const { x, y } = data(one);
  const net = build(one, values.length === "false" ? false : "auto");
  net.trainOnBatch(x, y);
  net.trainOnBatch(x, y);
  console.log(process.resourceUsage().maxRSS * 1024);
} else {
  console.log(
    `A training step, ${features} features, batch ${batch}, Adam. ms of the processor: median of ${rounds} in turns.\n`,
  );
  console.log("| | timesteps | planned, MiB | peak of the process, MiB | ms a step | × | µs a timestep |");
  console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
  for (const one of cases) if (values.only === undefined || values.only.split(",").includes(one.id)) measure(one);
  console.log(`\nNode ${process.versions.node}.`);
}
