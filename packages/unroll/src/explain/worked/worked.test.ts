import {
  defineCell,
  factory,
  model as functional,
  input,
  layers,
  type Model,
  recurrentLayer,
  resetNames,
  sequential,
} from "unroll";
import { describe, expect, it } from "vitest";
import { readWorkbook } from "../../../test/xlsx-reader.ts";
import { Random } from "../../core/random.ts";
import { evaluateSize } from "../../equations/evaluate.ts";
import type { WorkedNumber } from "./book.ts";
import type { WorkedSolution } from "./solution.ts";
import { solveModel } from "./solve.ts";
import { linesOf } from "./worked-lines.ts";

const peephole = factory(
  recurrentLayer(
    defineCell({
      kind: "PeepholeCell",
      gates: ["i", "g"],
      state: ["h", "c"],
      equations({ x, state, gate, act, vector }) {
        const i = act.recurrent(gate.i(x, state.h).plus(vector("peek").times(state.c)));
        const c = state.c.plus(i.times(act.main(gate.g(x, state.h))));
        // The states come before the gate, so that no order of columns is taken for granted.
        return { h: i.times(act.main(c)), c, i };
      },
    }),
  ),
);

const sequence = (timesteps: number, features: number) => input({ shape: [timesteps, features] });
const two = () => [layers.dense({ units: 2, activation: "softmax" })];
const models: Readonly<Record<string, () => Model>> = {
  "SimpleRNN with relu": () =>
    sequential({ layers: [sequence(4, 3), layers.simpleRNN({ units: 2, activation: "relu" }), ...two()] }),
  "LSTM into GRU": () =>
    sequential({
      layers: [
        sequence(3, 2),
        layers.lstm({ units: 2, returnSequences: true }),
        layers.dropout({ rate: 0.2 }),
        layers.gru({ units: 3, recurrentActivation: "hard_sigmoid" }),
        layers.dense({ units: 1, activation: "sigmoid" }),
      ],
    }),
  "GRU with reset before, backwards": () =>
    sequential({ layers: [sequence(3, 2), layers.gru({ units: 2, resetAfter: false, goBackwards: true })] }),
  "Bidirectional LSTM with sequences": () =>
    sequential({
      layers: [
        sequence(3, 2),
        layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) }),
        layers.globalAveragePooling1d(),
        layers.dense({ units: 1 }),
      ],
    }),
  "convolution, pooling and SimpleRNN": () =>
    sequential({
      layers: [
        sequence(6, 2),
        layers.conv1d({ filters: 2, kernelSize: 3, padding: "same", activation: "leaky_relu" }),
        layers.averagePooling1d({ poolSize: 2, padding: "same" }),
        layers.simpleRNN({ units: 3, returnSequences: true }),
        layers.flatten(),
        layers.layerNormalization(),
        layers.dense({ units: 2, activation: "softsign" }),
      ],
    }),
  "a cell of one's own": () =>
    sequential({ layers: [sequence(3, 2), peephole({ units: 2 }), layers.dense({ units: 1 })] }),
  "two inputs joined": () => {
    const series = input({ shape: [3, 1] });
    const context = input({ shape: [2] });
    const memory = layers.gru({ units: 2 }).apply(series);
    const joined = layers.concatenate().apply([memory, context]);
    return functional({ inputs: [series, context], outputs: layers.dense({ units: 1 }).apply(joined) });
  },
  "TimeDistributed and an attention": () => {
    const series = input({ shape: [3, 2] });
    const each = layers.timeDistributed({ layer: layers.dense({ units: 2, activation: "tanh" }) }).apply(series);
    const attended = layers.attention().apply([each, each]);
    return functional({ inputs: [series], outputs: layers.flatten().apply(attended) });
  },
};

/** Weights that are all different, biases among them. */
function shuffled(build: () => Model): Model {
  resetNames();
  const net = build();
  const random = new Random(11);
  net.setWeights(
    net.getWeights().map(({ shape, data }) => ({ shape, data: Float32Array.from(data, () => random.normal() * 0.6) })),
  );
  return net;
}

