/**
 * How Keras's layer configs changed over the versions: renamed classes and options, defaults that were not written down,
 * and keys that change nothing. One table, so that the reader itself knows no particular layer.
 */

type Config = Readonly<Record<string, unknown>>;

/** Keys that say nothing about what a layer computes, or that are read apart. */
export const ignoredKeys: ReadonlySet<string> = new Set([
  "name",
  "trainable",
  "dtype",
  "batch_input_shape",
  "input_shape",
  "input_dtype",
  "quantization_config",
  "time_major",
  "input_length",
  "build_config",
  "shared_object_id",
]);

/** Other names of a class. */
const classAliases: Readonly<Record<string, string>> = {
  MaxPool1D: "MaxPooling1D",
  AvgPool1D: "AveragePooling1D",
  MaxPool2D: "MaxPooling2D",
  AvgPool2D: "AveragePooling2D",
  GlobalMaxPool1D: "GlobalMaxPooling1D",
  GlobalAvgPool1D: "GlobalAveragePooling1D",
  GlobalMaxPool2D: "GlobalMaxPooling2D",
  GlobalAvgPool2D: "GlobalAveragePooling2D",
  Convolution1D: "Conv1D",
  Convolution2D: "Conv2D",
  SeparableConvolution1D: "SeparableConv1D",
  BatchNormalizationV1: "BatchNormalization",
  BatchNormalizationV2: "BatchNormalization",
};

/** Options under older names, by class. */
const renamed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Dropout: { p: "rate" },
  SpatialDropout1D: { p: "rate" },
  GaussianDropout: { p: "rate" },
  GaussianNoise: { sigma: "stddev" },
  LeakyReLU: { alpha: "negative_slope" },
  Conv1D: { nb_filter: "filters", filter_length: "kernel_size", subsample_length: "strides", border_mode: "padding" },
};

/** Keys of a class that are kept for older or newer versions and change nothing here. */
const dropped: Readonly<Record<string, readonly string[]>> = {
  BatchNormalization: [
    "renorm",
    "renorm_clipping",
    "renorm_momentum",
    "fused",
    "virtual_batch_size",
    "adjustment",
    "synchronized",
    "mode",
  ],
  InputLayer: ["sparse", "ragged", "optional", "type_spec"],
  Embedding: ["sparse", "dropout"],
};

const gated: ReadonlySet<string> = new Set(["LSTM", "GRU", "LSTMCell", "GRUCell"]);

/** The config as today's layer takes it. Without a version the defaults are those of Keras 3. */
export function adaptConfig(
  writtenName: string,
  config: Config,
  kerasVersion: string | undefined,
): { readonly className: string; readonly config: Config } {
  const className = entryOf(classAliases, writtenName) ?? writtenName;
  const adapted: Record<string, unknown> = {};
  const names = entryOf(renamed, className) ?? {};
  const without = entryOf(dropped, className) ?? [];
  for (const [key, value] of Object.entries(config)) {
    if (!without.includes(key)) adapted[entryOf(names, key) ?? key] = value;
  }
  if (className === "InputLayer") readInputLayer(adapted);
  if (className === "CuDNNLSTM" || className === "CuDNNGRU") {
    return { className: className.slice("CuDNN".length), config: { ...fromCudnn(className), ...adapted } };
  }
  if (gated.has(className)) fillGateDefaults(className, adapted, kerasVersion);
  if (kerasVersion !== undefined && isBefore(kerasVersion, 3, 0)) renameHardSigmoid(adapted);
  return { className, config: adapted };
}

/** A table's own entry: a file may say "constructor". */
function entryOf<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function readInputLayer(config: Record<string, unknown>): void {
  config.batch_shape ??= config.batch_input_shape;
  const { dtype } = config;
  config.dtype = typeof dtype === "string" && /^(u?int|bool)/.test(dtype) ? "int32" : "float32";
}

/** The fused layers have tanh, sigmoid, a bias for the recurrent product too, and for the GRU the reset gate after that product. */
function fromCudnn(className: string): Config {
  const shared = { activation: "tanh", recurrent_activation: "sigmoid" };
  return { ...shared, ...(className === "CuDNNGRU" ? { reset_after: true } : { recurrent_bias: true }) };
}

/** What files left out when it was the default of their time. */
function fillGateDefaults(className: string, config: Record<string, unknown>, kerasVersion: string | undefined): void {
  if (className.startsWith("GRU") && config.reset_after === undefined) config.reset_after = false;
  if (config.recurrent_activation === undefined && kerasVersion !== undefined && isBefore(kerasVersion, 2, 3)) {
    config.recurrent_activation = "hard_sigmoid";
  }
}

/** Keras 2's hard_sigmoid has another slope. */
function renameHardSigmoid(config: Record<string, unknown>): void {
  for (const key of ["activation", "recurrent_activation"]) {
    if (config[key] === "hard_sigmoid") config[key] = "hard_sigmoid_keras2";
  }
}

function isBefore(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}
