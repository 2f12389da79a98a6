/** Making layers from calls of Keras's classes: arguments under today's names, defaults of the version that the code is for. */
import { didYouMean } from "../../core/errors.ts";
import { KerasLayer, KerasModel, type SymbolicTensor } from "./keras-graph.ts";
import { inputLayer, tensorOfInput } from "./keras-inputs.ts";
import { argumentName, INPUT_ARGUMENTS, layerSignature } from "./keras-layers.ts";
import type { KerasVersion } from "./keras-session.ts";
import type { KerasBuilder } from "./machine.ts";
import { layerOfInstance, standInFor } from "./stand-in.ts";
import { type CallArguments, PyInstance, type Value } from "./values.ts";

/** Making a layer counts as much as going through this many items. */
const WORK_OF_A_LAYER = 500;

/**
 * `LSTM(30, activation="relu")`: a layer object with its arguments under today's names. `printedClass` is the code's own class,
 * where the layer is made by one.
 */
export function makeLayer(
  className: string,
  args: CallArguments,
  builder: KerasBuilder,
  printedClass?: string,
): KerasLayer {
  const { rt } = builder;
  rt.spend(WORK_OF_A_LAYER);
  const signature = layerSignature(className);
  const config = new Map<string, Value>();
  const inputArguments = new Map<string, Value>();
  let name: Value | undefined;
  let trainable: Value = true;
  const take = (key: string, value: Value): void => {
    if (key === "name") name = value;
    else if (key === "trainable") trainable = value;
    else if (value instanceof PyInstance && value.cls.kerasBase !== undefined)
      config.set(key, value.keras ?? layerOfInstance(value, rt));
    else if (value instanceof KerasModel) {
      // It stands inside of the layer: TimeDistributed(model).
      value.nested = true;
      config.set(key, value);
    } else if (key !== "dtype" || className === "InputLayer") config.set(key, value);
  };

  args.positional.forEach((value, i) => {
    const key = signature !== undefined && i < signature.byPosition ? signature.names[i] : undefined;
    if (key !== undefined) take(key, value);
    else if (signature === undefined) config.set(`argument_${i}`, value);
    else
      rt.problem(`${className} takes at most ${signature.byPosition} arguments without a name; the rest were skipped`);
  });
  for (const [key, value] of args.keywords) {
    const wantsInputDim = signature?.names.includes(key) === true && key === "input_dim";
    if (INPUT_ARGUMENTS.has(key) && !wantsInputDim && className !== "InputLayer") {
      inputArguments.set(key, value);
      continue;
    }
    const known = signature === undefined ? key : argumentName(signature, key);
    if (known === null) {
      const hint = didYouMean(key, signature!.names);
      rt.problem(`${className} has no argument called ${key}; it was skipped${hint === undefined ? "" : `. ${hint}`}`);
    } else if (known !== undefined) take(known, value);
  }
  const layerName =
    typeof name === "string" ? name : rt.session.layerName(printedClass ?? signature?.className ?? className);
  if (className === "InputLayer") return inputLayer(layerName, config, rt);
  const layer = new KerasLayer({
    className: signature?.className ?? className,
    printedClass,
    name: layerName,
    config,
    inputArguments,
    at: args.at,
  });
  layer.trainable = (trainable as Value) !== false;
  layer.standIn = standInFor(layer.className, layerName, config, rt);
  if (rt.session.version !== "3") spellOldActivations(layer, rt.session.version);
  // A config without it is an old one; standalone Keras counted one bias row, TensorFlow 2 and Keras 3 two.
  if (/^GRU(Cell)?$/.test(layer.className) && !config.has("reset_after")) {
    // Where the default is known, a printed count that contradicts it is no way to learn another.
    if (rt.session.isTensorFlow2) config.set("reset_after", true);
    else layer.learned.set("reset_after", rt.session.version !== "2-standalone");
  }
  return layer;
}

/** Keras 2's hard_sigmoid has a slope of its own, and was the gates' default before TensorFlow's Keras. */
function spellOldActivations({ className, config, learned }: KerasLayer, version: KerasVersion): void {
  for (const key of ["activation", "recurrent_activation"]) {
    if (config.get(key) === "hard_sigmoid") config.set(key, "hard_sigmoid_keras2");
  }
  const gated = /^(LSTM|GRU)(Cell)?$/.test(className) && !config.has("recurrent_activation");
  if (gated && version === "2-standalone") learned.set("recurrent_activation", "hard_sigmoid_keras2");
}

/** `Input(shape=(10, 3))`: the tensor that an InputLayer gives. */
export function makeInput(args: CallArguments, builder: KerasBuilder): SymbolicTensor {
  return tensorOfInput(makeLayer("InputLayer", args, builder));
}
