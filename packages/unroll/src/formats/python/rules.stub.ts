/**
 * Counts and shapes of common layers for the tests of this folder, so that reading code can be tested without the layers.
 * Not part of the library: the real rules are in layers/.
 */
import type { Json, ShapeRules } from "./serialize.ts";
import type { KnownShape } from "./unknown.ts";

type Config = { readonly [key: string]: Json };

const number = (config: Config, key: string, otherwise?: number): number => {
  const value = Array.isArray(config[key]) ? config[key][0] : config[key];
  if (typeof value === "number") return value;
  if (otherwise === undefined) throw new Error(`${key} is missing`);
  return otherwise;
};

const size = (value: number | null | undefined): number => {
  if (typeof value !== "number") throw new Error("a size is not known");
  return value;
};

const pair = (config: Config, key: string, otherwise: number): [number, number] => {
  const value = config[key] ?? otherwise;
  return (Array.isArray(value) ? value : [value, value]) as [number, number];
};

function windows(
  length: number | null | undefined,
  kernel: number,
  stride: number,
  padding: Json | undefined,
): number | null {
  if (typeof length !== "number") return null;
  const count =
    padding === "same" || padding === "causal"
      ? Math.ceil(length / stride)
      : Math.floor((length - kernel) / stride) + 1;
  if (count < 1) throw new Error("the window is longer than the input");
  return count;
}

export const stubRules: ShapeRules = ({ class_name, config }, input) => {
  const several = Array.isArray(input[0]);
  const shapes = (several ? input : [input]) as readonly KnownShape[];
  const shape = shapes[0]!;
  const features = shape.at(-1);
  const flag = (key: string, otherwise: boolean): boolean => (config[key] ?? otherwise) === true;
  switch (class_name) {
    case "Dense": {
      const units = number(config, "units");
      return {
        params: units * (size(features) + (flag("use_bias", true) ? 1 : 0)),
        outputShape: [...shape.slice(0, -1), units],
      };
    }
    case "SimpleRNN":
    case "LSTM":
    case "GRU":
    case "CuDNNLSTM":
    case "CuDNNGRU": {
      const units = number(config, "units");
      if (shape.length !== 3) throw new Error("three axes are needed");
      const gates = class_name === "SimpleRNN" ? 1 : class_name.endsWith("LSTM") ? 4 : 3;
      const biases = !flag("use_bias", true)
        ? 0
        : class_name.startsWith("CuDNN") || (class_name === "GRU" && flag("reset_after", true))
          ? 2
          : 1;
      const params = gates * units * (units + size(features) + biases);
      const output = flag("return_sequences", false) ? [shape[0]!, shape[1]!, units] : [shape[0]!, units];
      const states = flag("return_state", false)
        ? Array.from({ length: class_name.endsWith("LSTM") ? 2 : 1 }, () => [shape[0]!, units])
        : [];
      return { params, outputShape: states.length === 0 ? output : [output, ...states] };
    }
    case "Bidirectional": {
      const inner = stubRules(config.layer as never, shape);
      const outputs = (Array.isArray(inner.outputShape[0]) ? inner.outputShape : [inner.outputShape]) as KnownShape[];
      const merge = config.merge_mode ?? "concat";
      const merged = outputs[0]!.map((axis, i) =>
        i === outputs[0]!.length - 1 && merge === "concat" ? size(axis) * 2 : axis,
      );
      const states = outputs.slice(1);
      return { params: inner.params * 2, outputShape: states.length === 0 ? merged : [merged, ...states, ...states] };
    }
    case "TimeDistributed": {
      const inner = stubRules(config.layer as never, [shape[0]!, ...shape.slice(2)]);
      const output = inner.outputShape as KnownShape;
      return { params: inner.params, outputShape: [shape[0]!, shape[1]!, ...output.slice(1)] };
    }
    case "Embedding": {
      const dim = number(config, "output_dim");
      return { params: number(config, "input_dim") * dim, outputShape: [...shape, dim] };
    }
    case "Conv1D": {
      const filters = number(config, "filters");
      const kernel = number(config, "kernel_size");
      const reach = (kernel - 1) * number(config, "dilation_rate", 1) + 1;
      if (shape.length !== 3) throw new Error("three axes are needed");
      return {
        params: filters * (kernel * size(features) + 1),
        outputShape: [shape[0]!, windows(shape[1], reach, number(config, "strides", 1), config.padding), filters],
      };
    }
    case "Conv2D":
    case "Conv2DTranspose": {
      const filters = number(config, "filters");
      const kernel = pair(config, "kernel_size", 1);
      const strides = pair(config, "strides", 1);
      const axis = (i: 0 | 1): number | null =>
        class_name === "Conv2D"
          ? windows(shape[i + 1], kernel[i], strides[i], config.padding)
          : size(shape[i + 1]) * strides[i];
      return {
        params: filters * (kernel[0] * kernel[1] * size(features) + 1),
        outputShape: [shape[0]!, axis(0), axis(1), filters],
      };
    }
    case "MaxPooling1D":
    case "AveragePooling1D": {
      const pool = number(config, "pool_size", 2);
      return {
        params: 0,
        outputShape: [shape[0]!, windows(shape[1], pool, number(config, "strides", pool), config.padding), shape[2]!],
      };
    }
    case "GlobalMaxPooling1D":
    case "GlobalAveragePooling1D":
      return { params: 0, outputShape: [shape[0]!, shape[2]!] };
    case "BatchNormalization":
      return { params: 4 * size(features), outputShape: shape };
    case "LayerNormalization":
      return { params: 2 * size(features), outputShape: shape };
    case "Flatten":
      return {
        params: 0,
        outputShape: [
          shape[0]!,
          shape
            .slice(1)
            .reduce<number | null>((product, axis) => (product === null || axis === null ? null : product * axis), 1),
        ],
      };
    case "Reshape":
      return { params: 0, outputShape: [shape[0]!, ...(config.target_shape as number[])] };
    case "RepeatVector":
      return { params: 0, outputShape: [shape[0]!, number(config, "n"), shape[1]!] };
    case "Concatenate":
      return {
        params: 0,
        outputShape: [
          ...shape.slice(0, -1),
          shapes.reduce<number | null>(
            (sum, one) => (sum === null || one.at(-1) === null ? null : sum + one.at(-1)!),
            0,
          ),
        ],
      };
    case "Dot":
      return { params: 0, outputShape: [shape[0]!, 1] };
    case "Add":
    case "Subtract":
    case "Multiply":
    case "Average":
    case "Dropout":
    case "SpatialDropout1D":
    case "Activation":
    case "LeakyReLU":
    case "Masking":
    case "ReLU":
      return { params: 0, outputShape: shape };
    default:
      throw new Error(`${class_name} has no rule here`);
  }
};
