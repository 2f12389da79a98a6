/** The same as check-value.test.ts for what a layer gives, with a cell inside or without one. */
import { describe, expect, it } from "vitest";
import { input, layers } from "../../layers/index.ts";
import { sequential } from "../../model/sequential.ts";
import { checkValue } from "./check-value.ts";
import { valueToText } from "./value-text.ts";

const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));

describe("layers without a cell", () => {
  // Two timesteps of one feature; the window of two steps gives one step of two filters.
  const conv = layers.conv1d({ filters: 2, kernelSize: 2, activation: "tanh", name: "conv" });
  const dense = layers.dense({ units: 2, name: "dense" });
  const out = layers.dense({ units: 1, activation: "sigmoid", name: "out" });
  const model = sequential({ layers: [input({ shape: [2, 1] }), conv, layers.flatten(), dense, out] });
  conv.setWeights([
    [[[0.4, -0.3]], [[0.7, 0.2]]],
    [0.1, -0.2],
  ]);
  dense.setWeights([
    [
      [0.5, -0.6],
      [0.9, 0.3],
    ],
    [0.2, -0.3],
  ]);
  out.setWeights([[[1.1], [-0.8]], [0.3]]);
  const data = [[[0.5], [-1.5]]];
  const tanhs = (a: number, b: number): [number, number] => [Math.tanh(a), Math.tanh(b)];
  const c = tanhs(0.5 * 0.4 - 1.5 * 0.7 + 0.1, 0.5 * -0.3 - 1.5 * 0.2 - 0.2);
  const denseOf = ([p, q]: readonly [number, number], [b0, b1] = [0.2, -0.3]): [number, number] => [
    p * 0.5 + q * 0.9 + b0!,
    p * -0.6 + q * 0.3 + b1!,
  ];
  const outOf = ([p, q]: readonly [number, number]): number => sigmoid(p * 1.1 - q * 0.8 + 0.3);
  const asked = (layer: string, value: number, unit = 0) =>
    checkValue(model, { layer, unit, value: value.toFixed(6), x: data });
  const first = (check: ReturnType<typeof asked>) => check.findings[0]?.slips.map(({ id, layer }) => [id, layer]);

  it("are right where the arithmetic is", () => {
    expect(asked("conv", c[1], 1).right).toBe(true);
    expect(asked("dense", denseOf(c)[0]).right).toBe(true);
    expect(asked("out", outOf(denseOf(c)))).toMatchObject({ right: true, digits: 6 });
  });

  it.each([
    ["conv", Math.tanh(-1.5 * 0.4 + 0.5 * 0.7 + 0.1), "window-reversed"],
    ["conv", Math.tanh(0.5 * 0.4 - 1.5 * 0.7), "bias-left-out"],
    ["conv", 0.5 * 0.4 - 1.5 * 0.7 + 0.1, "activation-forgotten"],
    ["dense", c[0] * 0.5 + c[1] * 0.9, "bias-left-out"],
    ["dense", c[0] * 0.5 + c[1] * -0.6 + 0.2, "kernel-read-by-columns"],
    ["dense", Math.max(0, denseOf(c)[0]), "another-activation"],
    ["out", denseOf(c)[0] * 1.1 - denseOf(c)[1] * 0.8 + 0.3, "activation-forgotten"],
  ] as const)("%s = %d: %s", (layer, value, slip) => {
    const check = asked(layer, value);
    expect(check.right).toBe(false);
    expect(first(check)).toEqual([[slip, layer]]);
  });

  it("carry the slip of a layer before them: a prediction tells where it was made", () => {
    const noBias = outOf(denseOf(c, [0, 0]));
    expect(first(asked("out", noBias))).toEqual([["bias-left-out", "dense"]]);
    const turned = tanhs(-1.5 * 0.4 + 0.5 * 0.7 + 0.1, -1.5 * -0.3 + 0.5 * 0.2 - 0.2);
    expect(first(asked("out", outOf(denseOf(turned))))).toEqual([["window-reversed", "conv"]]);
  });

  it("have two slips together where no single one gives the number", () => {
    const both = c[0] * 0.5 + c[1] * -0.6;
    expect(first(asked("dense", both))).toEqual([
      ["bias-left-out", "dense"],
      ["kernel-read-by-columns", "dense"],
    ]);
    expect(valueToText(asked("dense", both))).toContain("Perhaps two slips came together. ");
    expect(valueToText(asked("dense", denseOf(c, [0, 0])[0]))).not.toContain("Perhaps");
  });

  it("show rounding on the way as such", () => {
    const round = (value: number): number => Math.floor(value * 100 + 0.5) / 100;
    const rough = denseOf([round(c[0]), round(c[1])]).map(round) as [number, number];
    const check = checkValue(model, { layer: "out", unit: 0, value: round(outOf(rough)), x: data });
    const [found] = check.right ? [] : check.findings;
    const sixth = checkValue(model, { layer: "dense", unit: 0, value: rough[0].toFixed(6), x: data });
    expect(sixth.findings[0]?.slips[0]).toMatchObject({ id: "rounding" });
    expect(sixth.findings[0]?.slips[0]?.detail).toContain("ounding to 2 decimals in between gives it");
    expect(found === undefined || found.slips[0]?.id === "rounding").toBe(true);
  });

  it("call an answer that is one off in its last digit so", () => {
    const off = Number(c[0].toFixed(4)) + 0.0001;
    const { findings } = checkValue(model, { layer: "conv", unit: 0, value: off.toFixed(4), x: data });
    expect(findings[0]?.slips[0]?.detail).toContain("One off in the last digit");
  });

  it("do not give the right number away where it is kept back", () => {
    for (const off of [c[0] + 0.0001, c[0] * 1.004]) {
      const check = checkValue(model, { layer: "conv", unit: 0, value: off.toFixed(4), x: data });
      expect(check.findings[0]?.slips[0]?.id).toBe("rounding");
      const { expected } = check;
      const text = valueToText(check, { solution: false });
      expect(text).toContain("keep more digits");
      expect(text).not.toContain(expected.toFixed(5).slice(0, -1));
    }
  });

  it("are not another one's for being one off", () => {
    const dense = layers.dense({ units: 2, useBias: false, name: "near" });
    const net = sequential({ layers: [input({ shape: [1] }), dense] });
    dense.setWeights([[[0.1234, 0.1235]]]);
    const { findings } = checkValue(net, { layer: "near", unit: 0, value: "0.1235", x: [[1]] });
    expect(findings.map(({ slips }) => slips[0]!.id)).toEqual(["rounding", "another-value"]);
  });
});

