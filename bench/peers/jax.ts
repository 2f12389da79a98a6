/**
 * jax-js on its WebAssembly device. It has no loop over time, so a model is written out timestep after timestep and compiled as one
 * function; a training step is another one, with the gradients and Adam. Arrays are counted: what is used once more is `.ref`.
 */
import { readFileSync } from "node:fs";
import { loadModel } from "../library.ts";
import { training } from "../workloads.ts";
import { fromBench, readTensor, versionOf } from "./files.ts";
import { serve } from "./protocol.ts";

/** What is used of jax-js, which is not there when types are checked. */
interface Jax {
  init(device: string): Promise<unknown>;
  defaultDevice(device: string): unknown;
  readonly numpy: {
    array(data: Float32Array): JaxArray;
    zeros(shape: readonly number[]): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    tanh(a: JaxArray): JaxArray;
    sqrt(a: JaxArray): JaxArray;
    square(a: JaxArray): JaxArray;
    maximum(a: JaxArray, b: JaxArray): JaxArray;
    concatenate(list: JaxArray[], axis: number): JaxArray;
  };
  readonly nn: { sigmoid(a: JaxArray): JaxArray; relu(a: JaxArray): JaxArray };
  jit<F>(f: F): F;
  valueAndGrad<A extends unknown[]>(
    f: (params: JaxArray[], ...rest: A) => JaxArray,
  ): (params: JaxArray[], ...rest: A) => [JaxArray, JaxArray[]];
}

interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  slice(...index: (number | readonly number[])[]): JaxArray;
  mean(): JaxArray;
  dataSync(): Float32Array;
  dispose(): void;
}

interface LayerConfig {
  readonly class_name: string;
  readonly config: {
    readonly name: string;
    readonly units: number;
    readonly activation: "tanh" | "relu" | "linear";
    readonly return_sequences: boolean;
    readonly reset_after: boolean;
    readonly kernel_size: readonly number[];
    readonly pool_size: readonly number[];
    readonly layer: LayerConfig;
  };
}

const jax = fromBench<Jax>("@jax-js/jax");
const { numpy: np, nn } = jax;
await jax.init("wasm");
jax.defaultDevice("wasm");

const activations = { tanh: np.tanh, relu: nn.relu, linear: (x: JaxArray) => x };
/** `[batch, units]` at every timestep. */
type Sequence = readonly JaxArray[];
type Step = (x: JaxArray, states: JaxArray[]) => JaxArray[];

/** Columns of the `index`th block of gates. */
const block = (z: JaxArray, index: number, units: number): JaxArray =>
  z.ref.slice([], [index * units, (index + 1) * units]);

/** A cell's step, from x and the states to the states; it leaves the arrays as they are. */
function stepOf({ class_name, config }: LayerConfig, [kernel, recurrent, bias]: readonly JaxArray[]): Step {
  const { units, reset_after: resetAfter } = config;
  const act = activations[config.activation];
  if (class_name === "SimpleRNN") {
    return (x, [h]) => [act(np.matmul(x, kernel!.ref).add(np.matmul(h!, recurrent!.ref)).add(bias!.ref))];
  }
  if (class_name === "LSTM") {
    return (x, [h, c]) => {
      const z = np.matmul(x, kernel!.ref).add(np.matmul(h!, recurrent!.ref)).add(bias!.ref);
      const [i, f, o] = [0, 1, 3].map((index) => nn.sigmoid(block(z, index, units))) as [JaxArray, JaxArray, JaxArray]; // three
      const next = f.mul(c!).add(i.mul(act(block(z, 2, units))));
      z.dispose();
      return [o.mul(act(next.ref)), next];
    };
  }
  return (x, [h]) => {
    const inputs = np.matmul(x, kernel!.ref).add(resetAfter ? bias!.ref.slice(0) : bias!.ref);
    const matrix = resetAfter ? recurrent!.ref : recurrent!.ref.slice([], [0, 2 * units]);
    const product = np.matmul(h!.ref, matrix);
    const inner = resetAfter ? product.add(bias!.ref.slice(1)) : product;
    const gate = (index: number) => nn.sigmoid(block(inputs, index, units).add(block(inner, index, units)));
    const [z, r] = [gate(0), gate(1)];
    const own = resetAfter
      ? r.mul(block(inner, 2, units))
      : np.matmul(r.mul(h!.ref), recurrent!.ref.slice([], [2 * units, 3 * units]));
    const candidate = act(block(inputs, 2, units).add(own));
    inputs.dispose();
    inner.dispose();
    return [z.ref.mul(h!).add(candidate.ref).sub(z.mul(candidate))];
  };
}

function runCell(layer: LayerConfig, arrays: readonly JaxArray[], xs: Sequence, batch: number): Sequence {
  const step = stepOf(layer, arrays);
  const count = layer.class_name === "LSTM" ? 2 : 1;
  let states = Array.from({ length: count }, () => np.zeros([batch, layer.config.units]));
  const outputs = xs.map((x, t) => {
    states = step(x, states);
    return layer.config.return_sequences || t === xs.length - 1 ? states[0]!.ref : undefined;
  });
  for (const state of states) state.dispose();
  return outputs.filter((output) => output !== undefined);
}

