import { describe, expect, it } from "vitest";
import { type KerasObject, layerFromConfig } from "../keras-config.ts";
import { readKerasCode } from "./read.ts";
import type { CodeModel } from "./reading.ts";
import type { Json } from "./serialize.ts";

type Config = { [key: string]: Json };

function named({ config, name }: CodeModel): string[] {
  return [
    name,
    ...((config.config as Config).layers as Config[]).map((layer) => (layer.config as { name: string }).name),
  ];
}

const code = `
from tensorflow.keras import Sequential, Model, Input
from tensorflow.keras.layers import *
a = Sequential([LSTM(2, input_shape=(3, 1)), Dense(1)])
i = Input((4,))
b = Model(i, Dense(2)(i))
c = Sequential()
c.add(Dense(2, input_shape=(3,)))
c.add(LeakyReLU())
j = Input((4,))
d = Model(j, Dense(2)(j))
`;

describe("automatic names", () => {
  // The names of Keras 3 are those that 3.15 gives this code; those of Keras 2 follow its rules.
  it("count as Keras 3 does: a Sequential takes input and functional numbers", () => {
    const { models } = readKerasCode(code, { kerasVersion: "3" });
    expect(models.map(named)).toEqual([
      ["sequential", "input_layer", "lstm", "dense"],
      ["functional_1", "input_layer_1", "dense_1"],
      ["sequential_1", "input_layer_2", "dense_2", "leaky_re_lu"],
      ["functional_4", "input_layer_3", "dense_3"],
    ]);
  });

  it("count as Keras 2 does: inputs from one, a Sequential names its own after its first layer", () => {
    const { models } = readKerasCode(code, { kerasVersion: "2" });
    expect(models.map(named)).toEqual([
      ["sequential", "lstm_input", "lstm", "dense"],
      ["model", "input_1", "dense_1"],
      ["sequential_1", "dense_2_input", "dense_2", "leaky_re_lu"],
      ["model_1", "input_2", "dense_3"],
    ]);
  });

  it("leave the layer inside of Bidirectional its own, which both copies are called after", () => {
    const { models } = readKerasCode(
      "Sequential([Input((3, 1)), LSTM(2, return_sequences=True), Bidirectional(LSTM(2)), Reshape((2, 2)), " +
        "Bidirectional(LSTM(2, name='forward_a'), backward_layer=LSTM(2, go_backwards=True, name='b'))])",
    );
    const read = (models[0]!.config.config as Config).layers as unknown as KerasObject[]; // layers as Keras writes them
    const [first, second] = [read[2]!, read[4]!].map((object) =>
      layerFromConfig(object).children.map(({ name }) => name),
    );
    // As Keras 3.15 calls `forward_layer` and `backward_layer` of this code.
    expect(first).toEqual(["forward_lstm_1", "backward_lstm_1"]);
    expect(second).toEqual(["forward_a", "b"]);
  });

  it("count from one in standalone Keras, and anew after clear_session", () => {
    const { models } = readKerasCode("Sequential([Dense(1)])\nK.clear_session()\nSequential([Dense(1)])", {
      kerasVersion: "2-standalone",
    });
    expect(models.map(named)).toEqual([
      ["sequential_1", "dense_1"],
      ["sequential_1", "dense_1"],
    ]);
  });
});

