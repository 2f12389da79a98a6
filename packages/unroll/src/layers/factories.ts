/**
 * The list of layers: what makes each of them, by the name that users call it by. Adding one: its file, and one line here. Each is an
 * export of its own, so that a page carries those alone that it uses; that is why nothing below layers/index.ts imports this file.
 */
import { gru as gruCellEquations } from "../cells/gru.ts";
import { lstm as lstmCellEquations } from "../cells/lstm.ts";
import { simpleRnn as simpleRnnCellEquations } from "../cells/simple-rnn.ts";
import { activityRegularization as activityRegularizationType } from "./activity-regularization.ts";
import { additiveAttention as additiveAttentionType, attention as attentionType } from "./attention.ts";
import { bidirectional as bidirectionalType } from "./bidirectional.ts";
import { cellLayer, rnn as rnnType, stackedRnnCells } from "./cell-layers.ts";
import { conv1d as conv1dType, conv2d as conv2dType, conv3d as conv3dType } from "./convolution.ts";
import { convLstm1d, convLstm2d, convLstm3d } from "./convolutional-lstm.ts";
import { dense as denseType } from "./dense.ts";
import {
  depthwiseConv1d as depthwiseConv1dType,
  depthwiseConv2d as depthwiseConv2dType,
  separableConv1d as separableConv1dType,
  separableConv2d as separableConv2dType,
} from "./depthwise.ts";
import {
  activationLayer,
  elu as eluType,
  leakyRelu,
  prelu as preluType,
  relu,
  rescaling as rescalingType,
  softmaxLayer,
  thresholdedRelu,
} from "./elementwise.ts";
import { embedding as embeddingType } from "./embedding.ts";
import { factory } from "./factory.ts";
import {
  cropping2d as cropping2dType,
  upSampling2d as upSampling2dType,
  zeroPadding2d as zeroPadding2dType,
} from "./image-shapes.ts";
import { inputLayer as inputLayerType } from "./input-layer.ts";
import { masking as maskingType } from "./masking.ts";
import {
  add as addType,
  average as averageType,
  concatenate as concatenateType,
  dot as dotType,
  maximum as maximumType,
  minimum as minimumType,
  multiply as multiplyType,
  subtract as subtractType,
} from "./merging.ts";
import { multiHeadAttention as multiHeadAttentionType } from "./multi-head-attention.ts";
import {
  alphaDropout as alphaDropoutType,
  dropout as dropoutType,
  gaussianDropout as gaussianDropoutType,
  gaussianNoise as gaussianNoiseType,
  spatialDropout1d as spatialDropout1dType,
  spatialDropout2d as spatialDropout2dType,
} from "./noise.ts";
import {
  batchNormalization as batchNormalizationType,
  layerNormalization as layerNormalizationType,
  normalization as normalizationType,
  unitNormalization as unitNormalizationType,
} from "./normalizing.ts";
import {
  averagePooling1d as averagePooling1dType,
  averagePooling2d as averagePooling2dType,
  averagePooling3d as averagePooling3dType,
  globalAveragePooling1d as globalAveragePooling1dType,
  globalAveragePooling2d as globalAveragePooling2dType,
  globalAveragePooling3d as globalAveragePooling3dType,
  globalMaxPooling1d as globalMaxPooling1dType,
  globalMaxPooling2d as globalMaxPooling2dType,
  globalMaxPooling3d as globalMaxPooling3dType,
  maxPooling1d as maxPooling1dType,
  maxPooling2d as maxPooling2dType,
  maxPooling3d as maxPooling3dType,
} from "./pooling.ts";
import { forgetFields, gateFields, recurrentBiasFields, recurrentLayer, resetFields } from "./recurrent.ts";
import {
  cropping1d as cropping1dType,
  flatten as flattenType,
  permute as permuteType,
  repeatVector as repeatVectorType,
  reshapeLayer,
  upSampling1d as upSampling1dType,
  zeroPadding1d as zeroPadding1dType,
} from "./reshaping.ts";
import { timeDistributed as timeDistributedType } from "./time-distributed.ts";
import {
  conv1dTranspose as conv1dTransposeType,
  conv2dTranspose as conv2dTransposeType,
  conv3dTranspose as conv3dTransposeType,
} from "./transposed-convolution.ts";

