import { describe, expect, it } from "vitest";
import { defineCell } from "../cells/define.ts";
import { factory, input, type Layer, layers, recurrentLayer } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { evaluateByHand, readExamples, writeModel } from "./by-hand.ts";
import { type OpenedValue, openValue } from "./open-value.ts";
import { leavesOf, setDifferentWeights, workedOut } from "./testing.ts";

const x = [
  [
    [0.5, -1],
    [0.25, 2],
  ],
];

function open(layer: Layer, name: string, unit: number, step = 1): OpenedValue {
  const model = sequential({ layers: [input({ shape: [2, 2] }), layer] });
  setDifferentWeights(model);
  const inputs = readExamples(model, x);
  const written = writeModel(model, inputs, 1);
  const hand = evaluateByHand(written, inputs, model.name);
  const { scan } = written.layers.flatMap(({ scans }) => scans)[0]!;
  return openValue(scan, hand.stepsOf(scan)[0]![step]!, hand, name, unit);
}

describe("openValue", () => {
  it.each([
    ["lstm", layers.lstm({ units: 3 }), ["i", "f", "g", "o", "c", "h"]],
    ["gru that resets after the product", layers.gru({ units: 3 }), ["z", "r", "hHat", "h"]],
    ["gru that resets before the product", layers.gru({ units: 3, resetAfter: false }), ["z", "r", "hHat", "h"]],
    ["simpleRnn", layers.simpleRNN({ units: 3 }), ["h"]],
  ])("opens every value of %s into numbers that come to it", (_, layer, names) => {
    for (const name of names) {
      for (const unit of [0, 1, 2]) {
        const opened = open(layer, name, unit);
        expect(workedOut(opened.tree), `${name}, unit ${unit}`).toBeCloseTo(opened.value, 12);
      }
    }
  });

  it("writes quotients and larger-of as a formula does", () => {
    const scaled = defineCell({
      kind: "scaled",
      gates: ["a"],
      state: ["h"],
      equations({ x, state, gate }) {
        const a = gate.a(x, state.h);
        return { a, h: a.over(a.abs().plus(1)).max(0) };
      },
    });
    const { tree } = open(factory(recurrentLayer(scaled))({ units: 3 }), "h", 0);
    expect(tree).toMatchObject({
      kind: "call",
      fn: "max",
      operands: [
        { kind: "infix", sign: "÷", left: { kind: "name", name: "a" } },
        { kind: "number", value: 0 },
      ],
    });
  });

  it("says where each weight stands in Keras's array: gate f of an LSTM is the second block of columns", () => {
    const { tree } = open(layers.lstm({ units: 3 }), "f", 2);
    const sum = tree.kind === "call" ? tree.operands[0]! : tree;
    const terms = sum.kind === "sum" ? sum.terms.map(({ of }) => of) : [];
    const places = terms.flatMap((term) =>
      term.kind === "dot" ? term.terms.map(({ weight }) => weight) : term.kind === "weight" ? [term] : [],
    );
    expect(places.map(({ array, index }) => `${array}[${index.join(", ")}]`)).toEqual([
      "kernel[0, 5]",
      "kernel[1, 5]",
      "bias[5]",
      "recurrent_kernel[0, 5]",
      "recurrent_kernel[1, 5]",
      "recurrent_kernel[2, 5]",
    ]);
  });

  it("tells both bias rows of a GRU apart", () => {
    const { tree } = open(layers.gru({ units: 3 }), "z", 1);
    const biases = leavesOf(tree).flatMap((node) =>
      node.kind === "weight" && node.array === "bias" ? [node.index.join(", ")] : [],
    );
    expect(biases).toEqual(["0, 1", "1, 1"]);
  });

  it("refuses names and units that the cell has not", () => {
    expect(() => open(layers.gru({ units: 3 }), "f", 0)).toThrow("They are z, r, hHat, h.");
    expect(() => open(layers.gru({ units: 3 }), "z", 3)).toThrow("unit must be a whole number from 0 to 2");
  });
});