describe("imports and old spellings", () => {
  it.each([
    "from keras.layers import LSTM as L",
    "from tensorflow.keras.layers import LSTM as L",
    "from tensorflow.python.keras.layers import LSTM as L",
    "from keras.layers.recurrent import LSTM as L",
    "import tensorflow.keras.layers as layers\nL = layers.LSTM",
    "import tensorflow as tf\nL = tf.keras.layers.LSTM",
    "from tensorflow import keras\nL = keras.layers.LSTM",
    "import keras.layers\nL = keras.layers.LSTM",
    "from keras.layers import *\nL = LSTM",
    "L = LSTM",
  ])("reach the same layer: %s", (imports) => {
    const { models, problems } = readKerasCode(`${imports}\nfrom keras.models import Sequential\nSequential([L(4)])`);
    expect(problems).toEqual([]);
    expect(models[0]!.config.config.layers).toMatchObject([{ class_name: "LSTM", config: { units: 4 } }]);
  });

  it("of Keras 1 are translated", () => {
    const { models, problems } = readKerasCode(`
m = Sequential()
m.add(Embedding(100, 16, input_length=12, dropout=0.2))
m.add(Convolution1D(nb_filter=8, filter_length=3, border_mode='same', activation='relu'))
m.add(MaxPooling1D(pool_length=2))
m.add(LSTM(output_dim=5, init='uniform', inner_activation='hard_sigmoid', dropout_W=0.1, dropout_U=0.3, consume_less='gpu'))
m.add(Dropout(p=0.5))
m.add(Dense(output_dim=2, W_regularizer=l2(0.01), bias=False))
`);
    expect(problems).toEqual([]);
    expect(
      (models[0]!.config.config.layers as Config[]).slice(1).map((layer) => [layer.class_name, layer.config]),
    ).toMatchObject([
      ["Embedding", { input_dim: 100, output_dim: 16 }],
      ["Conv1D", { filters: 8, kernel_size: 3, padding: "same", activation: "relu" }],
      ["MaxPooling1D", { pool_size: 2 }],
      [
        "LSTM",
        {
          units: 5,
          kernel_initializer: "uniform",
          recurrent_activation: "hard_sigmoid",
          dropout: 0.1,
          recurrent_dropout: 0.3,
        },
      ],
      ["Dropout", { rate: 0.5 }],
      ["Dense", { units: 2, use_bias: false, kernel_regularizer: { class_name: "L2", config: { l2: 0.01 } } }],
    ]);
  });

  it("of inputs all become one InputLayer", () => {
    const shape = (first: string): unknown =>
      (
        (
          readKerasCode(`m = Sequential()\nm.add(${first})`, { kerasVersion: "2" }).models[0]!.config.config
            .layers as Config[]
        )[0]!.config as Config
      ).batch_shape;
    expect(shape("LSTM(3, batch_input_shape=(16, 10, 2))")).toEqual([16, 10, 2]);
    expect(shape("LSTM(3, input_dim=2, input_length=10)")).toEqual([null, 10, 2]);
    expect(shape("LSTM(3, input_dim=2)")).toEqual([null, null, 2]);
    expect(shape("Dense(3, input_dim=2)")).toEqual([null, 2]);
    expect(shape("Embedding(9, 3, input_length=7)")).toEqual([null, 7]);
    expect(shape("Embedding(9, 3)")).toEqual([null, null]);
  });
});

describe("compile and fit", () => {
  it("give their arguments as Keras serialises them, without the data", () => {
    const { models } = readKerasCode(`
m = Sequential([Input((10, 3)), LSTM(4), Dense(1)])
m.compile(optimizer=tf.keras.optimizers.Adam(lr=0.01), loss='mse', metrics=['mae'])
es = EarlyStopping(monitor='val_loss', patience=10, restore_best_weights=True)
m.fit(X, y, epochs=500, batch_size=5, validation_split=0.2, callbacks=[es], shuffle=True)
`);
    expect(models[0]).toMatchObject({
      compile: { optimizer: { class_name: "Adam", config: { learning_rate: 0.01 } }, loss: "mse", metrics: ["mae"] },
      fit: {
        epochs: 500,
        batch_size: 5,
        validation_split: 0.2,
        shuffle: true,
        callbacks: [
          { class_name: "EarlyStopping", config: { monitor: "val_loss", patience: 10, restore_best_weights: true } },
        ],
      },
    });
    expect(Object.keys(models[0]!.fit!)).not.toContain("x");
  });
});

