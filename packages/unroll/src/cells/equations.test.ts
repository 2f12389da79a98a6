import { describe, expect, test } from "vitest";
import { activationNamed } from "../equations/activations.ts";
import { toLatex, toMathML, toSentence, toSpeech, toText } from "../equations/render.ts";
import { cellAdjointEquations, cellEquations } from "./equations.ts";
import { gru } from "./gru.ts";
import { lstm } from "./lstm.ts";
import { simpleRnn } from "./simple-rnn.ts";

const choices = {
  activation: activationNamed("tanh"),
  recurrentActivation: activationNamed("sigmoid"),
  useBias: true,
  options: {},
};

describe("a cell's equations", () => {
  const { equations, notation } = cellEquations(lstm.graph(choices));

  test("are those of the papers, as text", () => {
    expect(equations.map((equation) => toText(equation, notation))).toEqual([
      "i = σ(x·W_i + b_i + hPrev·U_i)",
      "f = σ(x·W_f + b_f + hPrev·U_f)",
      "g = tanh(x·W_c + b_c + hPrev·U_c)",
      "o = σ(x·W_o + b_o + hPrev·U_o)",
      "c = f ⊙ cPrev + i ⊙ g",
      "h = o ⊙ tanh(c)",
    ]);
  });

  test("have a product in parentheses where the reset gate meets it, before or after", () => {
    const candidate = (resetAfter: boolean): string => {
      const shown = cellEquations(gru.graph({ ...choices, options: { resetAfter } }));
      return toText(shown.equations.find(({ name }) => name === "hHat")!, shown.notation);
    };
    expect(candidate(true)).toBe("hHat = tanh(x·W_h + bi_h + r ⊙ (hPrev·U_h + br_h))");
    expect(candidate(false)).toBe("hHat = tanh(x·W_h + b_h + (r ⊙ hPrev)·U_h)");
  });

  test("carry the timestep in LaTeX", () => {
    expect(equations.slice(3).map((equation) => toLatex(equation, notation))).toEqual([
      "o_{t} = \\sigma\\left(x_{t} W_{o} + b_{o} + h_{t-1} U_{o}\\right)",
      "c_{t} = f_{t} \\odot c_{t-1} + i_{t} \\odot g_{t}",
      "h_{t} = o_{t} \\odot \\tanh\\left(c_{t}\\right)",
    ]);
    const shown = cellEquations(gru.graph(choices));
    expect(toLatex(shown.equations.at(-1)!, shown.notation)).toBe(
      "h_{t} = z_{t} \\odot h_{t-1} + \\left(1 - z_{t}\\right) \\odot \\hat{h}_{t}",
    );
  });

  test("can be read aloud and as a sentence", () => {
    expect(toSpeech(equations[5]!, notation)).toBe("h equals o times the tanh of c");
    expect(toSpeech(equations[1]!, notation)).toBe(
      "f equals the sigmoid of x times W f plus b f plus previous h times U f",
    );
    expect(toSentence(equations[1]!, notation)).toBe(
      "The forget gate is the sigmoid of the input of this timestep times W_f plus the bias of gate f plus the hidden state of the timestep before times U_f.",
    );
  });

  test("do not show a linear activation", () => {
    const shown = cellEquations(simpleRnn.graph({ ...choices, activation: activationNamed("linear") }));
    expect(toText(shown.equations[0]!, shown.notation)).toBe("h = x·W_h + b_h + hPrev·U_h");
  });

  test("are MathML with their words as alternative text", () => {
    for (const cell of [simpleRnn, lstm, gru]) {
      const shown = cellEquations(cell.graph(choices));
      for (const equation of shown.equations) {
        const mathml = toMathML(equation, shown.notation);
        expect(mathml.match(/<m[a-z]+/g)!.length).toBe(mathml.match(/<\/m[a-z]+/g)!.length);
        expect(mathml).toContain(`aria-label="${toSpeech(equation, shown.notation)}"`);
      }
    }
    expect(toMathML(equations[4]!, notation)).toContain(
      "<msub><mi>c</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub>",
    );
  });
});

describe("a cell's equations backwards", () => {
  const text = (cell: typeof lstm, more = {}): string[] => {
    const shown = cellAdjointEquations(cell.graph({ ...choices, ...more }));
    return shown.equations.map((equation) => toText(equation, shown.notation));
  };

  test("are those one derives by hand for an LSTM", () => {
    expect(text(lstm)).toEqual([
      "dh = dhLater",
      "dc = dcLater + dh ⊙ o ⊙ (1 − tanh(c)²)",
      "do = dh ⊙ tanh(c)",
      "dg = dc ⊙ i",
      "df = dc ⊙ cPrev",
      "di = dc ⊙ g",
      "dhPrev = (dg ⊙ (1 − g²))·U_cᵀ + (di ⊙ i ⊙ (1 − i))·U_iᵀ + (df ⊙ f ⊙ (1 − f))·U_fᵀ + (do ⊙ o ⊙ (1 − o))·U_oᵀ",
      "dcPrev = dc ⊙ f",
      "dx = (dg ⊙ (1 − g²))·W_cᵀ + (di ⊙ i ⊙ (1 − i))·W_iᵀ + (df ⊙ f ⊙ (1 − f))·W_fᵀ + (do ⊙ o ⊙ (1 − o))·W_oᵀ",
    ]);
  });

  test("and for a SimpleRNN", () => {
    expect(text(simpleRnn)).toEqual(["dh = dhLater", "dhPrev = (dh ⊙ (1 − h²))·U_hᵀ", "dx = (dh ⊙ (1 − h²))·W_hᵀ"]);
  });
});
