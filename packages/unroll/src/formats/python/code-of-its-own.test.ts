/** Layers whose Python is never run: what is told of them from their code, from tables, and not at all. */
import { describe, expect, it } from "vitest";
import { UnrollError } from "../../core/errors.ts";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";
import { imports, printed, read, rowsOf } from "./testing.ts";

/** The rows that Keras 3.15 prints for this code are in the first test. */
const ownLayers = `
class Positions(layers.Layer):
    def __init__(self, length, words, size):
        super().__init__()
        self.words = layers.Embedding(words, size)
        self.places = layers.Embedding(length, size)
    def call(self, x):
        steps = ops.shape(x)[-1]
        return self.words(x) + self.places(ops.arange(0, steps, 1))
class Block(layers.Layer):
    def __init__(self, size, heads, hidden, rate=0.1):
        super().__init__()
        self.attend = layers.MultiHeadAttention(num_heads=heads, key_dim=size)
        self.inner = keras.Sequential([layers.Dense(hidden, activation="relu"), layers.Dense(size)])
        self.norms = [layers.LayerNormalization(), layers.BatchNormalization()]
    def call(self, x):
        y = self.norms[0](x + self.attend(x, x))
        return self.norms[1](y + self.inner(y))
class Pool(layers.Layer):
    def build(self, shape):
        self.w = self.add_weight(name="w", shape=(shape[-1], 1))
        self.b = self.add_weight(name="b", shape=(shape[1], 1))
    def call(self, x):
        e = ops.tanh(ops.matmul(x, self.w) + self.b)
        a = ops.softmax(ops.squeeze(e, -1))
        return ops.sum(x * ops.expand_dims(a, -1), axis=1)
`;
describe("layers of the code's own", () => {
  it("have the counts and shapes that Keras prints, found by following their code on shapes", () => {
    const { models } = readKerasCode(`${imports}${ownLayers}
i = keras.Input((12,))
x = Positions(12, 50, 8)(i)
x = Block(8, 2, 16)(x)
x = layers.LSTM(6, return_sequences=True)(x)
x = Pool()(x)
m = keras.Model(i, layers.Dense(3)(x))
`);
    expect(models[0]!.complete).toBe(true);
    expect(rowsOf(models[0]!)).toEqual([
      ["input_layer", "InputLayer", [null, 12], 0],
      ["positions", "Positions", [null, 12, 8], 496],
      ["block", "Block", [null, 12, 8], 896],
      ["lstm", "LSTM", [null, 12, 6], 360],
      ["pool", "Pool", [null, 6], 18],
      ["dense_2", "Dense", [null, 3], 21],
    ]);
    const table = modelFromConfig(models[0]!.config, { keepNames: true }).summaryTable();
    expect([table.trainableParams, table.nonTrainableParams]).toEqual([1775, 16]);
  });

  it("stand in a Sequential and inside of TimeDistributed", () => {
    const { models } = read([
      `${imports}class Twice(layers.Layer):
    def call(self, x):
        return tf.concat([x, x], axis=-1)
m = keras.Sequential([keras.Input((5, 4)), layers.TimeDistributed(Twice()), layers.LSTM(3)])
m.summary()`,
      printed("sequential", [
        ["time_distributed", "TimeDistributed", "(None, 5, 8)", 0],
        ["lstm", "LSTM", "(None, 3)", 144],
      ]),
    ]);
    expect(rowsOf(models[0]!)).toEqual([
      ["time_distributed", "TimeDistributed", [null, 5, 8], 0],
      ["lstm", "LSTM", [null, 3], 144],
    ]);
  });

  it("are never computed, and are not written for Keras", async () => {
    const { models } = readKerasCode(`${imports}${ownLayers}m = keras.Sequential([keras.Input((4, 3)), Pool()])`);
    const model = modelFromConfig(models[0]!.config, { keepNames: true });
    expect(() =>
      model.predict([
        [
          [1, 2, 3],
          [1, 2, 3],
          [1, 2, 3],
          [1, 2, 3],
        ],
      ]),
    ).toThrow(
      "pool: this Pool has sizes only and cannot compute: Pool is a class of the code's own, whose Python is never run",
    );
    const { modelToBytes } = await import("../save.ts");
    for (const format of ["keras", "json", "py", "ts"] as const)
      expect(() => modelToBytes(model, format)).toThrow(UnrollError);
  });

  it("end with the budget of their statement, however long their code runs", () => {
    const { models, problems } = readKerasCode(`${imports}class Slow(layers.Layer):
    def call(self, x):
        for i in range(2000):
            for j in range(2000):
                x = x + 1
        return x
a = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
i = keras.Input((3,))
b = keras.Model(i, Slow()(i))
c = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
`);
    expect(models.map(({ name }) => name)).toContain("sequential");
    expect(models.at(-1)!.name).toBe("sequential_1");
    expect(problems.some(({ message }) => message.includes("takes more than"))).toBe(true);
  });
});

