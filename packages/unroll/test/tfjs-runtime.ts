/** Runs layers models in TensorFlow.js itself, when it has been installed by `node bench/install.mjs`. Only for tests. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Numbers } from "./fixture-files.ts";

/** What is used of @tensorflow/tfjs, which is no dependency and has no types here. */
interface Tensorflow {
  loadLayersModel(handler: { load(): Promise<unknown> }): Promise<LayersModel>;
  tensor(data: ArrayLike<number>, shape: readonly number[], type: string): TfTensor;
  setBackend(name: string): Promise<boolean>;
  env(): { set(flag: string, value: boolean): void };
  disposeVariables(): void;
}

interface LayersModel {
  readonly inputs: readonly { readonly name: string }[];
  predict(inputs: TfTensor | readonly TfTensor[], options: { batchSize: number }): TfTensor | readonly TfTensor[];
  dispose(): void;
}

interface TfTensor {
  readonly shape: readonly number[];
  dataSync(): Float32Array;
}

const bench = fileURLToPath(new URL("../../../bench/package.json", import.meta.url));

/** Whether TensorFlow.js lies in bench/node_modules. */
export const hasTensorflow = existsSync(new URL("../../../bench/node_modules/@tensorflow/tfjs", import.meta.url));

/** The outputs of the files that `writeTfjs` gives. */
export async function runTfjs(
  files: Readonly<Record<string, Uint8Array>>,
  inputs: readonly { readonly shape: readonly number[]; readonly data: ArrayLike<number> }[],
): Promise<readonly Numbers[]> {
  const tf = createRequire(bench)("@tensorflow/tfjs") as Tensorflow;
  await tf.setBackend("cpu");
  const json = JSON.parse(new TextDecoder().decode(files["model.json"])) as {
    modelTopology: unknown;
    weightsManifest: { paths: string[]; weights: unknown[] }[];
  };
  const shards = json.weightsManifest.flatMap(({ paths }) => paths.map((path) => files[path]!));
  const model = await tf.loadLayersModel({
    load: async () => ({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
      weightData: await new Blob(shards as BlobPart[]).arrayBuffer(), // bytes of no shared memory
    }),
  });
  try {
    const given = inputs.map(({ shape, data }) => tf.tensor(data, shape, "float32"));
    const found = model.predict(given.length === 1 ? given[0]! : given, { batchSize: inputs[0]!.shape[0]! });
    const list = Array.isArray(found) ? (found as readonly TfTensor[]) : [found as TfTensor];
    return list.map((tensor) => ({ shape: tensor.shape, data: Float64Array.from(tensor.dataSync()) }));
  } finally {
    model.dispose();
  }
}
