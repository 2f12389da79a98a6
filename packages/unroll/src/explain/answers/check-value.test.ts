/** Values of cells worked out with plain arithmetic in this file, with and without slips, against what the checker says of them. */
import { describe, expect, it } from "vitest";
import { defineCell } from "../../cells/define.ts";
import { factory, input, layers, recurrentLayer } from "../../layers/index.ts";
import { sequential } from "../../model/sequential.ts";
import { checkValue } from "./check-value.ts";
import { valueToText } from "./value-text.ts";

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
const slipsOf = (check: ReturnType<typeof ask>) => check.findings.flatMap(({ slips }) => slips.map(({ id }) => id));

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

  it("tells two functions of one name apart by their options", () => {
    const leaky = (slope: number) => (a: number) => (a > 0 ? a : slope * a);
    const [main, gate] = [leaky(0.1), leaky(0.4)];
    const layer = layers.lstm({
      units: 1,
      activation: layers.leakyReLU({ negativeSlope: 0.1 }),
      recurrentActivation: layers.leakyReLU({ negativeSlope: 0.4 }),
      name: "lstm",
    });
    const model = sequential({ layers: [input({ shape: [1, 1] }), layer] });
    layer.setWeights([[[0.3, -0.7, 0.9, 0.2]], [[0.4, 0.6, -0.5, 0.8]], [0.1, 1, -0.2, 0.05]]);
    const [i, g, o] = [-0.3 + 0.1, -0.9 - 0.2, -0.2 + 0.05];
    const right = gate(o) * main(gate(i) * main(g));
    const wrong = gate(o) * gate(i) * g;
    const askFor = (value: number) =>
      checkValue(model, { layer: "lstm", name: "h", timestep: 0, unit: 0, value: value.toFixed(6), x: [[[-1]]] });
    expect(askFor(right).right).toBe(true);
    const slips = askFor(wrong).findings.flatMap((finding) => finding.slips);
    expect(slips).toContainEqual(
      expect.objectContaining({
        id: "activation-forgotten",
        detail: "leaky_relu[slope 0.1] is still to be taken of the sum.",
      }),
    );
  });

  it("knows a slip that was made in every step", () => {
    const wrongFirst = step(0.5, 0, 0, undefined, [0, 0, 0, 0]);
    const wrong = step(-1, wrongFirst.h, wrongFirst.c, undefined, [0, 0, 0, 0]);
    const found = ask("h", wrong.h.toFixed(6)).findings.find(({ slips }) => slips[0]!.id === "bias-left-out");
    expect(found?.everyStep).toBe(true);
  });

  it("takes a near answer for rounded in between", () => {
    expect(slipsOf(ask("c", (second.c * 1.002).toFixed(6)))).toEqual(["rounding"]);
  });

  it.each(["2", "-1"])("does not take %s for a rounded number between 0 and 1", (value) => {
    expect(slipsOf(ask("f", value))).not.toContain("rounding");
  });

  it("has slips named with a perhaps where so few digits are written that any slip may give them", () => {
    const net = lstm();
    const told = (value: string): string =>
      valueToText(checkValue(net, { layer: "lstm", gate: "f", timestep: 0, unit: 0, value, x }));
    // tanh(−0.7 × 0.5 + 1) in the place of the sigmoid, whose value is 0.657.
    expect(told("0.572")).toMatch(/\n(1\. )?Another activation is used/);
    expect(told("0.572")).not.toMatch(/perhaps|by chance/i);
    for (const few of ["0.57", "0.6", "-0.66"]) {
      const text = told(few);
      expect(text).toContain("is not right");
      expect(text.match(/\((lstm)\)\./g)?.length).toBe(text.match(/Perhaps /g)?.length);
      expect(text).toContain("So few digits may come about by chance: give more of them to know.");
    }
    expect(told("0.57")).toContain("Perhaps another activation is used");
    // Two slips together: about a thousand pairs are tried.
    const pair = checkValue(net, { layer: "lstm", gate: "f", timestep: 1, unit: 0, value: "0.6", x });
    const [slip] = pair.findings[0]!.slips;
    const two = [{ ...pair.findings[0]!, slips: [slip!, slip!] }];
    expect(valueToText({ ...pair, findings: two, written: 4 })).toContain("Perhaps ");
    expect(valueToText({ ...pair, findings: two, written: 5 })).not.toContain("Perhaps ");
  });

  it("says where there is no such value", () => {
    expect(() => ask("q", 1)).toThrow(
      "lstm: the layer must have the value that is asked for. Received: name = q. Its values are i, f, g, o, c, h.",
    );
  });
});

