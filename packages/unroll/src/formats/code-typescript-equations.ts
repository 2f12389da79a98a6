/** Equations in TypeScript: one element at a time, so that a line reads like the formula with an index. */

import { isRowOp } from "../equations/arithmetic.ts";
import { argument, type Expr, inOrder, operandsOf } from "../equations/expr.ts";
import type { Printer } from "../equations/print.ts";
import { type CodeFunction, sharedNodes, write } from "./code-equations.ts";

const relations = { "<": "<", "≤": "<=", ">": ">", "≥": ">=", "=": "===" } as const;
const functions: Readonly<Record<string, (operands: readonly string[]) => string>> = {
  σ: ([a]) => `sigmoid(${a})`,
  Σⱼ: ([a]) => `sum(${a})`,
  maxⱼ: ([a]) => `Math.max(...${a})`,
  τ: ([a]) => `sparsemaxThreshold(${a})`,
  ...Object.fromEntries(
    ["exp", "log", "tanh", "sin", "cos", "sign", "max", "min"].map((name) => [
      name,
      (operands: readonly string[]) => `Math.${name}(${operands.join(", ")})`,
    ]),
  ),
};

/** Rows carry an index, `f[j]`; where a whole row is wanted it is taken off again. */
const wholeRow = (element: string): string => element.replace(/\[j\]$/, "");
const asNumber = /^Number\(([^()]*(?:\([^()]*\)[^()]*)*)\)$/;

export const typeScriptPrinter: Printer<string> = {
  fractionBars: false,
  number: String,
  name: ({ code }) => code,
  sum: (terms) =>
    terms
      .map(({ negative, out }, i) => (i === 0 ? (negative ? `-${out}` : out) : `${negative ? "-" : "+"} ${out}`))
      .join(" "),
  product: (factors) => factors.join(" * "),
  matrixProduct: (vector, matrix) => `dot(${wholeRow(vector)}, ${matrix.code}, j)`,
  fraction: (over, under) => `${over} / ${under}`,
  power: (base, exponent) => `Math.pow(${base}, ${exponent})`,
  call: ({ text }, operands) =>
    functions[text]?.(operands.map(text === "Σⱼ" || text === "maxⱼ" || text === "τ" ? wholeRow : String)) ??
    `${text}(${operands.join(", ")})`,
  root: (of) => `Math.sqrt(${of})`,
  fence: (fence, of) => `Math.${fence}(${of})`,
  relation: (relation, left, right) => `Number(${left} ${relations[relation]} ${right})`,
  cases: (condition, yes, no) => `${asNumber.exec(condition)?.[1] ?? `${condition} !== 0`} ? ${yes} : ${no}`,
  group: (of) => `(${of})`,
};

/** Whether an equation looks along the row, as softmax does. */
export function hasRowOps(body: Expr): boolean {
  return inOrder([body], { bodies: true }).some(({ node }) => isRowOp(node.op));
}

/** Whether a node calls a function of a whole row; what its argument does is another matter. */
function callsRowFunction({ node }: Expr): boolean {
  return node.op === "apply" && node.body !== node.argument && hasRowOps(node.fn.body(argument("x")));
}

/** A statement that gives a node a name. */
export interface Statement {
  readonly name: string;
  /** The whole right-hand side, such as `vector(4, (j) => f[j] * cPrev[j])`. */
  readonly value: string;
  readonly expr: Expr;
}

/**
 * Equations as statements: what has a name or is used twice, rows that a sum or a product needs as a whole, and functions of
 * rows get one each.
 *
 * @param names how symbols are written: `x[j]` where they have an element for each entry of the row; grows by the nodes that get one
 */
export function statementsFor(
  roots: readonly Expr[],
  wanted: ReadonlyMap<Expr, string>,
  names: Map<Expr, string>,
  width: string | ((expr: Expr) => string),
): Statement[] {
  const lines = new Set<Expr>([...wanted.keys(), ...sharedNodes(roots)]);
  const order = inOrder(roots);
  for (const expr of order) {
    const { node } = expr;
    if (node.op === "product" && operandsOf(node.vector).length > 0) lines.add(node.vector);
    if (isRowOp(node.op))
      for (const part of [expr, ...operandsOf(expr)]) if (operandsOf(part).length > 0) lines.add(part);
    if (node.op === "apply" && callsRowFunction(expr)) {
      lines.add(expr);
      if (operandsOf(node.argument).length > 0) lines.add(node.argument);
    }
  }
  let parts = 0;
  return order.flatMap((expr) => {
    if (!lines.has(expr)) return [];
    const name = wanted.get(expr) ?? `part${++parts}`;
    const { node } = expr;
    const element = write(expr, names, typeScriptPrinter);
    const ofRow = node.op === "apply" && callsRowFunction(expr);
    const value = ofRow
      ? `${node.fn.symbol}(${wholeRow(write(node.argument, names, typeScriptPrinter))})`
      : expr.extent === "row"
        ? `vector(${typeof width === "string" ? width : width(expr)}, (j) => ${element})`
        : element;
    names.set(expr, expr.extent === "row" ? `${name}[j]` : name);
    return [{ name, value, expr }];
  });
}

