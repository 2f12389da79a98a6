/** What formulas look like as text, LaTeX, MathML and spoken words. */
import type { Fence, Name, Relation } from "./formula.ts";
import type { Printer } from "./print.ts";

/** Whole numbers with thousands separators, others to six significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "NaN";
  const digits = Number.isInteger(value) ? value.toLocaleString("en-US") : String(Number(value.toPrecision(6)));
  return digits.replace("-", "−");
}

const superscripts: Readonly<Record<number, string>> = { 2: "²", 3: "³" };
const fences: Readonly<Record<Fence, readonly [string, string]>> = {
  abs: ["|", "|"],
  floor: ["⌊", "⌋"],
  ceil: ["⌈", "⌉"],
};

/** Plain Unicode: `f ⊙ cPrev + i ⊙ g`. */
export const textPrinter: Printer<string> = {
  fractionBars: false,
  number: formatNumber,
  name: ({ code }) => code,
  sum: (terms, tight) => signed(terms, tight ? "+" : " + ", tight ? "−" : " − ", "−"),
  product: (factors, signs, tight) =>
    joined(factors, (i) => (signs[i] === "" || signs[i] === "·" || tight ? signs[i]! : ` ${signs[i]} `)),
  matrixProduct: (vector, matrix, transposed) => `${vector}·${matrix.code}${transposed ? "ᵀ" : ""}`,
  fraction: (over, under) => `${over} / ${under}`,
  power: (base, exponent, value) => `${base}${(value !== undefined && superscripts[value]) || `^${exponent}`}`,
  call: ({ text }, operands) => `${text}(${operands.join(", ")})`,
  root: (of) => `√(${of})`,
  fence: (fence, of) => fences[fence].join(of),
  relation: (relation, left, right) => `${left} ${relation} ${right}`,
  cases: (condition, yes, no) => `${yes} if ${condition}, else ${no}`,
  group: (of, brackets) => `${brackets[0]}${of}${brackets[1]}`,
};

const latexRelations: Readonly<Record<Relation, string>> = { "<": "<", "≤": "\\le", ">": ">", "≥": "\\ge", "=": "=" };
const latexSigns = { "⊙": " \\odot ", "·": " \\cdot ", "×": " \\times ", "": " " } as const;
const latexFences: Readonly<Record<Fence, readonly [string, string]>> = {
  abs: ["\\left|", "\\right|"],
  floor: ["\\left\\lfloor ", "\\right\\rfloor"],
  ceil: ["\\left\\lceil ", "\\right\\rceil"],
};

/** LaTeX for math mode: `f_{t} \odot c_{t-1} + i_{t} \odot g_{t}`. */
export const latexPrinter: Printer<string> = {
  fractionBars: true,
  number: (value) => formatNumber(value).replaceAll(",", "{,}").replace("−", "-").replace("∞", "\\infty"),
  name: latexName,
  sum: (terms) => signed(terms, " + ", " - ", "-"),
  product: (factors, signs) => joined(factors, (i) => latexSigns[signs[i]!]),
  matrixProduct: (vector, matrix, transposed) => `${vector} ${latexName(matrix)}${transposed ? "^{\\top}" : ""}`,
  fraction: (over, under) => `\\frac{${over}}{${under}}`,
  power: (base, exponent) => `{${base}}^{${exponent}}`,
  call: ({ latex }, operands) => `${latex}\\left(${operands.join(", ")}\\right)`,
  root: (of) => `\\sqrt{${of}}`,
  fence: (fence, of) => latexFences[fence].join(of),
  relation: (relation, left, right) => `${left} ${latexRelations[relation]} ${right}`,
  cases: (condition, yes, no) =>
    `\\begin{cases} ${yes} & \\text{if } ${condition} \\\\ ${no} & \\text{else} \\end{cases}`,
  group: (of, brackets) => `\\left${brackets[0]}${of}\\right${brackets[1]}`,
};

function latexName({ gradient, base, hat, subscripts, step }: Name): string {
  const word = base.length === 1 ? base : `\\mathit{${base}}`;
  const below = [...subscripts.map(latexSubscript), ...(step === "before" ? ["t-1"] : step === "now" ? ["t"] : [])];
  const letter = hat ? `\\hat{${word}}` : word;
  const written = below.length === 0 ? letter : `${letter}_{${below.join(",")}}`;
  return gradient ? `\\frac{\\partial L}{\\partial ${written}}` : written;
}

/** Words stand together; a lone letter or a number needs nothing. */
function latexSubscript(part: string): string {
  return /^(\p{L}|\d+)$/u.test(part) ? part : `\\mathit{${part}}`;
}

