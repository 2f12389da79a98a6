/**
 * The order of each Keras layer's arguments, its other names, and the spellings of Keras 1.
 * A table of names only: what the arguments mean is known in layers/.
 */

const COMMON = "name trainable dtype activity_regularizer";
const KERNEL =
  "kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer kernel_constraint bias_constraint";
const RECURRENT_WEIGHTS =
  "kernel_initializer recurrent_initializer bias_initializer unit_forget_bias kernel_regularizer recurrent_regularizer bias_regularizer activity_regularizer kernel_constraint recurrent_constraint bias_constraint";
const RECURRENT_FLAGS =
  "dropout recurrent_dropout seed return_sequences return_state go_backwards stateful unroll reset_after zero_output_for_mask implementation time_major use_cudnn";
const CONVOLUTION = `filters kernel_size strides padding data_format dilation_rate groups activation use_bias ${KERNEL}`;
const POOLING = "pool_size strides padding data_format";
const GLOBAL = "data_format keepdims";

/** Positional order of arguments per class; a `|` ends the part that may be given by position. */
const SIGNATURES: Readonly<Record<string, string>> = {
  InputLayer:
    "shape batch_size dtype sparse batch_shape input_tensor name optional ragged input_shape batch_input_shape",
  Dense: `units activation use_bias ${KERNEL} | lora_rank`,
  Embedding:
    "input_dim output_dim embeddings_initializer embeddings_regularizer embeddings_constraint mask_zero | weights lora_rank sparse",
  SimpleRNN: `units activation use_bias ${RECURRENT_WEIGHTS} | ${RECURRENT_FLAGS}`,
  LSTM: `units activation recurrent_activation use_bias ${RECURRENT_WEIGHTS} | ${RECURRENT_FLAGS}`,
  GRU: `units activation recurrent_activation use_bias ${RECURRENT_WEIGHTS} | ${RECURRENT_FLAGS}`,
  CuDNNLSTM: `units ${RECURRENT_WEIGHTS} | ${RECURRENT_FLAGS}`,
  CuDNNGRU: `units ${RECURRENT_WEIGHTS} | ${RECURRENT_FLAGS}`,
  SimpleRNNCell: `units activation use_bias ${RECURRENT_WEIGHTS} | dropout recurrent_dropout seed`,
  LSTMCell: `units activation recurrent_activation use_bias ${RECURRENT_WEIGHTS} | dropout recurrent_dropout seed implementation`,
  GRUCell: `units activation recurrent_activation use_bias ${RECURRENT_WEIGHTS} | dropout recurrent_dropout reset_after seed implementation`,
  RNN: "cell return_sequences return_state go_backwards stateful unroll zero_output_for_mask | time_major",
  StackedRNNCells: "cells",
  ConvLSTM1D: `filters kernel_size strides padding data_format dilation_rate activation recurrent_activation use_bias ${RECURRENT_WEIGHTS} | ${RECURRENT_FLAGS}`,
  ConvLSTM2D: `filters kernel_size strides padding data_format dilation_rate activation recurrent_activation use_bias ${RECURRENT_WEIGHTS} | ${RECURRENT_FLAGS}`,
  Bidirectional: "layer merge_mode weights backward_layer",
  TimeDistributed: "layer",
  Conv1D: CONVOLUTION,
  Conv2D: CONVOLUTION,
  Conv3D: CONVOLUTION,
  Conv1DTranspose: `filters kernel_size strides padding output_padding data_format dilation_rate activation use_bias ${KERNEL}`,
  Conv2DTranspose: `filters kernel_size strides padding output_padding data_format dilation_rate activation use_bias ${KERNEL}`,
  SeparableConv1D: `filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias depthwise_initializer pointwise_initializer bias_initializer`,
  SeparableConv2D: `filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias depthwise_initializer pointwise_initializer bias_initializer`,
  DepthwiseConv1D: "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias",
  DepthwiseConv2D: "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias",
  MaxPooling1D: POOLING,
  MaxPooling2D: POOLING,
  MaxPooling3D: POOLING,
  AveragePooling3D: POOLING,
  GlobalMaxPooling3D: GLOBAL,
  GlobalAveragePooling3D: GLOBAL,
  AveragePooling1D: POOLING,
  AveragePooling2D: POOLING,
  GlobalMaxPooling1D: GLOBAL,
  GlobalMaxPooling2D: GLOBAL,
  GlobalAveragePooling1D: GLOBAL,
  GlobalAveragePooling2D: GLOBAL,
  Dropout: "rate noise_shape seed",
  SpatialDropout1D: "rate seed",
  SpatialDropout2D: "rate data_format seed",
  GaussianDropout: "rate seed",
  AlphaDropout: "rate noise_shape seed",
  GaussianNoise: "stddev seed",
  ActivityRegularization: "l1 l2",
  Activation: "activation",
  ReLU: "max_value negative_slope threshold",
  LeakyReLU: "negative_slope",
  PReLU: "alpha_initializer alpha_regularizer alpha_constraint shared_axes",
  ELU: "alpha",
  ThresholdedReLU: "theta",
  Softmax: "axis",
  Flatten: "data_format",
  Reshape: "target_shape",
  Permute: "dims",
  RepeatVector: "n",
  Masking: "mask_value",
  Lambda: "function output_shape mask arguments",
  Identity: "",
  BatchNormalization:
    "axis momentum epsilon center scale beta_initializer gamma_initializer moving_mean_initializer moving_variance_initializer beta_regularizer gamma_regularizer beta_constraint gamma_constraint synchronized",
  LayerNormalization:
    "axis epsilon center scale beta_initializer gamma_initializer beta_regularizer gamma_regularizer beta_constraint gamma_constraint | rms_scaling",
  GroupNormalization: "groups axis epsilon center scale",
  UnitNormalization: "axis",
  Add: "",
  Subtract: "",
  Multiply: "",
  Average: "",
  Maximum: "",
  Minimum: "",
  Concatenate: "axis",
  Dot: "axes normalize",
  UpSampling1D: "size",
  UpSampling2D: "size data_format interpolation",
  ZeroPadding1D: "padding data_format",
  ZeroPadding2D: "padding data_format",
  Cropping1D: "cropping",
  Cropping2D: "cropping data_format",
  Attention: "use_scale score_mode dropout seed",
  AdditiveAttention: "use_scale dropout",
  MultiHeadAttention:
    "num_heads key_dim value_dim dropout use_bias output_shape attention_axes flash_attention kernel_initializer bias_initializer",
  TextVectorization:
    "max_tokens standardize split ngrams output_mode output_sequence_length pad_to_max_tokens vocabulary idf_weights sparse ragged encoding",
  StringLookup: "max_tokens num_oov_indices mask_token oov_token vocabulary idf_weights invert output_mode",
  IntegerLookup: "max_tokens num_oov_indices mask_token oov_token vocabulary",
  CategoryEncoding: "num_tokens output_mode sparse",
  Discretization: "bin_boundaries num_bins epsilon output_mode",
  Hashing: "num_bins mask_value salt",
  Normalization: "axis mean variance invert",
  Rescaling: "scale offset",
};

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["MaxPool1D", "MaxPooling1D"],
  ["MaxPool2D", "MaxPooling2D"],
  ["AvgPool1D", "AveragePooling1D"],
  ["AvgPool2D", "AveragePooling2D"],
  ["GlobalMaxPool1D", "GlobalMaxPooling1D"],
  ["GlobalMaxPool2D", "GlobalMaxPooling2D"],
  ["GlobalAvgPool1D", "GlobalAveragePooling1D"],
  ["GlobalAvgPool2D", "GlobalAveragePooling2D"],
  ["MaxPool3D", "MaxPooling3D"],
  ["AvgPool3D", "AveragePooling3D"],
  ["GlobalMaxPool3D", "GlobalMaxPooling3D"],
  ["GlobalAvgPool3D", "GlobalAveragePooling3D"],
  ["Convolution1D", "Conv1D"],
  ["Convolution2D", "Conv2D"],
  ["Deconvolution2D", "Conv2DTranspose"],
  ["Convolution2DTranspose", "Conv2DTranspose"],
  ["Convolution1DTranspose", "Conv1DTranspose"],
  ["SeparableConvolution1D", "SeparableConv1D"],
  ["BatchNormalizationV1", "BatchNormalization"],
  ["BatchNormalizationV2", "BatchNormalization"],
  ["LSTMV1", "LSTM"],
  ["GRUV1", "GRU"],
]);