describe("Bidirectional", () => {
  const build = (mergeMode: "concat" | "sum", returnSequences: boolean) => {
    const layer = layers.simpleRNN({ units: 1, returnSequences, name: "rnn" });
    const both = layers.bidirectional({ layer, mergeMode, name: "both" });
    const model = sequential({ layers: [input({ shape: [2, 1] }), both] });
    both.setWeights([[[0.5]], [[-0.4]], [0.1], [[0.9]], [[0.3]], [-0.2]]);
    return (value: number, unit = 0, timestep?: number) =>
      checkValue(model, {
        layer: "both",
        unit,
        value: value.toFixed(6),
        x: [[[0.7], [-1.2]]],
        ...(timestep === undefined ? {} : { timestep }),
      });
  };
  const forward = (xt: number, h: number): number => Math.tanh(0.5 * xt - 0.4 * h + 0.1);
  const backward = (xt: number, h: number): number => Math.tanh(0.9 * xt + 0.3 * h - 0.2);
  const f = [forward(0.7, 0), forward(-1.2, forward(0.7, 0))] as const;
  const b = [backward(0.7, backward(-1.2, 0)), backward(-1.2, 0)] as const;
  const ids = ({ findings }: ReturnType<ReturnType<typeof build>>) => findings[0]?.slips.map(({ id }) => id);

  it("ends forward at the last timestep and backward at the first", () => {
    expect(build("concat", false)(f[1], 0).right).toBe(true);
    expect(build("concat", false)(b[0], 1).right).toBe(true);
    expect(build("concat", true)(b[1], 1, 1).right).toBe(true);
  });

  it("names a backward direction that was read forwards, or not turned round, and another merge", () => {
    const readForwards = backward(-1.2, backward(0.7, 0));
    expect(ids(build("concat", false)(readForwards, 1))).toEqual(["read-other-way"]);
    expect(ids(build("concat", true)(b[1], 1, 0))).toEqual(["backward-not-turned"]);
    expect(ids(build("concat", false)(f[1] + b[0]))).toEqual(["another-merge"]);
    expect(ids(build("sum", false)((f[1] + b[0]) / 2))).toEqual(["another-merge"]);
    expect(ids(build("sum", false)(f[1]))).toEqual(["one-direction"]);
    expect(ids(build("concat", false)(b[0], 0))).toEqual(["directions-swapped"]);
  });

  it("opens each direction under its own name", () => {
    const layer = layers.bidirectional({ layer: layers.lstm({ units: 1, name: "lstm" }), name: "bi" });
    const model = sequential({ layers: [input({ shape: [2, 1] }), layer] });
    const ask = (name: string, more: object) =>
      checkValue(model, { layer: name, unit: 0, value: 0.5, x: [[[0.7], [-1.2]]], ...more });
    expect(ask("backward_lstm", { gate: "c", timestep: 1 }).name).toBe("g");
    expect(ask("forward_lstm", { gate: "f" }).name).toBe("f");
    expect(() => ask("bi", { gate: "f" })).toThrow("Name forward_lstm or backward_lstm.");
    expect(() => ask("forward_lstm", { gate: "z" })).toThrow("In the order of the columns they are i, f, c, o.");
  });
});

it("words a table that is read by columns as one of ids", () => {
  const words = layers.embedding({ inputDim: 3, outputDim: 2, name: "words" });
  const model = sequential({ layers: [input({ shape: [1] }), words] });
  words.setWeights([
    [
      [0.1, 0.2],
      [0.3, 0.4],
      [0.5, 0.6],
    ],
  ]);
  // Column by column the six numbers fill the rows (0.1, 0.4), (0.2, 0.5), (0.3, 0.6).
  const [found] = checkValue(model, { layer: "words", unit: 1, x: [[1]], value: "0.50" }).findings;
  expect(found?.slips).toMatchObject([
    { id: "kernel-read-by-columns", detail: "embeddings[row, column]: a row is the vector of an id." },
  ]);
});
