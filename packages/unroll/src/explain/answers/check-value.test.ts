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

describe("two units", () => {
  const layer = layers.simpleRNN({ units: 2, name: "rnn" });
  const model = sequential({ layers: [input({ shape: [3, 1] }), layer] });
  const [kernel, recurrent, bias] = [
    [0.5, -0.4],
    [0.3, 0.8, -0.6, 0.2],
    [0.1, -0.1],
  ] as const;
  layer.setWeights([[kernel], [recurrent.slice(0, 2), recurrent.slice(2)], bias]);
  const h1 = [Math.tanh(0.5 * 0.5 + 0.1), Math.tanh(0.5 * -0.4 - 0.1)] as const;
  const check = (value: number, unit: number) =>
    checkValue(model, { layer: "rnn", name: "h", timestep: 1, unit, value: value.toFixed(6), x });

  it("multiply the state with columns of the recurrent kernel: its rows are named as transposed", () => {
    const right = Math.tanh(-1 * 0.5 + h1[0] * 0.3 + h1[1] * -0.6 + 0.1);
    const byRows = Math.tanh(-1 * 0.5 + h1[0] * 0.3 + h1[1] * 0.8 + 0.1);
    expect(check(right, 0).right).toBe(true);
    expect(check(byRows, 0).findings.map(({ slip }) => slip.id)).toEqual(["kernel-transposed"]);
  });

  it("are not the same: the other unit's number is named", () => {
    const other = Math.tanh(-1 * -0.4 + h1[0] * 0.8 + h1[1] * 0.2 - 0.1);
    expect(check(other, 0).findings.map(({ slip }) => slip.detail)).toEqual(["That is unit 1."]);
  });
});

describe("both forms of a GRU", () => {
  it.each([true, false])("resetAfter %s: the other form's number is named", (resetAfter) => {
    // The second row of bias is zero, so that the forms differ only in where the reset gate acts: with one unit not at all.
    const two = layers.gru({ units: 2, name: "gru_two", resetAfter });
    const wide = sequential({ layers: [input({ shape: [3, 1] }), two] });
    const kernel = [[0.3, -0.2, 0.6, 1.5, 0.9, -0.8]];
    const recurrent = [
      [0.4, 0.1, -0.7, 0.2, 0.5, 1.2],
      [-0.3, 0.6, 0.8, -0.9, -1.1, 0.7],
    ];
    const bias = [0.1, -0.1, 0.5, -0.4, -0.2, 0.3];
    two.setWeights([kernel, recurrent, resetAfter ? [bias, bias.map(() => 0)] : bias]);
    const gate = (xt: number, h: readonly number[], column: number, factors: readonly number[] = [1, 1]): number =>
      xt * kernel[0]![column]! +
      h[0]! * factors[0]! * recurrent[0]![column]! +
      h[1]! * factors[1]! * recurrent[1]![column]! +
      bias[column]!;
    const stepOf = (after: boolean, xt: number, h: readonly number[]): number[] => {
      const r = [2, 3].map((column) => sigmoid(gate(xt, h, column)));
      return [0, 1].map((unit) => {
        const z = sigmoid(gate(xt, h, unit));
        const without = gate(xt, [0, 0], 4 + unit);
        const sum = after ? without + r[unit]! * (gate(xt, h, 4 + unit) - without) : gate(xt, h, 4 + unit, r);
        return z * h[unit]! + (1 - z) * Math.tanh(sum);
      });
    };
    const h1 = stepOf(resetAfter, 0.5, [0, 0]);
    const ask = (value: number) =>
      checkValue(wide, { layer: "gru_two", name: "h", timestep: 1, unit: 0, value: value.toFixed(6), x });
    expect(ask(stepOf(resetAfter, -1, h1)[0]!).right).toBe(true);
    expect(ask(stepOf(!resetAfter, -1, h1)[0]!).findings[0]?.slip.id).toBe("reset-elsewhere");
  });
});
