/**
 * Classes of the code's own that extend a layer of Keras's. One that only chooses options (no body, an `__init__` that calls
 * the layer's) is that layer under another name; one that overrides what the layer does, or may do so by a base that is not
 * known, is code, which is not run.
 */
import { makeLayer } from "./keras-build.ts";
import { KerasLayer } from "./keras-graph.ts";
import { layerSignature } from "./keras-layers.ts";
import type { KerasBuilder } from "./machine.ts";
import type { CallArguments, PyClass, PyInstance, Value } from "./values.ts";

/** Methods by which Keras makes, calls and shapes a layer: a class that has one of its own may do something else. */
const WORKING_METHODS = [
  "call",
  "__call__",
  "build",
  "add_weight",
  "step",
  "inner_loop",
  "get_initial_state",
  "compute_mask",
  "compute_output_shape",
  "compute_output_spec",
  "convolution_op",
  "preprocess_input",
  "_compute_attention",
  "_get_noise_shape",
];

/** Makes the layer of Keras's that an instance is, with the arguments that its `__init__` hands on. */
export function extendLayer(instance: PyInstance, args: CallArguments, builder: KerasBuilder): void {
  const { cls } = instance;
  if (cls.kerasLayer === undefined || cls.unknownBase !== undefined || overridden(cls).length > 0) return;
  instance.keras = makeLayer(cls.kerasLayer, args, builder, cls.name);
}

/** `self.use_bias = False` behind the layer's own `__init__`: Keras reads its options where it builds and calls the layer. */
export function setOption({ keras }: PyInstance, name: string, value: Value): void {
  if (!(keras instanceof KerasLayer) || keras.standIn !== undefined || OF_EVERY_LAYER.includes(name)) return;
  if (layerSignature(keras.className)?.names.includes(name) === true) keras.config.set(name, value);
}

const OF_EVERY_LAYER = ["name", "trainable", "dtype"];

/** Says of an instance that acts as a layer why it cannot be computed. */
export function notComputed(cls: PyClass): string {
  const own = overridden(cls);
  const what =
    cls.kerasLayer === undefined
      ? "is a layer of the code's own"
      : own.length > 0
        ? `is ${cls.kerasLayer} with ${own.join(", ")} of the code's own`
        : cls.unknownBase !== undefined
          ? `extends ${cls.unknownBase}, which is not known, before ${cls.kerasLayer}`
          : `is made from ${cls.kerasLayer} without calling its __init__`;
  return `${cls.name} ${what}; it keeps its place in the model but cannot be computed`;
}

function overridden(cls: PyClass): string[] {
  return WORKING_METHODS.filter((name) => cls.find(name) !== undefined);
}
