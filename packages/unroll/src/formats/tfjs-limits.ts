/** What TensorFlow.js 4.22 lacks or computes differently from Keras: models with that are refused, with the reason. */
import type { StorableModel } from "./container.ts";
import { fileError } from "./failure.ts";
import { isObject, property } from "./json.ts";
import { walkLayers } from "./keras-paths.ts";

/** Classes that TensorFlow.js registers, of those that this library knows. */
const classes: ReadonlySet<string> = new Set([
  ...["InputLayer", "Dense", "Activation", "Flatten", "Reshape", "Permute", "RepeatVector", "Embedding", "Masking"],
  ...["SimpleRNN", "LSTM", "GRU", "RNN", "SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells", "Bidirectional"],
  ...["TimeDistributed", "Conv1D", "Conv2D", "MaxPooling1D", "AveragePooling1D", "MaxPooling2D", "AveragePooling2D"],
  ...["GlobalMaxPooling1D", "GlobalAveragePooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling2D"],
  ...["ReLU", "LeakyReLU", "PReLU", "ELU", "ThresholdedReLU", "Softmax", "Rescaling", "Dropout", "SpatialDropout1D"],
  ...["GaussianNoise", "GaussianDropout", "BatchNormalization", "LayerNormalization"],
  ...["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "Sequential", "Functional", "Model"],
]);

/** Layers that carry or use masks in another way than Keras, or fail on them. */
const unlikeWithMasks: ReadonlySet<string> = new Set([
  ...["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"],
  ...["Bidirectional", "GlobalAveragePooling1D", "TimeDistributed", "RNN"],
]);

const activations: ReadonlySet<string> = new Set([
  ...["linear", "elu", "selu", "relu", "relu6", "sigmoid", "softplus", "softsign", "tanh", "softmax", "log_softmax"],
  ...["gelu", "mish", "swish", "silu", "hard_sigmoid_keras2"],
]);

interface Part {
  readonly where: string;
  readonly className: string;
  readonly config: unknown;
}

/** @throws UnrollError `unsupported`, naming the layer */
export function refuseForTfjs(model: StorableModel): void {
  const parts = walkLayers(model.architecture, "model").flatMap((slot): Part[] => {
    const where = slot.path.join("/");
    return [{ where, className: slot.className, config: slot.config }, ...inside(slot.config, where)];
  });
  const isMasked = parts.some(
    ({ className, config }) => className === "Masking" || property(config, "mask_zero") === true,
  );
  const isKeras2 = model.kerasVersion !== undefined && /^[12]\./.test(model.kerasVersion);
  for (const part of parts) {
    if (isMaskOperation(part)) continue;
    refuseClass(part);
    refuseOptions(part, isKeras2);
    if (isMasked && unlikeWithMasks.has(part.className)) {
      throw refusal(
        part,
        `TensorFlow.js treats masks in ${part.className} differently`,
        "mask_zero or Masking before it",
        "Take the mask out of the model.",
      );
    }
  }
  refuseSameOutputs(model);
}

/** Operations that Keras 3 adds for masks; TensorFlow.js finds masks by itself. */
function isMaskOperation({ className }: Part): boolean {
  return [
    "NotEqual",
    "Any",
    "ExpandDims",
    "ZerosLike",
    "OnesLike",
    "ConvertToTensor",
    "LogicalAnd",
    "LogicalOr",
  ].includes(className);
}

/** The layers, cells and models inside wrappers. */
function inside(config: unknown, where: string): Part[] {
  const keys = ["layer", "backward_layer", "cell", "cells", "layers"];
  return keys
    .flatMap((key) => property(config, key))
    .flatMap((inner) => {
      const className = property(inner, "class_name");
      if (typeof className !== "string") return [];
      const own = property(inner, "config");
      return [{ where, className, config: own }, ...inside(own, where)];
    });
}

function refuseClass(part: Part): void {
  if (classes.has(part.className)) return;
  throw refusal(part, `TensorFlow.js has no layer ${part.className}`, undefined, "Write another format, such as ONNX.");
}

function refuseOptions(part: Part, isKeras2: boolean): void {
  const { className, config } = part;
  if ((className === "GRU" || className === "GRUCell") && property(config, "reset_after") !== false) {
    throw refusal(
      part,
      "TensorFlow.js computes GRU with reset_after=false only",
      "reset_after = true",
      "r*(U.h + b) and U.(r*h) are different functions, so no rearrangement of the weights makes it exact. Train with reset_after=false.",
    );
  }
  if (className === "Conv1D" && property(config, "padding") === "causal") {
    throw refusal(part, "TensorFlow.js has no causal Conv1D", 'padding = "causal"');
  }
  for (const option of ["activation", "recurrent_activation"]) {
    const name = nameOfFunction(property(config, option));
    if (name === undefined || activations.has(name) || (name === "hard_sigmoid" && isKeras2)) continue;
    const hint =
      name === "hard_sigmoid" ? "TensorFlow.js computes clip(0.2x + 0.5), Keras 3 clip(x/6 + 0.5)." : undefined;
    throw refusal(part, `TensorFlow.js has no activation ${name} like Keras's`, `${option} = ${name}`, hint);
  }
  if (className === "Bidirectional") refuseUnlikePair(part);
}

/** Of a name, a function or a layer that stands for one. */
function nameOfFunction(value: unknown): string | undefined {
  const name = [value, property(value, "config"), property(value, "class_name")].find((one) => typeof one === "string");
  return name as string | undefined; // only texts are looked for
}

/** TensorFlow.js makes the backward layer from the forward one. */
function refuseUnlikePair(part: Part): void {
  const [forward, backward] = [property(part.config, "layer"), property(part.config, "backward_layer")];
  if (!isObject(backward) || likeness(forward) === likeness(backward)) return;
  throw refusal(
    part,
    "TensorFlow.js makes the backward layer of Bidirectional like the forward one",
    "backward_layer with options of its own",
  );
}

function likeness(object: unknown): string {
  const own = property(object, "config");
  // Names, directions, and what matters to training only.
  const trains = /^(name|go_backwards|zero_output_for_mask|trainable|seed)$|_(initializer|regularizer|constraint)$/;
  const entries = isObject(own) ? Object.entries(own).filter(([key]) => !trains.test(key)) : [];
  return JSON.stringify([property(object, "class_name"), ...entries.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function refuseSameOutputs({ architecture }: StorableModel): void {
  const outputs = property(architecture.config, "output_layers");
  if (!Array.isArray(outputs) || typeof outputs[0] === "string") return;
  if (new Set(outputs.map((output) => JSON.stringify(output))).size === outputs.length) return;
  throw fileError("unsupported", "model", "TensorFlow.js cannot give one tensor as two outputs");
}

function refusal({ where }: Part, expected: string, received?: string, hint?: string) {
  return fileError("unsupported", where, expected, {
    ...(received === undefined ? {} : { received }),
    ...(hint === undefined ? {} : { hint }),
  });
}
