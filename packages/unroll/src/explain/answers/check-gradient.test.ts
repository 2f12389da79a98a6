/** Gradients worked out with plain arithmetic in this file, with and without slips, against what the checker says of them. */
import { describe, expect, it } from "vitest";
import { input, layers } from "../../layers/index.ts";
import { sequential } from "../../model/sequential.ts";
import { type LossLike, losses } from "../../training/losses.ts";
import { checkGradient, type GradientAnswer } from "./check-gradient.ts";
import type { ValueCheck } from "./check-value.ts";

const idsOf = ({ findings }: ValueCheck): string[][] => findings.map(({ slips }) => slips.map(({ id }) => id));

describe("one unit over three timesteps, two examples", () => {
  const [w, u, b] = [0.7, -0.4, 0.1] as const;
  const x = [
    [0.5, -1, 2],
    [1.5, 0.25, -0.75],
  ] as const;
  const y = [0.2, -0.6] as const;
  const layer = layers.simpleRNN({ units: 1, name: "rnn" });
  const model = sequential({ layers: [input({ shape: [3, 1] }), layer] });
  layer.setWeights([[[w]], [[u]], [b]]);

  /** The way there and back; `derivative` and `flow` say what is kept of tanh' and of the way through the state. */
  function backward(steps: readonly number[], target: number, { derivative = true, flow = 1, scale = 2 / 2 } = {}) {
    const h = [0];
    for (const xt of steps) h.push(Math.tanh(w * xt + u * h.at(-1)! + b));
    const da = [0, 0, 0];
    const dh = [0, 0, 0];
    for (let t = 2; t >= 0; t--) {
      dh[t] = t === 2 ? scale * (h[3]! - target) : flow * u * da[t + 1]!;
      da[t] = dh[t]! * (derivative ? 1 - h[t + 1]! ** 2 : 1);
    }
    return { dh, dU: da.map((d, t) => d * h[t]!), dW: da.map((d, t) => d * steps[t]!), db: da };
  }
  const both = (more = {}) => x.map((steps, example) => backward(steps, y[example]!, more));
  const total = (list: readonly (readonly number[])[]): number => list.flat().reduce((sum, one) => sum + one, 0);

  const weight = (array: string, value: number, digits = 7): ValueCheck =>
    checkGradient(model, {
      layer: "rnn",
      array,
      index: array === "bias" ? [0] : [0, 0],
      value: value.toFixed(digits),
      x: x.map((steps) => steps.map((one) => [one])),
      y: y.map((one) => [one]),
      loss: "mse",
    });
  const state = (timestep: number, value: number, sample = 0): ValueCheck =>
    checkGradient(model, {
      layer: "rnn",
      name: "h",
      timestep,
      unit: 0,
      sample,
      value: value.toFixed(7),
      x: x.map((steps) => steps.map((one) => [one])),
      y: y.map((one) => [one]),
      loss: "mse",
    });

  it("are right where the arithmetic is", () => {
    const right = both();
    expect(weight("recurrent_kernel", total(right.map(({ dU }) => dU)))).toMatchObject({
      right: true,
      kind: "gradient",
      name: "∂L/∂recurrent_kernel[0, 0]",
    });
    expect(weight("kernel", total(right.map(({ dW }) => dW))).right).toBe(true);
    expect(weight("bias", total(right.map(({ db }) => db))).right).toBe(true);
    expect(weight("bias", total(right.map(({ db }) => db)) + 1e-5).right).toBe(false);
    for (const t of [0, 1, 2]) expect(state(t, right[1]!.dh[t]!, 1).right).toBe(true);
  });

  it.each([
    ["the sum over time", "time-sum-forgotten", total(both().map(({ dU }) => [dU[2]!]))],
    ["tanh'", "derivative-forgotten", total(both({ derivative: false }).map(({ dU }) => dU))],
    ["the 2 of the square", "loss-factor", total(both({ scale: 1 / 2 }).map(({ dU }) => dU))],
    ["the mean over the examples", "loss-mean", total(both({ scale: 2 }).map(({ dU }) => dU))],
    ["the sign", "sign-swapped", total(both({ scale: -1 }).map(({ dU }) => dU))],
    ["no division by the timesteps", "time-mean", total(both().map(({ dU }) => dU)) / 3],
  ])("%s forgotten: %s", (_, slip, value) => {
    expect(idsOf(weight("recurrent_kernel", value))[0]).toEqual([slip]);
  });

  it("tells which timestep's share stands alone", () => {
    const { findings } = weight("kernel", total(both().map(({ dW }) => [dW[1]!])));
    expect(findings[0]?.slips[0]?.detail).toContain("That is the share of timestep 1 alone.");
  });

  it("names two slips where both were made: no mean and no 2 is one of them", () => {
    const value = total(both({ scale: 1 }).map(({ dU }) => dU)); // 2/n is 1 for two examples, so no 2 and no mean is right
    expect(weight("recurrent_kernel", value).right).toBe(true);
    const noDerivative = total(both({ derivative: false, scale: 1 / 2 }).map(({ dU }) => dU));
    expect(idsOf(weight("recurrent_kernel", noDerivative))[0]).toEqual(["derivative-forgotten", "loss-factor"]);
  });

  it("follow a state's gradient back through time", () => {
    const noDerivative = backward(x[0], y[0], { derivative: false });
    expect(idsOf(state(1, noDerivative.dh[1]!))[0]).toEqual(["derivative-forgotten"]);
    expect(idsOf(state(0, backward(x[0], y[0]).dh[1]!))[0]).toEqual(["another-value"]);
    expect(idsOf(state(1, 0.987654321))).toEqual([]);
  });

  it("say what there is to ask for", () => {
    const ask = (more: Partial<GradientAnswer>) => () =>
      checkGradient(model, {
        layer: "rnn",
        value: 1,
        x: [[[0.5], [-1], [2]]],
        y: [[0]],
        loss: "mse",
        ...more,
      });
    expect(ask({ array: "gamma", index: [0] })).toThrow("Its arrays are kernel, recurrent_kernel, bias.");
    expect(ask({ array: "kernel", index: [0, 1] })).toThrow("Kernel has the shape (1, 1), counted from 0.");
    expect(ask({ name: "z" })).toThrow("Its values are h.");
    expect(ask({ name: "h", timestep: 3 })).toThrow("There are 1 units at 3 timesteps, from 0.");
  });
});

