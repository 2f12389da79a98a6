/**
 * Five teaching documents as facts, written anew: the lines that build each model, the table that its notebook prints (Keras 2,
 * two of them cut off where the saved page ended), and numbers that they work out by hand, the wrong ones with the right.
 */

/** A printed row; without its count where the table is cut off. */
export type PrintedFact = readonly [name: string, className: string, shape: string, count?: number];

export interface SeedModel {
  readonly code: string;
  readonly name: string;
  readonly rows: readonly PrintedFact[];
  /** Left out where the end of the table is missing. */
  readonly total?: number;
  /** What is worked out by hand below it. */
  readonly work?: string;
}

export interface SeedDocument {
  readonly title: string;
  readonly models: readonly SeedModel[];
  /** Numbers that are wrong in it, with what is right. */
  readonly slips: readonly (readonly [wrong: string, right: string])[];
  text(models?: readonly SeedModel[]): string;
}

const sequential = (...layers: readonly string[]): string =>
  ["model = Sequential()", ...layers.map((layer) => `model.add(${layer})`)].join("\n");
const withSizes = (steps: number, features: number, ...layers: readonly string[]): string =>
  `n_steps, n_features = ${steps}, ${features}\n${sequential(...layers)}`;
const relu = "activation='relu'";
const first = "input_shape=(n_steps, n_features)";
const seq = "return_sequences=True";
const dropOut = "Dropout(0.1)";
const pool = "MaxPooling1D(2)";
const hand = (g: number, h: number, i: number, claim = ""): string =>
  `g, h, i = ${g}, ${h}, ${i}\nprint(g * (h * (h + i) + h))${claim === "" ? "" : ` # answer = ${claim}`}`;

/** A table as Keras 2 prints it, long names going on in the next line. */
export function tableOf({ name, rows, total }: SeedModel): string {
  const lines = rows.flatMap(([row, className, shape, count]) => {
    const who = `${row} (${className})`;
    const first = ` ${who.slice(0, 27).padEnd(28)}${shape.padEnd(26)}${count ?? ""}`;
    return who.length > 27 ? [first, ` ${who.slice(27)}`, ""] : [first, ""];
  });
  const head = [
    `Model: "${name}"`,
    "_".repeat(65),
    ` ${"Layer (type)".padEnd(28)}${"Output Shape".padEnd(26)}Param #`,
    "=".repeat(65),
  ];
  const end = total === undefined ? [] : ["=".repeat(65), `Total params: ${total.toLocaleString("en-US")}`];
  return [...head, ...lines, ...end].join("\n");
}

/** As a page that shows a notebook is saved: cells behind their prompts, what they print below. */
function asExport(models: readonly SeedModel[]): string {
  const cells = models.map(
    (model) =>
      `In [None]:\n${model.code}\nmodel.summary()\n\n${tableOf(model)}\n\n${model.work === undefined ? "" : `In [None]:\n${model.work}\n\n`}`,
  );
  const imports =
    "from tensorflow.keras.layers import *\nfrom tensorflow.keras.models import Model, Sequential\nimport numpy as np";
  return `# Recurrent layers\n\nIn [1]:\n${imports}\n\n${cells.join("\n## Another one\n\n")}`;
}

function asMarkdown(models: readonly SeedModel[]): string {
  const fenced = (code: string): string => `\`\`\`python\n${code}\n\`\`\``;
  const indented = (text: string): string => text.replaceAll(/^/gm, "    ");
  return models
    .flatMap((model) => [
      "# Recurrent layers",
      ...(model.work === undefined ? [] : [fenced(model.work)]),
      fenced(`from keras.models import Sequential\nfrom keras.layers import Dense, SimpleRNN\n\n${model.code}`),
      fenced("model.summary()"),
      indented(tableOf(model)),
      "",
    ])
    .join("\n\n");
}

/** SimpleRNN, then Dense, called one after another. */
const byShapes = (name: string, at: number, samples: number): SeedModel => ({
  code: `N, T, D, K, M = ${samples}, 10, 3, 2, 5\nX = np.random.randn(N, T, D)\ni = Input(shape=(T, D))\nx = SimpleRNN(M)(i)\nx = Dense(K)(x)\nmodel = Model(i, x)`,
  name,
  rows: [
    [`input_${at}`, "InputLayer", "[(None, 10, 3)]", 0],
    [at === 1 ? "simple_rnn" : `simple_rnn_${at - 1}`, "SimpleRNN", "(None, 5)", 45],
    [at === 1 ? "dense" : `dense_${at - 1}`, "Dense", "(None, 2)", 12],
  ],
  total: 57,
});

