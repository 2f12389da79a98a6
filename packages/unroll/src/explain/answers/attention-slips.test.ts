/** Attention by plain arithmetic in this file: counts and values with and without slips, against what the checker says of them. */
import { describe, expect, it } from "vitest";
import { input, layers } from "../../layers/index.ts";
import { model } from "../../model/functional.ts";
import type { Model } from "../../model/model.ts";
import { checkAnswer } from "./check.ts";
import { checkValue } from "./check-value.ts";

const idsOf = (check: { findings: readonly { slips: readonly { id: string }[] }[] }): string[] =>
  check.findings.map(({ slips }) => slips.map(({ id }) => id).join(" + "));

describe("the count of MultiHeadAttention", () => {
  const sequence = input({ shape: [5, 8] });
  const layer = layers.multiHeadAttention({ numHeads: 2, keyDim: 4, valueDim: 3, name: "mha" });
  const net = model({ inputs: sequence, outputs: layer.apply([sequence, sequence]) });
  const ask = (params: number) => idsOf(checkAnswer(net, { layer: "mha", params }));

  it("is right by hand: three projections of two heads, and the output", () => {
    const projections = (8 * 2 * 4 + 2 * 4) * 2 + (8 * 2 * 3 + 2 * 3);
    expect(net.countParams()).toBe(projections + 2 * 3 * 8 + 8);
  });

  it.each([
    ["heads-as-one", (8 * 4 + 4) * 2 + (8 * 3 + 3) + 3 * 8 + 8],
    ["head-size-divided", (8 * 2 * 2 + 2 * 2) * 2 + (8 * 2 * 3 + 2 * 3) + 2 * 3 * 8 + 8],
    ["value-size-as-key-size", (8 * 2 * 4 + 2 * 4) * 3 + 2 * 4 * 8 + 8],
    ["output-projection-forgotten", (8 * 2 * 4 + 2 * 4) * 2 + (8 * 2 * 3 + 2 * 3)],
    ["projection-forgotten", 8 * 2 * 4 + 2 * 4 + (8 * 2 * 3 + 2 * 3) + 2 * 3 * 8 + 8],
    ["bias-per-head", (8 * 2 * 4 + 2) * 2 + (8 * 2 * 3 + 2) + 2 * 3 * 8 + 8],
    ["bias-once-for-heads", (8 * 2 * 4 + 4) * 2 + (8 * 2 * 3 + 3) + 2 * 3 * 8 + 8],
    ["bias-forgotten", 8 * 2 * 4 * 2 + 8 * 2 * 3 + 2 * 3 * 8],
  ])("%s", (slip, count) => {
    expect(ask(count).slice(0, 2)).toContain(slip);
  });

  it("knows key_dim and features exchanged", () => {
    const same = layers.multiHeadAttention({ numHeads: 2, keyDim: 5, name: "same" });
    const other = model({ inputs: sequence, outputs: same.apply([sequence, sequence]) });
    const swapped = (5 * 2 * 8 + 2 * 8) * 3 + 2 * 8 * 5 + 5;
    const output = checkAnswer(other, { layer: "same", params: swapped });
    expect(idsOf(output)).toContain("key-size-and-features-swapped");
  });

  it("says nothing of windows or heads where there are none", () => {
    const dense = layers.dense({ units: 4, name: "dense" });
    const plain = model({ inputs: sequence, outputs: dense.apply(sequence) });
    for (let params = 1; params < 80; params++) {
      expect(idsOf(checkAnswer(plain, { layer: "dense", params })).join()).not.toMatch(/heads|projection|window/);
    }
  });
});

