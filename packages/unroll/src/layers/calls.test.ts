/** Calling layers, on symbols and on numbers; dropout of a call; a cell of a user's own. */
import { beforeEach, describe, expect, test } from "vitest";
import { defineCell } from "../cells/define.ts";
import { Random } from "../core/random.ts";
import { tensor, toNested } from "../core/tensor.ts";
import { factory, input, Layer, layers, maskOf, recurrentLayer, resetNames, setSeed } from "./index.ts";
import { messageOf } from "./testing.ts";

beforeEach(resetNames);

describe("calling a layer on symbolic tensors", () => {
  test("records the call and gives symbolic results", () => {
    const x = input({ shape: [10, 3], name: "prices" });
    const lstm = layers.lstm({ units: 5, returnState: true });
    const [out, h, c] = lstm.apply(x);
    expect([out!.shape, h!.shape, c!.shape]).toEqual([
      [null, 5],
      [null, 5],
      [null, 5],
    ]);
    expect([c!.node.layer, c!.index, c!.node.inputs[0]]).toEqual([lstm, 2, x]);
    const dense = layers.dense({ units: 2 });
    expect(dense.apply(out!).node.callIndex).toBe(0);
    expect(dense.apply(h!).node.callIndex).toBe(1);
  });

  test("passes symbolic states on", () => {
    const past = layers.lstm({ units: 4, returnState: true }).apply(input({ shape: [7, 2] }));
    const decoder = layers.lstm({ units: 4, returnSequences: true });
    const out = decoder.apply(input({ shape: [3, 2] }), { initialState: past.slice(1) });
    expect(out.node.initialStates).toEqual(past.slice(1));
    expect(messageOf(() => decoder.apply(input({ shape: [3, 2] }), { initialState: [[[1, 2, 3, 4]]] }))).toContain(
      "initialState must be symbolic when the input is",
    );
  });

  test("refuses states in the list of inputs, as Keras 3 does", () => {
    const x = input({ shape: [3, 2] });
    const state = input({ shape: [4] });
    expect(messageOf(() => layers.gru({ units: 4 }).apply([x, state]))).toContain("initialState");
  });
});