const byHand: readonly SeedModel[] = [
  {
    code: withSizes(50, 3, `SimpleRNN(2, ${relu}, ${first})`, "Dense(1)"),
    name: "sequential_7",
    rows: [
      ["simple_rnn_2", "SimpleRNN", "(None, 2)", 12],
      ["dense_6", "Dense", "(None, 1)", 3],
    ],
    total: 15,
    work: hand(1, 2, 3),
  },
  {
    code: withSizes(50, 30, `SimpleRNN(25, ${relu}, ${first})`, "Dense(1)"),
    name: "sequential_8",
    rows: [
      ["simple_rnn_3", "SimpleRNN", "(None, 25)", 1400],
      ["dense_7", "Dense", "(None, 1)", 26],
    ],
    total: 1426,
    work: hand(1, 25, 30, "1400"),
  },
  {
    code: withSizes(50, 3, `LSTM(2, ${relu}, ${first})`, "Dense(1)"),
    name: "sequential_9",
    rows: [
      ["lstm_2", "LSTM", "(None, 2)", 48],
      ["dense_8", "Dense", "(None, 1)", 3],
    ],
    total: 51,
    work: hand(4, 2, 3),
  },
  {
    code: withSizes(30, 5, `LSTM(4, ${relu}, ${first})`, "Dense(1)"),
    name: "sequential_10",
    rows: [
      ["lstm_3", "LSTM", "(None, 4)", 160],
      ["dense_9", "Dense", "(None, 1)", 5],
    ],
    total: 165,
    work: hand(4, 4, 5, "160"),
  },
  {
    code: withSizes(50, 3, `GRU(2, ${relu}, ${first}, reset_after=False)`, "Dense(1)"),
    name: "sequential_11",
    rows: [
      ["gru_3", "GRU", "(None, 2)", 36],
      ["dense_10", "Dense", "(None, 1)", 3],
    ],
    total: 39,
    work: hand(3, 2, 3),
  },
  {
    code: withSizes(30_000_000, 5, `GRU(4, ${relu}, ${first}, reset_after=False)`, "Dense(1)"),
    name: "sequential_12",
    rows: [
      ["gru_4", "GRU", "(None, 4)", 120],
      ["dense_11", "Dense", "(None, 1)", 5],
    ],
    total: 125,
    work: hand(3, 4, 5),
  },
  {
    code: withSizes(
      30,
      5,
      `GRU(4, ${seq}, ${relu}, ${first})`,
      `GRU(2, ${seq}, ${relu})`,
      `SimpleRNN(25, ${relu})`,
      "Dense(1)",
    ),
    name: "sequential_13",
    rows: [
      ["gru_5", "GRU", "(None, 30, 4)", 132],
      ["gru_6", "GRU", "(None, 30, 2)", 48],
      ["simple_rnn_4", "SimpleRNN", "(None, 25)", 700],
      ["dense_12", "Dense", "(None, 1)", 26],
    ],
    total: 906,
    work: `# gru_1\n${hand(3, 4, 5, "132")}\n\n# gru_2\n${hand(3, 2, 4, "132")}\n# SHAPE\n# (None, 4)\n\n# dense layer\nh, i, o = 1, 4, 0\nprint((i * h + h * o) + (h + o)) # answer = 5`,
  },
  {
    code: withSizes(15, 30, `SimpleRNN(20, ${seq}, ${relu}, ${first})`, `LSTM(4, ${relu})`, "Dense(1)"),
    name: "sequential_14",
    rows: [
      ["simple_rnn_5", "SimpleRNN", "(None, 15, 20)", 1020],
      ["lstm_4", "LSTM", "(None, 4)", 400],
      ["dense_13", "Dense", "(None, 1)", 5],
    ],
    total: 1425,
  },
  {
    code: withSizes(
      30,
      30,
      `SimpleRNN(30, ${seq}, ${relu}, ${first})`,
      `GRU(30, ${seq}, ${relu})`,
      `LSTM(30, ${relu})`,
      `Dense(30, ${relu})`,
      "Dense(1)",
    ),
    name: "sequential_15",
    rows: [
      ["simple_rnn_6", "SimpleRNN", "(None, 30, 30)", 1830],
      ["gru_7", "GRU", "(None, 30, 30)", 5580],
      ["lstm_5", "LSTM", "(None, 30)", 7320],
      ["dense_14", "Dense", "(None, 30)", 930],
      ["dense_15", "Dense", "(None, 1)", 31],
    ],
    total: 15_691,
  },
  {
    code: withSizes(
      50,
      40,
      `SimpleRNN(30, ${seq}, ${relu}, ${first})`,
      ...[20, 25, 22, 21].map((units) => `GRU(${units}, ${seq}, ${relu})`),
      `SimpleRNN(10, ${relu})`,
      ...Array.from({ length: 4 }, () => `Dense(50, ${relu})`),
      "Dense(1)",
    ),
    name: "sequential_16",
    rows: [
      ["simple_rnn_7", "SimpleRNN", "(None, 50, 30)", 2130],
      ["gru_8", "GRU", "(None, 50, 20)", 3120],
      ["gru_9", "GRU", "(None, 50, 25)", 3525],
      ["gru_10", "GRU", "(None, 50, 22)", 3234],
      ["gru_11", "GRU", "(None, 50, 21)", 2835],
      ["simple_rnn_8", "SimpleRNN", "(None, 10)", 320],
      ["dense_16", "Dense", "(None, 50)"],
    ],
  },
];

