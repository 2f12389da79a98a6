import { describe, expect, it } from "vitest";
import { activationNamed } from "../equations/activations.ts";
import { type CellDefinition, defineCell } from "./define.ts";

const tanh = activationNamed("tanh");
const choices = { activation: tanh, recurrentActivation: tanh, useBias: true, options: {} };
type Equations = CellDefinition<"h", "h", Record<never, never>>["equations"];

/** A cell of one gate and one state, as far as its graph can be made. */
const graphOf = (equations: Equations) =>
  defineCell({ kind: "Own", gates: ["h"], state: ["h"], equations }).graph(choices);

describe("defineCell", () => {
  it("refuses equations that leave a state out", () => {
    // @ts-expect-error as JavaScript without types would
    expect(() => graphOf(({ gate, x, state }) => ({ other: gate.h(x, state.h) }))).toThrow(
      "Own: equations must return the next value of every state (h). Received: names = other. Return h as well.",
    );
  });

  it.each<[string, Equations]>([
    ["an input product", ({ gate, one, state }) => ({ h: gate.h(one, state.h) })],
    ["a recurrent product", ({ gate, x, state }) => ({ h: gate.h(x, state.h.rowSum()) })],
    ["one product alone", ({ gate, x }) => ({ h: gate.h.input(x.rowMax()) })],
  ])("refuses one number for the whole row in %s, which would not be a product of matrices", (_, equations) => {
    expect(() => graphOf(equations)).toThrow(
      "Own: gate h must be given a row of numbers, such as x or a state. Received: one number for the whole row. " +
        "Multiply by such a number beside the gate: gate.input(x).times(number).",
    );
  });

  it("takes rows that such a number is in", () => {
    const graph = graphOf(({ gate, x, state, one }) => ({ h: gate.h(x.times(one), state.h.minus(state.h.rowMax())) }));
    expect(graph.arrays.map(({ name }) => name)).toEqual(["kernel", "recurrent_kernel", "bias"]);
  });
});
