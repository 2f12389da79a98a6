/**
 * Weights that Keras 1 and 2 saved from CuDNNLSTM and CuDNNGRU, turned into those of LSTM and GRU. The fused layers kept each
 * gate's matrix as the NVIDIA library wants it: `[units, features]` in rows, under the shape `[features, units]`; and two
 * biases in one list. Told by the size of the bias. An LSTM may have one bias or two: two are added, one is halved.
 * Source: `_convert_rnn_weights` in keras/saving/hdf5_format.py of Keras 2.
 */
import { sizeOf } from "../core/shape.ts";
import type { LayerArray } from "../layers/arrays.ts";
import { familyOf } from "../layers/family.ts";
import type { Layer } from "../layers/layer.ts";
import type { StoredWeight } from "./container.ts";
import { toFloat32 } from "./numbers.ts";

type Shape = readonly number[];

/** One of a layer's arrays: its place among the weights, its shape in the model, and what the file has of it. */
interface Part {
  readonly at: number;
  readonly shape: Shape;
  readonly stored: StoredWeight;
}

/** By their gates, the layers that were fused too. A cell of one's own has no other form, whatever its shapes. */
const gatesOf: ReadonlyMap<string, 3 | 4> = new Map([
  ["LSTM", 4],
  ["LSTMCell", 4],
  ["GRU", 3],
  ["GRUCell", 3],
]);

/** A layer's weights with those of another form converted; `arrays` are the layer's, in the same order. */
export function fromCudnn(
  weights: readonly StoredWeight[],
  arrays: readonly LayerArray[],
  layer: Layer,
): readonly StoredWeight[] {
  if (weights.length !== arrays.length) return weights;
  const places = new Map(arrays.map(({ variable }, at) => [variable, at]));
  const converted = [...weights];
  for (const { className, ownArrays } of familyOf(layer)) {
    const gates = gatesOf.get(className);
    if (gates === undefined || ownArrays.length !== 3) continue;
    const parts = ownArrays.map(({ variable }): Part => {
      const at = places.get(variable)!; // an array of this layer
      return { at, shape: variable.shape, stored: weights[at]! };
    });
    const [kernel, recurrentKernel, bias] = parts as [Part, Part, Part]; // counted above
    const conversion = conversionOf(gates, kernel, recurrentKernel, bias);
    if (conversion === undefined) continue;
    for (const { at, shape, stored } of conversion.isFused ? [kernel, recurrentKernel] : []) {
      converted[at] = replaced(stored, shape, (numbers) => transposed(numbers, stored.shape, gates));
    }
    converted[bias.at] = replaced(bias.stored, bias.shape, conversion.bias);
  }
  return converted;
}

interface Conversion {
  /** True where the matrices are as the NVIDIA library has them. */
  readonly isFused: boolean;
  /** From the file's bias to the model's. */
  readonly bias: (numbers: Float32Array) => Float32Array;
}

/** What to do with these three, if the file's bias has another form than the model's. */
function conversionOf(gates: 3 | 4, kernel: Part, recurrentKernel: Part, bias: Part): Conversion | undefined {
  const same = (a: Shape, b: Shape): boolean => String(a) === String(b);
  if (![kernel, recurrentKernel].every(({ shape, stored }) => same(shape, stored.shape))) return undefined;
  const width = kernel.shape[1]!; // [features, gates · units]
  const [hasOne, hasTwo] = [same(bias.shape, [width]), same(bias.shape, [2, width])];
  const stored = bias.stored.shape;
  const isFused = same(stored, [2 * width]);
  if (hasTwo && isFused) return { isFused, bias: (numbers) => numbers };
  if (gates === 3) return undefined;
  if (hasOne && (isFused || same(stored, [2, width]))) return { isFused, bias: summed };
  return hasTwo && same(stored, [width]) ? { isFused, bias: halved } : undefined;
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
