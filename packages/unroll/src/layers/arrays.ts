/**
 * A layer's arrays: from formulas to variables that take memory only when their numbers are needed, and the checks of
 * `setWeights`.
 */
import { UnrollError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";
import type { WeightSpec } from "./contract.ts";
import { initialize } from "./initializers.ts";
import { shapeOf } from "./sizes.ts";

/** An array with the facts it was made from. */
export interface LayerArray {
  readonly spec: WeightSpec;
  readonly variable: Variable;
}

/** Arrays above this many bytes are refused before memory is taken. */
const largestArray = 2 ** 31;

/** Makes the variable of an array; its first numbers are drawn when somebody reads them. */
export function makeArray(spec: WeightSpec, layerName: string, random: Random, trainable: boolean): LayerArray {
  const shape = knownShape(spec, layerName);
  const variable = new Variable(
    spec.name,
    shape,
    () => {
      refuseHuge(shape, `${layerName}/${spec.name}`);
      const data = initialize(spec.initializer, shape, random, `${layerName}/${spec.name}`);
      fillOnes(data, spec, shape);
      return data;
    },
    trainable && spec.trainable !== false,
  );
  return { spec, variable };
}

/** The array's shape; the layer must have been given every size it needs. */
function knownShape(spec: WeightSpec, layerName: string): number[] {
  return shapeOf(spec.shape).map((size) => {
    if (size === null) {
      throw new UnrollError({
        code: "shape",
        path: layerName,
        expected: `the sizes of ${spec.name} must be known when the layer is built`,
        received: `${spec.name} = ${formatShape(shapeOf(spec.shape))}`,
        hint: "Give the input's last axis a number.",
      });
    }
    return size;
  });
}

/** @throws UnrollError `memory` for an array that no computer at hand could hold. */
export function refuseHuge(shape: readonly number[], path: string): void {
  const bytes = sizeOf(shape) * 4;
  if (bytes <= largestArray) return;
  throw new UnrollError({
    code: "memory",
    path,
    expected: `an array may take up to ${largestArray / 2 ** 30} GiB`,
    received: `shape = ${formatShape(shape)}, ${(bytes / 2 ** 30).toLocaleString("en-US", { maximumFractionDigits: 1 })} GiB`,
    hint: "Counts and shapes work without it; its numbers need a smaller layer.",
  });
}

function fillOnes(data: Float32Array, spec: WeightSpec, shape: readonly number[]): void {
  if (spec.onesInBlock === undefined || spec.blocks === undefined) return;
  const columns = shape.at(-1)!;
  const width = columns / spec.blocks.length;
  const first = spec.blocks.indexOf(spec.onesInBlock) * width;
  // Of two rows of bias, which are added, one has them, as in Keras 2's CuDNNLSTM.
  const lastRow = data.length - columns;
  data.fill(1, lastRow + first, lastRow + first + width);
}

/**
 * Checks that `weights` fit `arrays`, one by one.
 *
 * @throws UnrollError `weights` with the likely mistake.
 */
export function checkWeights(arrays: readonly LayerArray[], weights: readonly Tensor[], layerName: string): void {
  const expectedList = arrays.map(({ variable }) => `${variable.name} ${formatShape(variable.shape)}`).join(", ");
  if (weights.length !== arrays.length) {
    throw new UnrollError({
      code: "weights",
      path: layerName,
      expected: `needs ${arrays.length} arrays: ${expectedList || "none"}`,
      received: `${weights.length} arrays: ${weights.map(({ shape }) => formatShape(shape)).join(", ") || "none"}`,
      hint:
        weights.length === arrays.length - 1 && arrays.some(({ variable }) => variable.name === "bias")
          ? "Was it saved with useBias: false? Build it so, or give the bias as well."
          : "Give them in the order of getWeights().",
    });
  }
  for (const [index, { spec, variable }] of arrays.entries()) {
    const { shape } = weights[index]!;
    if (sameShape(shape, variable.shape)) continue;
    throw new UnrollError({
      code: "weights",
      path: layerName,
      expected: `${variable.name} (array ${index + 1} of ${arrays.length}) must have shape ${formatShape(variable.shape)}`,
      received: `shape = ${formatShape(shape)}`,
      hint: likelyMistake(spec, variable, shape, arrays, index),
    });
  }
}

function likelyMistake(
  spec: WeightSpec,
  variable: Variable,
  shape: readonly number[],
  arrays: readonly LayerArray[],
  index: number,
): string | undefined {
  const other = spec.otherForms?.find((form) => sameShape(shapeOf(form.shape), shape));
  if (other !== undefined) return other.hint;
  const transposed = [...variable.shape].reverse();
  if (shape.length > 1 && sameShape(shape, transposed))
    return "It looks transposed (PyTorch stores it so): transpose it.";
  const elsewhere = arrays.findIndex((array, i) => i !== index && sameShape(array.variable.shape, shape));
  if (elsewhere !== -1) return `That is the shape of ${arrays[elsewhere]!.variable.name}: check the order of the list.`;
  return "Build the layer with the sizes that the weights were saved with.";
}
