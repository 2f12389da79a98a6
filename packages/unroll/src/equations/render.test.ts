import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { activationNamed, eluOf, leakyReluOf, reluOf, thresholdedReluOf } from "./activations.ts";
import { evaluateRow, evaluateSize } from "./evaluate.ts";
import { apply, argument, constant, type Expr, letter, select, unary } from "./expr.ts";
import { formatNumber, toLatex, toMathML, toText } from "./render.ts";

describe("sizes under other names", () => {
  const [g, h, i] = [letter("g", 4, "gates", ""), letter("h", 2, "units", ""), letter("i_1", 3, "features", "")];
  const formula = g.times(h.times(h.plus(i)).plus(constant(2).times(h)));
  const called: Readonly<Record<string, string>> = { units: "M", features: "D" };

  test("are written wherever the letter stands, with the marks of the letter", () => {
    expect(toText(formula, { sizes: ({ meaning }) => called[meaning] })).toBe("g × [M(M+D_1)+2M]");
    expect(toText(formula)).toBe("g × [h(h+i_1)+2h]");
  });

  test("are set apart by × where they are words", () => {
    const text = toText(formula, { sizes: ({ name, meaning }) => (name === "g" ? undefined : meaning) });
    expect(text).toBe("g × [units×(units+features_1)+2×units]");
  });
});

describe("formulas of activations", () => {
  const x = argument("x");
  test.each([
    ["relu", "max(x, 0)"],
    ["leaky_relu", "x if x > 0, else 0.2·x"],
    ["softplus", "max(x, 0) + log(1 + exp(−|x|))"],
    ["softsign", "x / (|x| + 1)"],
    ["softmax", "exp(x − maxⱼ(x)) / Σⱼ(exp(x − maxⱼ(x)))"],
    ["squareplus", "(x + √(x² + 4)) / 2"],
    ["hard_silu", "x ⊙ hard_sigmoid(x)"],
    ["sparse_plus", "0 if x ≤ −1, else (x + 1)² / 4 if x < 1, else x"],
  ])("%s", (name, text) => {
    expect(toText(activationNamed(name).body(x))).toBe(text);
  });

  test.each([
    [leakyReluOf(0.1), "leaky_relu[slope 0.1](x)", "\\operatorname{LeakyReLU}_{\\text{slope 0.1}}"],
    [leakyReluOf(0.2), "leaky_relu(x)", "\\operatorname{LeakyReLU}\\left"],
    [eluOf(2), "elu[alpha 2](x)", "\\operatorname{ELU}_{\\text{alpha 2}}"],
    [thresholdedReluOf(1), "thresholded_relu[theta 1](x)", "\\operatorname{ThresholdedReLU}_{\\text{theta 1}}"],
    [reluOf({}), "relu(x)", "\\operatorname{ReLU}\\left"],
    [reluOf({ maxValue: 6 }), "relu[max 6](x)", "\\operatorname{ReLU}_{\\text{max 6}}"],
    [
      reluOf({ maxValue: 6, negativeSlope: 0.1, threshold: 1 }),
      "relu[max 6, slope 0.1, threshold 1](x)",
      "threshold 1",
    ],
  ])("options other than the name's own are written", (fn, text, latex) => {
    expect(toText(apply(fn, x))).toBe(text);
    expect(toLatex(apply(fn, x))).toContain(latex);
    expectWellFormed(toMathML(apply(fn, x)));
  });

  test("relations and brackets are escaped in MathML", () => {
    const mathml = toMathML(select(x.lessThan(1), x.abs(), x.squared()));
    expectWellFormed(mathml);
    expect(mathml).toContain("<mo>&lt;</mo>");
  });
});

describe("formulas of counts", () => {
  const h = letter("h", 2, "units", "option units");
  const i = letter("i", 3, "features", "input");
  const g = letter("g", 4, "gates", "LSTM");
  const count = g.times(h.times(h.plus(i)).plus(h));

  test("are written with × and brackets, in letters, in numbers, or partly", () => {
    expect(toText(count)).toBe("g × [h(h+i)+h]");
    expect(toText(count, { numbers: true })).toBe("4 × [2 × (2 + 3) + 2]");
    expect(toText(count, { numbers: ({ name }) => name === "g" })).toBe("4 × [h(h+i)+h]");
    expect(
      toText(
        constant(3)
          .times(h.times(h.plus(i)).plus(constant(2).times(h)))
          .plus(constant(3).times(h)),
      ),
    ).toBe("3 × [h(h+i)+2h] + 3h");
    expect(toText(i.times(h).plus(h))).toBe("i × h + h");
    expect(toLatex(count)).toBe("g \\times \\left[h \\left(h + i\\right) + h\\right]");
  });

  test("separate thousands", () => {
    expect(formatNumber(1234567)).toBe("1,234,567");
    expect(formatNumber(-0.5)).toBe("−0.5");
    expect(toLatex(constant(1400))).toBe("1{,}400");
  });

  test("keep a None size as its letter", () => {
    expect(toText(letter("N", null, "examples", "data").times(h), { numbers: true })).toBe("N × 2");
  });
});