function dataFor(net: Model) {
  const random = new Random(5);
  return net.inputs.map(({ shape }) => {
    const sizes = shape.map((size) => size ?? 2);
    const count = sizes.reduce((product, size) => product * size, 1);
    return { shape: sizes, data: Float32Array.from({ length: count }, () => random.normal()) };
  });
}

const numbersOf = (solution: WorkedSolution): WorkedNumber[] => [...solution.numbers.values()];
const every = Object.entries(models).map(([name, build]) => ({ name, build }));

describe("a worked solution", () => {
  it.each(every)("of $name ends at the engine's prediction", ({ build }) => {
    const net = shuffled(build);
    const solution = solveModel(net, dataFor(net), { sample: 1 });
    const [first] = [net.predict(dataFor(net))].flat();
    const width = first!.data.length / 2;
    const [result] = solution.results;
    expect(result!.numbers).toHaveLength(width);
    for (const [at, { value }] of result!.numbers.entries()) expect(value).toBeCloseTo(first!.data[width + at]!, 5);
    expect(result!.engine).toEqual([...first!.data.slice(width)]);
  });

  it.each(every)("of $name has lines that end at each number", ({ build }) => {
    const net = shuffled(build);
    const solution = solveModel(net, dataFor(net));
    for (const number of numbersOf(solution)) {
      const lines = linesOf(number, solution.numbers);
      expect(lines.length > 0).toBe(number.formula !== undefined);
      for (const line of lines) expect(solution.numbers.has(line)).toBe(false);
      const last = lines.at(-2);
      if (last !== undefined) expect(evaluateSize(last)).toBeCloseTo(number.value, 12);
    }
  });

  it("gives every gate of every timestep as the trace has it", () => {
    const net = shuffled(models["LSTM into GRU"]!);
    const solution = solveModel(net, dataFor(net));
    const trace = net.trace(dataFor(net));
    for (const layer of trace.layers) {
      for (const run of layer.runs) {
        const { rows } = solution.sections.find(({ name }) => name === layer.name)!.tables[0]!;
        run.steps.forEach((step, at) => {
          for (const name of run.names) {
            const worked = rows[at + 1]!.order.filter((number) => number.name === name).map(({ value }) => value);
            expect(worked).toEqual([...step.values[name]!].map((value) => expect.closeTo(value, 12)));
          }
        });
      }
    }
  });

  it("of one timestep takes the states before it as given", () => {
    const net = shuffled(models["LSTM into GRU"]!);
    const whole = net.trace(dataFor(net), { layer: "gru" }).layers[0]!.runs[0]!.steps[2]!;
    const solution = solveModel(net, dataFor(net), { layer: "gru", timestep: 2 });
    const { rows } = solution.sections[0]!.tables[0]!;
    expect(rows.map(({ label }) => label)).toEqual(["before", "timestep 2"]);
    const h = rows[1]!.order.filter(({ name }) => name === "h").map(({ value }) => value);
    expect(h).toEqual([...whole.values.h!].map((value) => expect.closeTo(value, 12)));
    expect(solution.sections).toHaveLength(1);
  });

  it("of one timestep of a layer without a cell is that row of its output", () => {
    const net = sequential({ layers: [sequence(5, 2), layers.conv1d({ filters: 2, kernelSize: 2, name: "windows" })] });
    const x = dataFor(net);
    const { sections } = solveModel(net, x, { layer: "windows", timestep: 3 });
    const rows = sections[0]!.tables.at(-1)!.rows;
    expect(rows.map(({ label }) => label)).toEqual(["windows[3]"]);
    const expected = net.trace(x).layers[0]!.outputs[0]!.data.slice(6, 8);
    expect(rows[0]!.order.map(({ value }) => value)).toEqual([...expected].map((value) => expect.closeTo(value, 12)));
  });

  it("leaves masked timesteps out and keeps the state", () => {
    resetNames();
    const net = sequential({
      layers: [
        input({ shape: [3] }),
        layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true }),
        layers.gru({ units: 2 }),
      ],
    });
    const solution = solveModel(net, [[3, 0, 2]]);
    const rows = solution.sections.find(({ name }) => name === "gru")!.tables[0]!.rows;
    expect(rows[2]!.note).toContain("masked");
    const [result] = solution.results;
    for (const [at, { value }] of result!.numbers.entries()) expect(value).toBeCloseTo(result!.engine![at]!, 6);
  });

  it("leaves a stateful layer as it was", () => {
    const net = sequential({
      layers: [input({ batchShape: [1, 2, 1] }), layers.gru({ units: 2, stateful: true })],
    });
    net.predict([[[0.5], [1]]]);
    const before = net.states.map(({ data }) => [...data]);
    expect(before[0]!.some((value) => value !== 0)).toBe(true);
    solveModel(net, [[[1], [2]]]);
    expect(net.states.map(({ data }) => [...data])).toEqual(before);
  });

  it("says what it cannot do", () => {
    const net = shuffled(models["LSTM into GRU"]!);
    const x = dataFor(net);
    expect(() => solveModel(net, x, { timestep: 1 })).toThrow(/a timestep belongs to one layer.*lstm, gru/);
    expect(() => solveModel(net, x, { layer: "gru", timestep: 3 })).toThrow(
      "timestep must be a whole number from 0 to 2",
    );
    expect(() => solveModel(net, x, { sample: 2 })).toThrow("sample must be a whole number from 0 to 1");
    const wide = sequential({ layers: [sequence(50, 8), layers.lstm({ units: 128 })] });
    expect(() => solveModel(wide, dataFor(wide))).toThrow("short enough to be read");
    const sparse = sequential({ layers: [input({ shape: [3] }), layers.dense({ units: 2, activation: "sparsemax" })] });
    expect(() => solveModel(sparse, dataFor(sparse))).toThrow(/sparsemax/);
  });
});

