/** Equations in Python: the formula writer's pieces as NumPy (or keras.ops) code, for whole arrays at once. */
import type { NamedFunction } from "../equations/expr.ts";
import type { Printer } from "../equations/print.ts";
import { type CodeFunction, CodeFunctions, functionLines } from "./code-equations.ts";
import { Identifiers } from "./code-text.ts";

const relations = { "<": "<", "≤": "<=", ">": ">", "≥": ">=", "=": "==" } as const;
const fences = { abs: "abs", floor: "floor", ceil: "ceil" } as const;

/** Names in formulas are camelCase; Python's are not. */
export function pythonName(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/g, (capital) => `_${capital.toLowerCase()}`).replaceAll(/[^\w]/g, "_");
}

/** How a number is written: with the digits that it needs. */
export function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'float("nan")';
  return Number.isFinite(value) ? String(value) : `${value < 0 ? "-" : ""}float("inf")`;
}

/** @param module `np`, or `ops` for keras.ops: both have the functions used here, under the same names */
export function pythonPrinter(module: "np" | "ops"): Printer<string> {
  const functions: Readonly<Record<string, (operands: readonly string[]) => string>> = {
    max: ([a, b]) => `${module}.maximum(${a}, ${b})`,
    min: ([a, b]) => `${module}.minimum(${a}, ${b})`,
    σ: ([a]) => (module === "ops" ? `ops.sigmoid(${a})` : `sigmoid(${a})`),
    erf: ([a]) => (module === "ops" ? `ops.erf(${a})` : `erf(${a})`),
    Σⱼ: ([a]) => `${module}.sum(${a}, axis=-1, keepdims=True)`,
    maxⱼ: ([a]) => `${module}.max(${a}, axis=-1, keepdims=True)`,
    τ: ([a]) => `sparsemax_threshold(${a})`,
    ...Object.fromEntries(
      ["exp", "log", "tanh", "sin", "cos", "sign"].map((name) => [
        name,
        ([a]: readonly string[]) => `${module}.${name}(${a})`,
      ]),
    ),
  };
  return {
    fractionBars: false,
    number: pythonNumber,
    name: ({ code }) => pythonName(code),
    sum: (terms) =>
      terms
        .map(({ negative, out }, i) => (i === 0 ? (negative ? `-${out}` : out) : `${negative ? "-" : "+"} ${out}`))
        .join(" "),
    product: (factors) => factors.join(" * "),
    matrixProduct: (vector, matrix, transposed) => `${vector} @ ${pythonName(matrix.code)}${transposed ? ".T" : ""}`,
    fraction: (over, under) => `${over} / ${under}`,
    power: (base, exponent) => `${base} ** ${exponent}`,
    call: ({ text }, operands) => functions[text]?.(operands) ?? `${text}(${operands.join(", ")})`,
    root: (of) => `${module}.sqrt(${of})`,
    fence: (fence, of) => `${module}.${fences[fence]}(${of})`,
    relation: (relation, left, right) => `${left} ${relations[relation]} ${right}`,
    cases: (condition, yes, no) => `${module}.where(${condition}, ${yes}, ${no})`,
    group: (of) => `(${of})`,
  };
}

/** `def relu(x): ...` */
export function pythonDefinition(fn: CodeFunction, module: "np" | "ops"): string {
  const { lines, result } = functionLines(fn, pythonPrinter(module));
  const body = [...lines.map(({ name, value }) => `${name} = ${value}`), `return ${result}`];
  return `def ${fn.name}(x):\n${body.map((line) => `    ${line}\n`).join("")}`;
}

/** A single function with those that it calls. */
export function pythonFunction(fn: NamedFunction, module: "np" | "ops"): string {
  const table = new CodeFunctions(new Identifiers([]));
  table.nameOf(fn);
  return table.functions.map((own) => pythonDefinition(own, module)).join("\n\n");
}

/** Functions that NumPy has not, by the text that calls them. */
export const numpyHelpers: Readonly<Record<string, string>> = {
  sigmoid: `def sigmoid(x):
    # Two forms, so that no large number is put into exp.
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))
`,
  erf: `erf = np.vectorize(math.erf, otypes=[float])
`,
  sparsemax_threshold: `def sparsemax_threshold(x):
    # Keras adds up all running sums of the support.
    descending = -np.sort(-x, axis=-1)
    sums = np.cumsum(descending, axis=-1)
    support = descending - (sums - 1) / np.arange(1, x.shape[-1] + 1) > 0
    return (np.sum(sums * support, axis=-1, keepdims=True) - 1) / np.sum(support, axis=-1, keepdims=True)
`,
  places: `def places(shape, strides, offset):
    # Where each element of a view lies in an example's values.
    index = np.indices(shape).reshape(len(shape), -1)
    return offset + np.array(strides) @ index
`,
};
