/** InputLayer: a place where data comes into a model. `input({ shape })` makes one and returns its symbolic tensor. */
import { UnrollError } from "../core/errors.ts";
import type { Shape, Size } from "../core/shape.ts";
import { defineLayer } from "./contract.ts";
import * as fields from "./fields.ts";
import { Layer } from "./layer.ts";
import { sizesOf } from "./sizes.ts";
import { recordCall, type SymbolicTensor } from "./symbolic.ts";

function checkShape(value: unknown, where: string, option: string): Shape {
  const good = (size: unknown): size is Size =>
    size === null || (typeof size === "number" && Number.isInteger(size) && size > 0 && size <= fields.largestInteger);
  if (Array.isArray(value) && value.every(good)) return value;
  throw fields.badOption(
    where,
    option,
    "a list of sizes, each a positive whole number or null (not known yet)",
    value,
    typeof value === "number" ? `Write [${value}].` : undefined,
  );
}

export const inputLayer = defineLayer({
  className: "InputLayer",
  doc: "A place where data comes into a model.",
  fields: {
    batchShape: fields.requiredAny<Shape>("Shape with the batch first; null = not known yet.", checkShape),
    dtype: fields.choice("Type of the numbers.", ["float32", "int32"], "float32"),
    sparse: fields.ignored<boolean>("Kept for files.", false),
    ragged: fields.ignored<boolean>("Kept for files.", false),
    optional: fields.ignored<boolean>("Kept for files.", false),
  },
  inputCount: { min: 0, max: 1 },
  outputSizes: ({ batchShape }) => [sizesOf(batchShape)],
  passesMask: true,
  compute: ({ inputs }) => ({ outputs: inputs }),
});

export interface InputOptions {
  /** Without the batch axis; null = not known yet. */
  readonly shape?: Shape;
  /** With the batch axis, instead of `shape`. */
  readonly batchShape?: Shape;
  readonly batchSize?: number | null;
  readonly dtype?: "float32" | "int32";
  readonly name?: string;
}

/**
 * A symbolic tensor for data to come.
 *
 * @throws UnrollError `option` when neither or both of shape and batchShape are given.
 * @example input({ shape: [30, 5] }) // 30 timesteps of 5 features, any batch
 */
export function input(options: InputOptions): SymbolicTensor {
  const { shape, batchShape, batchSize = null, dtype = "float32", name, ...rest } = options;
  const where = name ?? "input";
  if ((shape === undefined) === (batchShape === undefined)) {
    throw new UnrollError({
      code: "option",
      path: where,
      expected: "give either shape (without the batch axis) or batchShape (with it)",
      received: `options = ${Object.keys(options).join(", ") || "none"}`,
    });
  }
  const full = batchShape ?? [batchSize, ...checkShape(shape, where, "shape")];
  return inputTensor(createInputLayer({ ...rest, batchShape: full, dtype }, name));
}

/** An input layer by Keras's rule for its name: `input_layer`, `input_layer_1`. */
export function createInputLayer(options: Readonly<Record<string, unknown>>, name?: string): Layer {
  const layer = new Layer(inputLayer, options, { name });
  layer.build([]);
  return layer;
}

/** The symbolic tensor of an input layer. */
export function inputTensor(layer: Layer): SymbolicTensor {
  if (layer.calls.length === 0) {
    const dtype = layer.config.dtype === "int32" ? "int32" : "float32";
    layer.calls.push(recordCall(layer, [], layer.outputShapes([]), { dtype }));
  }
  return layer.calls[0]!.outputs[0]!;
}
