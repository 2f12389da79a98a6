/**
 * Measures Unroll beside other systems, and what it costs to start and to ship.
 *
 *   npm run bench -- predict [--only W1,W2] [--rounds 15] [--threads 1] [--json FILE]
 *                            [--peers unroll,plain,native,onnx,tfjs,tfjs-cpu,brain,jax,torch,keras]
 *   npm run bench -- train   (the same options)
 *   npm run bench -- threads [--threads 2] [--rounds 40] [--only W2,B64] [--work predict,train]
 *   npm run bench -- scale   [--rounds 20]
 *   npm run bench -- long    [--rounds 3] [--only L1,L2]
 *   npm run bench -- startup [--parts] | size [--modules light] [--parts light] | files
 *   npm run bench -- kernels | functions [--plain]
 *
 * Peers from npm are installed into bench/node_modules on first use; PyTorch and Keras are compared with when the Python of
 * UNROLL_BENCH_PYTHON, or python3, has them.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

const [command, ...rest] = process.argv.slice(2);
const bench = join(root, "bench");
const node = (...args) => process.exit(spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1);

const commands = {
  predict: compare,
  train: compare,
  startup: async () => {
    await setUp();
    node(join(bench, "startup.mjs"), ...rest);
  },
  size: async () => {
    await setUp();
    node(join(bench, "size.mjs"), ...rest);
  },
  files: async () => {
    await setUp();
    node(join(bench, "files.mjs"), ...rest);
  },
  kernels: runOne,
  functions: runOne,
  threads: runOne,
  scale: runOne,
  long: runOne,
};

async function compare() {
  await setUp({ build: false });
  const { installPeers } = await import("../bench/install.mjs");
  try {
    installPeers();
  } catch (error) {
    console.error(`${error.message}; comparing with what is there.`);
  }
  const { bundle, bundles } = await import("../bench/bundle.mjs");
  const [file] = await bundle([
    "comparison",
    "peers/unroll",
    "peers/onnxruntime",
    "peers/tfjs",
    "peers/jax",
    "peers/brain",
  ]);
  node("--experimental-wasm-relaxed-simd", file, command, bench, bundles, ...rest);
}

async function runOne() {
  await setUp({ build: false });
  node(join(bench, "run.mjs"), command, ...rest);
}

if (!Object.hasOwn(commands, command ?? "")) {
  console.error(`Usage: npm run bench -- ${Object.keys(commands).join(" | ")}. Received: ${command ?? "nothing"}.`);
  process.exit(2);
}
await commands[command]();
