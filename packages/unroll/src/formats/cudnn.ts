/**
 * Weights that Keras 1 and 2 saved from CuDNNLSTM and CuDNNGRU, turned into those of LSTM and GRU. The fused layers kept each
 * gate's matrix as the NVIDIA library wants it: `[units, features]` in rows, under the shape `[features, units]`; and two
 * biases. Told by the size of the bias. Source: `_convert_rnn_weights` in keras/saving/hdf5_format.py of Keras 2.
 */
import { sizeOf } from "../core/shape.ts";
import type { StoredWeight } from "./container.ts";
import { toFloat32 } from "./numbers.ts";

type Shape = readonly number[];

/** The weights with every kernel, recurrent kernel and bias of a fused layer converted; `shapes` are those of the model. */
export function fromCudnn(weights: readonly StoredWeight[], shapes: readonly Shape[]): readonly StoredWeight[] {
  if (weights.length !== shapes.length) return weights;
  const converted = [...weights];
  for (let at = 0; at + 2 < shapes.length; at++) {
    const gates = gatesOf(weights.slice(at, at + 3), shapes.slice(at, at + 3));
    if (gates === undefined) continue;
    const [kernel, recurrentKernel, bias] = weights.slice(at, at + 3) as [StoredWeight, StoredWeight, StoredWeight]; // checked by gatesOf
    converted[at] = replaced(kernel, shapes[at]!, (numbers) => transposed(numbers, kernel.shape, gates));
    converted[at + 1] = replaced(recurrentKernel, shapes[at + 1]!, (numbers) =>
      transposed(numbers, recurrentKernel.shape, gates),
    );
    converted[at + 2] = replaced(bias, shapes[at + 2]!, gates === 4 ? summed : (numbers) => numbers);
  }
  return converted;
}

/** How many gates, if these three are a fused layer's: LSTM's bias is `[8 · units]` there, GRU's `[6 · units]` in one row. */
function gatesOf(weights: readonly StoredWeight[], shapes: readonly Shape[]): 3 | 4 | undefined {
  const [kernel, recurrentKernel, bias] = shapes as readonly [Shape, Shape, Shape]; // three of them
  const [units = 0, width = 0] = recurrentKernel;
  const gates = width === 4 * units ? 4 : width === 3 * units ? 3 : undefined;
  if (gates === undefined || recurrentKernel.length !== 2 || kernel.length !== 2 || kernel[1] !== width)
    return undefined;
  const wanted = gates === 4 ? [width] : [2, width];
  const same = (a: Shape, b: Shape): boolean => String(a) === String(b);
  const fits = same(weights[0]!.shape, kernel) && same(weights[1]!.shape, recurrentKernel);
  return fits && same(bias, wanted) && same(weights[2]!.shape, [2 * width]) ? gates : undefined;
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
function summed(biases: Float32Array): Float32Array {
  const half = biases.length / 2;
  return Float32Array.from({ length: half }, (_, i) => biases[i]! + biases[half + i]!);
}
