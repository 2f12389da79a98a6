/**
 * Weights that Keras 1 and 2 saved from CuDNNLSTM and CuDNNGRU, turned into those of LSTM and GRU. The fused layers kept each
 * gate's matrix as the NVIDIA library wants it: `[units, features]` in rows, under the shape `[features, units]`; and two
 * biases in one list. Told by the size of the bias. An LSTM may have one bias or two: two are added, one is halved.
 * Source: `_convert_rnn_weights` in keras/saving/hdf5_format.py of Keras 2.
 */
import { sizeOf } from "../core/shape.ts";
import type { StoredWeight } from "./container.ts";
import { toFloat32 } from "./numbers.ts";

type Shape = readonly number[];

/** The weights with every kernel, recurrent kernel and bias of another form converted; `shapes` are those of the model. */
export function fromCudnn(weights: readonly StoredWeight[], shapes: readonly Shape[]): readonly StoredWeight[] {
  if (weights.length !== shapes.length) return weights;
  const converted = [...weights];
  for (let at = 0; at + 2 < shapes.length; at++) {
    const cell = cellOf(weights.slice(at, at + 3), shapes.slice(at, at + 3));
    if (cell === undefined) continue;
    const { gates, isFused, bias } = cell;
    for (const place of isFused ? [at, at + 1] : []) {
      const matrix = weights[place]!;
      converted[place] = replaced(matrix, shapes[place]!, (numbers) => transposed(numbers, matrix.shape, gates));
    }
    converted[at + 2] = replaced(weights[at + 2]!, shapes[at + 2]!, bias);
  }
  return converted;
}

interface CudnnCell {
  readonly gates: 3 | 4;
  /** True where the matrices are as the NVIDIA library has them. */
  readonly isFused: boolean;
  /** From the file's bias to the model's. */
  readonly bias: (numbers: Float32Array) => Float32Array;
}

/** What to do with these three, if they are an LSTM's or GRU's and the file's bias has another form than the model's. */
function cellOf(weights: readonly StoredWeight[], shapes: readonly Shape[]): CudnnCell | undefined {
  const [kernel, recurrentKernel, bias] = shapes as readonly [Shape, Shape, Shape]; // three of them
  const [units = 0, width = 0] = recurrentKernel;
  const gates = width === 4 * units ? 4 : width === 3 * units ? 3 : undefined;
  if (gates === undefined || recurrentKernel.length !== 2 || kernel.length !== 2 || kernel[1] !== width)
    return undefined;
  const same = (a: Shape, b: Shape): boolean => String(a) === String(b);
  if (!same(weights[0]!.shape, kernel) || !same(weights[1]!.shape, recurrentKernel)) return undefined;
  const stored = weights[2]!.shape;
  const [hasOne, hasTwo] = [same(bias, [width]), same(bias, [2, width])];
  const isFused = same(stored, [2 * width]);
  if (hasTwo && isFused) return { gates, isFused, bias: (numbers) => numbers };
  if (gates === 3) return undefined;
  if (hasOne && (isFused || same(stored, [2, width]))) return { gates, isFused, bias: summed };
  return hasTwo && same(stored, [width]) ? { gates, isFused, bias: halved } : undefined;
}

function replaced(weight: StoredWeight, shape: Shape, convert: (numbers: Float32Array) => Float32Array): StoredWeight {
  return { ...weight, shape, dtype: "float32", read: () => convert(toFloat32(weight.read())) };
}

/** Each gate's block, read row by row, is the block's columns one after another. */
function transposed(numbers: Float32Array, [rows = 0, columns = 0]: Shape, gates: number): Float32Array {
  const units = columns / gates;
  const result = new Float32Array(sizeOf([rows, columns]));
  for (let gate = 0; gate < gates; gate++) {
    for (let place = 0; place < rows * units; place++) {
      const [row, unit] = [Math.floor(place / units), place % units];
      const [feature, column] = [place % rows, Math.floor(place / rows)];
      result[feature * columns + gate * units + column] = numbers[row * columns + gate * units + unit]!;
    }
  }
  return result;
}

/** LSTM adds its two biases, so one does for both. */
export function summed(biases: Float32Array): Float32Array {
  const half = biases.length / 2;
  return Float32Array.from({ length: half }, (_, i) => biases[i]! + biases[half + i]!);
}

/** One bias as two whose sum it is. */
function halved(bias: Float32Array): Float32Array {
  return Float32Array.from({ length: 2 * bias.length }, (_, i) => bias[i % bias.length]! / 2);
}
