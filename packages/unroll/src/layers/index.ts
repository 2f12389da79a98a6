/** The list of layers. Adding one: its file, and one line in `types`. */
import { gru } from "../cells/gru.ts";
import { lstm } from "../cells/lstm.ts";
import { simpleRnn } from "../cells/simple-rnn.ts";
import { additiveAttention, attention } from "./attention.ts";
import { bidirectional } from "./bidirectional.ts";
import { cellLayer, rnn, stackedRnnCells } from "./cell-layers.ts";
import type { LayerType } from "./contract.ts";
import { conv1d, conv2d, conv3d } from "./convolution.ts";
import { convLstm1d, convLstm2d, convLstm3d } from "./convolutional-lstm.ts";
import { dense } from "./dense.ts";
import { depthwiseConv1d, depthwiseConv2d, separableConv1d, separableConv2d } from "./depthwise.ts";
import {
  activationLayer,
  elu,
  leakyRelu,
  prelu,
  relu,
  rescaling,
  softmaxLayer,
  thresholdedRelu,
} from "./elementwise.ts";
import { embedding } from "./embedding.ts";
import { factory, type LayerFactory } from "./factory.ts";
import type { Fields } from "./fields.ts";
import { cropping2d, upSampling2d, zeroPadding2d } from "./image-shapes.ts";
import { inputLayer } from "./input-layer.ts";
import { masking } from "./masking.ts";
import { add, average, concatenate, dot, maximum, minimum, multiply, subtract } from "./merging.ts";
import { multiHeadAttention } from "./multi-head-attention.ts";
import { dropout, gaussianDropout, gaussianNoise, spatialDropout1d, spatialDropout2d } from "./noise.ts";
import { batchNormalization, layerNormalization, normalization } from "./normalizing.ts";
import {
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
} from "./pooling.ts";
import { forgetFields, gateFields, recurrentLayer, resetFields } from "./recurrent.ts";

import { cropping1d, flatten, permute, repeatVector, reshapeLayer, upSampling1d, zeroPadding1d } from "./reshaping.ts";
import { timeDistributed } from "./time-distributed.ts";
import { conv1dTranspose, conv2dTranspose, conv3dTranspose } from "./transposed-convolution.ts";

const lstmLayer = recurrentLayer(lstm, { ...gateFields, ...forgetFields });
const gruLayer = recurrentLayer(gru, { ...gateFields, ...resetFields });
const simpleRnnLayer = recurrentLayer(simpleRnn, {});

const types = {
  inputLayer,
  dense,
  simpleRNN: simpleRnnLayer,
  lstm: lstmLayer,
  gru: gruLayer,
  bidirectional,
  rnn,
  simpleRNNCell: cellLayer(simpleRnnLayer),
  lstmCell: cellLayer(lstmLayer),
  gruCell: cellLayer(gruLayer),
  stackedRNNCells: stackedRnnCells,
  embedding,
  masking,
  conv1d,
  conv2d,
  conv3d,
  conv1dTranspose,
  conv2dTranspose,
  conv3dTranspose,
  convLSTM1D: convLstm1d,
  convLSTM2D: convLstm2d,
  convLSTM3D: convLstm3d,
  depthwiseConv1d,
  depthwiseConv2d,
  separableConv1d,
  separableConv2d,
  maxPooling1d,
  averagePooling1d,
  maxPooling2d,
  maxPooling3d,
  averagePooling2d,
  averagePooling3d,
  globalMaxPooling1d,
  globalAveragePooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  timeDistributed,
  flatten,
  reshape: reshapeLayer,
  permute,
  repeatVector,
  zeroPadding1d,
  cropping1d,
  upSampling1d,
  zeroPadding2d,
  cropping2d,
  upSampling2d,
  activation: activationLayer,
  reLU: relu,
  leakyReLU: leakyRelu,
  elu,
  prelu,
  thresholdedReLU: thresholdedRelu,
  softmax: softmaxLayer,
  rescaling,
  dropout,
  spatialDropout1d,
  spatialDropout2d,
  gaussianNoise,
  gaussianDropout,
  batchNormalization,
  layerNormalization,
  normalization,
  add,
  subtract,
  multiply,
  average,
  maximum,
  minimum,
  concatenate,
  dot,
  attention,
  additiveAttention,
  multiHeadAttention,
};

type FieldsOf<T> = T extends LayerType<infer F> ? F : never;

/** Makes layers: `layers.lstm({ units: 4, returnSequences: true })`. */
export const layers = Object.fromEntries(
  Object.entries(types).map(([name, type]) => [name, factory(type as LayerType<Fields>)]),
) as unknown as { readonly [K in keyof typeof types]: LayerFactory<FieldsOf<(typeof types)[K]>> }; // one factory for each type

/** Every layer type by Keras's class name. */
export const layerTypes: ReadonlyMap<string, LayerType> = new Map(
  Object.values(types).map((type) => [type.className, type as LayerType]),
);

export type { Call, ChildCall, LayerType, Result, Sizes, WeightSpec } from "./contract.ts";
export { defineLayer } from "./contract.ts";
export { maskOf } from "./eager.ts";
export { factory, type LayerFactory } from "./factory.ts";
export * as fields from "./fields.ts";
export { createInputLayer, type InputOptions, input, inputLayer, inputTensor } from "./input-layer.ts";
export { type ApplyOptions, type CommonOptions, Layer } from "./layer.ts";
export { automaticName, resetNames, snakeCase } from "./naming.ts";
export { recurrentLayer } from "./recurrent.ts";
export { setSeed } from "./seed.ts";
export { type LayerCall, recordCall, SymbolicTensor } from "./symbolic.ts";
export { setThreads } from "./threads.ts";
