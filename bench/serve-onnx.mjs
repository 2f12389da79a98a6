/**
 * onnxruntime-node behind Unroll's own server, so that a load test compares engines and nothing else:
 * `node bench/serve-onnx.mjs MODEL.onnx TIMESTEPS FEATURES`. Prints {"url"} when it listens; SIGTERM stops it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { startService } from "../packages/unroll/dist/serve.js";

const [file, timesteps, features] = process.argv.slice(2);
// A copy that lies elsewhere can be named: it is 700 MB with its neighbours.
const from = createRequire(process.env.UNROLL_BENCH_PACKAGES ?? import.meta.url);
const { InferenceSession, Tensor } = from("onnxruntime-node");

async function load(path) {
  const session = await InferenceSession.create(readFileSync(path), {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const [input, output] = [session.inputNames[0], session.outputNames[0]];
  const run = async ([{ shape, data }]) => {
    const results = await session.run({ [input]: new Tensor("float32", data, shape) });
    return [{ shape: [...results[output].dims], data: results[output].data }];
  };
  const signature = {
    inputs: [{ name: input, shape: [null, Number(timesteps), Number(features)] }],
    outputs: [{ name: output, shape: [null, 1] }],
    noStreams: "this engine keeps no state",
  };
  return { signature, run, step: async () => ({ outputs: [], state: [] }), close: () => session.release() };
}

const service = await startService({ models: [`load=${file}`], port: 0, load, logLevel: "error" });
console.log(JSON.stringify({ url: service.url }));
process.once("SIGTERM", () => service.stop());