describe("which models are reported", () => {
  it("a growing one once, as it is where its summary was last printed; a rebuilt one again", () => {
    const { models } = readKerasCode(`
m = Sequential([Input((4,)), Dense(3)])
m.summary()
m.add(Dense(2))
m.summary()
m = Sequential([Input((4,)), Dense(5)])
m.summary()
`);
    expect(models.map(({ line, config }) => [line, (config.config.layers as Json[]).length])).toEqual([
      [5, 3],
      [7, 2],
    ]);
  });

  it("parts of others only where they are trained or shown themselves; empty ones never", () => {
    const { models } = readKerasCode(
      "a = Sequential([Dense(2)], name='a')\nb = Sequential([Dense(2)], name='b')\nb.compile('adam', 'mse')\nc = Sequential([Input((3,)), a, b], name='c')\nSequential()",
    );
    expect(models.map(({ name }) => name)).toEqual(["b", "c"]);
  });

  it("those of functions that nobody calls, with what their arguments leave open, where there are no others", () => {
    const { models, unknowns } = readKerasCode(
      "def make(units=8, features):\n    m = Sequential()\n    m.add(LSTM(units, input_shape=(5, features)))\n    return m\n",
    );
    expect(models).toHaveLength(1);
    expect(unknowns.map(({ name, reason }) => [name, reason])).toEqual([
      ["features", "is an argument of make that no call gives"],
    ]);
  });

  it("one that was saved and loaded again is the same", () => {
    const { models } = readKerasCode(
      "m = Sequential([Input((4,)), Dense(3)])\nm.save('x.keras')\nn = keras.models.load_model('x.keras')\nn.add(Dense(1))\nn.summary()",
    );
    expect(models.map(({ config }) => (config.config.layers as Json[]).length)).toEqual([3]);
  });

  it("model subclasses, by following their call()", () => {
    const { models, problems } = readKerasCode(`
class Net(tf.keras.Model):
    def __init__(self, units):
        super().__init__(name='net')
        self.rnn = LSTM(units)
        self.out = Dense(2)
    def call(self, x, training=None):
        return self.out(self.rnn(x))
net = Net(5)
net.build((None, 7, 3))
net.summary()
`);
    expect(problems).toEqual([]);
    expect(models.map(named)).toEqual([["net", "input_layer", "lstm", "dense"]]);
  });
});

describe("values around models", () => {
  const unitsIn = (text: string): unknown[] =>
    readKerasCode(`from dataclasses import dataclass\nfrom itertools import product\n${text}`).models.map(
      ({ config }) => ((config.config as Config).layers as Config[]).map((layer) => (layer.config as Config).units)[1],
    );
  const sizes =
    "@dataclass\nclass Sizes:\n    hidden: int = 10\n    steps: int = 4\n    def half(self): return self.hidden // 2\n";
  const net = (size: string) => `Sequential([Input((3, 1)), LSTM(${size})])\n`;

  it("a dataclass has the fields that it is given by name, and its own for the others", () => {
    expect(unitsIn(`${sizes}s = Sizes(hidden=6)\n${net("s.hidden")}${net("s.steps")}${net("s.half()")}`)).toEqual([
      6, 4, 3,
    ]);
  });

  it("a dataclass that is given fields by place keeps none of its own", () => {
    const { models } = readKerasCode(`${sizes}s = Sizes(6)\n${net("s.hidden")}`);
    expect(models[0]!.unknowns.map(({ name }) => name)).toEqual(["Sizes.hidden"]);
  });

  it("product goes through every choice in Python's order", () => {
    expect(unitsIn(`for a, b in product([4, 8], (1, 2)):\n    ${net("a * b")}`)).toEqual([4, 8, 8, 16]);
  });
});