const conv = (filters: number, more = ""): string => `Conv1D(filters=${filters}, kernel_size=2${more})`;
const advanced: readonly SeedModel[] = [
  {
    code: withSizes(21, 9, conv(3, `, ${first}`), pool, `SimpleRNN(30, ${relu})`, dropOut, "Dense(1)"),
    name: "sequential_31",
    rows: [
      ["conv1d_31", "Conv1D", "(None, 20, 3)", 57],
      ["max_pooling1d_31", "MaxPooling1D", "(None, 10, 3)", 0],
      ["simple_rnn_15", "SimpleRNN", "(None, 30)", 1020],
      ["dropout_31", "Dropout", "(None, 30)", 0],
      ["dense_31", "Dense", "(None, 1)", 31],
    ],
    total: 1108,
    work: "# simpleRNN trainable parms\n1 * (30 * (30 + 1) + 30)\n\n960",
  },
  {
    code: withSizes(
      21,
      9,
      conv(1, `, ${first}`),
      pool,
      `LSTM(30, ${relu}, recurrent_dropout=0.2)`,
      dropOut,
      "Dense(1)",
    ),
    name: "sequential_39",
    rows: [
      ["conv1d_39", "Conv1D", "(None, 20, 1)", 19],
      ["max_pooling1d_39", "MaxPooling1D", "(None, 10, 1)", 0],
      ["lstm_56", "LSTM", "(None, 30)", 3840],
      ["dropout_39", "Dropout", "(None, 30)", 0],
      ["dense_39", "Dense", "(None, 1)", 31],
    ],
    total: 3890,
  },
  {
    code: withSizes(
      21,
      9,
      conv(1, `, ${first}`),
      pool,
      ...[30, 40, 50].map((units) => `LSTM(${units}, ${relu}, recurrent_dropout=0.1, ${seq})`),
      `LSTM(60, ${relu}, recurrent_dropout=0.1)`,
      dropOut,
      "Dense(1)",
    ),
    name: "sequential_33",
    rows: [
      ["conv1d_33", "Conv1D", "(None, 20, 1)", 19],
      ["max_pooling1d_33", "MaxPooling1D", "(None, 10, 1)", 0],
      ["lstm_45", "LSTM", "(None, 10, 30)", 3840],
      ["lstm_46", "LSTM", "(None, 10, 40)", 11_360],
      ["lstm_47", "LSTM", "(None, 10, 50)", 18_200],
      ["lstm_48", "LSTM", "(None, 60)", 26_640],
    ],
  },
  {
    code: withSizes(
      50,
      20,
      conv(64, `, ${first}`),
      pool,
      conv(128),
      pool,
      `SimpleRNN(64, ${relu}, ${seq})`,
      `SimpleRNN(120, ${relu}, recurrent_dropout=0.1)`,
      dropOut,
      "Dense(1)",
    ),
    name: "sequential_34",
    rows: [
      ["conv1d_34", "Conv1D", "(None, 49, 64)", 2624],
      ["max_pooling1d_34", "MaxPooling1D", "(None, 24, 64)", 0],
      ["conv1d_35", "Conv1D", "(None, 23, 128)", 16_512],
      ["max_pooling1d_35", "MaxPooling1D", "(None, 11, 128)", 0],
      ["simple_rnn_16", "SimpleRNN", "(None, 11, 64)", 12_352],
      ["simple_rnn_17", "SimpleRNN", "(None, 120)"],
    ],
  },
  {
    code: withSizes(21, 9, `Bidirectional(LSTM(30, ${relu}), ${first})`, dropOut, "Dense(1)"),
    name: "sequential_35",
    rows: [
      ["bidirectional_24", "Bidirectional", "(None, 60)", 9600],
      ["dropout_35", "Dropout", "(None, 60)", 0],
      ["dense_35", "Dense", "(None, 1)", 61],
    ],
    total: 9661,
  },
  {
    code: withSizes(
      21,
      9,
      `Bidirectional(LSTM(30, ${relu}, ${seq}), ${first})`,
      `Bidirectional(LSTM(10, ${relu}))`,
      dropOut,
      "Dense(1)",
    ),
    name: "sequential_36",
    rows: [
      ["bidirectional_25", "Bidirectional", "(None, 21, 60)", 9600],
      ["bidirectional_26", "Bidirectional", "(None, 20)", 5680],
      ["dropout_36", "Dropout", "(None, 20)", 0],
      ["dense_36", "Dense", "(None, 1)", 21],
    ],
    total: 15_301,
  },
  {
    code: withSizes(
      21,
      50,
      conv(20, `, ${first}`),
      pool,
      conv(10),
      pool,
      `Bidirectional(LSTM(30, ${relu}, ${seq}))`,
      `Bidirectional(LSTM(60, ${relu}, ${seq}))`,
      `GRU(40, ${relu}, ${seq})`,
      `Bidirectional(LSTM(10, ${relu}))`,
      dropOut,
      "Dense(1)",
    ),
    name: "sequential_37",
    rows: [
      ["conv1d_36", "Conv1D", "(None, 20, 20)", 2020],
      ["max_pooling1d_36", "MaxPooling1D", "(None, 10, 20)", 0],
      ["conv1d_37", "Conv1D", "(None, 9, 10)", 410],
      ["max_pooling1d_37", "MaxPooling1D", "(None, 4, 10)", 0],
      ["bidirectional_27", "Bidirectional", "(None, 4, 60)", 9840],
    ],
  },
];

