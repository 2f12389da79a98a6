import { describe, expect, it } from "vitest";
import { input, layers } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { gradients } from "./gradients.ts";
import { numbers, smallModel, smallX, smallY } from "./testing.ts";
import { traceGradients } from "./trace-gradients.ts";

describe("a backward trace", () => {
  const kinds = {
    lstm: (units: number, more: object) => layers.lstm({ units, ...more }),
    gru: (units: number, more: object) => layers.gru({ units, ...more }),
    simpleRNN: (units: number, more: object) => layers.simpleRNN({ units, ...more }),
  };

  it.each(["lstm", "gru", "simpleRNN"] as const)("splits the gradient of %s over the timesteps", (kind) => {
    const net = sequential({
      seed: 3,
      layers: [
        input({ shape: [5, 2] }),
        layers.bidirectional({ layer: kinds[kind](3, { returnSequences: true }) }),
        kinds[kind](2, { goBackwards: true }),
        layers.dense({ units: 1 }),
      ],
    });
    const [x, y] = [numbers([4, 5, 2]), numbers([4, 1], 9)];
    const trace = traceGradients(net, x, y, { loss: "mse" });
    const whole = gradients(net, x, y, { loss: "mse" });
    expect(trace.runs).toHaveLength(3);
    const totals = trace.runs.flatMap(({ steps, shapes }) =>
      Object.keys(shapes).map((name) =>
        steps.map(({ contributions }) => contributions[name]!).reduce((sum, part) => sum.map((v, i) => v + part[i]!)),
      ),
    );
    for (const [index, total] of totals.entries()) {
      total.forEach((value, i) => {
        expect(value).toBeCloseTo(whole[index]!.data[i]!, 6);
      });
    }
  });

  it("agrees with finite differences of the loss", () => {
    const { checks } = traceGradients(smallModel(), smallX, smallY, { checks: 3 });
    expect(checks.length).toBeGreaterThan(10);
    for (const { gradient, difference } of checks) expect(difference).toBeCloseTo(gradient, 7);
  });

  it("has the powers of the recurrent weight as norms, by hand", () => {
    const net = sequential({
      layers: [input({ shape: [4, 1] }), layers.simpleRNN({ units: 1, activation: "linear", useBias: false })],
    });
    net.setWeights([[[1]], [[0.5]]]);
    // h₃ = x₃ + ½x₂ + ¼x₁ + ⅛x₀ = 1 + 0 + 0 + 0, L = (h₃ − y)², ∂L/∂h₃ = 2 · (1 − 0) = 2, and half of it each step back.
    const x = { shape: [1, 4, 1], data: Float32Array.of(0, 0, 0, 1) };
    const { runs, loss } = traceGradients(net, x, [[0]], { loss: "mse" });
    expect(loss).toBe(1);
    expect(runs[0]!.steps.map(({ stateNorms }) => stateNorms.h)).toEqual([0.25, 0.5, 1, 2]);
    expect(runs[0]!.steps.map(({ contributionNorms }) => contributionNorms.kernel)).toEqual([0, 0, 0, 2]);
  });

  it("has each unit's gradient, what goes on to the step before, and by which factor, by hand", () => {
    const net = sequential({
      layers: [input({ shape: [3, 1] }), layers.simpleRNN({ units: 1, activation: "linear", useBias: false })],
    });
    net.setWeights([[[3]], [[0.5]]]);
    // h₂ = 3 · 1 = 3, L = (3 − 1)², ∂L/∂h₂ = 4; h passes ½ of it on and x gets 3 times it.
    const { runs } = traceGradients(net, { shape: [1, 3, 1], data: Float32Array.of(0, 0, 1) }, [[1]], { loss: "mse" });
    const steps = runs[0]!.steps;
    expect(steps.map(({ values }) => [...values.h!])).toEqual([[1], [2], [4]]);
    expect(steps.map(({ previous }) => [...previous.h!])).toEqual([[0.5], [1], [2]]);
    expect(steps.map(({ input: ofX }) => [...ofX])).toEqual([[3], [6], [12]]);
    expect(steps.map(({ factor }) => factor)).toEqual([0.5, 0.5, 0.5]);
  });

  it("has a product of factors that is what is left of the gradient, where the loss reads the last step alone", () => {
    const net = sequential({ seed: 5, layers: [input({ shape: [6, 2] }), layers.lstm({ units: 3 })] });
    const { runs } = traceGradients(net, numbers([1, 6, 2]), numbers([1, 3], 4), { loss: "mse" });
    const steps = runs[0]!.steps;
    const product = steps.reduce((running, { factor }) => running * factor, 1);
    const length = (rows: readonly Float64Array[]): number => Math.hypot(...rows.flatMap((row) => [...row]));
    // The state c gets nothing from the loss itself.
    expect(length(Object.values(steps[0]!.previous)) / length([steps[5]!.values.h!])).toBeCloseTo(product, 12);
  });

  it("shows a vanishing gradient in words, and gives plain data", () => {
    const net = sequential({
      layers: [input({ shape: [12, 1] }), layers.simpleRNN({ units: 1, activation: "linear", useBias: false })],
    });
    net.setWeights([[[1]], [[0.25]]]);
    const trace = traceGradients(net, numbers([2, 12, 1]), [[3], [4]], { loss: "mse" });
    expect(trace.toText()).toContain(`
The gradient vanishes: ‖∂L/∂h‖ at the first step read is 2.4e-7 times that at
the last, so what came early is hardly learnt.
`);
    expect(JSON.parse(JSON.stringify(trace)).runs[0].steps).toHaveLength(12);
  });

  it("counts masked examples, which contribute nothing", () => {
    const net = sequential({
      layers: [
        input({ shape: [3] }),
        layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true }),
        layers.gru({ units: 2 }),
        layers.dense({ units: 1 }),
      ],
    });
    const x = { shape: [2, 3], data: Int32Array.of(1, 2, 0, 3, 0, 0) };
    const { runs } = traceGradients(net, x, [[1], [0]], { loss: "mse" });
    expect(runs[0]!.steps.map(({ masked }) => masked)).toEqual([0, 1, 2]);
    expect(runs[0]!.steps[2]!.contributionNorms.kernel).toBe(0);
  });

  it("says that a model without a recurrent layer has none", () => {
    const net = sequential({ layers: [input({ shape: [2] }), layers.dense({ units: 1 })] });
    expect(() => traceGradients(net, [[1, 2]], [[1]], { loss: "mse" })).toThrow("needs a recurrent layer");
  });
});
