/** Slips in layers behind the one that is asked about: gradients by plain arithmetic in this file, with and without them. */
import { describe, expect, it } from "vitest";
import { input, layers } from "../../layers/index.ts";
import { model as functional } from "../../model/functional.ts";
import { sequential } from "../../model/sequential.ts";
import { checkGradient } from "./check-gradient.ts";
import type { ValueCheck } from "./check-value.ts";

/** "derivative-forgotten in second" of the first finding. */
const firstOf = ({ findings }: ValueCheck): string =>
  (findings[0]?.slips ?? []).map(({ id, layer }) => `${id} in ${layer}`).join(", ");

describe("three Dense layers of one unit", () => {
  const [w, v, c, u, x, y] = [0.7, -1.2, 0.3, 0.9, 1.5, 0.25] as const;
  const a = w * x;
  const p = Math.tanh(v * a + c);
  const build = (around: boolean) => {
    const first = layers.dense({ units: 1, useBias: false, name: "first" });
    const second = layers.dense({ units: 1, activation: "tanh", name: "second" });
    const third = layers.dense({ units: 1, useBias: false, name: "third" });
    const start = input({ shape: [1] });
    const one = first.apply(start);
    const two = third.apply(second.apply(one));
    const net = functional({ inputs: start, outputs: around ? layers.add().apply([one, two]) : two });
    first.setWeights([[[w]]]);
    second.setWeights([[[v]], [c]]);
    third.setWeights([[[u]]]);
    return net;
  };
  const ask = (value: number, around = false): ValueCheck => {
    const where = { layer: "first", array: "kernel", index: [0, 0], loss: "mse" } as const;
    return checkGradient(build(around), { ...where, x: [[x]], y: [[y]], value: value.toFixed(7) });
  };

  it("name the layer whose derivative is forgotten", () => {
    const error = 2 * (u * p - y);
    expect(ask(error * u * (1 - p ** 2) * v * x).right).toBe(true);
    expect(firstOf(ask(error * u * v * x))).toBe("derivative-forgotten in second");
  });

  it("keep what comes another way", () => {
    const error = 2 * (a + u * p - y);
    expect(ask(error * (1 + u * (1 - p ** 2) * v) * x, true).right).toBe(true);
    expect(firstOf(ask(error * (1 + u * v) * x, true))).toBe("derivative-forgotten in second");
  });

  it("name a slip of the loss with it", () => {
    const check = ask((u * p - y) * u * v * x);
    expect(firstOf(check)).toBe("derivative-forgotten in second, loss-factor in first");
  });
});

describe("two SimpleRNNs of one unit", () => {
  const [w, u, k, r] = [0.8, -0.5, 1.3, 0.6] as const;
  const x = [0.4, -1.1] as const;
  const y = 0.3;
  const net = sequential({
    layers: [
      input({ shape: [2, 1] }),
      layers.simpleRNN({ units: 1, useBias: false, returnSequences: true, name: "lower" }),
      layers.simpleRNN({ units: 1, useBias: false, name: "upper" }),
    ],
  });
  net.getLayer("lower").setWeights([[[w]], [[u]]]);
  net.getLayer("upper").setWeights([[[k]], [[r]]]);
  const h1 = Math.tanh(w * x[0]);
  const h2 = Math.tanh(w * x[1] + u * h1);
  const s1 = Math.tanh(k * h1);
  const s2 = Math.tanh(k * h2 + r * s1);

  /** The way back; the two switches are the slips in the upper layer. */
  function back({ through = 1, derivative = true } = {}) {
    const slope = (value: number): number => (derivative ? 1 - value ** 2 : 1);
    const d2 = 2 * (s2 - y) * slope(s2);
    const d1 = through * r * d2 * slope(s1);
    const e2 = k * d2 * (1 - h2 ** 2);
    const dh1 = k * d1 + u * e2;
    return { dh1, dw: e2 * x[1] + dh1 * (1 - h1 ** 2) * x[0] };
  }
  const data = { x: [[[x[0]], [x[1]]]], y: [[y]], loss: "mse" } as const;
  const kernel = (value: number) =>
    checkGradient(net, { layer: "lower", array: "kernel", index: [0, 0], value: value.toFixed(8), ...data });
  const state = (value: number) =>
    checkGradient(net, { layer: "lower", name: "h", timestep: 0, unit: 0, value: value.toFixed(8), ...data });

  it("are right where the arithmetic is", () => {
    expect(kernel(back().dw).right).toBe(true);
    expect(state(back().dh1).right).toBe(true);
  });

  it("name a gradient that is cut off in the layer behind", () => {
    expect(firstOf(kernel(back({ through: 0 }).dw))).toBe("state-flow-forgotten in upper");
    expect(firstOf(state(back({ through: 0 }).dh1))).toBe("state-flow-forgotten in upper");
  });

  it("name a derivative that is forgotten in the layer behind", () => {
    expect(firstOf(kernel(back({ derivative: false }).dw))).toBe("derivative-forgotten in upper");
    expect(firstOf(state(back({ derivative: false }).dh1))).toBe("derivative-forgotten in upper");
  });
});