function runLayer(layer: LayerConfig, arrays: readonly JaxArray[], xs: Sequence, batch: number): Sequence {
  const { class_name: className, config } = layer;
  switch (className) {
    case "Dropout": // of rate 0
      return xs;
    case "Dense":
      return xs.map((x) => activations[config.activation](np.matmul(x, arrays[0]!.ref).add(arrays[1]!.ref)));
    case "Conv1D": {
      const [size] = config.kernel_size as [number];
      const outputs = Array.from({ length: xs.length - size + 1 }, (_, t) => {
        const products = Array.from({ length: size }, (_, k) => np.matmul(xs[t + k]!.ref, arrays[0]!.ref.slice(k)));
        return activations[config.activation](products.reduce((sum, each) => sum.add(each)).add(arrays[1]!.ref));
      });
      for (const x of xs) x.dispose();
      return outputs;
    }
    case "MaxPooling1D": {
      const [size] = config.pool_size as [number];
      const outputs = Array.from({ length: Math.floor(xs.length / size) }, (_, t) =>
        xs
          .slice(t * size, (t + 1) * size)
          .map((x) => x.ref)
          .reduce(np.maximum),
      );
      for (const x of xs) x.dispose();
      return outputs;
    }
    case "Bidirectional": {
      const half = arrays.length / 2;
      const forwards = runCell(
        config.layer,
        arrays.slice(0, half),
        xs.map((x) => x.ref),
        batch,
      );
      const backwards = runCell(config.layer, arrays.slice(half), [...xs].reverse(), batch);
      return forwards.map((output, t) => np.concatenate([output, backwards[backwards.length - 1 - t]!], 1));
    }
    case "SimpleRNN":
    case "LSTM":
    case "GRU":
      return runCell(layer, arrays, xs, batch);
    default:
      throw new Error(`not written for jax-js: ${className}`);
  }
}

interface Loaded {
  readonly x: JaxArray;
  readonly y: JaxArray;
  params: JaxArray[];
  /** Adam's moments, and how many steps there were. */
  moments: JaxArray[][];
  steps: number;
  readonly predict: (params: JaxArray[], x: JaxArray) => JaxArray;
  readonly step: (
    params: JaxArray[],
    first: JaxArray[],
    second: JaxArray[],
    factors: JaxArray,
    x: JaxArray,
    y: JaxArray,
  ) => JaxArray[][];
}

const { learning_rate: learningRate, epsilon } = training.optimizer.config;
let loaded: Loaded | undefined;

const shared = (list: readonly JaxArray[]): JaxArray[] => list.map((each) => each.ref);
const arrayOf = ({ shape, data }: { shape: readonly number[]; data: Float32Array }): JaxArray =>
  np.array(data).reshape(shape);

async function load(folder: string): Promise<Loaded> {
  const model = await loadModel(`${folder}/model.keras`);
  const { config } = JSON.parse(readFileSync(`${folder}/model.json`, "utf8")) as { config: { layers: LayerConfig[] } };
  const listed = config.layers.filter(({ class_name }) => class_name !== "InputLayer");
  const counts = listed.map(({ config: { name } }) => model.layers.find((layer) => layer.name === name)!.arrays.length);
  const x = readTensor(`${folder}/x.npy`);
  const [batch, timesteps] = x.shape as [number, number];
  const forward = (params: JaxArray[], given: JaxArray): JaxArray => {
    let xs: Sequence = Array.from({ length: timesteps }, (_, t) => given.ref.slice([], t));
    given.dispose();
    let start = 0;
    for (const [i, layer] of listed.entries()) {
      xs = runLayer(layer, params.slice(start, start + counts[i]!), xs, batch);
      start += counts[i]!;
    }
    for (const param of params) param.dispose();
    return xs[0]!;
  };
  const differentiated = jax.valueAndGrad((params, given: JaxArray, y: JaxArray) =>
    np.square(forward(params, given).sub(y)).mean(),
  );
  const step: Loaded["step"] = (params, first, second, factors, given, y) => {
    const [loss, gradients] = differentiated(shared(params), given, y);
    loss.dispose();
    const nextFirst = gradients.map((g, i) => first[i]!.mul(0.9).add(g.ref.mul(0.1)));
    const nextSecond = gradients.map((g, i) => second[i]!.mul(0.999).add(np.square(g).mul(0.001)));
    // factors: what corrects the first moment, and the second.
    const next = params.map((param, i) => {
      const size = np.sqrt(nextSecond[i]!.ref.mul(factors.ref.slice(1))).add(epsilon);
      return param.sub(nextFirst[i]!.ref.mul(factors.ref.slice(0)).div(size).mul(learningRate));
    });
    factors.dispose();
    return [next, nextFirst, nextSecond];
  };
  const weights = model.getWeights() as { shape: number[]; data: Float32Array }[]; // weights are float32
  const zeros = () => weights.map(({ shape }) => np.zeros(shape));
  return {
    x: arrayOf(x),
    y: arrayOf(readTensor(`${folder}/y.npy`)),
    params: weights.map(arrayOf),
    moments: [zeros(), zeros()],
    steps: 0,
    predict: jax.jit(forward),
    step: jax.jit(step),
  };
}

await serve({
  ready: `jax-js ${versionOf("@jax-js/jax")}, wasm`,
  async load(folder) {
    loaded = await load(folder);
  },
  predict() {
    const { predict, params, x } = loaded!;
    return predict(shared(params), x.ref).dataSync();
  },
  train() {
    const { step, params, moments, x, y } = loaded!;
    loaded!.steps += 1;
    const factors = [0.9, 0.999].map((beta) => 1 / (1 - beta ** loaded!.steps));
    const [next, first, second] = step(
      params,
      moments[0]!,
      moments[1]!,
      np.array(Float32Array.from(factors)),
      x.ref,
      y.ref,
    );
    loaded!.params = next!;
    loaded!.moments = [first!, second!];
    // What is not read is not computed yet.
    next!.at(-1)!.ref.dataSync();
  },
});