describe("calling a layer on numbers", () => {
  // x·W + b by hand.
  test("runs at once", () => {
    const dense = layers.dense({ units: 2 });
    dense.build([null, 3]);
    dense.setWeights([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [0.5, -0.5],
    ]);
    expect(toNested(dense.apply([[1, 0, -1]]))).toEqual([[-3.5, -4.5]]);
  });

  test("gives a list when the layer returns states", () => {
    const lstm = layers.lstm({ units: 2, returnState: true });
    const results = lstm.apply(tensor(new Float32Array(6).fill(0.5), [1, 3, 2]));
    expect(results.map(({ shape }) => shape)).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(results[1]).toEqual(results[0]);
  });

  test("takes several inputs as a list", () => {
    expect(toNested(layers.add().apply([tensor([[1, 2]]), tensor([[3, 4]])]))).toEqual([[4, 6]]);
    expect(toNested(layers.subtract().apply([[[1, 2]], [[3, 5]]]))).toEqual([[-2, -3]]);
  });

  test("hands a mask on from result to result", () => {
    const ids = tensor([[3, 1, 0, 0]]);
    const embedded = layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true }).apply(ids);
    expect(toNested(maskOf(embedded)!)).toEqual([[1, 1, 0, 0]]);
    const lstm = layers.lstm({ units: 3, returnSequences: true });
    const masked = lstm.apply(embedded);
    // At a masked step the output repeats.
    const rows = (toNested(masked) as number[][][])[0]!;
    expect(rows[2]).toEqual(rows[1]);
    expect(rows[3]).toEqual(rows[1]);
    expect(rows[1]).not.toEqual(rows[0]);
    const plain = lstm.apply({ shape: embedded.shape, data: embedded.data });
    expect((toNested(plain) as number[][][])[0]![3]).not.toEqual(rows[3]);
  });

  test("computes masks", () => {
    const masking = layers.masking();
    const x = tensor([
      [
        [1, 0],
        [0, 0],
        [0, 2],
      ],
    ]);
    expect(toNested(masking.computeMask(x)!)).toEqual([[1, 0, 1]]);
    expect(layers.flatten().computeMask(x, [[1, 0, 1]])).toBeUndefined();
    expect(toNested(layers.dropout({ rate: 0.5 }).computeMask(x, [[1, 0, 1]])!)).toEqual([[1, 0, 1]]);
  });

  test("a question for the mask leaves states and the random stream alone", () => {
    const x = tensor([[[1], [2], [3]]]);
    const gru = layers.gru({ units: 2, stateful: true, returnSequences: true });
    gru.apply(x);
    const before = gru.states.map(({ data }) => [...data]);
    setSeed(5);
    gru.computeMask(x, [[1, 0, 1]]);
    expect(gru.states.map(({ data }) => [...data])).toEqual(before);
    const ones = tensor(new Float32Array(40).fill(1), [1, 40]);
    const drawn = layers.dropout({ rate: 0.5 }).apply(ones, { training: true });
    setSeed(5);
    expect(layers.dropout({ rate: 0.5 }).apply(ones, { training: true })).toEqual(drawn);
  });

  test("keeps states of a stateful layer until they are reset", () => {
    const gru = layers.gru({ units: 2, stateful: true });
    const x = tensor(new Float32Array(8).fill(0.3), [2, 2, 2]);
    const first = gru.apply(x);
    const second = gru.apply(x);
    expect(second.data).not.toEqual(first.data);
    gru.resetStates();
    expect(gru.apply(x).data).toEqual(first.data);
    expect(messageOf(() => gru.apply(tensor(new Float32Array(4), [1, 2, 2])))).toBe(
      "gru: a stateful layer keeps to its batch size of 2. Received: batch = 1. Cut the data to whole batches of that size.",
    );
    const plain = layers.gru({ units: 2, name: "plain" });
    plain.build([2, 2, 2]);
    plain.setWeights(gru.getWeights());
    const once = plain.apply(tensor(new Float32Array(16).fill(0.3), [2, 4, 2]));
    expect([...once.data].map((value) => value.toFixed(5))).toEqual([...second.data].map((value) => value.toFixed(5)));
  });

  test("drops values in training only, and scales the others up", () => {
    const dropout = layers.dropout({ rate: 0.5 });
    const x = tensor(new Float32Array(1000).fill(1), [10, 100]);
    expect(dropout.apply(x).data).toEqual(x.data);
    setSeed(1);
    const trained = [...dropout.apply(x, { training: true }).data];
    expect(new Set(trained)).toEqual(new Set([0, 2]));
    const kept = trained.filter((value) => value === 2).length;
    expect(kept).toBeGreaterThan(430);
    expect(kept).toBeLessThan(570);
  });

  test("moves BatchNormalization's statistics in training only", () => {
    const norm = layers.batchNormalization({ momentum: 0.5 });
    const x = tensor([[0], [2]]);
    norm.apply(x);
    expect([...norm.getWeights()[2]!.data]).toEqual([0]);
    norm.apply(x, { training: true });
    // mean 1, variance 1: half of the way from 0 and 1.
    expect([...norm.getWeights()[2]!.data, ...norm.getWeights()[3]!.data]).toEqual([0.5, 1]);
    norm.trainable = false;
    norm.apply(x, { training: true });
    expect([...norm.getWeights()[2]!.data]).toEqual([0.5]);
  });

  test("refuses numbers that an embedding does not have", () => {
    const embedding = layers.embedding({ inputDim: 5, outputDim: 2 });
    expect(messageOf(() => embedding.apply([[1, 5]]))).toBe(
      "embedding: every id must be one of the 5 from 0 to 4 (inputDim = 5). Received: data[0][1] = 5. The largest id is 5: set inputDim to 6, as 0 counts too.",
    );
  });

  test("refuses states and masks that do not fit", () => {
    const lstm = layers.lstm({ units: 2 });
    const x = tensor(new Float32Array(12), [2, 3, 2]);
    expect(
      messageOf(() =>
        lstm.apply(x, {
          initialState: [
            tensor([
              [1, 2],
              [3, 4],
            ]),
          ],
        }),
      ),
    ).toBe("lstm: initialState must be h, c, each of shape (2, 2). Received: initialState = (2, 2).");
    expect(messageOf(() => lstm.apply(x, { mask: [[1, 0]] }))).toContain(
      "the mask must have the first axes of the input",
    );
  });
});

