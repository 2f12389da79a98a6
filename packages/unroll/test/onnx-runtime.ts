/** Runs ONNX files in ONNX Runtime, when it has been installed by `node bench/install.mjs`. Only for tests. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Numbers } from "./fixture-files.ts";

/** What is used of onnxruntime-node, which is no dependency and has no types here. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: { logSeverityLevel: number }): Promise<Session>;
  };
  readonly Tensor: new (type: string, data: Float32Array | Int32Array, shape: readonly number[]) => RuntimeTensor;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

interface RuntimeTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

const bench = fileURLToPath(new URL("../../../bench/package.json", import.meta.url));

/** Whether ONNX Runtime lies in bench/node_modules. */
export const hasOnnxRuntime = existsSync(new URL("../../../bench/node_modules/onnxruntime-node", import.meta.url));

/** Outputs by name, in the file's order. Inputs in the file's order; int32 where the data is. */
export async function runOnnx(
  bytes: Uint8Array,
  inputs: readonly { readonly shape: readonly number[]; readonly data: Float32Array | Int32Array }[],
): Promise<Map<string, Numbers>> {
  const { InferenceSession, Tensor } = createRequire(bench)("onnxruntime-node") as OnnxRuntime;
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  try {
    const feeds = session.inputNames.map((name, index) => {
      const { shape, data } = inputs[index]!;
      return [name, new Tensor(data instanceof Int32Array ? "int32" : "float32", data, shape)] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    return new Map(
      session.outputNames.map((name) => {
        const { dims, data } = results[name]!;
        return [name, { shape: [...dims], data: Float64Array.from(data) }];
      }),
    );
  } finally {
    await session.release();
  }
}
