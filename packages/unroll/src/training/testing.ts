/** Small models and data for the tests of this folder. */
import { Random } from "../core/random.ts";
import { type Tensor, tensor } from "../core/tensor.ts";
import { input, layers } from "../layers/index.ts";
import { type Sequential, sequential } from "../model/sequential.ts";
import { type CompileOptions, compileModel } from "./compile.ts";

/** Numbers in [-1, 1), the same ones each time. */
export function numbers(shape: readonly number[], seed = 1): Tensor {
  const random = new Random(seed);
  const size = shape.reduce((product, n) => product * n, 1);
  return tensor(
    Float32Array.from({ length: size }, () => random.uniform(-1, 1)),
    shape,
  );
}

/** GRU(3) and Dense(1) on sequences of 4 timesteps with 2 features. */
export function smallModel(options: CompileOptions = {}, { dropout = 0, seed = 5 } = {}): Sequential {
  const net = sequential({
    seed,
    layers: [input({ shape: [4, 2] }), layers.gru({ units: 3, dropout }), layers.dense({ units: 1 })],
  });
  compileModel(net, { optimizer: "adam", loss: "mse", ...options });
  return net;
}

export const smallX: Tensor = numbers([10, 4, 2], 2);
export const smallY: Tensor = numbers([10, 1], 3);
export const quiet = (): void => {};