describe("what is written means what is computed", () => {
  const { size } = fc.letrec<{ size: Expr }>((tie) => ({
    size: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom("h", "i", "k").map((name) => letters[name]!),
      fc.integer({ min: 1, max: 9 }).map(constant),
      fc
        .tuple(tie("size"), tie("size"), fc.constantFrom("plus", "minus", "times", "over"))
        .map(([a, b, op]) => a[op](b)),
      tie("size").map((a) => a.over(2).floor()),
    ),
  }));
  const letters: Record<string, Expr> = Object.fromEntries(
    Object.entries({ h: 2, i: 3, k: 5 }).map(([name, value]) => [name, letter(name, value, name, "test")]),
  );

  test("for sizes, in letters and in numbers", () => {
    fc.assert(
      fc.property(size, (expr) => {
        const expected = evaluateSize(expr)!;
        for (const numbers of [true, false]) {
          const read = new Reader(toText(expr, { numbers }), { h: 2, i: 3, k: 5 }).value();
          if (Number.isFinite(expected)) expect(read).toBeCloseTo(expected, 6);
        }
      }),
      { numRuns: 500, seed: 4 },
    );
  });

  const x = argument("x");
  const y = argument("y");
  const { row } = fc.letrec<{ row: Expr }>((tie) => ({
    row: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom(x, y),
      fc.integer({ min: -3, max: 3 }).map(constant),
      fc
        .tuple(tie("row"), tie("row"), fc.constantFrom("plus", "minus", "times", "over", "max"))
        .map(([a, b, op]) => a[op](b)),
      tie("row").map((a) => a.negated()),
      tie("row").map((a) => a.squared()),
      tie("row").map((a) => a.tanh()),
      fc.tuple(tie("row"), tie("row")).map(([a, b]) => select(a.lessThan(b), a, unary("floor", b))),
    ),
  }));

  test("for elementwise equations", () => {
    fc.assert(
      fc.property(row, (expr) => {
        const symbols = new Map([
          [x, 0.7],
          [y, -1.3],
        ]);
        const expected = evaluateRow([expr], { width: 1, symbols })(expr) as number;
        const read = new Reader(toText(expr), { x: 0.7, y: -1.3 }).value();
        if (Math.abs(expected) < 1e6) expect(read).toBeCloseTo(expected, 6);
        expectWellFormed(toMathML(expr));
        expectBalanced(toLatex(expr));
      }),
      { numRuns: 500, seed: 4 },
    );
  });
});

/** Reads a formula's text back by the usual rules of precedence, so that a missing parenthesis shows. */
class Reader {
  readonly #tokens: string[];
  readonly #values: Readonly<Record<string, number>>;

  constructor(text: string, values: Readonly<Record<string, number>>) {
    this.#tokens = text.replaceAll(/(\d),(?=\d)/g, "$1").match(/[\d.]+|\p{L}+|\S/gu) ?? [];
    this.#values = values;
  }

  value(): number {
    const yes = this.#relation();
    if (!this.#take("if")) return yes;
    const condition = this.#relation();
    this.#expect(",");
    this.#expect("else");
    const no = this.value();
    return condition ? yes : no;
  }

  #relation(): number {
    const left = this.#sum();
    if (this.#take("<")) return left < this.#sum() ? 1 : 0;
    if (this.#take(">")) return left > this.#sum() ? 1 : 0;
    return left;
  }

  #sum(): number {
    let sum = this.#take("−") ? -this.#product() : this.#product();
    for (;;) {
      if (this.#take("+")) sum += this.#product();
      else if (this.#take("−")) sum -= this.#product();
      else return sum;
    }
  }

  #product(): number {
    let product = this.#power();
    for (;;) {
      if (this.#take("×") || this.#take("⊙") || this.#take("·")) product *= this.#power();
      else if (this.#take("/")) product /= this.#power();
      else if (/^[\p{L}([]/u.test(this.#tokens[0] ?? "") && !["if", "else"].includes(this.#tokens[0]!)) {
        product *= this.#power();
      } else return product;
    }
  }

  #power(): number {
    const base = this.#atom();
    return this.#take("²") ? base * base : base;
  }

  #atom(): number {
    for (const [open, close] of ["()", "[]", "⌊⌋"] as const) {
      if (!this.#take(open)) continue;
      const inside = this.value();
      this.#expect(close);
      return open === "⌊" ? Math.floor(inside) : inside;
    }
    const token = this.#tokens.shift()!;
    if (token !== "tanh" && token !== "max") return this.#values[token] ?? Number(token);
    this.#expect("(");
    const first = this.value();
    const others: number[] = [];
    while (this.#take(",")) others.push(this.value());
    this.#expect(")");
    return token === "tanh" ? Math.tanh(first) : Math.max(first, ...others);
  }

  #take(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new Error(`expected ${token} before ${this.#tokens.join(" ")}`);
  }
}

/** How many children an element must have. */
const childCounts: Readonly<Record<string, number>> = {
  msub: 2,
  msup: 2,
  mfrac: 2,
  mover: 2,
  math: 1,
  mi: 0,
  mn: 0,
  mo: 0,
};

function expectWellFormed(mathml: string): void {
  const open: { name: string; children: number }[] = [{ name: "", children: 0 }];
  for (const [, closing, name, selfClosing] of mathml.matchAll(/<(\/?)([a-z]+)(?:\s[^>]*?)?(\/?)>/g)) {
    if (closing === "/") {
      const element = open.pop()!;
      expect(element.name).toBe(name);
      const wanted = childCounts[name!];
      if (wanted !== undefined) expect([name, element.children]).toEqual([name, wanted]);
    } else {
      open.at(-1)!.children++;
      if (selfClosing !== "/") open.push({ name: name!, children: 0 });
    }
  }
  expect(open).toEqual([{ name: "", children: 1 }]);
  expect(mathml.replaceAll(/<[^>]*>/g, "")).not.toMatch(/[<>]/);
}

function expectBalanced(latex: string): void {
  let depth = 0;
  for (const brace of latex.match(/[{}]/g) ?? []) {
    depth += brace === "{" ? 1 : -1;
    expect(depth).toBeGreaterThanOrEqual(0);
  }
  expect(depth).toBe(0);
  expect(latex.match(/\\left/g)?.length).toBe(latex.match(/\\right/g)?.length);
}
