/** ONNX Runtime for Node. It does not train. */
import { readFileSync } from "node:fs";
import { fromBench, readTensor, versionOf } from "./files.ts";
import { serve, threads } from "./protocol.ts";

/** What is used of onnxruntime-node, which has no types here. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: object): Promise<Session>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => OnnxTensor;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

interface OnnxTensor {
  readonly data: Float32Array;
}

const { InferenceSession, Tensor } = fromBench<OnnxRuntime>("onnxruntime-node");
let session: Session | undefined;
let x: ReturnType<typeof readTensor>;

await serve({
  ready: `onnxruntime-node ${versionOf("onnxruntime-node")}`,
  async load(folder, training) {
    if (training) throw new Error("does not train");
    await session?.release();
    session = await InferenceSession.create(readFileSync(`${folder}/model.onnx`), {
      logSeverityLevel: 3,
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
    });
    x = readTensor(`${folder}/x.npy`);
  },
  async predict() {
    const { inputNames, outputNames, run } = session!;
    const results = await run.call(session, { [inputNames[0]!]: new Tensor("float32", x.data, x.shape) });
    return results[outputNames[0]!]!.data;
  },
  train() {
    throw new Error("does not train");
  },
});
