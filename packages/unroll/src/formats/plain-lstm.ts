/**
 * An LSTM whose recurrent product has a bias of its own, as Keras takes it: there LSTM has one bias, and the sum of the two
 * computes the same. What files for Keras are written from; everything else keeps the two.
 */
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { familyOf } from "../layers/family.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../model/model.ts";
import { summed } from "./cudnn.ts";
import { isObject } from "./json.ts";

const option = "recurrent_bias";
const classes: ReadonlySet<unknown> = new Set(["LSTM", "LSTMCell"]);

/** The biases of two rows that Keras's LSTM has no place for, of a layer or model and of all inside. */
export function doubleBiases(layer: Layer): ReadonlySet<Variable> {
  const arrays = familyOf(layer)
    .filter(isDouble)
    .flatMap(({ ownArrays }) => ownArrays);
  return new Set(arrays.filter(({ spec }) => spec.name === "bias").map(({ variable }) => variable));
}

function isDouble({ className, config }: Layer): boolean {
  return classes.has(className) && (config as Readonly<Record<string, unknown>>).recurrentBias === true;
}

/** A layer's weights in `get_weights()` order as Keras's classes have them. */
export function kerasWeights(layer: Layer): Tensor[] {
  const double = doubleBiases(layer);
  if (double.size === 0) return layer.getWeights();
  const weights = layer.getWeights();
  return layer.variables.map((variable, at) =>
    double.has(variable) ? { shape: variable.shape.slice(1), data: summed(variable.data) } : weights[at]!,
  );
}

/** How many parameters are left of a model where files for Keras hold the sum of two biases. */
export function kerasParams(model: Model): number {
  const second = [...doubleBiases(model)].map(({ shape }) => sizeOf(shape) / 2);
  return second.reduce((params, count) => params - count, model.countParams());
}

/** A config without the option that Keras's LSTM does not have. */
export function withoutRecurrentBias<T>(config: T): T {
  return without(config) as T; // only that key is gone
}

function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, entry]) => [key, without(entry)] as const);
  const copy: Record<string, unknown> = Object.fromEntries(entries);
  const { class_name: className, config } = copy;
  if (!classes.has(className) || !isObject(config)) return copy;
  const { [option]: _, ...others } = config as Readonly<Record<string, unknown>>;
  return { ...copy, config: others };
}
