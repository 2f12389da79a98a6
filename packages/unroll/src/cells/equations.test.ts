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

  test("have the code of every name in MathML where names are marked; all else stays as it was", () => {
    const forget = equations.find(({ name }) => name === "f")!;
    const marked = toMathML(forget, { ...notation, marked: true });
    const codes = [...marked.matchAll(/data-letter="([^"]+)"/g)].map(([, code]) => code);
    expect(codes).toEqual(["f", "x", "W_f", "b_f", "hPrev", "U_f"]);
    const plain = marked.replaceAll(/<mrow data-letter="[^"]+">(<msub>.*?<\/msub>)<\/mrow>/g, "$1");
    expect(plain).toBe(toMathML(forget, notation));
  });

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
  const shownOf = (cell: Pick<typeof lstm, "graph">, more = {}) =>
    cellAdjointEquations(cell.graph({ ...choices, ...more }));
  const text = (cell: Pick<typeof lstm, "graph">): string[] => {
    const { equations, notation } = shownOf(cell);
    return equations.map((equation) => toText(equation, notation));
  };

  test("are those one derives by hand for an LSTM", () => {
    const [g, i, f, o] = ["∂L/∂g ⊙ (1 − g²)", "∂L/∂i ⊙ i ⊙ (1 − i)", "∂L/∂f ⊙ f ⊙ (1 − f)", "∂L/∂o ⊙ o ⊙ (1 − o)"];
    expect(text(lstm)).toEqual([
      "∂L/∂h = ∂L/∂h_later",
      "∂L/∂c = ∂L/∂c_later + ∂L/∂h ⊙ o ⊙ (1 − tanh(c)²)",
      "∂L/∂o = ∂L/∂h ⊙ tanh(c)",
      "∂L/∂g = ∂L/∂c ⊙ i",
      "∂L/∂f = ∂L/∂c ⊙ cPrev",
      "∂L/∂i = ∂L/∂c ⊙ g",
      `∂L/∂hPrev = (${g})·U_cᵀ + (${i})·U_iᵀ + (${f})·U_fᵀ + (${o})·U_oᵀ`,
      "∂L/∂cPrev = ∂L/∂c ⊙ f",
      `∂L/∂x = (${g})·W_cᵀ + (${i})·W_iᵀ + (${f})·W_fᵀ + (${o})·W_oᵀ`,
    ]);
  });

  test("and for a SimpleRNN", () => {
    expect(text(simpleRnn)).toEqual([
      "∂L/∂h = ∂L/∂h_later",
      "∂L/∂hPrev = (∂L/∂h ⊙ (1 − h²))·U_hᵀ",
      "∂L/∂x = (∂L/∂h ⊙ (1 − h²))·W_hᵀ",
    ]);
  });

  test("are written with ∂L over ∂, of the timestep, in LaTeX and MathML", () => {
    const { equations, notation } = shownOf(lstm);
    const d = (value: string): string => `\\frac{\\partial L}{\\partial ${value}}`;
    expect(equations.slice(1, 3).map((equation) => toLatex(equation, notation))).toEqual([
      `${d("c_{t}")} = ${d("c_{\\mathit{later},t}")} + ${d("h_{t}")} \\odot o_{t} \\odot \\left(1 - {\\tanh\\left(c_{t}\\right)}^{2}\\right)`,
      `${d("o_{t}")} = ${d("h_{t}")} \\odot \\tanh\\left(c_{t}\\right)`,
    ]);
    expect(toLatex(equations[7]!, notation)).toBe(`${d("c_{t-1}")} = ${d("c_{t}")} \\odot f_{t}`);
    const over = "<mrow><mo>∂</mo><mi>L</mi></mrow>";
    expect(toMathML(equations[7]!, notation)).toContain(
      `<mfrac>${over}<mrow><mo>∂</mo><msub><mi>c</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub></mrow></mfrac><mo>=</mo>`,
    );
    const candidate = shownOf(gru).equations.find(({ name }) => name === "∂L/∂hHat")!;
    expect(toLatex(candidate, shownOf(gru).notation)).toContain(d("\\hat{h}_{t}"));
  });

  test("can be read aloud and as a sentence", () => {
    const { equations, notation } = shownOf(lstm);
    expect(toSpeech(equations[7]!, notation)).toBe("gradient of previous c equals gradient of c times f");
    expect(toSentence(equations[4]!, notation)).toBe(
      "The gradient of the forget gate is the gradient of the cell state times the cell state of the timestep before.",
    );
  });
});