describe("two units", () => {
  const layer = layers.simpleRNN({ units: 2, activation: "linear", useBias: false, name: "rnn" });
  const model = sequential({ layers: [input({ shape: [2, 1] }), layer] });
  const U = [
    [0.3, 0.8],
    [-0.6, 0.2],
  ] as const;
  layer.setWeights([[[0.5, -0.4]], U]);
  // h₁ = x₁·W, h₂ = x₂·W + h₁·U, L = ½ Σ (h₂ − y)², so dh₂ = h₂ − y, dh₁ = dh₂·Uᵀ, dU = h₁ᵀ·dh₂.
  const [h1, y] = [
    [0.5 * 2, -0.4 * 2],
    [0.1, 0.7],
  ] as const;
  const h2 = [0, 1].map((j) => [0.5, -0.4][j]! * -1 + h1[0] * U[0][j]! + h1[1] * U[1][j]!);
  const dh2 = h2.map((value, j) => value - y[j]!);
  const ask = (more: object, value: number) =>
    checkGradient(model, { layer: "rnn", x: [[[2], [-1]]], y: [y], loss: "mse", value: value.toFixed(7), ...more });

  it("multiply with Uᵀ on the way back", () => {
    const dh1 = dh2[0]! * U[0][0] + dh2[1]! * U[0][1];
    const wrong = dh2[0]! * U[0][0] + dh2[1]! * U[1][0];
    const where = { name: "h", timestep: 0, unit: 0 };
    expect(ask(where, dh1).right).toBe(true);
    expect(idsOf(ask(where, wrong))[0]).toEqual(["matrix-not-transposed"]);
  });

  it("keep the gradient of the array itself where only the way through it is wrong", () => {
    const three = layers.simpleRNN({ units: 2, activation: "linear", useBias: false, name: "three" });
    const longer = sequential({ layers: [input({ shape: [3, 1] }), three] });
    const W = [0.5, -0.4] as const;
    three.setWeights([[W], U]);
    const next = (xt: number, h: readonly number[]) =>
      [0, 1].map((j) => W[j]! * xt + h[0]! * U[0][j]! + h[1]! * U[1][j]!);
    const first = next(2, [0, 0]);
    const second = next(-1, first);
    const dh3 = next(0.5, second).map((value, j) => value - y[j]!);
    const back = (transposed: boolean) =>
      [0, 1].map((j) => [0, 1].reduce((sum, k) => sum + dh3[k]! * (transposed ? U[j]![k]! : U[k]![j]!), 0));
    const dU01 = (transposed: boolean) => first[0]! * back(transposed)[1]! + second[0]! * dh3[1]!;
    const asked = (value: number) =>
      checkGradient(longer, {
        layer: "three",
        array: "recurrent_kernel",
        index: [0, 1],
        x: [[[2], [-1], [0.5]]],
        y: [y],
        loss: "mse",
        value: value.toFixed(7),
      });
    expect(asked(dU01(true)).right).toBe(true);
    expect(idsOf(asked(dU01(false)))[0]).toEqual(["matrix-not-transposed"]);
  });

  it("keep row and column of an array apart", () => {
    const where = { array: "recurrent_kernel", index: [0, 1] };
    expect(ask(where, h1[0] * dh2[1]!).right).toBe(true);
    expect(idsOf(ask(where, h1[1] * dh2[0]!))[0]).toEqual(["index-swapped"]);
  });
});

