/**
 * A user's model as a sweep varies it: its configuration in Keras's own form, which options of which layers there are, and the
 * model that a trial's settings make of it. Its weights are drawn anew for each trial.
 */
import { UnrollError } from "../core/errors.ts";
import { defaultLookback } from "../forecast/model.ts";
import { timestepsOf } from "../forecast/model-fit.ts";
import { inFile } from "../formats/failure.ts";
import { type KerasObject, snakeCaseKey } from "../formats/keras-config.ts";
import { modelFromConfig } from "../formats/keras-model.ts";
import { modelToConfig } from "../formats/keras-model-write.ts";
import { isRecord } from "../formats/keras-objects.ts";
import type { Field } from "../layers/fields.ts";
import { type Layer, setSeed } from "../layers/index.ts";
import type { Model } from "../model/model.ts";
import type { Parameter, Parameters, TrialSettings } from "./space.ts";

/** What a plan keeps of it. */
export interface GivenModel {
  /** What messages call it: its file, or its name. */
  readonly name: string;
  readonly config: KerasObject;
  /** Rows that it reads, where it says so; the default of `lookback`. */
  readonly lookback: number;
}

/** Throws UnrollError `unsupported` for a model that Keras has no configuration of. */
export function givenModel(model: Model, name = model.name): GivenModel {
  return { name, config: modelToConfig(model), lookback: timestepsOf(model) ?? defaultLookback };
}

/**
 * Options of its layers that are numbers or names, as a space names them: `memory.units`; of a layer inside another
 * `bidirectional.layer.units`.
 */
export function optionsOfModel(model: Model): Parameters {
  const options = new Map<string, Parameter>();
  const add = (layer: Layer, path: string): void => {
    for (const [name, field] of Object.entries(layer.type.fields)) {
      const kind = kinds.get(field.kind);
      if (kind !== undefined && field.ignored !== true) {
        options.set(`${path}.${name}`, { kind, check: (value) => void field.check(value, path, name) });
      }
    }
    const [inner] = layer.type.fields.layer === undefined ? [] : layer.children;
    if (inner !== undefined) add(inner, `${path}.layer`);
  };
  for (const layer of model.layers) add(layer, layer.name);
  return options;
}

const kinds: ReadonlyMap<Field["kind"], Parameter["kind"]> = new Map([
  ["integer", "whole"],
  ["number", "number"],
  ["rate", "number"],
  ["choice", "name"],
  ["activation", "name"],
]);

/**
 * The model with a trial's options, for windows of its lookback, its weights drawn by the seed.
 *
 * @throws UnrollError as `modelFromConfig` does, for options that do not fit together
 */
export function variantOf({ name, config }: GivenModel, settings: TrialSettings, seed: number): Model {
  const changed = structuredClone(config);
  const { layers } = changed.config as { readonly layers: readonly KerasObject[] }; // of every model's configuration
  for (const [path, value] of Object.entries(settings)) {
    const option = path.slice(path.lastIndexOf(".") + 1);
    if (option !== path)
      for (const target of targetsOf(layers, path.slice(0, -option.length - 1))) target[snakeCaseKey(option)] = value;
  }
  for (const layer of layers) if (layer.class_name === "InputLayer") widen(layer, settings.lookback);
  // Shapes that were found out for other options.
  delete (changed.config as { build_input_shape?: unknown }).build_input_shape;
  setSeed(seed);
  try {
    return modelFromConfig(changed);
  } catch (error) {
    throw error instanceof UnrollError ? inFile(name, error) : error;
  }
}

type Config = Record<string, unknown>;

/** Configurations that an address speaks of: Bidirectional has its layer twice. */
function targetsOf(layers: readonly KerasObject[], address: string): Config[] {
  const owner = layers.find(({ config }) => address === config.name || address.startsWith(`${String(config.name)}.`));
  const inner = address
    .slice(String(owner?.config.name).length + 1)
    .split(".")
    .filter((part) => part !== "");
  let found = owner === undefined ? [] : [owner.config as Config];
  for (const part of inner) {
    const keys = part === "layer" ? ["layer", "backward_layer"] : [part];
    found = found
      .flatMap((config) => keys.map((key) => config[key]))
      .flatMap((one) => (isRecord(one) && isRecord(one.config) ? [one.config as Config] : []));
  }
  return found;
}

/** Windows of so many rows go in. */
function widen({ config }: KerasObject, lookback: number): void {
  for (const key of ["batch_shape", "batch_input_shape"]) {
    const shape = config[key];
    if (Array.isArray(shape) && shape.length === 3) (config as Config)[key] = [shape[0], lookback, shape[2]];
  }
}