const lstmType = recurrentLayer(lstmCellEquations, { ...gateFields, ...forgetFields, ...recurrentBiasFields });
const gruType = recurrentLayer(gruCellEquations, { ...gateFields, ...resetFields });
const simpleRnnType = recurrentLayer(simpleRnnCellEquations, {});

export const inputLayer = factory(inputLayerType);
export const dense = factory(denseType);
export const simpleRNN = factory(simpleRnnType);
export const lstm = factory(lstmType);
export const gru = factory(gruType);
export const bidirectional = factory(bidirectionalType);
export const rnn = factory(rnnType);
export const simpleRNNCell = factory(cellLayer(simpleRnnType));
export const lstmCell = factory(cellLayer(lstmType));
export const gruCell = factory(cellLayer(gruType));
export const stackedRNNCells = factory(stackedRnnCells);
export const embedding = factory(embeddingType);
export const masking = factory(maskingType);
export const conv1d = factory(conv1dType);
export const conv2d = factory(conv2dType);
export const conv3d = factory(conv3dType);
export const conv1dTranspose = factory(conv1dTransposeType);
export const conv2dTranspose = factory(conv2dTransposeType);
export const conv3dTranspose = factory(conv3dTransposeType);
export const convLSTM1D = factory(convLstm1d);
export const convLSTM2D = factory(convLstm2d);
export const convLSTM3D = factory(convLstm3d);
export const depthwiseConv1d = factory(depthwiseConv1dType);
export const depthwiseConv2d = factory(depthwiseConv2dType);
export const separableConv1d = factory(separableConv1dType);
export const separableConv2d = factory(separableConv2dType);
export const maxPooling1d = factory(maxPooling1dType);
export const averagePooling1d = factory(averagePooling1dType);
export const maxPooling2d = factory(maxPooling2dType);
export const maxPooling3d = factory(maxPooling3dType);
export const averagePooling2d = factory(averagePooling2dType);
export const averagePooling3d = factory(averagePooling3dType);
export const globalMaxPooling1d = factory(globalMaxPooling1dType);
export const globalAveragePooling1d = factory(globalAveragePooling1dType);
export const globalMaxPooling2d = factory(globalMaxPooling2dType);
export const globalMaxPooling3d = factory(globalMaxPooling3dType);
export const globalAveragePooling2d = factory(globalAveragePooling2dType);
export const globalAveragePooling3d = factory(globalAveragePooling3dType);
export const timeDistributed = factory(timeDistributedType);
export const flatten = factory(flattenType);
export const reshape = factory(reshapeLayer);
export const permute = factory(permuteType);
export const repeatVector = factory(repeatVectorType);
export const zeroPadding1d = factory(zeroPadding1dType);
export const cropping1d = factory(cropping1dType);
export const upSampling1d = factory(upSampling1dType);
export const zeroPadding2d = factory(zeroPadding2dType);
export const cropping2d = factory(cropping2dType);
export const upSampling2d = factory(upSampling2dType);
export const activation = factory(activationLayer);
export const reLU = factory(relu);
export const leakyReLU = factory(leakyRelu);
export const elu = factory(eluType);
export const prelu = factory(preluType);
export const thresholdedReLU = factory(thresholdedRelu);
export const softmax = factory(softmaxLayer);
export const rescaling = factory(rescalingType);
export const dropout = factory(dropoutType);
export const spatialDropout1d = factory(spatialDropout1dType);
export const spatialDropout2d = factory(spatialDropout2dType);
export const gaussianNoise = factory(gaussianNoiseType);
export const gaussianDropout = factory(gaussianDropoutType);
export const alphaDropout = factory(alphaDropoutType);
export const activityRegularization = factory(activityRegularizationType);
export const batchNormalization = factory(batchNormalizationType);
export const layerNormalization = factory(layerNormalizationType);
export const normalization = factory(normalizationType);
export const unitNormalization = factory(unitNormalizationType);
export const add = factory(addType);
export const subtract = factory(subtractType);
export const multiply = factory(multiplyType);
export const average = factory(averageType);
export const maximum = factory(maximumType);
export const minimum = factory(minimumType);
export const concatenate = factory(concatenateType);
export const dot = factory(dotType);
export const attention = factory(attentionType);
export const additiveAttention = factory(additiveAttentionType);
export const multiHeadAttention = factory(multiHeadAttentionType);