/** Keras 1 names, valid for every class that has the new name among its arguments. */
const OLD_ARGUMENTS: readonly (readonly [string, string])[] = [
  ["output_dim", "units"],
  ["nb_filter", "filters"],
  ["nb_filters", "filters"],
  ["filter_length", "kernel_size"],
  ["subsample_length", "strides"],
  ["subsample", "strides"],
  ["border_mode", "padding"],
  ["pool_length", "pool_size"],
  ["stride", "strides"],
  ["init", "kernel_initializer"],
  ["init", "embeddings_initializer"],
  ["inner_init", "recurrent_initializer"],
  ["inner_activation", "recurrent_activation"],
  ["W_regularizer", "kernel_regularizer"],
  ["W_regularizer", "embeddings_regularizer"],
  ["U_regularizer", "recurrent_regularizer"],
  ["b_regularizer", "bias_regularizer"],
  ["W_constraint", "kernel_constraint"],
  ["b_constraint", "bias_constraint"],
  ["bias", "use_bias"],
  ["dropout_W", "dropout"],
  ["dropout_U", "recurrent_dropout"],
  ["p", "rate"],
  ["sigma", "stddev"],
  ["alpha", "negative_slope"],
  ["atrous_rate", "dilation_rate"],
  ["concat_axis", "axis"],
  ["beta_init", "beta_initializer"],
  ["gamma_init", "gamma_initializer"],
];

