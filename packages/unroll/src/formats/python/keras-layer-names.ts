/**
 * The classes that `keras.layers` has or had beside those of keras-layers.ts, of which only the name is known here: they have no
 * list of arguments. With them a name that Keras never had can be told from one that is not built here.
 */
import { didYouMean } from "../../core/errors.ts";
import { layerClassNames, layerSignature } from "./keras-layers.ts";

/** Keras 3. */
const TODAY = `
AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D
AdaptiveMaxPooling3D AugMix AutoContrast CenterCrop ContrastLimitedAdaptiveHistogramEqualization Conv3DTranspose Convolution3D
Convolution3DTranspose ConvLSTM3D Cropping3D CutMix EinsumDense Equalization FlaxLayer GroupQueryAttention HashedCrossing Input InputSpec JaxLayer Layer
MaxNumBoundingBoxes MelSpectrogram MixUp Pipeline RMSNormalization RandAugment RandomBrightness RandomColorDegeneration
RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale
RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
RandomShear RandomTranslation RandomZoom Resizing ReversibleEmbedding STFTSpectrogram SeparableConvolution2D Solarization SpatialDropout3D
SpectralNormalization TFSMLayer TorchModuleWrapper UpSampling3D Wrapper ZeroPadding3D`;

/** Keras 1 and 2, with what older files import through it. */
const FORMERLY = `
AbstractRNNCell AtrousConv1D AtrousConv2D AtrousConvolution1D AtrousConvolution2D ConvLSTM2DCell
ConvRecurrent2D CuDNNGRU CuDNNLSTM Deconvolution2D Deconvolution3D DenseFeatures DepthwiseConvolution1D DepthwiseConvolution2D
DeviceWrapper DropoutRNNCellMixin ExperimentalRNNCell Highway InputLayer LinearModel LocallyConnected1D LocallyConnected2D
MaxoutDense Merge ParametricSoftplus PeepholeLSTMCell RandomFourierFeatures RandomHeight RandomWidth Recurrent SReLU SequenceFeatures
SyncBatchNormalization TimeDistributedDense Sequential Model Functional WideDeepModel Node Container
Network PreprocessingLayer CombinerPreprocessingLayer TensorFlowOpLayer TFOpLambda SlicingOpLambda AddLoss AddMetric`;

const NAMES: ReadonlySet<string> = new Set(`${TODAY} ${FORMERLY}`.trim().split(/\s+/));

/**
 * Undefined for a class that Keras has or had, and for one that is like none of them (a Keras newer than this list may have it);
 * else the question whether a near name was meant.
 */
export function misspeltLayer(name: string): string | undefined {
  if (layerSignature(name) !== undefined || NAMES.has(name)) return undefined;
  return didYouMean(name, [...layerClassNames(), ...NAMES]);
}

/** The class that a function's name was meant for: LSTM for `layers.lstm`. */
export function classInCapitals(name: string): string | undefined {
  return layerClassNames().find((one) => one !== name && one.toLowerCase() === name.toLowerCase());
}
