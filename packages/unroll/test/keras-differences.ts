/** Where Unroll means to differ from Keras 3 on odd arguments. The sentences stand in docs/keras.md too. */
import type { Difference } from "./odd-arguments.ts";

export interface MeantDifference {
  readonly kind: Difference["kind"];
  readonly why: string;
  /** Of the case, as one text, and of what Unroll says or gives. */
  readonly where: RegExp;
}

export const layerDifferences: readonly MeantDifference[] = [
  {
    kind: "refuses",
    why: "An option that is true or false takes nothing else; Keras takes whatever Python holds for true.",
    where: /must be true or false/,
  },
  {
    kind: "refuses",
    why: "Neither true nor a text is a number, and NaN is none.",
    where: /must be (a share|a number|a positive whole number).*Received: \w+ = (true|NaN|"[^"]*")\./,
  },
  {
    kind: "refuses",
    why: "A share to drop is from 0 to 1; Keras's recurrent layers move another number to the nearer end.",
    where: /[dD]ropout must be a share between 0 and 1\. Received: \w+ = -?[\d.]+\.$/,
  },
  {
    kind: "refuses",
    why: "glu is no activation here: it halves the axis, and a layer would not have the units that it says.",
    where: /must be an activation\. Received: \w+ = "glu"/,
  },
  {
    kind: "refuses",
    why: "Pooling knows the paddings valid and same; Keras does not look at the word before it computes.",
    where: /^MaxPooling1D .*padding must be one of "valid", "same"/,
  },
  {
    kind: "takes",
    why: "A layer with goBackwards inside Bidirectional gets a partner that reads forwards, as in Keras 2.",
    where: /^Bidirectional .*"go_backwards":true/,
  },
  {
    kind: "takes",
    why: "The regularizer l1_l2 is known by Keras 2's name.",
    where: /regularizer":"l1_l2"/,
  },
  {
    kind: "takes",
    why: "null as an initializer is GlorotUniform, for an LSTM's bias too.",
    where: /^LSTM .*"bias_initializer":null/,
  },
];

export const runDifferences: readonly MeantDifference[] = [
  {
    kind: "refuses",
    why: "Epochs, sizes of batches and the like are whole numbers that make sense; null does not stand for the default: leave the option out.",
    where: /must be (a whole number of at least|a positive whole number)|validationSplit must be a number/,
  },
  {
    kind: "refuses",
    why: "validationSplit is a share that leaves examples on both sides.",
    where: /validationSplit must leave examples on both sides/,
  },
  {
    kind: "refuses",
    why: "Targets have the shape of the predictions; Keras stretches others over them and trains on that.",
    where: /must be targets like the predictions/,
  },
  {
    kind: "refuses",
    why: "A number of timesteps that the input declares is kept to; leave it open (null) for sequences of other lengths.",
    where: /takes 3 timesteps/,
  },
  {
    kind: "takes",
    why: "One sample weight for each sequence counts for all of its timesteps.",
    where: /^fit sequence .*"sample_weight":/,
  },
  {
    kind: "takes",
    why: "The loss logcosh and the metrics kld and rmse have these names too.",
    where: /^fit \w+ (logcosh|\w+ (kld|rmse)) /,
  },
  {
    kind: "numbers",
    why: "A loss that is not a number ends the run, with its place, and the weights stay as they were before that batch.",
    where: /^fit value poisson .* \{\}$/,
  },
];
