import { beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { defineCell } from "../cells/define.ts";
import { UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { type Tensor, tensor, toNested } from "../core/tensor.ts";
import {
  factory,
  input,
  Layer,
  layers,
  layerTypes,
  maskOf,
  recurrentLayer,
  resetNames,
  type SymbolicTensor,
  setSeed,
} from "./index.ts";

beforeEach(resetNames);

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UnrollError) return error.message;
    throw error;
  }
  return "no error";
}

describe("options", () => {
  test("a layer's config has every option, defaults filled in", () => {
    const { config } = layers.lstm({ units: 4, returnSequences: true });
    expect(config).toMatchObject({
      units: 4,
      activation: "tanh",
      recurrentActivation: "sigmoid",
      returnSequences: true,
      returnState: false,
      unitForgetBias: true,
      recurrentInitializer: { className: "Orthogonal", config: { gain: 1, seed: null } },
    });
  });

  test("an unknown option is an error with a suggestion", () => {
    expect(messageOf(() => layers.gru({ units: 4, return_sequences: true } as never))).toBe(
      "GRU has no option named return_sequences. Received: return_sequences = true. Did you mean returnSequences?",
    );
    expect(
      messageOf(() => layers.simpleRNN({ units: 4, recurrentActivation: "tanh", name: "first" } as never)),
    ).toMatch(/^first: SimpleRNN has no option named recurrentActivation\./);
  });

  test("sizes that cannot be are refused with the rule", () => {
    const refused = (units: unknown): string => messageOf(() => layers.lstm({ units } as never));
    expect(refused(0)).toBe("LSTM: units must be a positive whole number. Received: units = 0.");
    expect(refused(-3)).toContain("Received: units = -3.");
    expect(refused(2.5)).toContain("Received: units = 2.5.");
    expect(refused("8")).toContain('Received: units = "8".');
    expect(refused(1e12)).toContain("below 2^31");
    expect(messageOf(() => layers.lstm({} as never))).toContain("LSTM needs the option units");
    expect(messageOf(() => layers.dropout({ rate: 1.5 }))).toContain("a share between 0 and 1");
    expect(messageOf(() => layers.conv1d({ filters: 2, kernelSize: 3, padding: "cuasal" as never }))).toContain(
      "Did you mean causal?",
    );
    expect(messageOf(() => layers.dense({ units: 1, activation: "sigmiod" }))).toContain("Did you mean sigmoid?");
    expect(messageOf(() => layers.conv1d({ filters: 2, kernelSize: 3, strides: 2, dilationRate: 2 }))).toContain(
      "strides above 1 and dilationRate above 1 do not go together",
    );
  });

  test("a layer inside must be of the right sort", () => {
    expect(messageOf(() => layers.bidirectional({ layer: layers.dense({ units: 2 }) }))).toBe(
      "Bidirectional: layer must be a recurrent layer, such as LSTM or GRU. Received: layer = Dense. timeDistributed runs any layer at every timestep.",
    );
    expect(messageOf(() => layers.timeDistributed({ layer: 3 as never }))).toContain("layer must be a layer");
    expect(messageOf(() => layers.rnn({ cell: layers.lstm({ units: 2 }) }))).toContain("a cell such as");
  });
});

describe("names", () => {
  test("count from zero for each class, as in Keras 3", () => {
    const names = [
      layers.lstm({ units: 1 }),
      layers.dense({ units: 1 }),
      layers.lstm({ units: 1 }),
      layers.maxPooling1d(),
      layers.reLU(),
      layers.timeDistributed({ layer: layers.dense({ units: 1 }) }),
      layers.simpleRNN({ units: 1 }),
      layers.prelu(),
    ].map(({ name }) => name);
    expect(names).toEqual([
      "lstm",
      "dense",
      "lstm_1",
      "max_pooling1d",
      "re_lu",
      "time_distributed",
      "simple_rnn",
      "p_re_lu",
    ]);
  });

  test("that a user gives neither use up nor reserve a number", () => {
    layers.lstm({ units: 1, name: "lstm" });
    expect(layers.lstm({ units: 1 }).name).toBe("lstm");
    expect(layers.lstm({ units: 1 }).name).toBe("lstm_1");
  });

  test("of the two copies in Bidirectional come from the layer given, whose number is used up", () => {
    const both = layers.bidirectional({ layer: layers.lstm({ units: 1 }) });
    expect(both.name).toBe("bidirectional");
    expect(both.children.map(({ name }) => name)).toEqual(["forward_lstm", "backward_lstm"]);
    expect(layers.lstm({ units: 1 }).name).toBe("lstm_1");
  });

  test("an option that fails uses up no number", () => {
    messageOf(() => layers.gru({ units: 0 }));
    expect(layers.gru({ units: 1 }).name).toBe("gru");
    expect(input({ shape: [3] }).node.layer.name).toBe("input_layer");
    expect(input({ shape: [3] }).node.layer.name).toBe("input_layer_1");
  });
});

