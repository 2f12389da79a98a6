import "./summaries.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { UnrollError } from "../core/errors.ts";
import { input, layers, resetNames } from "../layers/index.ts";
import { model } from "./functional.ts";
import { sequential } from "./sequential.ts";

beforeEach(resetNames);

describe("a sequential model", () => {
  it("knows shapes and counts at once when it begins with an input", () => {
    const net = sequential({
      layers: [input({ shape: [30, 5] }), layers.gru({ units: 4 }), layers.dense({ units: 1 })],
    });
    expect(net.outputShape).toEqual([null, 1]);
    expect(net.countParams()).toBe(3 * 4 * (5 + 4 + 2) + 5);
    expect(net.layers.map(({ name }) => name)).toEqual(["gru", "dense"]);
  });

  it("takes its input from the first layer's batchInputShape, as Keras 2 allows", () => {
    const net = sequential();
    net.add(layers.simpleRNN({ units: 2, batchInputShape: [null, 50, 3] })).add(layers.dense({ units: 1 }));
    expect(net.countParams()).toBe(12 + 3);
    expect(net.inputs[0]!.node.layer.name).toBe("input_layer");
  });

  it("is made of a list of layers, and takes weights as a list of arrays", () => {
    expect(() => sequential({ layers: 5 as never })).toThrow("layers must be a list of layers. Received: layers = 5.");
    expect(() => sequential([5 as never])).toThrow("layers must be layers only. Received: layers = 5.");
    const net = sequential([input({ shape: [2] }), layers.dense({ units: 1 })]);
    expect(() => net.add(undefined as never)).toThrow("layers must be layers only.");
    expect(() => net.setWeights(5 as never)).toThrow("weights must be a list of arrays. Received: weights = 5.");
    expect(() => net.predict([[1, 2]], 5 as never)).toThrow("predict: options must be an object.");
  });

  it("waits for data when no shape is given, and leaves the batch open", () => {
    const net = sequential({ layers: [layers.lstm({ units: 3 }), layers.dense({ units: 2 })] });
    expect(net.built).toBe(false);
    expect(() => net.countParams()).toThrow("Call build(inputShape), or apply it to an input.");
    expect(net.predict([[[1], [2]]]).shape).toEqual([1, 2]);
    expect(net.inputShape).toEqual([null, 2, 1]);
    expect(net.countParams()).toBe(4 * 3 * (1 + 3 + 1) + 8);
  });

  it("prints unbuilt layers as Keras 3 does", () => {
    const net = sequential({ layers: [layers.lstm({ units: 3 }), layers.dropout({ rate: 0.1 })] });
    const text = net.summary({ print: false });
    expect(text).toContain("│ lstm (LSTM)                     │ ?                      │   0 (unbuilt) │");
    expect(text).toContain("│ dropout (Dropout)               │ ?                      │             0 │");
  });

  it("uses up names as Keras does: one functional number each time a layer is added to a known input", () => {
    const net = sequential({ layers: [input({ shape: [4] })] });
    net.add(layers.dense({ units: 3 })).add(layers.dense({ units: 2 }));
    sequential({ layers: [input({ shape: [4] }), layers.dense({ units: 3 }), layers.dense({ units: 2 })] });
    const x = input({ shape: [2] });
    expect(model({ inputs: x, outputs: layers.dense({ units: 1 }).apply(x) }).name).toBe("functional_3");
    expect(x.node.layer.name).toBe("input_layer_2");
  });

  it("takes layers off and goes on with others", () => {
    const net = sequential({
      layers: [input({ shape: [4] }), layers.dense({ units: 3 }), layers.dense({ units: 2 })],
    });
    const before = net.predict([[1, 2, 3, 4]]).shape;
    expect(net.pop().name).toBe("dense_1");
    expect([before, net.predict([[1, 2, 3, 4]]).shape]).toEqual([
      [1, 2],
      [1, 3],
    ]);
    net.add(layers.dense({ units: 5 }));
    expect(net.outputShape).toEqual([null, 5]);
    expect(net.countParams()).toBe(15 + 20);
  });

  it("draws the same first weights for the same seed, whatever was built before", () => {
    const build = (units: number): number[] => {
      const net = sequential({
        layers: [input({ shape: [6, 2] }), layers.gru({ units: 3 }), layers.dense({ units })],
        seed: 7,
      });
      return [...net.getWeights()[0]!.data];
    };
    const first = build(1);
    layers.dense({ units: 3 }).apply([[1, 2]]);
    expect(build(1)).toEqual(first);
    expect(build(9)).toEqual(first);
    const other = sequential({ layers: [input({ shape: [6, 2] }), layers.gru({ units: 3 })], seed: 8 });
    expect([...other.getWeights()[0]!.data]).not.toEqual(first);
  });

  it("says which layer does not fit, and what to do", () => {
    const wrong = (): unknown =>
      sequential({ layers: [input({ shape: [30, 5] }), layers.gru({ units: 4 }), layers.lstm({ units: 2 })] });
    expect(wrong).toThrow(
      "lstm: input must have 3 axes [batch, timesteps, features]. Received: shape = (None, 4), 2 axes.",
    );
    expect(wrong).toThrow("returnSequences: true");
  });

  it("refuses names that are taken, inputs in the middle and states between layers", () => {
    const dense = (name: string) => layers.dense({ units: 1, name });
    expect(() => sequential({ layers: [dense("a"), dense("a")] })).toThrow(
      "every layer of a model needs a name of its own",
    );
    expect(() => sequential({ layers: [dense("a"), input({ shape: [1] })] })).toThrow(
      "an input layer can only come first",
    );
    expect(() =>
      sequential({ layers: [input({ shape: [3, 1] }), layers.gru({ units: 2, returnState: true }), dense("b")] }),
    ).toThrow("a layer inside a sequential model must have one output");
    expect(() => sequential().pop()).toThrow(UnrollError);
    expect(() => sequential().build([null, 3])).toThrow("a sequential model needs a layer before it can be built");
  });

  it("counts and sums up thirty million timesteps and two billion units without memory", () => {
    const long = sequential({
      layers: [
        input({ shape: [30_000_000, 5] }),
        layers.gru({ units: 4, resetAfter: false }),
        layers.dense({ units: 1 }),
      ],
    });
    expect(long.countParams()).toBe(125);
    expect(long.summary({ print: false })).toContain(" Total params: 125 (500.00 B)");
    const wide = sequential({ layers: [input({ shape: [10, 3] }), layers.lstm({ units: 2_000_000_000 })] });
    expect(wide.countParams()).toBe(4 * 2e9 * (3 + 2e9 + 1));
    expect(() => wide.getWeights()).toThrow("an array may take up to 2 GiB");
  });

  it("can stand inside another model and inside TimeDistributed", () => {
    const tower = sequential({ layers: [input({ shape: [3, 2] }), layers.gru({ units: 4 })], name: "tower" });
    const days = input({ shape: [5, 3, 2] });
    const net = model({ inputs: days, outputs: layers.timeDistributed({ layer: tower }).apply(days) });
    expect(net.outputShape).toEqual([null, 5, 4]);
    expect(net.countParams()).toBe(tower.countParams());
  });
});