/** Accepted by every layer and said elsewhere in a config: input sizes, or nothing that a config keeps. */
export const INPUT_ARGUMENTS: ReadonlySet<string> = new Set([
  "input_shape",
  "batch_input_shape",
  "batch_shape",
  "batch_size",
  "input_dim",
  "input_length",
]);

const DROPPED: ReadonlySet<string> = new Set([
  "weights",
  "implementation",
  "consume_less",
  "time_major",
  "use_cudnn",
  "dynamic",
  "autocast",
  "experimental_autocast",
  "mode",
  "input_dtype",
  "lora_rank",
  "sparse",
  "autocast",
]);

/** Arguments of a class; `byPosition` is how many may be given without a name. */
export interface LayerSignature {
  readonly className: string;
  readonly names: readonly string[];
  readonly byPosition: number;
}

const SIGNATURE_OF: ReadonlyMap<string, LayerSignature> = new Map(
  Object.entries(SIGNATURES).map(([className, text]) => {
    const [positional = "", rest = ""] = text.split("|").map((part) => part.split(" ").filter((name) => name !== ""));
    const known = new Set([...positional, ...rest, ...COMMON.split(" ")]);
    return [className, { className, names: [...known], byPosition: positional.length }];
  }),
);

/** The class that a name stands for (`MaxPool1D` is MaxPooling1D), or undefined for names Keras does not have. */
export function layerSignature(name: string): LayerSignature | undefined {
  return SIGNATURE_OF.get(ALIASES.get(name) ?? name);
}

/** Today's name of an argument: `nb_filter` is filters. Undefined for one that is accepted and dropped, null for an unknown one. */
export function argumentName(signature: LayerSignature, name: string): string | undefined | null {
  if (signature.className === "Embedding" && name === "dropout") return undefined;
  if (signature.names.includes(name) && !DROPPED.has(name)) return name;
  const renamed = OLD_ARGUMENTS.find(([old, now]) => old === name && signature.names.includes(now));
  if (renamed !== undefined) return renamed[1];
  return DROPPED.has(name) ? undefined : null;
}

/** The whole class name behind one that a table cut short, told by the row's name; the cut text itself where none fits. */
export function completeClassName(cut: string, rowName: string, snake: (name: string) => string): string {
  const base = rowName.replace(/_\d+$/, "");
  const fitting = [...SIGNATURE_OF.keys()].filter((name) => name.startsWith(cut));
  return fitting.find((name) => snake(name) === base) ?? (fitting.length === 1 ? fitting[0]! : cut);
}

/** Every class name that a star import brings. */
export function layerClassNames(): string[] {
  return [...SIGNATURE_OF.keys(), ...ALIASES.keys()];
}