describe("an answer with the other sign", () => {
  it("is told so", () => {
    expect(slipsOf(ask("c", (-second.c).toFixed(6)))).toEqual(["sign-swapped"]);
  });
});

describe("a slip in a gate", () => {
  it("is shown in the gate's equation where the state is asked for", () => {
    const sums = (h: number) => [
      0.3 * -1 + 0.4 * h + 0.1,
      0.7 + 0.6 * h + 1,
      -0.9 - 0.5 * h - 0.2,
      -0.2 + 0.8 * h + 0.05,
    ];
    const [i, f, g, o] = sums(first.h) as [number, number, number, number];
    const noSigma = o * Math.tanh(f * first.c + i * Math.tanh(g));
    const { findings } = ask("h", noSigma.toFixed(6));
    expect(findings[0]).toMatchObject({ everyStep: false, slips: [{ id: "activation-forgotten" }] });
    expect(findings[0]?.lines.slice(0, -1)).toEqual([
      "i = x·W_i + b_i + hPrev·U_i",
      "f = x·W_f + b_f + hPrev·U_f",
      "o = x·W_o + b_o + hPrev·U_o",
      "h = o ⊙ tanh(c)",
    ]);
  });

  it("is told in the words of a cell without gates", () => {
    const net = sequential({ layers: [input({ shape: [3, 1] }), layers.simpleRNN({ units: 1, name: "rnn" })] });
    net.getLayer("rnn").setWeights([[[0.5]], [[-0.7]], [0.2]]);
    const value = Math.tanh(0.5 * 0.5).toFixed(6);
    const { findings } = checkValue(net, { layer: "rnn", timestep: 0, unit: 0, value, x });
    expect(findings[0]?.slips[0]?.detail).toBe("The sum adds its bias before the activation.");
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
    expect(check.findings[0]?.slips[0]?.id).toBe("gate-and-rest-swapped");
    expect(check.findings[0]?.lines[0]).toContain("z");
  });
});

describe("a cell whose gate takes the new state", () => {
  it("is told that its rest keeps the old one", () => {
    const minimal = defineCell({
      kind: "Minimal",
      gates: ["f", "h"],
      state: ["h"],
      equations({ x, state, gate, act, one }) {
        const f = act.recurrent(gate.f(x, state.h));
        const g = act.main(gate.h(x, f.times(state.h)));
        return { f, g, h: one.minus(f).times(state.h).plus(f.times(g)) };
      },
    });
    const layer = factory(recurrentLayer(minimal))({ units: 1, name: "minimal" });
    const model = sequential({ layers: [input({ shape: [3, 1] }), layer] });
    layer.setWeights([[[0.3, 0.9]], [[0.4, -0.5]], [0.1, -0.2]]);
    const f = sigmoid(0.3 * 0.5 + 0.1);
    const g = Math.tanh(0.9 * 0.5 - 0.2);
    const ask = (value: number) =>
      checkValue(model, { layer: "minimal", name: "h", timestep: 0, unit: 0, value: value.toFixed(6), x });
    expect(ask(f * g).right).toBe(true);
    expect(ask((1 - f) * g).findings[0]?.slips[0]).toMatchObject({
      id: "gate-and-rest-swapped",
      detail: "1 − f keeps the old state; f takes the new one.",
    });
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
    expect(check(byRows, 0).findings.flatMap(({ slips }) => slips.map(({ id }) => id))).toEqual(["kernel-transposed"]);
  });

  it("are not the same: the other unit's number is named", () => {
    const other = Math.tanh(-1 * -0.4 + h1[0] * 0.8 + h1[1] * 0.2 - 0.1);
    expect(check(other, 0).findings.flatMap(({ slips }) => slips.map(({ detail }) => detail))).toEqual([
      "That is unit 1.",
    ]);
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
    expect(ask(stepOf(!resetAfter, -1, h1)[0]!).findings[0]?.slips[0]?.id).toBe("reset-elsewhere");
  });
});