/** `function relu(x: number): number`, or of a whole row. */
export function typeScriptDefinition({ name, x, body }: CodeFunction): string {
  if (hasRowOps(body)) {
    const names = new Map<Expr, string>([[x, "x[j]"]]);
    const statements = statementsFor([body], new Map([[body, "result"]]), names, "x.length");
    const lines = statements.map((one) => `  const ${one.name} = ${one.value};\n`);
    return `function ${name}(x: number[]): number[] {\n${lines.join("")}  return result;\n}\n`;
  }
  const names = new Map<Expr, string>([[x, "x"]]);
  const lines = sharedNodes([body])
    .filter((expr) => expr !== body)
    .map((expr, i) => {
      const line = `  const part${i + 1} = ${write(expr, names, typeScriptPrinter)};\n`;
      names.set(expr, `part${i + 1}`);
      return line;
    });
  return `function ${name}(x: number): number {\n${lines.join("")}  return ${write(body, names, typeScriptPrinter)};\n}\n`;
}

/** Functions that generated code may need, by name; those that others use stand first. */
export const typeScriptHelpers: Readonly<Record<string, string>> = {
  vector: `/** \`size\` numbers, each from its place. */
function vector(size: number, element: (j: number) => number): number[] {
  return Array.from({ length: size }, (_, j) => element(j));
}
`,
  sum: `function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
`,
  dot: `/** The vector times column j of a matrix. */
function dot(x: number[], matrix: number[][], j: number): number {
  return x.reduce((total, number, row) => total + number * matrix[row][j], 0);
}
`,
  columns: `/** Some of a matrix's columns: one gate's block. */
function columns(matrix: number[][], start: number, end: number): number[][] {
  return matrix.map((row) => row.slice(start, end));
}
`,
  product: `/** a [rows, inner] times b [inner, columns]; arrays are flat, row after row. */
function product(a: number[], b: number[], rows: number, inner: number, columns: number): number[] {
  const result = new Array<number>(rows * columns).fill(0);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let k = 0; k < inner; k++) {
        result[row * columns + column] += a[row * inner + k] * b[k * columns + column];
      }
    }
  }
  return result;
}
`,
  places: `/** The place of each element of an array, with any strides, in running order. */
function places(shape: number[], strides: number[], offset: number): number[] {
  return shape.reduce(
    (found, size, axis) => found.flatMap((at) => vector(size, (i) => at + i * strides[axis])),
    [offset],
  );
}
`,
  reduce: `/** Puts the elements together that share a place in the result. */
function reduce(x: number[], at: number[], size: number, start: number, join: (a: number, b: number) => number): number[] {
  const result = new Array<number>(size).fill(start);
  x.forEach((number, i) => {
    result[at[i]] = join(result[at[i]], number);
  });
  return result;
}
`,
  put: `/** A copy of the array with x in some of its places. */
function put(array: number[], x: number[], at: number[]): number[] {
  const result = [...array];
  x.forEach((number, i) => {
    result[at[i]] = number;
  });
  return result;
}
`,
  eachExample: `/** Runs every example by itself, and joins results that stand at one place. */
function eachExample(count: number, run: (example: number) => number[][]): number[][] {
  const results = Array.from({ length: count }, (_, example) => run(example));
  return results[0].map((_, i) => results.flatMap((result) => result[i]));
}
`,
  sigmoid: `/** In two forms, so that no large number is put into exp. */
function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
`,
  erf: `/** A series near zero, a continued fraction beyond. Abramowitz and Stegun, 7.1.6 and 7.1.14. */
function erf(x: number): number {
  const distance = Math.abs(x);
  if (distance > 6) return Math.sign(x);
  const density = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
  if (distance < 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      total += term;
    }
    return density * total;
  }
  let fraction = distance;
  for (let n = 60; n > 0; n--) fraction = distance + n / 2 / fraction;
  return Math.sign(x) * (1 - density / 2 / fraction);
}
`,
  sparsemaxThreshold: `/** Keras adds up all running sums of the support. */
function sparsemaxThreshold(x: number[]): number {
  const descending = [...x].sort((a, b) => b - a);
  let running = 0;
  let total = 0;
  let support = 0;
  descending.forEach((number, i) => {
    running += number;
    if (number - (running - 1) / (i + 1) > 0) {
      total += running;
      support++;
    }
  });
  return (total - 1) / support;
}
`,
};
