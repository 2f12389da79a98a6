/**
 * Reading weights of 100 MB: memory and time, each file in a process of its own, in turns with Node's plain read and h5py's.
 * `npm run bench -- files`; exits 1 when a file takes more than twice its size in memory. h5py is asked when the Python of
 * UNROLL_BENCH_PYTHON, or python3, has it.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, ".cache/bench/files");
const library = pathToFileURL(join(root, "packages/unroll/dist/index.js")).href;
const script = fileURLToPath(import.meta.url);
const python = process.env.UNROLL_BENCH_PYTHON ?? "python3";
const rounds = 5;
const names = ["large.keras", "large.h5", "large.weights.h5", "large.safetensors", "large.npz", "tfjs/model.json"];
const needsArchitecture = (name) => /\.(weights\.h5|npz)$/.test(name);

const readWithH5py = `
import sys, time, h5py
start = time.perf_counter()
total = 0
def visit(name, item):
    global total
    if isinstance(item, h5py.Dataset): total += item[()].nbytes
with h5py.File(sys.argv[1]) as file: file.visititems(visit)
print((time.perf_counter() - start) * 1000, total)
`;

async function writeFiles() {
  const { input, layers, sequential } = await import(library);
  for (const [size, parts] of [
    ["small", [layers.lstm({ units: 2 }), layers.dense({ units: 3 })]],
    ["large", [layers.lstm({ units: 1024 }), layers.dense({ units: 1024 }), layers.dense({ units: 18_000 })]],
  ]) {
    const model = sequential({ layers: [input({ shape: [8, 256] }), ...parts], seed: 1 });
    mkdirSync(join(folder, size, "tfjs"), { recursive: true });
    for (const name of names) await model.save(join(folder, size, name));
    await model.save(join(folder, size, "large.json"));
  }
}

/** In a process of its own, whose parent stays small (a peak is handed down): a small file first, so that the code is there. */
async function measure(name) {
  const { loadModel } = await import(library);
  const options = (size) => (needsArchitecture(name) ? { architecture: join(folder, size, "large.json") } : {});
  await loadModel(join(folder, "small", name), options("small"));
  globalThis.gc();
  const before = process.memoryUsage().rss;
  const started = performance.now();
  const model = await loadModel(join(folder, "large", name), options("large"));
  const took = performance.now() - started;
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ took, grown: peak - before, params: model.countParams() }));
}

function run(command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** All bytes that belong to the file. */
function partsOf(name) {
  const path = join(folder, "large", name);
  if (!name.startsWith("tfjs/")) return [path];
  return readdirSync(join(folder, "large/tfjs")).map((part) => join(folder, "large/tfjs", part));
}

function plainRead(name) {
  const paths = partsOf(name);
  const started = performance.now();
  for (const path of paths) readFileSync(path);
  console.log(performance.now() - started);
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function compareAll() {
  const hasH5py = spawnSync(python, ["-c", "import h5py"]).status === 0;
  console.log(
    `Node ${process.versions.node}; median of ${rounds} rounds in turns; ms; plain = readFileSync of the same bytes`,
  );
  console.log("file                  MB   memory / size    load   plain  load/plain    h5py  load/h5py");
  let tooMuch = false;
  for (const name of names) {
    const paths = partsOf(name);
    const size = paths.reduce((sum, path) => sum + statSync(path).size, 0);
    const times = { load: [], plain: [], h5py: [] };
    let grown = 0;
    for (let round = 0; round < rounds; round++) {
      const result = JSON.parse(run(process.execPath, "--expose-gc", script, "--measure", name));
      times.load.push(result.took);
      grown = Math.max(grown, result.grown);
      times.plain.push(Number(run(process.execPath, script, "--plain", name)));
      if (hasH5py && name.endsWith(".h5"))
        times.h5py.push(Number(run(python, "-c", readWithH5py, paths[0]).split(" ")[0]));
    }
    const [load, plain, h5py] = [times.load, times.plain, times.h5py].map(median);
    tooMuch ||= grown > 2 * size;
    const cells = [name.padEnd(18), (size / 1e6).toFixed(1).padStart(6), (grown / size).toFixed(2).padStart(15)];
    cells.push(load.toFixed(0).padStart(8), plain.toFixed(0).padStart(7), (load / plain).toFixed(1).padStart(11));
    if (h5py !== undefined) cells.push(h5py.toFixed(0).padStart(7), (load / h5py).toFixed(1).padStart(10));
    console.log(cells.join(""));
  }
  return tooMuch;
}

const [step, name] = process.argv.slice(2);
if (step === "--write") await writeFiles();
else if (step === "--measure") await measure(name);
else if (step === "--plain") plainRead(name);
else {
  try {
    run(process.execPath, script, "--write");
    process.exitCode = compareAll() ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
