/** Values worked out with plain arithmetic in this file, with and without slips, against what the checker says of them. */
import { describe, expect, it } from "vitest";
import { input, layers } from "../../layers/index.ts";
import { sequential } from "../../model/sequential.ts";
import { checkValue } from "./check-value.ts";

const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));
const x = [[[0.5], [-1], [2]]];

/** One unit, so that every value is a sum of three products at most. */
function lstm() {
  const layer = layers.lstm({ units: 1, name: "lstm" });
  const model = sequential({ layers: [input({ shape: [3, 1] }), layer] });
  layer.setWeights([[[0.3, -0.7, 0.9, 0.2]], [[0.4, 0.6, -0.5, 0.8]], [0.1, 1, -0.2, 0.05]]);
  return model;
}

/** One step of the LSTM by hand, with the blocks that are named for i, f, c and o. */
function step(xt: number, h: number, c: number, blocks = [0, 1, 2, 3], bias = [0.1, 1, -0.2, 0.05]) {
  const [kernel, recurrent] = [
    [0.3, -0.7, 0.9, 0.2],
    [0.4, 0.6, -0.5, 0.8],
  ] as const;
  const sum = (gate: number): number =>
    xt * kernel[blocks[gate]!]! + h * recurrent[blocks[gate]!]! + bias[blocks[gate]!]!;
  const [i, f, g, o] = [sigmoid(sum(0)), sigmoid(sum(1)), Math.tanh(sum(2)), sigmoid(sum(3))];
  const next = f * c + i * g;
  return { i, f, g, o, c: next, h: o * Math.tanh(next) };
}

const first = step(0.5, 0, 0);
const second = step(-1, first.h, first.c);

const ask = (name: string, value: number | string) =>
  checkValue(lstm(), { layer: "lstm", name, timestep: 1, unit: 0, value, x });
const slipsOf = (check: ReturnType<typeof ask>) => check.findings.map(({ slip }) => slip.id);

describe("a value worked out by hand", () => {
  it("is right within the digits that are written, and says how many agree", () => {
    expect(ask("f", second.f.toFixed(3))).toMatchObject({ right: true, digits: 3, findings: [] });
    expect(ask("c", second.c.toFixed(5)).right).toBe(true);
    expect(ask("h", second.h.toFixed(5)).right).toBe(true);
    expect(ask("h", (second.h + 0.001).toFixed(5)).right).toBe(false);
  });

  it.each([
    ["gates-swapped", "f", step(-1, first.h, first.c, [1, 0, 2, 3]).f],
    ["gate-order", "h", step(-1, first.h, first.c, [0, 2, 3, 1]).h],
    ["bias-left-out", "h", step(-1, first.h, first.c, undefined, [0, 0, 0, 0]).h],
    ["state-forgotten", "h", step(-1, 0, 0).h],
    ["another-activation", "f", Math.tanh(-1 * -0.7 + first.h * 0.6 + 1)],
    ["activation-forgotten", "f", -1 * -0.7 + first.h * 0.6 + 1],
    ["another-value", "f", first.f],
    ["another-value", "i", second.o],
  ] as const)("%s is named", (slip, name, value) => {
    expect(slipsOf(ask(name, value.toFixed(6)))).toContain(slip);
  });

  it("knows a slip that was made in every step", () => {
    const wrongFirst = step(0.5, 0, 0, undefined, [0, 0, 0, 0]);
    const wrong = step(-1, wrongFirst.h, wrongFirst.c, undefined, [0, 0, 0, 0]);
    const found = ask("h", wrong.h.toFixed(6)).findings.find(({ slip }) => slip.id === "bias-left-out");
    expect(found?.everyStep).toBe(true);
  });

  it("takes a near answer for rounded in between", () => {
    expect(slipsOf(ask("c", (second.c * 1.002).toFixed(6)))).toEqual(["rounding"]);
  });

  it("says where there is no such value", () => {
    expect(() => ask("q", 1)).toThrow(
      "lstm: the layer must have the value that is asked for. Received: name = q, unit = 0.",
    );
  });
});

describe("a GRU", () => {
  it("keeps the old state by z: swapped with 1 − z it is named", () => {
    const layer = layers.gru({ units: 1, name: "gru", resetAfter: false });
    const model = sequential({ layers: [input({ shape: [3, 1] }), layer] });
    layer.setWeights([[[0.3, -0.7, 0.9]], [[0.4, 0.6, -0.5]], [0.1, 0.5, -0.2]]);
    const gru = (xt: number, h: number) => {
      const z = sigmoid(0.3 * xt + 0.4 * h + 0.1);
      const r = sigmoid(-0.7 * xt + 0.6 * h + 0.5);
      return { z, hHat: Math.tanh(0.9 * xt - 0.5 * r * h - 0.2) };
    };
    const one = gru(0.5, 0);
    const h1 = (1 - one.z) * one.hHat;
    const { z, hHat } = gru(-1, h1);
    const value = ((1 - z) * h1 + z * hHat).toFixed(6);
    const check = checkValue(model, { layer: "gru", name: "h", timestep: 1, unit: 0, value, x });
    expect(check.findings[0]?.slip.id).toBe("gate-and-rest-swapped");
    expect(check.findings[0]?.lines[0]).toContain("z");
  });
});
