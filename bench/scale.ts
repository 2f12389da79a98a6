/**
 * `npm run bench -- scale`: how time and memory of an LSTM grow with batch, timesteps, units and layers, beside what the
 * arithmetic says; a table, and a plot in docs/scale.svg.
 *
 *   --rounds 20   --out docs/scale.svg
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { input, layers, Random, type Sequential, sequential, type Tensor, tensor } from "./library.ts";
import { plotOf, type Series, type Sweep } from "./scale-plot.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "20" }, out: { type: "string", default: "docs/scale.svg" } },
});
const rounds = Number(values.rounds);

interface Size {
  readonly batch: number;
  readonly timesteps: number;
  readonly units: number;
  readonly layers: number;
}

const features = 8;
/** Every sweep changes one of these. */
const base: Size = { batch: 16, timesteps: 64, units: 32, layers: 1 };
const sizes: Readonly<Record<keyof Size, readonly number[]>> = {
  batch: [1, 4, 16, 64, 256],
  timesteps: [16, 64, 256, 1024, 4096],
  units: [8, 16, 32, 64, 128, 256],
  layers: [1, 2, 4, 8],
};

/** A size with what runs it. */
interface Case {
  readonly size: Size;
  readonly net: Sequential;
  readonly x: Tensor;
  readonly y: Tensor;
  /** ms, the best so far. */
  readonly best: { predict: number; train: number };
}

const sweeps = (Object.keys(sizes) as (keyof Size)[]).map(measure); // the table's own keys
console.log(tableOf(sweeps));
writeFileSync(values.out, plotOf(sweeps));
console.log(`\nNode ${process.versions.node}. Best of ${rounds} rounds, in turns; plot in ${values.out}.`);

function measure(changed: keyof Size): Sweep {
  const cases = sizes[changed].map((value) => caseOf({ ...base, [changed]: value }));
  for (let round = 0; round < rounds; round++) {
    for (const { net, x, y, best } of cases) {
      best.predict = Math.min(
        best.predict,
        time(() => void net.predict(x, { batchSize: x.shape[0]! })),
      );
      best.train = Math.min(
        best.train,
        time(() => void net.trainOnBatch(x, y)),
      );
    }
  }
  const at = sizes[changed];
  const series = (name: string, unit: string, measured: number[], counted: number[]): Series => ({
    name,
    unit,
    points: at.map((x, i) => ({ x, measured: measured[i]!, counted: counted[i]! })),
  });
  const flops = cases.map(({ size }) => flopsOf(size));
  return {
    changed,
    series: [
      series(
        "prediction",
        "ms",
        cases.map(({ best }) => best.predict),
        flops,
      ),
      series(
        "training step",
        "ms",
        cases.map(({ best }) => best.train),
        flops,
      ),
      series(
        "training memory",
        "MiB",
        cases.map(({ size, net }) => usedBytes(net, size) / 2 ** 20),
        cases.map(({ size }) => numbersOf(size)),
      ),
    ],
  };
}

function caseOf(size: Size): Case {
  const { batch, timesteps, units } = size;
  const net = sequential({
    layers: [
      input({ shape: [timesteps, features] }),
      ...Array.from({ length: size.layers }, (_, i) => layers.lstm({ units, returnSequences: i < size.layers - 1 })),
      layers.dense({ units: 1 }),
    ],
    seed: 1,
  });
  net.compile({ optimizer: "adam", loss: "mse" });
  const random = new Random(2);
  const numbers = (...shape: number[]): Tensor =>
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform(-1, 1)),
      shape,
    );
  const one = { size, net, x: numbers(batch, timesteps, features), y: numbers(batch, 1) };
  // Code is optimised while it runs.
  for (const end = performance.now() + 300; performance.now() < end; ) {
    net.predict(one.x, { batchSize: batch });
    net.trainOnBatch(one.x, one.y);
  }
  return { ...one, best: { predict: Number.POSITIVE_INFINITY, train: Number.POSITIVE_INFINITY } };
}

/** ms of a call, of the clock or of the processor, whichever is less; short calls are repeated. */
function time(work: () => void): number {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let calls = 0;
  do {
    work();
    calls++;
  } while (performance.now() - start < 2);
  const clock = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  return Math.min(clock, (user + system) / 1000) / calls;
}

/** The numbers of the training step's memory, without the rest of the last page. */
function usedBytes(net: Sequential, { batch }: Size): number {
  const { weights, optimizer, packed, workspace } = net.memory({ batch, training: true }).programs[0]!;
  return weights + optimizer + packed + workspace;
}

/** Floating-point operations of the products: 2 · batch · timesteps · 4u(d + u) a layer. A training step has three times as many. */
function flopsOf({ batch, timesteps, units, layers: count }: Size): number {
  const matrices = 4 * units * (features + units) + (count - 1) * 4 * units * (units + units);
  return 2 * batch * timesteps * matrices;
}

/**
 * Numbers that a training step must hold: weights, gradients and Adam's two moments; and for every example and timestep the
 * input and six numbers a unit (four gates, c and h), which backpropagation reads again.
 */
function numbersOf({ batch, timesteps, units, layers: count }: Size): number {
  const weights = 4 * units * (features + units + 1) + (count - 1) * 4 * units * (2 * units + 1) + units + 1;
  return 4 * weights + batch * timesteps * (features + 6 * units * count);
}

function tableOf(list: readonly Sweep[]): string {
  const rows = list.flatMap(({ changed, series }) =>
    series.map(({ name, unit, points }) => {
      const [first, last] = [points[0]!, points.at(-1)!];
      const spread = `${first.measured.toPrecision(3)}–${last.measured.toPrecision(3)} ${unit}`;
      const exponents = (["measured", "counted"] as const).map((which) => exponent(points, which).toFixed(2));
      return `| ${changed} ${first.x}–${last.x} | ${name} | ${spread} | ${exponents.join(" | ")} |`;
    }),
  );
  const { batch, timesteps, units } = base;
  return [
    `LSTM(${units}), T ${timesteps}, D ${features}, batch ${batch}, one layer, but for what grows. Exponents over the last three sizes: n means × 2ⁿ for`,
    "twice the size.\n",
    "| grows | of | from–to | exponent measured | by the count |",
    "| --- | --- | ---: | ---: | ---: |",
    ...rows,
  ].join("\n");
}

/** The slope of the last three points, both axes logarithmic. */
function exponent(points: Series["points"], which: "measured" | "counted"): number {
  const last = points.slice(-3);
  const logs = last.map((point) => ({ x: Math.log(point.x), y: Math.log(point[which]) }));
  const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b) / numbers.length;
  const [mx, my] = [mean(logs.map(({ x }) => x)), mean(logs.map(({ y }) => y))];
  const top = logs.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0);
  return top / logs.reduce((sum, { x }) => sum + (x - mx) ** 2, 0);
}