describe("an LSTM of one unit", () => {
  const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));
  const layer = layers.lstm({ units: 1, name: "lstm" });
  const model = sequential({ layers: [input({ shape: [2, 1] }), layer] });
  const [W, U, B] = [
    [0.3, -0.7, 0.9, 0.2],
    [0.4, 0.6, -0.5, 0.8],
    [0.1, 1, -0.2, 0.05],
  ] as const;
  layer.setWeights([[W], [U], B]);
  const step = (xt: number, h: number, c: number) => {
    const sums = [0, 1, 2, 3].map((gate) => xt * W[gate]! + h * U[gate]! + B[gate]!);
    const [i, f, g, o] = [sigmoid(sums[0]!), sigmoid(sums[1]!), Math.tanh(sums[2]!), sigmoid(sums[3]!)];
    const next = f * c + i * g;
    return { i, f, g, o, c: next, h: o * Math.tanh(next), before: c };
  };
  const one = step(0.8, 0, 0);
  const two = step(-1.1, one.h, one.c);
  const target = 0.4;
  const dh2 = 2 * (two.h - target);
  const dc2 = dh2 * two.o * (1 - Math.tanh(two.c) ** 2);
  const gates = [
    dc2 * two.g * two.i * (1 - two.i),
    dc2 * one.c * two.f * (1 - two.f),
    dc2 * two.i * (1 - two.g ** 2),
    dh2 * Math.tanh(two.c) * two.o * (1 - two.o),
  ];
  const dh1 = gates.reduce((sum, d, gate) => sum + d * U[gate]!, 0);
  const own = dh1 * one.o * (1 - Math.tanh(one.c) ** 2);
  const carried = dc2 * two.f;
  const ask = (name: string, value: number) =>
    checkGradient(model, {
      layer: "lstm",
      name,
      timestep: 0,
      unit: 0,
      x: [[[0.8], [-1.1]]],
      y: [[target]],
      loss: "mse",
      value: value.toFixed(8),
    });

  it("has two ways back to the cell state", () => {
    expect(ask("h", dh1).right).toBe(true);
    expect(ask("c", own + carried).right).toBe(true);
    expect(idsOf(ask("c", own))[0]).toEqual(["state-flow-forgotten"]);
    expect(ask("c", own).findings[0]?.slips[0]?.detail).toBe("c of the step before acts on this step too.");
    expect(ask("c", carried).findings[0]?.slips[0]?.detail).toBe("h of the step before acts on this step too.");
    expect(idsOf(ask("c", own)).flat()).toContain("carry-flow-forgotten");
    expect(idsOf(ask("c", carried)).flat()).toContain("gate-flow-forgotten");
  });

  it("multiplies with the derivative of each activation", () => {
    const noSigma = [dc2 * two.g, dc2 * one.c, dc2 * two.i * (1 - two.g ** 2), dh2 * Math.tanh(two.c)];
    const wrong = noSigma.reduce((sum, d, gate) => sum + d * U[gate]!, 0);
    const { findings } = ask("h", wrong);
    expect(findings[0]?.slips[0]).toMatchObject({ id: "derivative-forgotten" });
    expect(findings[0]?.slips[0]?.detail).toContain("σ(1 − σ)");
  });
});

