/**
 * Which numbers a summary names the calls of a layer by, where its model is only a part of what the layer was called for: a
 * decoder used alone is called a second time. Keras counts every call; a model that is read knows its own.
 */
import type { Layer } from "../layers/layer.ts";

const numbers = new WeakMap<Layer, readonly number[]>();

/** Names the layer's calls, in order, by these numbers. */
export function numberCalls(layer: Layer, given: readonly number[]): void {
  numbers.set(layer, given);
}

/** The number of a layer's call: its place, where nothing else was said. */
export function callNumber(layer: object, callIndex: number): number {
  return numbers.get(layer as Layer)?.[callIndex] ?? callIndex; // an operation on masks has none
}