/** Presentation MathML (Core); every function returns one element. */
export const mathmlPrinter: Printer<string> = {
  fractionBars: true,
  number: (value) =>
    value < 0 ? mrow(mo("−"), `<mn>${formatNumber(-value)}</mn>`) : `<mn>${formatNumber(value)}</mn>`,
  name: mathmlName,
  sum: (terms) =>
    mrow(
      ...terms.flatMap(({ negative, out }, i) => {
        if (i === 0) return negative ? [mo("−", ' form="prefix"'), out] : [out];
        return [mo(negative ? "−" : "+"), out];
      }),
    ),
  product: (factors, signs) =>
    mrow(...factors.flatMap((factor, i) => (i === 0 ? [factor] : [mo(signs[i - 1] || INVISIBLE_TIMES), factor]))),
  matrixProduct: (vector, matrix, transposed) => mathmlMatrixProduct(vector, mathmlName(matrix), transposed),
  fraction: (over, under) => `<mfrac>${over}${under}</mfrac>`,
  power: (base, exponent) => `<msup>${base}${exponent}</msup>`,
  call: ({ text }, operands) =>
    mrow(
      `<mi>${escapeXml(text)}</mi>`,
      mo(APPLY_FUNCTION),
      mrow(mo("("), ...operands.flatMap((operand, i) => (i === 0 ? [operand] : [mo(","), operand])), mo(")")),
    ),
  root: (of) => `<msqrt>${of}</msqrt>`,
  fence: (fence, of) => mrow(mo(fences[fence][0], ' form="prefix"'), of, mo(fences[fence][1], ' form="postfix"')),
  relation: (relation, left, right) => mrow(left, mo(escapeXml(relation)), right),
  cases: (condition, yes, no) =>
    mrow(
      mo("{", ' form="prefix"'),
      `<mtable>${caseRow(yes, `<mtext>if&#xA0;</mtext>${condition}`)}${caseRow(no, "<mtext>else</mtext>")}</mtable>`,
    ),
  group: (of, brackets) => mrow(mo(brackets[0]!), of, mo(brackets[1]!)),
};

/** The same with every name in a row of its own, which has the name's code as `data-letter`. */
export const markedMathmlPrinter: Printer<string> = {
  ...mathmlPrinter,
  name: markedName,
  matrixProduct: (vector, matrix, transposed) => mathmlMatrixProduct(vector, markedName(matrix), transposed),
};

const INVISIBLE_TIMES = "\u2062";
const APPLY_FUNCTION = "\u2061";

function mathmlMatrixProduct(vector: string, matrix: string, transposed: boolean): string {
  return mrow(vector, mo(INVISIBLE_TIMES), transposed ? `<msup>${matrix}${mo("⊤")}</msup>` : matrix);
}

function markedName(name: Name): string {
  return `<mrow data-letter="${escapeXml(name.code)}">${mathmlName(name)}</mrow>`;
}

function mathmlName(name: Name): string {
  if (!name.gradient) return mathmlValue(name);
  return `<mfrac>${mrow(mo("∂"), "<mi>L</mi>")}${mrow(mo("∂"), mathmlValue(name))}</mfrac>`;
}

function mathmlValue({ base, hat, subscripts, step }: Name): string {
  const letter = `<mi>${escapeXml(base)}</mi>`;
  const written = hat ? `<mover accent="true">${letter}${mo("^")}</mover>` : letter;
  const below = subscripts.map((part) => (/^\d+$/.test(part) ? `<mn>${part}</mn>` : `<mi>${escapeXml(part)}</mi>`));
  if (step === "now") below.push("<mi>t</mi>");
  if (step === "before") below.push(mrow("<mi>t</mi>", mo("−"), "<mn>1</mn>"));
  if (below.length === 0) return written;
  const index =
    below.length === 1 ? below[0]! : mrow(...below.flatMap((part, i) => (i === 0 ? [part] : [mo(","), part])));
  return `<msub>${written}${index}</msub>`;
}

function caseRow(value: string, when: string): string {
  return `<mtr><mtd>${value}</mtd><mtd>${when}</mtd></mtr>`;
}

function mrow(...children: readonly string[]): string {
  return children.length === 1 ? children[0]! : `<mrow>${children.join("")}</mrow>`;
}

function mo(operator: string, attributes = ""): string {
  return `<mo${attributes}>${operator}</mo>`;
}

export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const spokenRelations: Readonly<Record<Relation, string>> = {
  "<": "is less than",
  "≤": "is at most",
  ">": "is greater than",
  "≥": "is at least",
  "=": "equals",
};
const spokenFences: Readonly<Record<Fence, string>> = {
  abs: "the size of",
  floor: "the whole part of",
  ceil: "the next whole number from",
};

/** Words; `sayName` chooses between a letter and what it means. */
export function wordsPrinter(sayName: (name: Name) => string): Printer<string> {
  return {
    fractionBars: false,
    number: (value) => formatNumber(value).replace("−", "minus "),
    name: sayName,
    sum: (terms) => signed(terms, " plus ", " minus ", "minus "),
    product: (factors) => factors.join(" times "),
    matrixProduct: (vector, matrix, transposed) =>
      `${vector} times ${sayName(matrix)}${transposed ? " transposed" : ""}`,
    fraction: (over, under) => `${over} over ${under}`,
    power: (base, exponent, value) => (value === 2 ? `${base} squared` : `${base} to the power ${exponent}`),
    call: ({ words }, operands) => `the ${words} of ${operands.join(" and ")}`,
    root: (of) => `the square root of ${of}`,
    fence: (fence, of) => `${spokenFences[fence]} ${of}`,
    relation: (relation, left, right) => `${left} ${spokenRelations[relation]} ${right}`,
    cases: (condition, yes, no) => `${yes} if ${condition}, else ${no}`,
    group: (of) => `the quantity ${of},`,
  };
}

/** `W f`, `h hat`, `previous h`, `gradient of c`. */
export function spokenName({ gradient, base, hat, subscripts, step }: Name): string {
  const said = [base, ...(hat ? ["hat"] : []), ...subscripts].join(" ");
  return `${gradient ? "gradient of " : ""}${step === "before" ? "previous " : ""}${said}`;
}

function signed(
  terms: readonly { readonly negative: boolean; readonly out: string }[],
  plus: string,
  minus: string,
  leading: string,
): string {
  return terms
    .map(({ negative, out }, i) => `${i === 0 ? (negative ? leading : "") : negative ? minus : plus}${out}`)
    .join("");
}

function joined(parts: readonly string[], between: (gap: number) => string): string {
  return parts.reduce((written, part, i) => `${written}${between(i - 1)}${part}`);
}