describe("what is not understood", () => {
  it.each(["0.74665457  0.01347425", "[[0.74665457  0.01347425]\n [0.1 0.2]]", "[0.1 -2.5e-05 nan]", "1. 2. 3."])(
    "is told to look like pasted output: %s",
    (line) => {
      const { models, problems } = readKerasCode(
        `m = Sequential([Input((3, 1)), LSTM(4)])\n${line}\nm.add(Dense(1))\n`,
      );
      expect(named(models[0]!).at(-1)).toBe("dense");
      expect(problems[0]!.message).toMatch(/^`.*`, which looks like pasted output, is not understood; it was skipped$/);
    },
  );

  it.each(["x = 1 2", "a b", "1 if", "100/100 [====] - 1s"])("is not told to be output where it is not: %s", (line) => {
    const { problems } = readKerasCode(`m = Sequential([Input((3, 1)), LSTM(4)])\n${line}\n`);
    expect(problems.length).toBeGreaterThan(0);
    for (const { message } of problems) expect(message).not.toContain("pasted");
  });

  it("is named with its place and skipped; the rest still works", () => {
    const source = JSON.stringify({
      cells: [
        { cell_type: "code", source: "units = 4\nx = = 3\n" },
        { cell_type: "markdown", source: "prose" },
        {
          cell_type: "code",
          source:
            "m = Sequential()\nm.add(LSTM(units, return_sequence=False, input_shape=(3, 1)))\nm.add(mystery())\nm.add(Dense(1))\nm.summary()",
        },
      ],
    });
    const { models, problems } = readKerasCode(source);
    expect(named(models[0]!)).toEqual(["sequential", "input_layer", "lstm", "dense"]);
    expect(problems).toEqual([
      { cell: 1, line: 2, message: expect.stringContaining("is not understood; it was skipped") },
      {
        cell: 3,
        line: 2,
        message: "LSTM has no argument called return_sequence; it was skipped. Did you mean return_sequences?",
      },
      {
        cell: 3,
        line: 3,
        message:
          "sequential: a layer was expected; mystery() is not one that is understood, so the model is read without it",
      },
    ]);
  });

  it("branches on something unknown are named where they build layers", () => {
    const { models, problems } = readKerasCode(
      "m = Sequential([Input((3, 1))])\nif use_gpu:\n    m.add(GRU(4))\nelse:\n    m.add(LSTM(4))\nm.summary()",
    );
    expect(named(models[0]!).at(-1)).toBe("gru");
    expect(problems[0]!.message).toBe(
      "whether this branch runs depends on use_gpu, which is not known; the first branch was read",
    );
    expect(
      named(
        readKerasCode("m = Sequential([Input((3, 1))])\nif use_gpu:\n    m.add(GRU(4))\nelse:\n    m.add(LSTM(4))", {
          set: { use_gpu: 0 },
        }).models[0]!,
      ).at(-1),
    ).toBe("lstm");
  });

  it("the user's own layers and operations on tensors keep their place", () => {
    const { models, problems } = readKerasCode(`
class Attention2(tf.keras.layers.Layer):
    def call(self, x):
        return tf.reduce_sum(x, axis=1)
i = Input((5, 2))
x = LSTM(3, return_sequences=True)(i)
x = Attention2()(x)
x = tf.nn.relu(x)
Model(i, Dense(1)(x)).summary()
`);
    expect((models[0]!.config.config.layers as Config[]).map((layer) => layer.class_name)).toEqual([
      "InputLayer",
      "LSTM",
      "Attention2",
      "TFOpLambda",
      "Dense",
    ]);
    expect(problems.map(({ line, message }) => [line, message.split(";")[0]])).toEqual([
      [7, "Attention2 is a layer of the code's own"],
      [8, "tf.nn.relu on a layer's output is not a layer"],
    ]);
  });
});

it("a model that is frozen freezes what it holds, until a part is set free again", () => {
  const code = `
inner = keras.Sequential([keras.Input((5, 2)), layers.LSTM(3), layers.Dense(4)])
outer = keras.Sequential([keras.Input((5, 2)), inner, layers.Dense(1)])
inner.trainable = False
inner.trainable = True
outer.trainable = False
outer.layers[-1].trainable = True
`;
  const layersOf = (config: Config): Config[] => (config.config as Config).layers as Config[];
  const trainable = (layer: Config): Json => (layer.config as Config).trainable ?? null;
  const { config } = readKerasCode(code).models.at(-1)!;
  const [, inner, dense] = layersOf(config) as [Config, Config, Config];
  expect([trainable(inner), trainable(dense)]).toEqual([false, true]);
  expect(layersOf(inner).slice(1).map(trainable)).toEqual([false, false]);
});