describe("a worked solution's spreadsheet", () => {
  it.each(every)("of $name calculates the engine's prediction by its own formulas", async ({ build }) => {
    const net = shuffled(build);
    const book = readWorkbook(await solveModel(net, dataFor(net)).toXlsx());
    const [first] = [net.predict(dataFor(net))].flat();
    const width = first!.data.length / 2;
    for (let at = 0; at < width; at++) {
      expect(book.formulas.has(`prediction!B${at + 2}`)).toBe(true);
      expect(book.numberAt("prediction", `B${at + 2}`)).toBeCloseTo(first!.data[at]!, 5);
      expect(Math.abs(book.numberAt("prediction", `D${at + 2}`))).toBeLessThan(1e-5);
    }
  });

  it.each(every)("of $name says beside each formula what it comes to", async ({ build }) => {
    const net = shuffled(build);
    const book = readWorkbook(await solveModel(net, dataFor(net)).toXlsx());
    expect(book.shown.size).toBe(book.formulas.size);
    for (const [at, value] of book.shown) {
      const [sheet, cell] = at.split("!") as [string, string];
      expect(book.numberAt(sheet, cell), at).toBeCloseTo(value, 12);
    }
  });

  it("follows a changed input and a changed weight, as the engine does", async () => {
    const net = shuffled(models["a cell of one's own"]!);
    const x = dataFor(net);
    const book = readWorkbook(await solveModel(net, x).toXlsx());
    expect(book.textOf("inputs", "A3")).toBe("x[0]");
    book.change("inputs", "C4", 2.5); // timestep 1, feature 1
    x[0]!.data[3] = 2.5;
    const weights = net.getWeights();
    expect(book.textOf("weights", "A1")).toMatch(/kernel, shape \(2, 4\)/);
    expect(book.textOf("weights", "D2")).toBe("g[0]");
    book.change("weights", "D3", -1.5);
    weights[0]!.data[2] = -1.5;
    net.setWeights(weights);
    const predicted = [net.predict(x)].flat()[0]!.data[0]!;
    expect(book.numberAt("prediction", "B2")).toBeCloseTo(predicted, 5);
  });

  it("looks embeddings up by a live id", async () => {
    const net = sequential({
      layers: [input({ shape: [2] }), layers.embedding({ inputDim: 4, outputDim: 2 }), layers.simpleRNN({ units: 1 })],
      seed: 2,
    });
    const book = readWorkbook(await solveModel(net, [[3, 1]]).toXlsx());
    book.change("inputs", "B3", 2);
    const predicted = [net.predict([[2, 1]])].flat()[0]!.data[0]!;
    expect(book.numberAt("prediction", "B2")).toBeCloseTo(predicted, 6);
  });

  it("has the sheets and rows of the calculation, and no macros or links", async () => {
    const net = shuffled(models["LSTM into GRU"]!);
    const book = readWorkbook(await solveModel(net, dataFor(net)).toXlsx());
    expect(book.sheets).toEqual(["inputs", "weights", "lstm", "gru", "dense", "prediction"]);
    expect(book.files.some((name) => /vba|macro|external/i.test(name))).toBe(false);
    expect([...book.formulas.values()].some((formula) => formula.startsWith("="))).toBe(false);
    const labels = Array.from({ length: 14 }, (_, row) => book.textOf("lstm", `A${row + 1}`));
    expect(labels).toContain("f = σ(x·W_f + b_f + hPrev·U_f)");
    expect(labels.slice(8, 12)).toEqual(["before", "timestep 0", "timestep 1", "timestep 2"]);
  });
});