describe("Lambda", () => {
  it("gives the shape that its code gives, without being run", () => {
    const { models } = readKerasCode(`${imports}
i = keras.Input((7,))
x = layers.Lambda(lambda t: tf.expand_dims(t, axis=1))(i)
x = layers.LSTM(5, return_sequences=True)(x)
x = layers.Lambda(lambda t: t[:, -1, :2])(x)
m = keras.Model(i, x)
`);
    expect(models[0]!.unknowns).toEqual([]);
    expect(rowsOf(models[0]!).map((row) => (row as unknown[])[2])).toEqual([
      [null, 7],
      [null, 1, 7],
      [null, 1, 5],
      [null, 2],
    ]);
  });

  it("takes output_shape where its code is not followed, and else the printed row", () => {
    const declared = readKerasCode(
      `${imports}i = keras.Input((6, 2))\nm = keras.Model(i, layers.Dense(1)(layers.Lambda(elsewhere, output_shape=(9,))(i)))`,
    );
    expect(rowsOf(declared.models[0]!)[1]).toEqual(["lambda", "Lambda", [null, 9], 0]);
    const { models } = read([
      `${imports}m = keras.Sequential()\nm.add(layers.Lambda(elsewhere))\nm.add(layers.Dense(2))\nm.summary()`,
      printed("sequential", [
        ["lambda", "Lambda", "(None, 4)", 0],
        ["dense", "Dense", "(None, 2)", 10],
      ]),
    ]);
    expect(rowsOf(models[0]!)).toEqual([
      ["lambda", "Lambda", [null, 4], 0],
      ["dense", "Dense", [null, 2], 10],
    ]);
    expect(models[0]!.unknowns.find(({ name }) => name === "lambda.output_shape")).toMatchObject({
      value: [null, 4],
      inferredFrom: "lambda",
    });
  });

  it("is named as unknown where nothing tells, and can be set", () => {
    const code = `${imports}i = keras.Input((6,))\nm = keras.Model(i, layers.Dense(1)(layers.Lambda(elsewhere)(i)))`;
    const open = readKerasCode(code).models[0]!;
    expect(open.complete).toBe(false);
    expect(open.unknowns.map(({ name, reason }) => [name, reason])).toEqual([
      ["lambda.output_shape", "a Lambda layer holds Python code, which is never run"],
    ]);
    const set = readKerasCode(code, { set: { "lambda.output_shape": "(None, 3)" } }).models[0]!;
    expect(rowsOf(set).at(-1)).toEqual(["dense", "Dense", [null, 1], 4]);
  });
});

