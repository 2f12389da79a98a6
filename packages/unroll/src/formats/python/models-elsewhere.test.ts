/** Models that the code in order does not build: loaded again, made by a builder or a class, described by tables alone. */
import { describe, expect, it } from "vitest";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";
import { imports, printed, read, rowsOf } from "./testing.ts";

describe("tables that the code's order does not explain", () => {
  const made = `${imports}m = keras.Sequential([layers.Dense(3), layers.Dense(1)], name="net")`;
  const table = printed("net", [
    ["dense", "Dense", "(None, 3)", 24],
    ["dense_1", "Dense", "(None, 1)", 4],
  ]);

  it("belong to the model with their name when it was loaded again", () => {
    const { models } = read([made], [`m = keras.models.load_model("net.h5")\nm.summary()`, table]);
    expect(models.map(rowsOf)).toEqual([
      [
        ["dense", "Dense", [null, 3], 24],
        ["dense_1", "Dense", [null, 1], 4],
      ],
    ]);
    expect(models[0]!.cell).toBe(2);
  });

  it("tell the input of a model that was built by a later cell", () => {
    const { models } = read([`${made}\nm.summary()`, table]);
    expect(rowsOf(models[0]!)[0]).toEqual(["dense", "Dense", [null, 3], 24]);
  });

  it("become models with their rows alone where no code is shown", () => {
    const { models } = read([`from elsewhere import build\nm = build()\nm.summary()`, table]);
    expect(models.map(({ printedOnly }) => printedOnly)).toEqual([true]);
    expect(rowsOf(models[0]!)).toEqual([
      ["dense", "Dense", [null, 3], 24],
      ["dense_1", "Dense", [null, 1], 4],
    ]);
    const again = read([`from elsewhere import build\nbuild().summary()`, table], ["build().summary()", table]);
    expect(again.models).toHaveLength(1);
  });

  it("may be of a builder that a library calls with its own sizes", () => {
    const code = `${imports}def net(words):
    m = keras.Sequential([keras.Input((9,)), layers.Embedding(words, 2), layers.GRU(3)])
    m.summary()
    return m
tests.check(net)
net(50)`;
    const rows = (words: number) =>
      printed("sequential", [
        ["embedding", "Embedding", "(None, 9, 2)", 2 * words],
        ["gru", "GRU", "(None, 3)", 63],
      ]);
    const { models } = read([code, `${rows(20)}\n${rows(50)}`]);
    expect(models.map((one) => (rowsOf(one)[0] as unknown[])[3])).toEqual([40, 100]);
    // Without a table of its own such a call says nothing.
    expect(readKerasCode(code).models).toHaveLength(1);
  });
});

describe("models that other code makes or describes", () => {
  it("of a class of the code's own list its layers as a Sequential where they are a chain", () => {
    const net = `${imports}class Net(keras.Model):
    def __init__(self, words):
        super().__init__()
        self.embedding = layers.Embedding(words, 4)
        self.gru = layers.GRU(3, return_sequences=True)
        self.out = layers.Dense(words)
    def call(self, x, training=False):
        return self.out(self.gru(self.embedding(x), training=training))
m = Net(20)
`;
    const built = readKerasCode(`${net}m.build((None, 6))\nm.summary()`).models[0]!;
    expect(rowsOf(built)).toEqual([
      ["embedding", "Embedding", [null, 6, 4], 80],
      ["gru", "GRU", [null, 6, 3], 81],
      ["dense", "Dense", [null, 6, 20], 80],
    ]);
    // Keras 2 prints no shapes of such a model; its length stays open.
    const { models } = read([
      `${net}m.fit(data, epochs=1)\nm.summary()`,
      printed("net", [
        ["embedding", "Embedding", "multiple", 80],
        ["gru", "GRU", "multiple", 81],
        ["dense", "Dense", "multiple", 80],
      ]),
    ]);
    expect(rowsOf(models[0]!).at(-1)).toEqual(["dense", "Dense", [null, null, 20], 80]);
  });

  it("for a tuner take the defaults of its choices", () => {
    const { models, problems } = readKerasCode(`${imports}def build(hp):
    m = keras.Sequential([keras.Input((8, 2))])
    for i in range(hp.Int("layers", 2, 4)):
        m.add(layers.GRU(hp.Int("units", min_value=3, max_value=9, default=5), return_sequences=True))
    if hp.Boolean("drop"):
        m.add(layers.Dropout(0.2))
    m.add(layers.Dense(hp.Choice("out", [4, 7])))
    return m
tuner = kt.RandomSearch(build, objective="loss")`);
    expect(problems).toEqual([]);
    expect(models.map((one) => rowsOf(one).map((row) => (row as unknown[])[2]))).toEqual([
      [
        [null, 8, 5],
        [null, 8, 5],
        [null, 8, 4],
      ],
    ]);
  });

  it("read None out of JSON", () => {
    const { models, problems } = read([
      `${imports}import json
options = json.loads("null") or {"units": 3}
m = keras.Sequential([layers.Input((4,)), layers.Dense(options["units"], activation=json.loads("null"))])`,
    ]);
    expect(problems).toEqual([]);
    expect(rowsOf(models[0]!)).toEqual([["dense", "Dense", [null, 3], 15]]);
  });

  it("have the gates of their time: hard_sigmoid before TensorFlow's Keras", () => {
    const code =
      "from keras.models import Sequential\nfrom keras.layers import LSTM\nm = Sequential([LSTM(2, input_shape=(3, 1))])";
    const gateOf = (kerasVersion: "2-standalone" | "2" | "3") => {
      const { config } = readKerasCode(code, { kerasVersion }).models[0]!;
      return modelFromConfig(config).layers[0]!.config.recurrentActivation;
    };
    expect(gateOf("2-standalone")).toBe("hard_sigmoid_keras2");
    expect(gateOf("2")).toBe("sigmoid");
    expect(gateOf("3")).toBe("sigmoid");
  });

  it("stand on pretrained networks with the sizes of their rows", () => {
    const { models } = read([
      `${imports}from keras.applications import VGG16
base = VGG16(include_top=False, input_shape=(64, 64, 3))
m = keras.Sequential([base, layers.Flatten(), layers.Dense(2)])
m.summary()`,
      printed("sequential", [
        ["vgg16", "Functional", "(None, 2, 2, 512)", 14714688],
        ["flatten", "Flatten", "(None, 2048)", 0],
        ["dense", "Dense", "(None, 2)", 4098],
      ]),
    ]);
    expect(rowsOf(models[0]!)[0]).toEqual(["vgg16", "Functional", [null, 2, 2, 512], 14714688]);
  });
});
