import { describe, expect, it } from "vitest";
import { defineCell } from "../cells/define.ts";
import { factory, input, type Layer, layers, recurrentLayer } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { evaluateByHand, readExamples, writeModel } from "./by-hand.ts";
import { type OpenedNode, type OpenedValue, openValue } from "./open-value.ts";

const x = [
  [
    [0.5, -1],
    [0.25, 2],
  ],
];

function open(layer: Layer, name: string, unit: number, step = 1): OpenedValue {
  const model = sequential({ layers: [input({ shape: [2, 2] }), layer] });
  // All different, so that a wrong row, column or block is another number.
  let next = 0;
  model.setWeights(
    model.getWeights().map(({ shape, data }) => ({
      shape,
      data: Float32Array.from(data, () => Math.fround(((next++ * 7) % 23) / 16 - 0.7)),
    })),
  );
  const inputs = readExamples(model, x);
  const written = writeModel(model, inputs, 1);
  const hand = evaluateByHand(written, inputs, model.name);
  const { scan } = written.layers.flatMap(({ scans }) => scans)[0]!;
  return openValue(scan, hand.stepsOf(scan)[0]![step]!, hand, name, unit);
}

/** Works the tree out again from its leaves. */
function recompute(node: OpenedNode): number {
  switch (node.kind) {
    case "number":
    case "name":
    case "weight":
      return node.value;
    case "sum":
      return node.terms.reduce((sum, { negative, of }) => sum + (negative ? -1 : 1) * recompute(of), 0);
    case "product":
      return node.factors.reduce((product, factor) => product * recompute(factor), 1);
    case "dot":
      return node.terms.reduce((sum, { factor, weight }) => sum + recompute(factor) * weight.value, 0);
    case "call": {
      const value = recompute(node.operands[0]!);
      return node.fn === "σ" ? 1 / (1 + Math.exp(-value)) : Math.tanh(value);
    }
    case "infix":
      expect(node.sign).toBe("÷");
      return recompute(node.left) / recompute(node.right);
    case "cases":
      throw new Error("No cell here chooses between two values.");
  }
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
        expect(recompute(opened.tree), `${name}, unit ${unit}`).toBeCloseTo(opened.value, 12);
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
    const biases: string[] = [];
    const visit = (node: OpenedNode): void => {
      if (node.kind === "weight" && node.array === "bias") biases.push(node.index.join(", "));
      if (node.kind === "sum") for (const { of } of node.terms) visit(of);
      if (node.kind === "product") node.factors.forEach(visit);
      if (node.kind === "call") node.operands.forEach(visit);
    };
    visit(open(layers.gru({ units: 3 }), "z", 1).tree);
    expect(biases).toEqual(["0, 1", "1, 1"]);
  });

  it("refuses names and units that the cell has not", () => {
    expect(() => open(layers.gru({ units: 3 }), "f", 0)).toThrow("They are z, r, hHat, h.");
    expect(() => open(layers.gru({ units: 3 }), "z", 3)).toThrow("unit must be a whole number from 0 to 2");
  });
});
