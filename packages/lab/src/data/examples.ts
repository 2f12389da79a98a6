/** The models of the start page, each as a question. The answers are derived by the library when a card is opened. */

export interface Example {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** The layer whose count the question is about; empty for the whole model. */
  readonly layer: string;
  readonly about: string;
  readonly code: string;
}

const head = "from tensorflow.keras.models import Sequential\nfrom tensorflow.keras.layers import *\n\n";

/** Cells of a model that can be trained at once. */
export const trainable = ["LSTM", "GRU", "SimpleRNN"] as const;

/** One series in, one number out. */
export function oneSeries({
  cell = "LSTM",
  features = 1,
}: {
  readonly cell?: (typeof trainable)[number];
  readonly features?: number;
}): string {
  return `${head}model = Sequential()\nmodel.add(Input((12, ${features})))\nmodel.add(${cell}(8))\nmodel.add(Dense(1))\n`;
}

/** A cell at work, for the start page. */
export const atWork = `${head}model = Sequential()\nmodel.add(Input((30, 5)))\nmodel.add(LSTM(4))\nmodel.add(Dense(1))\n`;

export const examples: readonly Example[] = [
  {
    id: "simple-rnn",
    title: "SimpleRNN on three series",
    question: "12 or 15?",
    layer: "",
    about: "Two units, three features. Where do the weights of the past come in?",
    code: `${head}n_steps, n_features = 30, 3\n\nmodel = Sequential()\nmodel.add(Input((n_steps, n_features)))\nmodel.add(SimpleRNN(2, activation="relu"))\nmodel.add(Dense(1))\n`,
  },
  {
    id: "lstm",
    title: "LSTM, five features",
    question: "120, 160 or 560?",
    layer: "lstm",
    about: "Four gates, and thirty timesteps that do not matter. Or do they?",
    code: `${head}n_steps, n_features = 30, 5\n\nmodel = Sequential()\nmodel.add(Input((n_steps, n_features)))\nmodel.add(LSTM(4, activation="relu"))\nmodel.add(Dense(1))\n`,
  },
  {
    id: "gru",
    title: "GRU and its second bias",
    question: "120 or 132?",
    layer: "gru",
    about: "Keras says twelve more than the textbook. One argument decides.",
    code: `${head}model = Sequential()\nmodel.add(Input((30, 5)))\nmodel.add(GRU(4, reset_after=True))  # the textbook: False\nmodel.add(Dense(1))\n`,
  },
  {
    id: "stack",
    title: "Two GRUs into a SimpleRNN",
    question: "906 or 888?",
    layer: "",
    about: "Each layer reads what the one before hands on. Count all four.",
    code: `${head}model = Sequential()\nmodel.add(Input((30, 5)))\nmodel.add(GRU(4, return_sequences=True))\nmodel.add(GRU(2, return_sequences=True))\nmodel.add(SimpleRNN(25))\nmodel.add(Dense(1))\n`,
  },
  {
    id: "monster-1",
    title: "Monster 1",
    question: "Why not 1,585?",
    layer: "",
    about: "Thirty features into twenty units, then an LSTM of four.",
    code: `${head}model = Sequential()\nmodel.add(Input((15, 30)))\nmodel.add(SimpleRNN(20, return_sequences=True))\nmodel.add(LSTM(4))\nmodel.add(Dense(1))\n`,
  },
  {
    id: "monster-2",
    title: "Monster 2",
    question: "Why not 15,601?",
    layer: "",
    about: "SimpleRNN, GRU, LSTM and two Dense layers, thirty wide all the way.",
    code: `${head}model = Sequential()\nmodel.add(Input((30, 30)))\nmodel.add(SimpleRNN(30, return_sequences=True))\nmodel.add(GRU(30, return_sequences=True))\nmodel.add(LSTM(30))\nmodel.add(Dense(30, activation="relu"))\nmodel.add(Dense(1))\n`,
  },
  {
    id: "conv",
    title: "Convolution first",
    question: "960 or 1,020?",
    layer: "simple_rnn",
    about: "After Conv1D and pooling the recurrent layer reads other features.",
    code: `${head}n_steps, n_features = 21, 9\n\nmodel = Sequential()\nmodel.add(Input((n_steps, n_features)))\nmodel.add(Conv1D(filters=3, kernel_size=2))\nmodel.add(MaxPooling1D(2))\nmodel.add(SimpleRNN(30))\nmodel.add(Dropout(0.1))\nmodel.add(Dense(1))\n`,
  },
  {
    id: "bidirectional",
    title: "Stacked Bidirectional LSTM",
    question: "3,280 or 5,680?",
    layer: "bidirectional_1",
    about: "Two directions double the features of the next layer.",
    code: `${head}model = Sequential()\nmodel.add(Input((21, 9)))\nmodel.add(Bidirectional(LSTM(30, return_sequences=True)))\nmodel.add(Bidirectional(LSTM(10)))\nmodel.add(Dense(1))\n`,
  },
  {
    id: "shapes",
    title: "N, T, D, M and K",
    question: "(1, 10, 5) or (1, 5)?",
    layer: "simple_rnn",
    about: "A functional model with every size a letter. Which of them reach the end?",
    code: "import numpy as np\nfrom tensorflow.keras.layers import Input, SimpleRNN, Dense\nfrom tensorflow.keras.models import Model\n\nN, T, D, K = 1, 10, 3, 2\nM = 5\n\ni = Input(shape=(T, D))\nx = SimpleRNN(M)(i)\nx = Dense(K)(x)\nmodel = Model(i, x)\n",
  },
];