describe("a worked solution's texts", () => {
  const net = sequential({
    layers: [
      input({ shape: [2, 1] }),
      layers.simpleRNN({ units: 1, name: "rnn" }),
      layers.dense({ units: 1, name: "out" }),
    ],
  });
  net.setWeights([
    { shape: [1, 1], data: Float32Array.of(0.5) },
    { shape: [1, 1], data: Float32Array.of(-0.25) },
    { shape: [1], data: Float32Array.of(0.125) },
    { shape: [1, 1], data: Float32Array.of(2) },
    { shape: [1], data: Float32Array.of(-1) },
  ]);
  const solution = solveModel(net, [[[1], [2]]]);

  // tanh(0.625) = 0.554600, tanh(1 + 0.125 − 0.25 × 0.5546) = tanh(0.98635) = 0.755802, 2 × 0.755802 − 1 = 0.511604
  it("go from letters to numbers, products, sum and activation", () => {
    const text = solution.toText();
    expect(text).toContain("h = tanh(x·W_h + b_h + hPrev·U_h)");
    expect(text).toContain("h[0] = tanh(2 × 0.5 + 0.125 + 0.5546 × (−0.25))");
    expect(text).toContain("= tanh(1 + 0.125 − 0.13865)");
    expect(text).toContain("= tanh(0.98635)");
    expect(text).toContain("= 0.7558");
    expect(text).toContain("out[0] = h[1,0]·kernel[0,0] + bias[0]");
    expect(text).toContain("= 0.5116");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("say the same in Markdown, LaTeX and HTML", () => {
    for (const formulas of [solution.toMarkdown(), solution.toLatex()]) {
      expect(formulas).toContain(
        "h_{0} &= \\tanh\\left(2 \\times 0.5 + 0.125 + 0.5546 \\times \\left(-0.25\\right)\\right)",
      );
      expect(formulas).toContain("\\mathit{out}_{0} &= h_{1,0} \\cdot \\mathit{kernel}_{0,0} + \\mathit{bias}_{0}");
      expect(formulas).not.toContain("−");
    }
    const html = solution.toHtml();
    expect(html).toContain("<mn>0.98635</mn>");
    expect(html).not.toMatch(/<script|src=|href=/);
  });

  it("show as many digits as asked for", () => {
    expect(solution.toText({ digits: 3 })).toContain("= tanh(0.986)");
  });
});