describe("layers that are not built here", () => {
  it("turn text into numbers of known shape, with nothing to learn", () => {
    const { models } = readKerasCode(`${imports}
words = layers.TextVectorization(max_tokens=100, output_sequence_length=12)
bags = layers.TextVectorization(max_tokens=100, output_mode="tf_idf")
a = keras.Sequential([keras.Input((1,), dtype="string"), words, layers.Embedding(100, 4), layers.GRU(3)])
b = keras.Sequential([keras.Input((1,), dtype="string"), bags, layers.Dense(2)])
`);
    expect(rowsOf(models[0]!)[0]).toEqual(["text_vectorization", "TextVectorization", [null, 12], 0]);
    expect(rowsOf(models[1]!)).toEqual([
      ["text_vectorization_1", "TextVectorization", [null, 100], 0],
      ["dense", "Dense", [null, 2], 202],
    ]);
  });

  it("come from other libraries with the sizes of their printed rows", () => {
    const { models } = read([
      `${imports}import tensorflow_hub as hub
encoder = hub.KerasLayer("https://example.org/encoder", trainable=False)
m = keras.Sequential([encoder, layers.Dense(2)], name="hubbed")
m.summary()`,
      printed("hubbed", [
        ["keras_layer", "KerasLayer", "(None, 16)", 1000],
        ["dense", "Dense", "(None, 2)", 34],
      ]),
    ]);
    expect(rowsOf(models[0]!)).toEqual([
      ["keras_layer", "KerasLayer", [null, 16], 1000],
      ["dense", "Dense", [null, 2], 34],
    ]);
  });

  it("leave CuDNN's classes their names, with today's layers behind them", () => {
    const fused = "layers.CuDNNLSTM(2, return_sequences=True), layers.CuDNNGRU(2)";
    const { models } = readKerasCode(`${imports}m = keras.Sequential([keras.Input((5, 3)), ${fused}])`);
    expect(rowsOf(models[0]!)).toEqual([
      ["cu_dnnlstm", "CuDNNLSTM", [null, 5, 2], 56],
      ["cu_dnngru", "CuDNNGRU", [null, 2], 36],
    ]);
  });
});

describe("operations between layers", () => {
  it("keep what they are under decorators of the code's own; a library's decorator is not one of them", () => {
    const { models, problems } = readKerasCode(`${imports}
def more(fn):
    return lambda *given: fn(*given) + 1
def function(fn):
    return lambda *given: 100
class Sizes:
    @property
    @more
    def first(self):
        return 2
    @staticmethod
    @more
    def second(start):
        return start
@tf.function
def third(size):
    return size
sizes = Sizes()
m = keras.Sequential([keras.Input((2,)), layers.Dense(sizes.first), layers.Dense(sizes.second(4)), layers.Dense(third(6))])
`);
    expect(problems).toEqual([]);
    expect(rowsOf(models[0]!).map((row) => (row as unknown[])[2])).toEqual([
      [null, 3],
      [null, 5],
      [null, 6],
    ]);
  });

  it("leave the batch open that they take whole", () => {
    const { models } = readKerasCode(`${imports}
a = keras.Input((6, 4))
halves = layers.Lambda(lambda t: [t[:, :, :2], t[:, :, 2:]])(a)
both = layers.Maximum()(halves)
m = keras.Model(a, layers.Dense(both.shape[1])(both))
`);
    expect(rowsOf(models[0]!).at(-1)).toEqual(["dense", "Dense", [null, 6, 6], 18]);
  });

  it("keep their place with the shape that they give", () => {
    const { models } = readKerasCode(`${imports}
a = keras.Input((6, 4))
b = keras.Input((6, 1))
x = tf.reduce_mean(a * b / 2, axis=1, keepdims=True)
x = tf.transpose(x, perm=[0, 2, 1])[:, :3]
x = tf.concat([tf.squeeze(x, -1), a[:, 0]], axis=-1)
m = keras.Model([a, b], layers.Dense(2)(x))
`);
    expect(rowsOf(models[0]!).at(-1)).toEqual(["dense", "Dense", [null, 2], 16]);
  });
});
