import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  derivationToLatex,
  derivationToMarkdown,
  derivationToMathML,
  derivationToText,
  shapeDerivationToText,
} from "./derivation-output.ts";
import { deriveCount, deriveShape, deriveSize, productOf } from "./derive.ts";
import { evaluateSize } from "./evaluate.ts";
import { constant, letter } from "./expr.ts";
import { toText } from "./render.ts";

const h = letter("h", 2, "units", "option units");
const i = letter("i", 3, "features", "last axis of the input");
const g = letter("g", 4, "gates", "LSTM");
const batch = letter("N", null, "examples", "given with the data");

describe("deriveSize", () => {
  test("puts the numbers in and works out one level a line", () => {
    const derivation = deriveSize("parameters", g.times(h.times(h.plus(i)).plus(h)));
    expect(derivation.steps.map((step) => toText(step))).toEqual([
      "4 × [2 × (2 + 3) + 2]",
      "4 × (2 × 5 + 2)",
      "4 × (10 + 2)",
      "4 × 12",
      "48",
    ]);
    expect(derivation.result).toBe(48);
    expect(derivation.letters).toEqual([
      { name: "g", value: 4, meaning: "gates", from: "LSTM" },
      { name: "h", value: 2, meaning: "units", from: "option units" },
      { name: "i", value: 3, meaning: "features", from: "last axis of the input" },
    ]);
  });

  test("takes a sum or product of several terms in one step", () => {
    const shown = deriveSize("n", i.times(h).times(g).plus(h).plus(g).minus(1)).steps.map((step) => toText(step));
    expect(shown).toEqual(["3 × 2 × 4 + 2 + 4 − 1", "24 + 2 + 4 − 1", "29"]);
  });

  test("works out what it can beside a None", () => {
    const derivation = deriveSize("elements", batch.times(i.plus(h)));
    expect(derivation.steps.map((step) => toText(step))).toEqual(["N × (3 + 2)", "N × 5"]);
    expect(derivation.result).toBeNull();
  });

  test("needs no step for a number", () => {
    expect(deriveSize("axis", constant(7))).toMatchObject({ steps: [], result: 7, letters: [] });
  });

  test("every line comes to the same number", () => {
    const size = fc.letrec<{ size: typeof h }>((tie) => ({
      size: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(h, i, g),
        fc.integer({ min: 1, max: 99 }).map(constant),
        fc.tuple(tie("size"), tie("size"), fc.constantFrom("plus", "minus", "times")).map(([a, b, op]) => a[op](b)),
        tie("size").map((a) => a.over(2).floor()),
      ),
    })).size;
    fc.assert(
      fc.property(size, (formula) => {
        const { steps, result } = deriveSize("n", formula);
        expect(result).toBe(evaluateSize(formula));
        for (const step of steps) expect(evaluateSize(step)).toBeCloseTo(result!, 9);
        if (steps.length > 0) expect(steps.at(-1)!.node).toEqual({ op: "constant", value: result, extent: "one" });
      }),
      { numRuns: 300, seed: 2 },
    );
  });
});

describe("deriveCount", () => {
  const units = letter("u", 4, "units", "option units");
  const dense = deriveCount("parameters", [
    { name: "kernel", shape: [i, units] },
    { name: "bias", shape: [units] },
  ]);

  test("adds up the arrays' axes", () => {
    expect(toText(dense.formula)).toBe("i × u + u");
    expect(dense.result).toBe(16);
    expect(dense.parts.map(({ title, result }) => [title, result])).toEqual([
      ["kernel", 12],
      ["bias", 4],
    ]);
  });

  test("splits an array into the blocks of its last axis", () => {
    const { parts } = deriveCount("parameters", [
      { name: "kernel", shape: [i, g.times(h)], blocks: ["i", "f", "c", "o"] },
    ]);
    expect(parts[0]!.parts.map(({ title, formula, result }) => [title, toText(formula), result])).toEqual(
      ["i", "f", "c", "o"].map((gate) => [`kernel, ${gate}`, "i × h", 6]),
    );
  });

  test("counts nothing as 0", () => {
    expect(deriveCount("parameters", []).result).toBe(0);
  });

  test("is exact up to 2^53", () => {
    const rows = letter("V", 3_000_000_000, "words", "option inputDim");
    const width = letter("d", 3_000_001, "width", "option outputDim");
    expect(BigInt(deriveCount("parameters", [{ name: "embeddings", shape: [rows, width] }]).result!)).toBe(
      3_000_000_000n * 3_000_001n,
    );
  });
});

describe("outputs", () => {
  const derivation = deriveCount(
    "parameters",
    [{ name: "kernel", shape: [i, constant(1000)] }],
    productOf([i, constant(1000)]),
  );

  test("text has the letters, the lines and the parts", () => {
    expect(derivationToText(derivation)).toBe(
      [
        "parameters: 3,000",
        "  i = 3  features (last axis of the input)",
        "  i × 1,000",
        "  = 3 × 1,000",
        "  = 3,000",
        "  kernel: i × 1,000 = 3 × 1,000 = 3,000",
      ].join("\n"),
    );
  });

  test("Markdown has a table, a block and a list", () => {
    expect(derivationToMarkdown(derivation)).toBe(
      [
        "**parameters: 3,000**",
        "",
        "| letter | value | meaning | from |",
        "| --- | --- | --- | --- |",
        "| i | 3 | features | last axis of the input |",
        "",
        "```text",
        "i × 1,000",
        "= 3 × 1,000",
        "= 3,000",
        "```",
        "",
        "- kernel: i × 1,000 = 3 × 1,000 = 3,000",
      ].join("\n"),
    );
  });

  test("LaTeX and MathML have a row for each line", () => {
    expect(derivationToLatex(derivation)).toBe(
      "\\begin{aligned}\n&i \\times 1{,}000 \\\\\n&= 3 \\times 1{,}000 \\\\\n&= 3{,}000\n\\end{aligned}",
    );
    const mathml = derivationToMathML(derivation);
    expect(mathml.match(/<mtr>/g)).toHaveLength(3);
    expect(mathml).toContain('aria-label="parameters: i times 1,000, equals 3 times 1,000, equals 3,000"');
  });

  test("a shape has a line for each axis", () => {
    const timesteps = letter("T", 30, "timesteps", "second axis of the input");
    const shape = deriveShape("output shape", [batch, timesteps.minus(3).over(2).floor().plus(1), h]);
    expect(shape.result).toEqual([null, 14, 2]);
    expect(shapeDerivationToText(shape)).toBe(
      [
        "output shape: (None, 14, 2)",
        "  axis 0: N  (N = None: examples (given with the data))",
        "  axis 1: ⌊(T−3) / 2⌋ + 1 = ⌊(30 − 3) / 2⌋ + 1 = ⌊27 / 2⌋ + 1 = ⌊13.5⌋ + 1 = 13 + 1 = 14  (T = 30: timesteps (second axis of the input))",
        "  axis 2: h = 2  (h = 2: units (option units))",
      ].join("\n"),
    );
  });
});
