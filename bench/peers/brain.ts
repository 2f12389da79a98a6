/**
 * brain.js. Of its recurrent cells only the GRU has Keras's equations (with the reset gate before the product): its LSTM takes the
 * output for the cell state, its simple cell has relu only. It runs one example at a time and has as many outputs as inputs (those
 * too many have zeros for weights). It learns nothing but to foretell a sequence's own next row: it takes part in predictions only.
 */
import { readFileSync } from "node:fs";
import { loadModel } from "../library.ts";
import { fromBench, readTensor, versionOf } from "./files.ts";
import { serve } from "./protocol.ts";

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly weights: Float32Array;
}

interface Network {
  readonly model: {
    readonly hiddenLayers: readonly Readonly<Record<string, Matrix>>[];
    readonly outputConnector: Matrix;
    readonly output: Matrix;
  };
  initialize(): void;
  bindEquation(): void;
  run(sequence: readonly Float32Array[]): Float32Array | number;
}

/** What is used of brain.js, which is not there when types are checked. */
interface Brain {
  readonly recurrent: { GRUTimeStep: new (options: object) => Network };
}

const brain = fromBench<Brain>("brain.js");
let net: Network;
let outputs: number;
let examples: readonly (readonly Float32Array[])[];

/** Columns from `first` on of a Keras array `[rows, columns]` (a bias has one row), as brain.js has them: `[columns, rows]`. */
function fill(
  target: Matrix,
  { shape, data }: { shape: readonly number[]; data: ArrayLike<number> },
  first: number,
): void {
  const columns = shape.at(-1)!;
  for (let row = 0; row < target.rows; row++) {
    for (let column = 0; column < target.columns; column++) {
      target.weights[row * target.columns + column] = data[column * columns + first + row]!;
    }
  }
}

async function load(folder: string): Promise<void> {
  const { config } = JSON.parse(readFileSync(`${folder}/model.json`, "utf8")) as {
    config: { layers: { class_name: string }[] };
  };
  const names = config.layers.map(({ class_name }) => class_name).filter((name) => name !== "InputLayer");
  if (names.join() !== "GRU,Dense") throw new Error(`brain.js has no equal of ${names.join(", ")}`);
  const [kernel, recurrent, bias, dense, denseBias] = (await loadModel(`${folder}/model.keras`)).getWeights() as [
    ...{ shape: readonly number[]; data: Float32Array }[],
  ]; // of the two layers just seen
  const units = recurrent!.shape[0]!;
  const features = kernel!.shape[0]!;
  outputs = dense!.shape[1]!;
  net = new brain.recurrent.GRUTimeStep({ inputSize: features, hiddenLayers: [units], outputSize: features });
  net.initialize();
  net.bindEquation();
  const [hidden] = net.model.hiddenLayers;
  for (const [index, gate] of ["updateGate", "resetGate", "cellWrite"].entries()) {
    fill(hidden![`${gate}InputMatrix`]!, kernel!, index * units);
    fill(hidden![`${gate}HiddenMatrix`]!, recurrent!, index * units);
    fill(hidden![`${gate}Bias`]!, bias!, index * units);
  }
  for (const matrix of [net.model.outputConnector, net.model.output]) matrix.weights.fill(0);
  fill({ ...net.model.outputConnector, rows: outputs }, dense!, 0);
  fill({ ...net.model.output, rows: outputs }, denseBias!, 0);
  const { shape, data } = readTensor(`${folder}/x.npy`);
  const [batch, timesteps] = shape as [number, number, number];
  examples = Array.from({ length: batch }, (_, b) =>
    Array.from({ length: timesteps }, (_, t) =>
      data.slice((b * timesteps + t) * features, (b * timesteps + t + 1) * features),
    ),
  );
}

await serve({
  ready: `brain.js ${versionOf("brain.js")}`,
  load,
  predict: () =>
    examples.flatMap((example) => {
      const output = net.run(example);
      return typeof output === "number" ? [output] : Array.from(output.subarray(0, outputs));
    }),
  train: () => {
    throw new Error("brain.js trains sequences to foretell themselves");
  },
});
