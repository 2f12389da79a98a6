/** TensorFlow.js's layers models; the backend, wasm or cpu, is the first argument. */
import { readFileSync } from "node:fs";
import { training } from "../workloads.ts";
import { fromBench, pathInBench, readTensor, versionOf } from "./files.ts";
import { serve } from "./protocol.ts";

/** What is used of TensorFlow.js, which has no types here. */
interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  getBackend(): string;
  tensor(data: Float32Array, shape: readonly number[]): TfTensor;
  loadLayersModel(handler: object): Promise<TfModel>;
  readonly io: { fromMemory(artifacts: object): object };
  readonly train: { adam(learningRate: number, beta1: number, beta2: number, epsilon: number): object };
}

interface TfTensor {
  dataSync(): Float32Array;
  dispose(): void;
}

interface TfModel {
  predict(x: TfTensor, options: object): TfTensor;
  compile(options: object): void;
  trainOnBatch(x: TfTensor, y: TfTensor): Promise<unknown>;
  dispose(): void;
}

const backend = process.argv[2] ?? "wasm";
const tf = fromBench<TensorFlow>("@tensorflow/tfjs");
if (backend === "wasm") {
  const wasm = fromBench<{ setWasmPaths(path: string): void; setThreadsCount(count: number): void }>(
    "@tensorflow/tfjs-backend-wasm",
  );
  wasm.setWasmPaths(pathInBench("node_modules/@tensorflow/tfjs-backend-wasm/dist/"));
  wasm.setThreadsCount(1);
}
if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here`);

const { learning_rate, epsilon } = training.optimizer.config;
let model: TfModel | undefined;
let x: ReturnType<typeof readTensor>;
let y: ReturnType<typeof readTensor>;

await serve({
  ready: `TensorFlow.js ${versionOf("@tensorflow/tfjs")}, ${tf.getBackend()}`,
  async load(folder, forTraining) {
    model?.dispose();
    model = await tf.loadLayersModel(tf.io.fromMemory(artifactsIn(`${folder}/tfjs`)));
    x = readTensor(`${folder}/x.npy`);
    y = readTensor(`${folder}/y.npy`);
    if (forTraining)
      model.compile({ optimizer: tf.train.adam(learning_rate, 0.9, 0.999, epsilon), loss: "meanSquaredError" });
  },
  predict() {
    const given = tf.tensor(x.data, x.shape);
    const result = model!.predict(given, { batchSize: x.shape[0] });
    const numbers = result.dataSync();
    given.dispose();
    result.dispose();
    return numbers;
  },
  async train() {
    const given = [tf.tensor(x.data, x.shape), tf.tensor(y.data, y.shape)] as const;
    await model!.trainOnBatch(...given);
    for (const tensor of given) tensor.dispose();
  },
});

/** The files of a layers model, as TensorFlow.js takes them from memory. */
function artifactsIn(folder: string): object {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(`${folder}/model.json`, "utf8"));
  const manifest = weightsManifest as readonly { paths: string[]; weights: object[] }[];
  const shards = manifest.flatMap(({ paths }) => paths.map((path) => readFileSync(`${folder}/${path}`)));
  return {
    modelTopology,
    weightSpecs: manifest.flatMap(({ weights }) => weights),
    weightData: Uint8Array.from(Buffer.concat(shards)).buffer,
  };
}
