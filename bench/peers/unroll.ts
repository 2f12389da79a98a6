/** Unroll as a user has it: a model from a file, `predict` and `trainOnBatch` with tensors. An argument names another device. */
import { type Device, loadModel, type Model, type Tensor, tensor } from "../library.ts";
import { MachineLimits } from "../machine.ts";
import { training } from "../workloads.ts";
import { readTensor } from "./files.ts";
import { serve, threads } from "./protocol.ts";

const device = process.argv[2] as Device | undefined; // from peers.ts
let model: Model;
let x: Tensor;
let y: Tensor;
let limits: MachineLimits | undefined;

await serve({
  ready: `Unroll${device === undefined ? "" : ` ${device}`}, Node ${process.versions.node}`,
  async load(folder, forTraining) {
    model = await loadModel(`${folder}/model.keras`);
    x = tensorIn(`${folder}/x.npy`);
    y = tensorIn(`${folder}/y.npy`);
    if (forTraining) model.compile({ ...training, device });
  },
  predict() {
    const result = model.predict(x, { batchSize: x.shape[0]!, device, threads });
    return (result as Tensor).data; // the models have one output
  },
  train: () => model.trainOnBatch(x, y, { threads }),
  limits() {
    limits ??= new MachineLimits();
    return limits.measure();
  },
});

function tensorIn(path: string): Tensor {
  const { shape, data } = readTensor(path);
  return tensor(data, shape);
}