describe("a square kernel behind", () => {
  const V = [
    [0.4, -0.9],
    [1.1, 0.3],
  ] as const;
  const W = [
    [0.5, 0.2],
    [-0.3, 0.8],
  ] as const;
  const [x, y] = [
    [1.2, -0.7],
    [0.1, 0.6],
  ] as const;
  const times = (row: readonly number[], matrix: readonly (readonly number[])[]): number[] =>
    [0, 1].map((j) => row[0]! * matrix[0]![j]! + row[1]! * matrix[1]![j]!);
  const transposed = (matrix: readonly (readonly number[])[]) => [0, 1].map((i) => [0, 1].map((j) => matrix[j]![i]!));

  it("of Dense is not transposed", () => {
    const net = sequential({
      layers: [
        input({ shape: [2] }),
        layers.dense({ units: 2, useBias: false, name: "first" }),
        layers.dense({ units: 2, useBias: false, name: "second" }),
      ],
    });
    net.getLayer("first").setWeights([W]);
    net.getLayer("second").setWeights([V]);
    const dq = times(times(x, W), V).map((q, j) => q - y[j]!); // 2/2 (q − y)
    const ask = (value: number) =>
      checkGradient(net, {
        layer: "first",
        array: "kernel",
        index: [0, 1],
        value: value.toFixed(7),
        x: [x],
        y: [y],
        loss: "mse",
      });
    expect(ask(x[0] * times(dq, transposed(V))[1]!).right).toBe(true);
    expect(firstOf(ask(x[0] * times(dq, V)[1]!))).toBe("kernel-not-transposed in second");
  });

  it("of a SimpleRNN is not transposed; its recurrent kernel, which is zero, does not matter", () => {
    const net = sequential({
      layers: [
        input({ shape: [1, 2] }),
        layers.timeDistributed({ layer: layers.dense({ units: 2, useBias: false, name: "first" }) }),
        layers.simpleRNN({ units: 2, activation: "linear", useBias: false, name: "second" }),
      ],
    });
    net.layers[0]!.setWeights([W]);
    net.getLayer("second").setWeights([
      V,
      [
        [0, 0],
        [0, 0],
      ],
    ]);
    const dq = times(times(x, W), V).map((q, j) => q - y[j]!);
    const ask = (value: number) =>
      checkGradient(net, {
        layer: "first",
        array: "kernel",
        index: [1, 0],
        value: value.toFixed(7),
        x: [[x]],
        y: [y],
        loss: "mse",
      });
    expect(ask(x[1] * times(dq, transposed(V))[0]!).right).toBe(true);
    expect(firstOf(ask(x[1] * times(dq, V)[0]!))).toBe("kernel-not-transposed in second");
  });
});
