/**
 * What a model file holds, whatever its format: Keras's architecture JSON and named weights, both ways.
 * Plain data; nothing here knows a layer object or a byte.
 */
import type { ElementType, NumberArray, StoredShape } from "./numbers.ts";

/** One tensor of a file; `read` takes memory, the rest does not. */
export interface StoredWeight {
  /** As the file names it: `layers/lstm/cell/vars/0`, `lstm/lstm_cell/kernel:0`. */
  readonly path: string;
  readonly shape: StoredShape;
  readonly dtype: ElementType;
  /** Row-major; perhaps a view of the file's bytes, not to be written into. @throws UnrollError `file` or `memory`, naming file and weight. */
  read(): NumberArray;
}

/** Keras's serialized object: a layer or a model with its config. */
export interface KerasObject {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> | readonly unknown[];
  readonly name?: string;
  readonly module?: string | null;
  readonly registered_name?: string | null;
  readonly build_config?: unknown;
  readonly compile_config?: unknown;
  readonly inbound_nodes?: unknown;
}

/** The weights of one layer, which is found by the names of the models around it and its own, outermost first. */
export interface StoredLayer {
  /** `["lstm"]`, `["reader", "lstm"]` inside a nested model; `[]` is the whole model as one list. */
  readonly path: readonly string[];
  readonly className?: string;
  /**
   * `get_weights`: as Keras's `layer.get_weights()`. `trainable-first`: all trainable ones, then the others, as legacy
   * HDF5 keeps a nested model or a wrapper; the two differ only where BatchNormalization or a frozen layer is inside.
   */
  readonly order: "get_weights" | "trainable-first";
  readonly weights: readonly StoredWeight[];
}

/** `keras-json` is a model.to_json() text, which has no weights. */
export type ModelFormat = "keras" | "h5" | "weights.h5" | "tfjs" | "npz" | "safetensors" | "keras-json";

/** What was done with the parts of a file, for people; each line is a phrase. */
export interface FileReport {
  readonly read: readonly string[];
  readonly ignored: readonly string[];
}

/** Weights before an architecture says where they belong. */
export type LooseWeights =
  /** Keras 3's tree: variable groups by path, `layers/lstm/cell`; `name` is the real name of the object, where written. */
  | { readonly kind: "tree"; readonly groups: readonly VariableGroup[] }
  /** Legacy HDF5: one group per outermost layer, trainable weights first. */
  | {
      readonly kind: "layers";
      readonly groups: readonly { readonly layer: string; readonly weights: readonly StoredWeight[] }[];
    }
  /** Names with slashes that contain the layers' names: TensorFlow.js, safetensors, npz. */
  | { readonly kind: "named"; readonly weights: readonly StoredWeight[] }
  /** `get_weights()` of a whole model, as `np.savez(file, *weights)` keeps it. */
  | { readonly kind: "list"; readonly weights: readonly StoredWeight[] };

export interface VariableGroup {
  readonly path: string;
  readonly name?: string;
  readonly weights: readonly StoredWeight[];
}

/** A model file, read. */
export interface StoredModel {
  readonly format: ModelFormat;
  /** The file's name, for messages. */
  readonly file: string;
  readonly kerasVersion?: string;
  /** Keras's serialized model; undefined in a weights-only file, see `withArchitecture`. */
  readonly architecture?: KerasObject;
  /** compile_config or training_config. */
  readonly training?: unknown;
  /** In the architecture's order, or in the file's when it has none. */
  readonly layers: readonly StoredLayer[];
  /** iteration, learning rate, then slots. */
  readonly optimizer: readonly StoredWeight[];
  readonly loose: LooseWeights;
  readonly report: FileReport;
  /** True where nobody else holds the file's bytes, so that a model may keep views of them. */
  readonly ownsBytes?: boolean;
}

/** A tensor to be written. */
export interface StorableWeight {
  /** `kernel`, `forward_lstm/recurrent_kernel`: unique in its layer. */
  readonly name: string;
  readonly shape: StoredShape;
  readonly data: NumberArray;
}

/** A layer to be written: weights in `get_weights()` order. */
export interface StorableLayer {
  /** As in StoredLayer. */
  readonly path: readonly string[];
  readonly weights: readonly StorableWeight[];
}

/** A model to be written. */
export interface StorableModel {
  /** Keras 3's serialized model, as in config.json. */
  readonly architecture: KerasObject;
  readonly layers: readonly StorableLayer[];
  /** iteration, learning rate, then slots; names are whole paths, unique in the list. */
  readonly optimizer?: readonly StorableWeight[];
  /** Keras's training_config for legacy HDF5; `.keras` keeps it as `compile_config` inside the architecture. */
  readonly training?: unknown;
  /** Written into the file so that Keras reads the config as that version would; the default is 3.15.1. */
  readonly kerasVersion?: string;
}

/** The version of Keras whose configs and layouts the writers follow. */
export const writtenKerasVersion = "3.15.1";