describe("arrays", () => {
  // By hand: LSTM 4h(i+h+1), GRU 3h(i+h+2) and 3h(i+h+1), SimpleRNN h(i+h+1), Bidirectional twice its layer.
  test.each([
    ["LSTM", layers.lstm({ units: 4 }), [null, 30, 5], 160],
    ["GRU", layers.gru({ units: 4 }), [null, 30, 5], 132],
    ["GRU with the reset gate before", layers.gru({ units: 4, resetAfter: false }), [null, 30, 5], 120],
    ["SimpleRNN", layers.simpleRNN({ units: 20 }), [null, 15, 30], 1020],
    ["LSTM without bias", layers.lstm({ units: 4, useBias: false }), [null, 30, 5], 144],
    ["Bidirectional", layers.bidirectional({ layer: layers.lstm({ units: 30 }) }), [null, 21, 9], 9600],
    ["Conv1D", layers.conv1d({ filters: 3, kernelSize: 2 }), [null, 21, 9], 57],
    ["Embedding", layers.embedding({ inputDim: 8, outputDim: 3 }), [null, 5], 24],
    ["BatchNormalization", layers.batchNormalization(), [null, 5, 6], 24],
    ["TimeDistributed", layers.timeDistributed({ layer: layers.dense({ units: 2 }) }), [null, 4, 3], 8],
  ])("%s has the count that its formula gives", (_, layer, shape, count) => {
    layer.build(shape);
    expect(layer.countParams()).toBe(count);
  });

  test("of 30 million timesteps or huge sizes are counted without taking memory", () => {
    const gru = layers.gru({ units: 4, resetAfter: false });
    gru.build([null, 30_000_000, 5]);
    expect([gru.countParams(), gru.outputShape]).toEqual([120, [null, 4]]);
    const huge = layers.lstm({ units: 2_000_000_000 });
    huge.build([null, 10, 4]);
    expect(huge.countParams()).toBe(4 * 2e9 * (4 + 2e9 + 1));
    expect(messageOf(() => huge.getWeights())).toMatch(
      /^lstm\/kernel: an array may take up to 2 GiB\. Received: shape = \(4, 8000000000\), 119\.2 GiB\./,
    );
  });

  test("start the forget gate's bias at one, the rest at zero", () => {
    const lstm = layers.lstm({ units: 2 });
    lstm.build([null, 3, 1]);
    expect([...lstm.getWeights()[2]!.data]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  });

  test("that do not fit are refused with the likely mistake, and nothing changes", () => {
    const gru = layers.gru({ units: 2 });
    gru.build([null, 3, 4]);
    const [kernel, recurrent] = gru.getWeights() as [Tensor, Tensor];
    const set = (...weights: Tensor[]): string => messageOf(() => gru.setWeights(weights));
    expect(set(kernel, recurrent, tensor(new Float32Array(6)))).toBe(
      "gru: bias (array 3 of 3) must have shape (2, 6). Received: shape = (6,). That is the bias of GRU with resetAfter: false; build the layer so.",
    );
    expect(set(kernel, recurrent)).toContain("Was it saved with useBias: false?");
    const turned = tensor(new Float32Array(24), [6, 4]);
    expect(set(turned, recurrent, tensor(new Float32Array(12), [2, 6]))).toContain("It looks transposed");
    expect(set(recurrent, kernel, tensor(new Float32Array(12), [2, 6]))).toContain(
      "That is the shape of recurrent_kernel: check the order of the list.",
    );
    expect(gru.getWeights()[0]).toEqual(kernel);
  });

  test("belong to the layer: what getWeights gives is a copy", () => {
    const dense = layers.dense({ units: 1 });
    dense.build([null, 2]);
    dense.getWeights()[0]!.data.fill(7);
    expect(dense.getWeights()[0]!.data).not.toContain(7);
  });

  test("come from the seed when nobody gives a generator", () => {
    const draw = (): number[] => {
      setSeed(3);
      const dense = layers.dense({ units: 4 });
      dense.build([null, 2]);
      return [...dense.getWeights()[0]!.data];
    };
    expect(draw()).toEqual(draw());
  });

  test("of a frozen layer, and of the layers inside, do not train", () => {
    const both = layers.bidirectional({ layer: layers.gru({ units: 2 }), trainable: false });
    both.build([null, 3, 4]);
    expect(both.variables.map(({ trainable }) => trainable)).toEqual([false, false, false, false, false, false]);
    both.trainable = true;
    expect(both.variables.every(({ trainable }) => trainable)).toBe(true);
  });
});

describe("building", () => {
  test("fixes the features; other ones are refused", () => {
    const gru = layers.gru({ units: 2, name: "gru_1" });
    gru.build([null, 7, 4]);
    expect(messageOf(() => gru.apply(tensor(new Float32Array(60), [2, 10, 3])))).toBe(
      "gru_1: input must have 4 features, as when it was built. Received: shape = [2, 10, 3]. Rebuild the model or fix the data.",
    );
    expect(gru.apply(tensor(new Float32Array(80), [2, 10, 4])).shape).toEqual([2, 2]);
  });

  test("asks for the axes that the layer needs", () => {
    expect(messageOf(() => layers.lstm({ units: 2 }).build([null, 5]))).toBe(
      "lstm: input must have 3 axes [batch, timesteps, features]. Received: shape = (None, 5), 2 axes. A sequence has an axis of timesteps: reshape the data, or set returnSequences: true in the recurrent layer before.",
    );
    expect(messageOf(() => layers.lstm({ units: 2 }).build([null, 5, null]))).toContain(
      "the sizes of kernel must be known when the layer is built",
    );
    expect(messageOf(() => layers.conv1d({ filters: 1, kernelSize: 5 }).build([null, 3, 2]))).toContain(
      "a window spans 5 steps, more than the input has",
    );
    expect(messageOf(() => layers.lstm({ units: 2, stateful: true }).build([null, 3, 2]))).toContain(
      "a stateful layer must know its batch size",
    );
  });

  test("comes before counts and shapes", () => {
    expect(messageOf(() => layers.dense({ units: 2 }).countParams())).toBe(
      "dense: this Dense has no arrays and shapes yet. Call build(inputShape), or apply it to an input.",
    );
  });

  test("gives the shapes of several outputs", () => {
    const lstm = layers.lstm({ units: 3, returnSequences: true, returnState: true });
    lstm.build([null, 7, 2]);
    expect(lstm.outputShape).toEqual([
      [null, 7, 3],
      [null, 3],
      [null, 3],
    ]);
  });
});

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

test("every layer type in the list has a factory, and every option words for help", () => {
  expect(Object.keys(layers)).toHaveLength(layerTypes.size);
  for (const { className, doc, fields } of layerTypes.values()) {
    expect(doc, className).toMatch(/\.$/);
    for (const [name, field] of Object.entries(fields)) expect(field.doc, `${className}.${name}`).toMatch(/\.$/);
  }
});

test("the types know from the options whether there is one output or a list", () => {
  const x = tensor(new Float32Array(6), [1, 3, 2]);
  expectTypeOf(layers.lstm({ units: 1 }).apply(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(layers.lstm({ units: 1, returnState: true }).apply(x)).toEqualTypeOf<Tensor[]>();
  expectTypeOf(layers.dense({ units: 1 }).apply(input({ shape: [2] }))).toEqualTypeOf<SymbolicTensor>();
  const both = layers.bidirectional({ layer: layers.gru({ units: 1 }), mergeMode: null });
  expectTypeOf(both.apply(x)).toEqualTypeOf<Tensor[]>();
  expectTypeOf(layers.bidirectional({ layer: layers.gru({ units: 1 }) }).apply(x)).toEqualTypeOf<Tensor>();
  // @ts-expect-error units is required
  expect(() => layers.lstm({})).toThrow();
  // @ts-expect-error an option of another layer
  expect(() => layers.simpleRNN({ units: 1, resetAfter: true })).toThrow();
  // @ts-expect-error a choice that does not exist
  expect(() => layers.conv1d({ filters: 1, kernelSize: 2, padding: "full" })).toThrow();
});