const inNumpy: SeedModel = {
  code: sequential("SimpleRNN(10, input_shape=(3, 1))", "Dense(1)"),
  name: "sequential_1",
  rows: [
    ["simple_rnn_1", "SimpleRNN", "(None, 10)", 120],
    ["dense_1", "Dense", "(None, 1)", 11],
  ],
  total: 131,
  // Joined end to end where they should be stacked.
  work: "import numpy as np\ntimesteps, output_features = 100, 64\noutputs = []\nfor t in range(timesteps):\n    outputs.append(np.zeros((output_features,)))\n\n# a 2D tensor of shape (timesteps, output_features)\nfinal = np.concatenate(outputs, axis=0)",
};

function document(
  title: string,
  models: readonly SeedModel[],
  slips: SeedDocument["slips"],
  write: (models: readonly SeedModel[]) => string,
): SeedDocument {
  return { title, models, slips, text: (changed = models) => write(changed) };
}

export const seedDocuments: readonly SeedDocument[] = [
  document(
    "layers counted by hand",
    byHand,
    [
      ["120", "132"],
      ["42", "48"],
      ["132", "48"],
      ["(None, 4)", "(None, 30, 2)"],
      ["5", "26"],
    ],
    asExport,
  ),
  document("a cell by its shapes", [byShapes("model", 1, 1)], [], asExport),
  document("convolutions, pooling, both directions", advanced, [["960", "1,020"]], asExport),
  document("a loop in NumPy", [inNumpy], [["(6400,)", "(100, 64)"]], asMarkdown),
  document("one sample, then three", [byShapes("model_3", 4, 1), byShapes("model_4", 5, 3)], [], asExport),
];