describe("a value of MultiHeadAttention", () => {
  type Rows = readonly (readonly number[])[];
  const x: Rows = [
    [0.5, -1],
    [2, 0.3],
    [-0.7, 1.1],
  ];
  /** `[features][head][size]`, and `[head][size][features]` for the output. */
  const arrays = {
    query: [0.4, -0.3, 0.8, 0.1, 0.2, 0.9, -0.5, 0.6],
    key: [-0.6, 0.7, 0.3, 0.5, 1.1, -0.2, 0.4, -0.8],
    value: [0.9, 0.2, -0.4, 0.7, -0.1, 0.6, 0.5, -0.3],
    output: [0.3, -0.5, 0.8, 0.1, -0.7, 0.4, 0.6, 0.2],
  };
  const biases = { query: [0.1, -0.2, 0.05, 0.3], key: [0.2, 0.1, -0.1, 0], value: [0.3, -0.3, 0.2, 0.1] };
  const outputBias = [0.05, -0.15];

  const soft = (row: readonly number[]): number[] => {
    const e = row.map(Math.exp);
    const sum = e.reduce((total, one) => total + one, 0);
    return e.map((one) => one / sum);
  };
  const turned = (rows: Rows): number[][] => rows[0]!.map((_, column) => rows.map((row) => row[column]!));

  interface Choices {
    readonly scale?: number;
    readonly place?: (feature: number, head: number, at: number) => number;
    readonly scores?: (scores: Rows, all: readonly Rows[]) => Rows;
    readonly weights?: (scores: Rows) => Rows;
    readonly project?: boolean;
    readonly without?: string;
  }

  /** Two heads of two features over three steps, all sums written out. */
  function attend({
    scale = Math.sqrt(2),
    place = (feature, head, at) => feature * 4 + head * 2 + at,
    scores: changeScores = (scores) => scores,
    weights = (scores) => scores.map(soft),
    project = true,
    without,
  }: Choices = {}): number[][] {
    const projected = (name: "query" | "key" | "value", head: number, ownPlace = place): Rows =>
      x.map((row) =>
        [0, 1].map(
          (at) =>
            row[0]! * arrays[name][ownPlace(0, head, at)]! +
            row[1]! * arrays[name][ownPlace(1, head, at)]! +
            (name !== without ? biases[name][head * 2 + at]! : 0),
        ),
      );
    const usual = (feature: number, head: number, at: number): number => feature * 4 + head * 2 + at;
    const all = [0, 1].map((head) => {
      const [q, k] = [projected("query", head), projected("key", head, usual)];
      return q.map((one) => k.map((other) => (one[0]! * other[0]! + one[1]! * other[1]!) / scale));
    });
    const heads = [0, 1].map((head) => {
      const v = projected("value", head, usual);
      const attention = weights(changeScores(all[head]!, all));
      return attention.map((row) => [0, 1].map((at) => row.reduce((sum, w, step) => sum + w * v[step]![at]!, 0)));
    });
    return x.map((_, step) => {
      const joined = [...heads[0]![step]!, ...heads[1]![step]!];
      return outputBias.map(
        (b, column) =>
          (project
            ? joined.reduce((sum, one, at) => sum + one * arrays.output[at * 2 + column]!, 0)
            : joined[column]!) + b,
      );
    });
  }

  function net(): Model {
    const sequence = input({ shape: [3, 2] });
    const layer = layers.multiHeadAttention({ numHeads: 2, keyDim: 2, name: "mha" });
    const whole = model({ inputs: sequence, outputs: layer.apply([sequence, sequence]) });
    const array = (shape: readonly number[], numbers: readonly number[]) => ({
      shape,
      data: Float32Array.from(numbers),
    });
    layer.setWeights([
      array([2, 2, 2], arrays.query),
      array([2, 2], biases.query),
      array([2, 2, 2], arrays.key),
      array([2, 2], biases.key),
      array([2, 2, 2], arrays.value),
      array([2, 2], biases.value),
      array([2, 2, 2], arrays.output),
      array([2], outputBias),
    ]);
    return whole;
  }
  const ask = (rows: Rows) =>
    checkValue(net(), { layer: "mha", timestep: 1, unit: 0, value: rows[1]![0]!.toFixed(6), x: [x] });

  it("is right by hand", () => {
    expect(ask(attend()).right).toBe(true);
    expect(ask(attend({ scale: 1 })).right).toBe(false);
  });

  it.each<[string, Choices]>([
    ["scale-forgotten", { scale: 1 }],
    ["scale-without-root", { scale: 2 }],
    ["queries-and-keys-swapped", { scores: turned }],
    ["softmax-other-axis", { weights: (scores) => turned(turned(scores).map(soft)) }],
    [
      "heads-as-one",
      { scores: (_, all) => all[0]!.map((row, q) => row.map((one, k) => (one + all[1]![q]![k]!) / Math.SQRT2)) },
    ],
    ["heads-read-as-inner-axis", { place: (feature, head, at) => feature * 4 + at * 2 + head }],
    ["activation-forgotten", { weights: (scores) => scores }],
  ])("%s is named first", (slip, choices) => {
    const check = ask(attend(choices));
    expect(idsOf(check)[0]).toBe(slip);
    expect(idsOf(check).join()).not.toMatch(/window/);
  });

  it("says of which projection a bias is left out", () => {
    const check = ask(attend({ without: "value" }));
    expect(check.findings[0]?.slips[0]).toMatchObject({ id: "bias-left-out" });
    expect(check.findings[0]?.slips[0]?.detail).toContain("value/bias");
  });
});

describe("a value where the output is as wide as the joined heads", () => {
  it("output-projection-forgotten is named", () => {
    const sequence = input({ shape: [2, 2] });
    const layer = layers.multiHeadAttention({ numHeads: 1, keyDim: 2, useBias: false, name: "mha" });
    const net = model({ inputs: sequence, outputs: layer.apply([sequence, sequence]) });
    const same = Float32Array.of(1, 0, 0, 1);
    const zero = Float32Array.of(0, 0, 0, 0);
    // Scores of nothing weigh both steps alike, and values are the inputs: the joined heads are the mean of the two steps.
    const weights = [zero, zero, same].map((data) => ({ shape: [2, 1, 2], data }));
    layer.setWeights([...weights, { shape: [1, 2, 2], data: Float32Array.of(3, 0.5, -1, 2) }]);
    const x = [
      [
        [0.2, 1],
        [0.6, -0.4],
      ],
    ];
    const mean = [0.4, 0.3] as const;
    const ask = (value: number) => checkValue(net, { layer: "mha", timestep: 0, unit: 0, value: value.toFixed(5), x });
    expect(ask(mean[0] * 3 + mean[1] * -1).right).toBe(true);
    expect(idsOf(ask(mean[0]))[0]).toBe("output-projection-forgotten");
  });
});

describe("a convolution", () => {
  it("still has a window that can be turned round, also a transposed one", () => {
    const layer = layers.conv1d({ filters: 1, kernelSize: 2, useBias: false, name: "conv" });
    const sequence = input({ shape: [3, 1] });
    const net = model({ inputs: sequence, outputs: layer.apply(sequence) });
    layer.setWeights([[[[0.5]], [[-2]]]]);
    const x = [[[1], [3], [4]]];
    const ask = (value: number) => checkValue(net, { layer: "conv", timestep: 0, unit: 0, value, x });
    expect(ask(0.5 * 1 - 2 * 3).right).toBe(true);
    expect(idsOf(ask(0.5 * 3 - 2 * 1))[0]).toBe("window-reversed");
  });
});
