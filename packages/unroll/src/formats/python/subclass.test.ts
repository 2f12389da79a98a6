/** Classes of the code's own that extend a layer of Keras's. Names and counts are those that Keras 3.15 prints for this code. */
import "../../model/summaries.ts";
import { describe, expect, it } from "vitest";
import { summaryJson } from "../../model/summary-table.ts";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";
import type { CodeReading } from "./reading.ts";

const imports =
  "import keras\nfrom keras import layers, Input, Sequential\nfrom keras.layers import LSTM, Dense, GRU\n";

function rowsOf({ models }: CodeReading): unknown[] {
  const { layers } = summaryJson(modelFromConfig(models[0]!.config, { keepNames: true }).summaryTable("keras3"));
  return layers.map(({ name, type, outputShape, params }) => [name, type, outputShape, params]);
}

describe("a class that extends a layer of Keras's", () => {
  it.each([
    ["has no body", "class MyLSTM(LSTM):\n    pass\n", "MyLSTM(4, return_sequences=True)"],
    [
      "fixes options in its __init__",
      `class MyLSTM(layers.LSTM):
    """Always gives sequences."""
    def __init__(self, units, **kwargs):
        super().__init__(units, return_sequences=True, **kwargs)
        self.note = "ours"
    def get_config(self):
        return {"units": self.units}
`,
      "MyLSTM(units=4)",
    ],
    [
      "calls the layer's __init__ as it was written once",
      "class MyLSTM(LSTM):\n    def __init__(self, units):\n        LSTM.__init__(self, units, return_sequences=True)\n",
      "MyLSTM(4)",
    ],
    [
      "extends one of the code's own",
      `class Sequences(LSTM):
    def __init__(self, units, **kwargs):
        super(Sequences, self).__init__(units, return_sequences=True, **kwargs)
class MyLSTM(Sequences):
    pass
`,
      "MyLSTM(4)",
    ],
  ])("and %s is that layer under its own name", (_, made, call) => {
    const reading = readKerasCode(`${imports}${made}m = Sequential([Input((5, 3)), ${call}, Dense(1)])\nm.summary()`);
    expect(reading.problems).toEqual([]);
    expect(reading.unknowns).toEqual([]);
    expect(rowsOf(reading)).toEqual([
      ["my_lstm", "MyLSTM", [null, 5, 4], 128],
      ["dense", "Dense", [null, 5, 1], 5],
    ]);
  });

  it("tells its options, and stands inside a wrapper", () => {
    const reading = readKerasCode(`${imports}
class Head(Dense):
    def __init__(self, **kwargs):
        super().__init__(2, activation="softmax", **kwargs)
head = Head(name="head")
m = Sequential([Input((5, 3)), GRU(head.units, return_sequences=True), layers.TimeDistributed(head)])
m.summary()`);
    expect(reading.problems).toEqual([]);
    expect(rowsOf(reading)).toEqual([
      ["gru", "GRU", [null, 5, 2], 42],
      ["time_distributed", "TimeDistributed", [null, 5, 2], 6],
    ]);
  });

  it("changes its options behind the layer's __init__, also inside a decorator of the code's own", () => {
    const reading = readKerasCode(`${imports}
class Plain(Dense):
    def __init__(self, units):
        super().__init__(units)
        self.use_bias = False
def once(fn):
    def inner(self, units):
        return fn(self, units)
    return inner
class Sequences(LSTM):
    @once
    def __init__(self, units):
        super().__init__(units, return_sequences=True)
m = Sequential([Input((5, 3)), Sequences(4), Plain(2)])`);
    expect(reading.problems).toEqual([]);
    expect(rowsOf(reading)).toEqual([
      ["sequences", "Sequences", [null, 5, 4], 128],
      ["plain", "Plain", [null, 5, 2], 8],
    ]);
  });

  it("but changes what the layer does is code, with no count of its own", () => {
    const reading = readKerasCode(`${imports}
class Twice(LSTM):
    def call(self, x):
        return 2 * super().call(x)
x = Input((5, 3))
m = keras.Model(x, Twice(4)(x))`);
    expect(reading.problems.map(({ message }) => message)).toEqual([
      "Twice is LSTM with call of the code's own; it keeps its place in the model but cannot be computed",
    ]);
    expect(reading.unknowns.map(({ name }) => name)).toContain("twice.params");
  });

  it.each([
    ["Twice, LSTM", "from mine import Twice"],
    ["mine.Twice, LSTM", "import mine"],
    ["Own, LSTM", "from mine import Twice\nclass Own(Twice):\n    pass"],
    ["Own", "from mine import Twice\nclass Own(Twice, LSTM):\n    pass"],
  ])("and first one that is not known says so: class Mixed(%s)", (bases, made) => {
    const reading = readKerasCode(`${imports}${made}
class Mixed(${bases}):
    pass
x = Input((5, 3))
m = keras.Model(x, Mixed(4)(x))`);
    expect(reading.problems.map(({ message }) => message)).toEqual([
      "Mixed extends Twice, which is not known, before LSTM; it keeps its place in the model but cannot be computed",
    ]);
    expect(reading.unknowns.map(({ name }) => name)).toContain("mixed.params");
  });

  it.each([
    ["object, LSTM", ""],
    ["ABC, LSTM", "from abc import ABC"],
    ["Generic[T], LSTM", "from typing import Generic, TypeVar\nT = TypeVar('T')"],
    ["Note, LSTM", "class Note:\n    note = 1"],
    ["LSTM, Twice", "from mine import Twice"],
  ])("and one that changes nothing of it is that layer: class Mixed(%s)", (bases, made) => {
    const reading = readKerasCode(`${imports}${made}
class Mixed(${bases}):
    pass
m = Sequential([Input((5, 3)), Mixed(4)])`);
    expect(reading.problems).toEqual([]);
    expect(rowsOf(reading)).toEqual([["mixed", "Mixed", [null, 4], 128]]);
  });

  it("and never calls the layer's __init__ says so", () => {
    const reading = readKerasCode(`${imports}
class Lost(LSTM):
    def __init__(self, units):
        self.units = units
x = Input((5, 3))
m = keras.Model(x, Lost(4)(x))`);
    expect(reading.problems.map(({ message }) => message)).toEqual([
      "Lost is made from LSTM without calling its __init__; it keeps its place in the model but cannot be computed",
    ]);
  });

  it("or adds weights to its lists by itself has the count of its printed row", () => {
    const table = `Layer (type)                 Output Shape              Param #
=================================================================
mine (Embedding2)            (None, None, 5)           35
_________________________________________________________________
dense_1 (Dense)              (None, None, 1)           6
=================================================================
Total params: 41
Trainable params: 26
Non-trainable params: 15`;
    const source = `from keras.engine.topology import Layer
from keras.models import Sequential
from keras.layers import Dense
import keras.backend as K
class Embedding2(Layer):
    def __init__(self, size, **kwargs):
        super().__init__(input_shape=(None,), **kwargs)
        self.size = size
    def build(self, input_shape):
        self._trainable_weights.append(K.variable(draw(4, self.size)))
        self._non_trainable_weights.append(K.variable(draw(3, self.size)))
    def call(self, x):
        return K.gather(self.table, x)
    def compute_output_shape(self, shape):
        return (shape[0], shape[1], self.size)
m = Sequential([Embedding2(5, name="mine"), Dense(1)])
m.summary()`;
    const cells = [{ cell_type: "code", source, outputs: [{ text: table }] }];
    expect(rowsOf(readKerasCode(JSON.stringify({ cells })))).toEqual([
      ["mine", "Embedding2", [null, null, 5], 35],
      ["dense_1", "Dense", [null, null, 1], 6],
    ]);
  });
});