describe("a Dense layer behind", () => {
  it("has the gradient of its output, its kernel and its bias", () => {
    const dense = layers.dense({ units: 1, activation: "sigmoid", name: "dense" });
    const model = sequential({ layers: [input({ shape: [2] }), dense] });
    dense.setWeights([[[0.5], [-0.3]], [0.1]]);
    const p = 1 / (1 + Math.exp(-(2 * 0.5 + 1 * -0.3 + 0.1)));
    const da = 2 * (p - 1) * p * (1 - p);
    const ask = (more: object, value: number) =>
      checkGradient(model, { layer: "dense", x: [[2, 1]], y: [[1]], loss: "mse", value: value.toFixed(7), ...more });
    expect(ask({ name: "output" }, 2 * (p - 1)).right).toBe(true);
    expect(ask({ array: "kernel", index: [0, 0] }, da * 2).right).toBe(true);
    expect(idsOf(ask({ array: "kernel", index: [0, 0] }, 2 * (p - 1) * 2))[0]).toEqual(["derivative-forgotten"]);
  });
});

describe("what is said of the loss", () => {
  const dense = (units: number, activation: "linear" | "softmax" = "linear") => {
    const layer = layers.dense({ units, activation, name: "dense" });
    const model = sequential({ layers: [input({ shape: [2] }), layer] });
    layer.setWeights([
      [[0.5, 0.2, -0.4].slice(0, units), [-0.3, 0.7, 0.1].slice(0, units)],
      [0.1, -0.2, 0.3].slice(0, units),
    ]);
    return model;
  };
  const x = [
    [2, 1],
    [-1, 0.5],
  ] as const;
  const y = [
    [0, 1, 0],
    [1, 0, 0],
  ] as const;
  const sums = x.map(([a, b]) => [0.5 * a - 0.3 * b + 0.1, 0.2 * a + 0.7 * b - 0.2, -0.4 * a + 0.1 * b + 0.3]);
  const ask = (model: ReturnType<typeof dense>, targets: typeof y | number[][], loss: LossLike, value: number) =>
    checkGradient(model, {
      layer: "dense",
      array: "kernel",
      index: [0, 0],
      x,
      y: targets,
      loss,
      value: value.toFixed(7),
    });
  const detailOf = ({ findings }: ValueCheck, slip: string): string | undefined =>
    findings.flatMap(({ slips }) => slips).find(({ id }) => id === slip)?.detail;

  it("has no 2 of a square where nothing is squared", () => {
    const mae = (value: number) => ask(dense(1), [[0], [1]], "mae", value);
    // The first prediction is 0.8, the second −0.55: the signs of the errors are 1 and −1.
    const right = (1 * 2 + -1 * -1) / 2;
    expect(mae(right).right).toBe(true);
    expect(idsOf(mae(right / 2)).flat()).not.toContain("loss-factor");
    expect(detailOf(mae(-right), "sign-swapped")).toBe(
      "The gradient says where the loss grows; a training step goes the other way.",
    );
    expect(detailOf(mae(2 * right), "loss-mean")).toContain("1/2");
  });

  it("names what a mean over rows and outputs is left out of", () => {
    const right = sums.reduce((sum, row, example) => sum + (2 * (row[0]! - y[example]![0]) * x[example]![0]) / 6, 0);
    const mse = (value: number) => ask(dense(3), y, "mse", value);
    expect(mse(right).right).toBe(true);
    expect(detailOf(mse(6 * right), "loss-mean")).toBe(
      "The loss is a mean over 6 numbers: its gradient has 1/6 in it.",
    );
    expect(detailOf(mse(3 * right), "loss-mean")).toContain("over the 3 outputs of a row");
    expect(detailOf(mse(2 * right), "loss-mean")).toContain("over the 2 rows of predictions");
    expect(detailOf(mse(right / 2), "loss-factor")).toContain("2 (ŷ − y)");
  });

  it("has no mean over the outputs in a crossentropy, and none over the rows in a sum", () => {
    const softmax = sums.map((row) => {
      const all = row.reduce((sum, one) => sum + Math.exp(one), 0);
      return row.map((one) => Math.exp(one) / all);
    });
    const right = softmax.reduce((sum, row, example) => sum + ((row[0]! - y[example]![0]) * x[example]![0]) / 2, 0);
    const crossentropy = (value: number) => ask(dense(3, "softmax"), y, "categorical_crossentropy", value);
    expect(crossentropy(right).right).toBe(true);
    expect(detailOf(crossentropy(2 * right), "loss-mean")).toContain("over the 2 rows of predictions");
    expect(idsOf(crossentropy(6 * right)).flat()).not.toContain("loss-mean");
    expect(idsOf(crossentropy(right / 2)).flat()).not.toContain("loss-factor");
    const sum = sums.reduce((total, row, example) => total + (2 * (row[0]! - y[example]![0]) * x[example]![0]) / 3, 0);
    const summed = (value: number) => ask(dense(3), y, losses.meanSquaredError({ reduction: "sum" }), value);
    expect(summed(sum).right).toBe(true);
    expect(detailOf(summed(3 * sum), "loss-mean")).toContain("over the 3 outputs of a row");
    expect(idsOf(summed(2 * sum)).flat()).not.toContain("loss-mean");
  });

  it("counts the rows that a mask leaves", () => {
    const layer = layers.dense({ units: 1, useBias: false, name: "dense" });
    const model = sequential({ layers: [input({ shape: [2, 2] }), layers.masking(), layer] });
    layer.setWeights([[[0.5], [-0.3]]]);
    const steps = [...x, [0.5, 3], [0, 0]] as const; // the last one is masked
    const right = steps.slice(0, 3).reduce((sum, [a, b]) => sum + (2 * (0.5 * a - 0.3 * b - 1) * a) / 3, 0);
    const given = (value: number) =>
      checkGradient(model, {
        layer: "dense",
        array: "kernel",
        index: [0, 0],
        x: [steps.slice(0, 2), steps.slice(2)],
        y: [
          [[1], [1]],
          [[1], [1]],
        ],
        loss: "mse",
        value: value.toFixed(7),
      });
    expect(given(right).right).toBe(true);
    expect(detailOf(given(3 * right), "loss-mean")).toBe(
      "The loss is a mean over the 3 numbers that count: its gradient has 1/3 in it.",
    );
    expect(idsOf(given(4 * right)).flat()).not.toContain("loss-mean");
  });

  it("counts the rows that an ignored class leaves", () => {
    const classes = (value: number) =>
      ask(dense(3, "softmax"), [[1], [0]], losses.sparseCategoricalCrossentropy({ ignoreClass: 0 }), value);
    const { expected } = classes(0);
    expect(idsOf(classes(2 * expected)).flat()).not.toContain("loss-mean");
  });
});

it("an answer that is one off in its last digit is called so, also where it happens to be another entry", () => {
  const dense = layers.dense({ units: 1, useBias: false, name: "dense" });
  const model = sequential({ layers: [input({ shape: [2] }), dense] });
  dense.setWeights([[[1], [1]]]);
  // 2 (p − y) is 1, so the gradient is the input.
  const x = [[0.1234, 0.1235]];
  const check = checkGradient(model, {
    layer: "dense",
    array: "kernel",
    index: [0, 0],
    x,
    y: [[0.2469 - 0.5]],
    loss: "mse",
    value: "0.1235",
  });
  expect(idsOf(check)).toEqual([["rounding"], ["another-value"]]);
});
