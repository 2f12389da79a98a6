import { describe, expect, it } from "vitest";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";

/** Models of teaching notebooks: the lines that build them, and the total that Keras printed. */
const models: readonly (readonly [string, number])[] = [
  [
    "n_steps=50 # does not matter\nn_features=3 # columns\nmodel = Sequential()\nmodel.add((SimpleRNN(2, activation='relu', input_shape=(n_steps, n_features)))) # two units\n\nmodel.add(Dense(1))",
    15,
  ],
  [
    "n_features=30\nmodel = Sequential()\nmodel.add((SimpleRNN(25, activation='relu', input_shape=(n_steps, n_features))))\nmodel.add(Dense(1))",
    1426,
  ],
  [
    "n_features= 3\nmodel = Sequential()\nmodel.add((LSTM(2,  # units\n                activation='relu', input_shape=(n_steps, n_features))))\nmodel.add(Dense(1)) # one\n                    # output",
    51,
  ],
  [
    "n_steps= 30\nn_features= 5\nmodel = Sequential()\nmodel.add((LSTM(4, activation='relu', input_shape=(n_steps, n_features))))\nmodel.add(Dense(1))",
    165,
  ],
  [
    "n_features=3\nmodel = Sequential()\nmodel.add((GRU(2, activation='relu', input_shape=(50, n_features),\n               reset_after=False)))\nmodel.add(Dense(1))",
    39,
  ],
  [
    "n_steps=30000000 # many\nn_features=5\nmodel = Sequential()\nmodel.add((GRU(4, activation='relu', input_shape=(n_steps, n_features), reset_after=False)))\nmodel.add(Dense(1))",
    125,
  ],
  [
    "n_steps=30\nmodel = Sequential()\nmodel.add((GRU(4, return_sequences=True, activation='relu', input_shape=(n_steps, n_features))))\nmodel.add((GRU(2, return_sequences=True, activation='relu')))\nmodel.add((SimpleRNN(25, activation='relu')))\nmodel.add(Dense(1))",
    906,
  ],
  [
    "model = Sequential()\nmodel.add((SimpleRNN(20, return_sequences=True, activation='relu', input_shape=(15, 30))))\nmodel.add((LSTM(4, activation='relu')))\nmodel.add(Dense(1))",
    1425,
  ],
  [
    "model = Sequential()\nmodel.add((SimpleRNN(30, return_sequences=True, activation='relu', input_shape=(30,30))))\nmodel.add((GRU(30, return_sequences=True,activation='relu')))\nmodel.add((LSTM(30,activation='relu')))\nmodel.add((Dense(30,activation='relu')))\nmodel.add(Dense(1))",
    15691,
  ],
  [
    "n_features = 9\nn_steps = 21\nmodel = Sequential()\nmodel.add(Conv1D(filters=3, # new columns\n                 kernel_size=2,\n                 input_shape=(n_steps,n_features)))\nmodel.add(MaxPooling1D(2))\nmodel.add(SimpleRNN(30, activation='relu'))\nmodel.add(Dropout(0.1))\nmodel.add(Dense(1))",
    1108,
  ],
  [
    "model = Sequential()\nmodel.add(Conv1D(filters=1, kernel_size=2, input_shape=(n_steps,n_features)))\nmodel.add(MaxPooling1D(2))\nmodel.add(LSTM(30, activation='relu', recurrent_dropout=0.2))\nmodel.add(Dropout(0.1))\nmodel.add(Dense(1))",
    3890,
  ],
  [
    "from keras.layers import Bidirectional\nmodel = Sequential()\nmodel.add(Bidirectional(LSTM(30, activation='relu'),\n                        input_shape=(n_steps,n_features)))\nmodel.add(Dropout(0.1))\nmodel.add(Dense(1))",
    9661,
  ],
  [
    "model = Sequential()\nmodel.add(Bidirectional(LSTM(30, activation='relu', return_sequences=True),\n                        input_shape=(n_steps,n_features)))\nmodel.add(Bidirectional(LSTM(10, activation='relu')))\nmodel.add(Dropout(0.1))\nmodel.add(Dense(1))",
    15301,
  ],
  [
    "N, T = 1, 10\nD = 3\nK = 2\nX = np.random.randn(N, T, D)\nM = 5\ni = Input(shape = (T,D))\nx = SimpleRNN(M)(i)\nx = Dense(K)(x)\nmodel = Model(i, x)",
    57,
  ],
  ["model = Sequential()\nmodel.add(SimpleRNN(10, input_shape=(3, 1)))\nmodel.add(Dense(1))", 131],
];

const header =
  "from tensorflow.keras.layers import *\nfrom tensorflow.keras.models import Model, Sequential\n%matplotlib inline";

describe("a notebook of many models, exported as text", () => {
  const cells = models.map(
    ([code, total]) =>
      `## A heading\nSome prose, with (brackets) and a number 3.\n\nIn [None]:\n${code}\nmodel.summary()\n\nModel: "sequential_7"\n${"_".repeat(65)}\nTotal params: ${total}\n\n`,
  );
  const text = `# Title\n\nIn [1]:\n${header}\n\n${cells.join("\n")}`;

  it("gives every model with the total that was printed", () => {
    const reading = readKerasCode(text);
    expect(reading.format).toBe("text-export");
    expect(reading.problems).toEqual([]);
    expect(reading.unknowns).toEqual([]);
    expect(reading.models.map(({ config }) => modelFromConfig(config).countParams())).toEqual(
      models.map(([, total]) => total),
    );
  });

  it("gives the same as a script, as Markdown and as a notebook", () => {
    const codes = [header, ...models.map(([code]) => `${code}\nmodel.summary()`)];
    const configs = (source: string): unknown =>
      readKerasCode(source, { kerasVersion: "2" }).models.map(({ config }) => config);
    const expected = configs(text);
    expect(configs(codes.join("\n"))).toEqual(expected);
    expect(configs(codes.map((code) => `Text\n\n\`\`\`python\n${code}\n\`\`\`\n`).join("\n"))).toEqual(expected);
    expect(
      configs(JSON.stringify({ cells: codes.map((source) => ({ cell_type: "code", source, outputs: [] })) })),
    ).toEqual(expected);
  });
});