describe("alpha dropout", () => {
  test.each([
    [0.3, [-1.0595481395721436, 1.315044641494751]],
    [0.5, [-0.7791938185691833, 1.6655988693237305]],
  ])("makes of ones the two numbers that Keras makes of them, at a rate of %s", (rate, expected) => {
    setSeed(5);
    const ones = tensor(new Float32Array(2000).fill(1), [1, 2000]);
    const dropout = layers.alphaDropout({ rate });
    expect(dropout.apply(ones).data).toEqual(ones.data);
    const found = [...dropout.apply(ones, { training: true }).data];
    expect([...new Set(found)].sort((a, b) => a - b).map((one) => Number(one.toFixed(5)))).toEqual(
      expected.map((one) => Number(one.toFixed(5))),
    );
    // Five standard deviations of a share of 2,000.
    expect(Math.abs(found.filter((one) => one < 0).length / 2000 - rate)).toBeLessThan(0.056);
  });
});

describe("dropout of recurrent layers", () => {
  const x = tensor(new Float32Array(12).fill(1), [1, 4, 3]);

  test("is the same at every timestep of a call and fresh at the next", () => {
    const rnn = layers.simpleRNN({
      units: 3,
      activation: "linear",
      useBias: false,
      dropout: 0.5,
      returnSequences: true,
      kernelInitializer: "identity",
      recurrentInitializer: "zeros",
    });
    setSeed(4);
    const calls = Array.from({ length: 8 }, () => (toNested(rnn.apply(x, { training: true })) as number[][][])[0]!);
    for (const steps of calls) {
      for (const step of steps) expect(step).toEqual(steps[0]);
      expect(steps[0]!.every((value) => value === 0 || value === 2)).toBe(true);
    }
    expect(new Set(calls.map(String)).size).toBeGreaterThan(1);
    expect([...rnn.apply(x).data]).toEqual(new Array(12).fill(1));
  });

  test("draws for each gate when the recurrent state is dropped too, else once for all gates", () => {
    const gates = (recurrentDropout: number): number => {
      let factors = 0;
      const { type } = layers.lstm({ units: 1 });
      const spied = new Layer(
        {
          ...type,
          compute(call) {
            const result = type.compute(call);
            const { operation } = result.outputs[0]!;
            if (operation.op === "scan") factors = operation.inputFactors.length;
            return result;
          },
        },
        { units: 1, dropout: 0.5, recurrentDropout },
      );
      spied.apply(x, { training: true });
      return factors;
    };
    expect([gates(0), gates(0.5)]).toEqual([1, 4]);
  });
});

describe("a user's own cell", () => {
  const minimal = factory(
    recurrentLayer(
      defineCell({
        kind: "MinimalGatedUnit",
        gates: ["f", "h"],
        state: ["h"],
        options: { leak: 0.5 },
        equations({ x, state, gate, act, one, option, vector }) {
          const f = act.recurrent(gate.f(x, state.h).plus(vector("peephole").times(state.h)));
          const hHat = act.main(gate.h(x, f.times(state.h)).times(option.leak));
          return { f, hHat, h: one.minus(f).times(state.h).plus(f.times(hHat)) };
        },
      }),
    ),
  );

  test("is a layer with the options and arrays that its equations need", () => {
    const layer = minimal({
      units: 3,
      returnSequences: true,
      recurrentActivation: "hard_sigmoid",
      leak: 0.25,
    });
    layer.build([null, 5, 2], new Random(1));
    expect(layer.variables.map(({ name, shape }) => [name, shape])).toEqual([
      ["kernel", [2, 6]],
      ["recurrent_kernel", [3, 6]],
      ["bias", [6]],
      ["peephole", [3]],
    ]);
    expect(layer.apply(tensor(new Float32Array(20).fill(0.1), [2, 5, 2])).shape).toEqual([2, 5, 3]);
    expect(layer.name).toBe("minimal_gated_unit");
    const both = layers.bidirectional({ layer: minimal({ units: 3 }) });
    both.build([null, 5, 2]);
    expect(both.countParams()).toBe(2 * (12 + 18 + 6 + 3));
  });
});
