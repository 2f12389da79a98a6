/**
 * Watches the memory of training: whether a plan's bytes are what the process takes, and whether many steps and many fits
 * leave the process as large as they found it.
 *
 *   node scripts/memory.mjs [--steps 10000] [--fits 1000] [--json]      exits 1 when the plan is wrong or memory grows
 */
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { withSource } from "./load-source.mjs";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const mebibyte = 2 ** 20;
const inMebibytes = (bytes) => (bytes / mebibyte).toFixed(1).padStart(8);

/** Resident memory of the process in bytes, after a collection. */
async function resident() {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return process.memoryUsage.rss();
}

/**
 * The mappings of this process that are exactly so large, with what of them is in memory, as Linux tells; undefined elsewhere.
 * A look at the whole process would say less: compilers work and clean up beside the program.
 */
function mappingsOf(bytes) {
  if (!existsSync("/proc/self/smaps")) return undefined;
  const entries = readFileSync("/proc/self/smaps", "latin1").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const kilobytes = (entry, name) => Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(entry)?.[1]);
  return entries
    .filter((entry) => kilobytes(entry, "Size") * 1024 === bytes)
    .map((entry) => ({ resident: kilobytes(entry, "Rss") * 1024 }));
}

function numbers(unroll, shape, seed) {
  const random = new unroll.Random(seed);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform(-1, 1));
  return unroll.tensor(data, shape);
}

function lstm(unroll, { units, timesteps, features, batch, optimizer = "adam" }) {
  const { input, layers, sequential } = unroll;
  const net = sequential({
    seed: 1,
    layers: [input({ shape: [timesteps, features] }), layers.lstm({ units }), layers.dense({ units: 1 })],
  });
  net.compile({ optimizer, loss: "mse" });
  return { net, x: numbers(unroll, [batch, timesteps, features], 2), y: numbers(unroll, [batch, 1], 3) };
}

/** What the plan says beside what the process holds for it after two steps. */
export function planAgainstProcess(unroll, sizes) {
  return sizes.map((size) => {
    const { net, x, y } = lstm(unroll, size);
    const planned = net.memory({ batch: size.batch, training: true }).bytes;
    const before = mappingsOf(planned)?.length ?? 0;
    net.trainOnBatch(x, y);
    net.trainOnBatch(x, y);
    const mappings = mappingsOf(planned);
    return {
      ...size,
      planned,
      prepared: net.memory().bytes,
      mappings: mappings && mappings.length - before,
      resident: mappings?.at(-1)?.resident,
    };
  });
}

/** Resident memory over steps or fits: `points` numbers, one each `every` rounds. */
export async function curve(rounds, points, round) {
  const every = Math.max(1, Math.floor(rounds / points));
  const found = [];
  for (let i = 0; i < rounds; i++) {
    await round(i);
    if ((i + 1) % every === 0) found.push({ after: i + 1, bytes: await resident() });
  }
  return found;
}

/** Growth of the second half of a curve: the first half warms caches and the JIT up. */
export function growth(points) {
  const second = points.slice(Math.floor(points.length / 2));
  const mean = (list) => list.reduce((sum, { bytes }) => sum + bytes, 0) / list.length;
  const half = Math.floor(second.length / 2);
  return mean(second.slice(half)) - mean(second.slice(0, half));
}

export async function memoryRun({ steps, fits, log = () => {} }) {
  return withSource("src/index.ts", async (unroll) => {
    log("one training step, MiB");
    log("  units  timesteps  features  batch   planned  prepared  resident");
    const plans = planAgainstProcess(unroll, [
      { units: 128, timesteps: 100, features: 64, batch: 64 },
      { units: 256, timesteps: 200, features: 64, batch: 64 },
      { units: 64, timesteps: 400, features: 16, batch: 256 },
    ]);
    for (const { units, timesteps, features, batch, planned, prepared, resident: held } of plans) {
      const sizes = [units, timesteps, features, batch].map((size, i) => String(size).padStart([7, 11, 10, 7][i]));
      const bytes = [planned, prepared, held].map((one) => (one === undefined ? "?" : inMebibytes(one)).padStart(10));
      log([...sizes, ...bytes].join(""));
    }

    const { net, x, y } = lstm(unroll, { units: 30, timesteps: 21, features: 9, batch: 32 });
    log(`\n${steps} training steps of LSTM(30), MiB resident`);
    const stepCurve = await curve(steps, 20, () => net.trainOnBatch(x, y));
    for (const { after, bytes } of stepCurve) log(`  ${String(after).padStart(6)}${inMebibytes(bytes)}`);

    const small = lstm(unroll, { units: 8, timesteps: 10, features: 3, batch: 40 });
    log(`\n${fits} fits, each of two epochs with validation and predictions, MiB resident`);
    const fitCurve = await curve(fits, 20, async (i) => {
      // Other sizes again and again, so that programs are prepared and given up.
      const examples = 20 + (i % 20);
      const part = { shape: [examples, 10, 3], data: small.x.data.slice(0, examples * 30) };
      const targets = { shape: [examples, 1], data: small.y.data.slice(0, examples) };
      await small.net.fit(part, targets, { epochs: 2, batchSize: 16, validationSplit: 0.2, seed: i });
      small.net.predict(part);
    });
    for (const { after, bytes } of fitCurve) log(`  ${String(after).padStart(6)}${inMebibytes(bytes)}`);
    return { plans, steps: stepCurve, fits: fitCurve };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      steps: { type: "string", default: "10000" },
      fits: { type: "string", default: "1000" },
      json: { type: "boolean", default: false },
    },
  });
  const run = await memoryRun({
    steps: Number(values.steps),
    fits: Number(values.fits),
    log: values.json ? () => {} : console.log,
  });
  const grown = { steps: growth(run.steps), fits: growth(run.fits) };
  const wrong = run.plans.filter(
    ({ planned, prepared, mappings, resident: held }) =>
      planned !== prepared || (mappings !== undefined && !(mappings === 1 && held > 0.95 * planned)),
  );
  const flat = Math.abs(grown.steps) < 4 * mebibyte && Math.abs(grown.fits) < 8 * mebibyte;
  if (values.json) console.log(JSON.stringify({ ...run, grown }));
  else {
    console.log(
      `\nIn the last quarter against the one before: steps ${inMebibytes(grown.steps).trim()} MiB, fits ${inMebibytes(grown.fits).trim()} MiB. ${
        flat ? "Memory stays flat." : "MEMORY GROWS."
      } ${wrong.length === 0 ? "Plans agree with the process." : "A PLAN DISAGREES WITH THE PROCESS."}`,
    );
  }
  process.exitCode = flat && wrong.length === 0 ? 0 : 1;
}
