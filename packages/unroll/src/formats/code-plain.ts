/**
 * The whole forward pass as TypeScript without any dependency: weights, the functions that the model uses, one loop over time
 * for each recurrent layer with the cell's equations in it, and `predict`. Written from the tensor program, so every layer and
 * every cell is covered. Arrays are flat and plain; it is there to be read and checked, not to be fast.
 */
import { sizeOf, stridesOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { type Expr, inOrder } from "../equations/expr.ts";
import type { Model } from "../model/model.ts";
import { broadcastStrides } from "../program/evaluate-offsets.ts";
import type {
  ConcatOperation,
  MapOperation,
  PadOperation,
  ProductOperation,
  Program,
  ReduceOperation,
  Value,
} from "../program/program.ts";
import { besideTypeScript } from "./code-beside.ts";
import { sharedNodes, write } from "./code-equations.ts";
import { type ForwardLanguage, ForwardStatements, notForward } from "./code-forward.ts";
import { placeOf, placeOfOperand } from "./code-index.ts";
import type { LoopCodeOptions } from "./code-numpy.ts";
import { plainScan } from "./code-plain-scan.ts";
import { Identifiers, layOut, nestedNumbers, prefixed, suffixed } from "./code-text.ts";
import {
  hasRowOps,
  statementsFor,
  typeScriptDefinition,
  typeScriptHelpers,
  typeScriptPrinter,
} from "./code-typescript-equations.ts";
import { takenNames } from "./plain-names.ts";
import { namesOfWeights } from "./weight-paths.ts";

/**
 * A TypeScript module that exports `predict`. It takes one example for each input (nested or flat numbers, row-major) and gives
 * the outputs flat, in float64; a stateful layer's states are kept from call to call, and a batch that the model declares is
 * given as a whole.
 *
 * @throws UnrollError `unbuilt`; `shape` when a size behind the batch is unknown and `timesteps` is not given;
 * `unsupported` for randomness at prediction.
 * @example await writeFile("model.ts", toPlainTypeScript(model))
 */
export function toPlainTypeScript(model: Model, options: LoopCodeOptions = {}): string {
  return new PlainWriter(model, options).write();
}

/** The file that code with `weights: { file }` reads: every array, nested, under its name in the code. */
export function plainWeights(model: Model): string {
  const names = new Identifiers(takenNames);
  const arrays = [...namesOfWeights(model)].map(([{ shape, data }, path]) => {
    return `  ${JSON.stringify(names.unique(path))}: ${layOut(nestedNumbers(shape, data), "", 0, -Number.MAX_SAFE_INTEGER)}`;
  });
  return `{\n${arrays.join(",\n")}\n}\n`;
}

class PlainWriter {
  readonly #model: Model;
  readonly #options: LoopCodeOptions;
  readonly #program: Program;
  readonly #identifiers = new Identifiers(takenNames);
  readonly #weights: ReadonlyMap<Variable, string>;
  /** Weights that are no vectors, once they are needed as one. */
  readonly #flattened = new Map<Variable, string>();
  readonly #forward: ForwardStatements;

  constructor(model: Model, options: LoopCodeOptions) {
    this.#model = model;
    this.#options = options;
    const declared = model.inputs.map(({ shape }) => shape[0]).find((size) => size !== null);
    const { timesteps, batch = declared ?? 1 } = options;
    const written = model.program({ batch, ...(timesteps === undefined ? {} : { timesteps }) });
    this.#program = written.program;
    // States come into being with the program.
    this.#weights = new Map(
      [...namesOfWeights(model)].map(([variable, path]) => [variable, this.#identifiers.unique(path)]),
    );
    const matrixOf = (value: Value): string =>
      value.operation.op === "weight" ? this.#weights.get(value.operation.variable)! : this.#nameOf(value);
    const language: ForwardLanguage = {
      title: "TypeScript",
      valueOf: (value, layer) => this.#valueOf(value, layer),
      weightOf: ({ variable }) => this.#flatWeight(variable),
      scanOf: (scan, name, renamed) => plainScan(scan, name, renamed, this.#nameOf, matrixOf),
      assign: (names, code) => `const ${names.length === 1 ? names[0] : `[${names.join(", ")}]`} = ${code};`,
    };
    this.#forward = new ForwardStatements(language, written, this.#identifiers);
  }

  write(): string {
    const { inputs, results, updates } = this.#program;
    const { functions, lines, loops } = this.#forward;
    const parameters = inputs.map((value) => this.#forward.nameInput(value));
    const roots = [...results, ...updates.map(({ value }) => value)];
    this.#forward.compute(roots);
    const outputs = results.map(this.#nameOf);
    const kept = updates.map(({ variable, value }) => `${this.#weights.get(variable)} = ${this.#nameOf(value)};`);
    const flat = parameters.map((name) => `const ${name} = flat(${name}Given);`);
    const body = [
      ...flat,
      ...lines,
      ...kept,
      `return ${outputs.length === 1 ? outputs[0] : `[${outputs.join(", ")}]`};`,
    ];
    const shapes = (values: readonly Value[]): string =>
      values.map(({ shape }) => `[${shape.join(", ")}]`).join(" and ");
    const predict = [
      `/** Takes ${shapes(inputs)}, gives ${shapes(results)}, flat. */`,
      `export function predict(${parameters.map((name) => `${name}Given: Nested`).join(", ")}): ${outputs.length === 1 ? "number[]" : "number[][]"} {`,
      ...body.map((line) => `  ${line}`),
      "}\n",
    ].join("\n");
    const code = [...functions.functions.map(typeScriptDefinition), ...loops, predict];
    return [this.#head(), ...helpersOf(code), flatten, ...code].join("\n");
  }

  #head(): string {
    const { weights = "inline" } = this.#options;
    const updated = new Set(this.#program.updates.map(({ variable }) => variable));
    const lines = [...this.#weights].map(([variable, name]) => {
      const { shape, data } = variable;
      if (updated.has(variable)) return `let ${name} = new Array<number>(${sizeOf(shape)}).fill(0);\n`;
      if (weights !== "inline") return `const ${name} = weights.${name};\n`;
      return `${layOut(suffixed(prefixed(`const ${name} = `, nestedNumbers(shape, data)), ";"), "  ")}\n`;
    });
    const title = `// The forward pass of the model ${JSON.stringify(this.#model.name)}, written by Unroll.\n`;
    const file =
      weights === "inline"
        ? ""
        : `const weights = JSON.parse(readFileSync(${besideTypeScript(weights.file)}, "utf8"));\n`;
    const imports = weights === "inline" ? "" : 'import { readFileSync } from "node:fs";\n';
    return `${title}${imports}\n// Weights, in the shapes and with the gate order of Keras.\n${file}${lines.join("")}`;
  }

  #nameOf = (value: Value): string => this.#forward.nameOf(value);

  /** Recurrent layers read their arrays as matrices; who wants flat numbers gets them here. */
  #flatWeight(variable: Variable): string {
    const own = this.#weights.get(variable)!;
    if (variable.shape.length === 1 || this.#program.updates.some((update) => update.variable === variable)) return own;
    const known = this.#flattened.get(variable);
    if (known !== undefined) return known;
    const name = this.#identifiers.unique(`${own}_flat`);
    this.#forward.lines.push(`const ${name} = flat(${own});`);
    this.#flattened.set(variable, name);
    return name;
  }

  #valueOf(value: Value, layer: string): string {
    const { operation, shape } = value;
    const size = sizeOf(shape);
    switch (operation.op) {
      case "constant":
        return `vector(${size}, () => ${operation.value})`;
      case "map":
        return this.#map(operation, shape);
      case "product":
        return this.#product(operation, shape);
      case "view": {
        const { source, strides, offset } = operation;
        const place = placeOf(shape, strides, offset);
        if (place === "n" && size === sizeOf(source.shape)) return this.#nameOf(source);
        return `vector(${size}, (n) => ${this.#nameOf(source)}[${place}])`;
      }
      case "pad":
        return this.#pad(operation, shape);
      case "concat":
        return this.#concat(operation, shape);
      case "reduce":
        return this.#reduce(operation, shape);
      case "gather": {
        const [rows, width] = operation.table.shape as [number, number];
        const id = `${this.#nameOf(operation.ids)}[${width === 1 ? "n" : `Math.floor(n / ${width})`}]`;
        const row = `Math.min(Math.max(Math.trunc(${id}), 0), ${rows - 1})`;
        return `vector(${size}, (n) => ${this.#nameOf(operation.table)}[${row} * ${width} + (n % ${width})])`;
      }
      default:
        throw notForward(operation, layer);
    }
  }

  #map({ operands, symbols, body }: MapOperation, shape: readonly number[]): string {
    const size = sizeOf(shape);
    const renamed = this.#forward.functions.renamed([body])(body);
    if (hasRowOps(body)) return this.#rows({ operands, symbols, body: renamed }, shape);
    const names = new Map<Expr, string>(
      symbols.map((symbol, i) => [
        symbol,
        `${this.#nameOf(operands[i]!)}[${placeOfOperand(operands[i]!.shape, shape)}]`,
      ]),
    );
    const parts = sharedNodes([renamed]).filter((expr) => expr !== renamed);
    const lines = parts.map((expr, i) => {
      const line = `const part${i + 1} = ${write(expr, names, typeScriptPrinter)};`;
      names.set(expr, `part${i + 1}`);
      return line;
    });
    const element = write(renamed, names, typeScriptPrinter);
    if (lines.length === 0) return `vector(${size}, (n) => ${element})`;
    return `vector(${size}, (n) => {\n${[...lines, `return ${element};`].map((line) => `    ${line}\n`).join("")}  })`;
  }

  /** A map that looks along the last axis, row by row. */
  #rows(
    { operands, symbols, body }: { operands: readonly Value[]; symbols: readonly Expr[]; body: Expr },
    shape: readonly number[],
  ): string {
    const width = shape.at(-1)!;
    const rows = sizeOf(shape) / width;
    const used = new Set(inOrder([body]));
    const place = rows === 1 ? "j" : `r * ${width} + j`;
    const names = new Map<Expr, string>(symbols.map((symbol, i) => [symbol, `${nameOfOperand(i)}[j]`]));
    const given = symbols.flatMap((symbol, i) =>
      used.has(symbol)
        ? [
            `const ${nameOfOperand(i)} = vector(${width}, (j) => ${this.#nameOf(operands[i]!)}[${placeOfOperand(operands[i]!.shape, shape, place)}]);`,
          ]
        : [],
    );
    const statements = statementsFor([body], new Map([[body, "result"]]), names, String(width));
    const lines = [...given, ...statements.map(({ name, value }) => `const ${name} = ${value};`), "return [result];"];
    return `eachExample(${rows}, (r) => {\n${lines.map((line) => `    ${line}\n`).join("")}  })[0]`;
  }

  #product({ a, b, transposeA, transposeB }: ProductOperation, shape: readonly number[]): string {
    const [rows, columns] = shape.slice(-2) as [number, number];
    const inner = a.shape.at(transposeA ? -2 : -1)!;
    const turned = (operand: Value, turn: boolean): string => {
      const name = this.#nameOf(operand);
      if (!turn) return name;
      const strides = stridesOf(operand.shape);
      const last = operand.shape.length - 1;
      const swap = <T>(list: readonly T[]): T[] => [...list.slice(0, last - 1), list[last]!, list[last - 1]!];
      return `vector(${sizeOf(operand.shape)}, (n) => ${name}[${placeOf(swap(operand.shape), swap(strides), 0)}])`;
    };
    const [left, right] = [turned(a, transposeA), turned(b, transposeB)];
    const matrices = sizeOf(shape.slice(0, -2));
    if (b.shape.length === 2 || matrices === 1) {
      // The rows of all matrices one after the other.
      if (!transposeA || matrices === 1) return `product(${left}, ${right}, ${matrices * rows}, ${inner}, ${columns})`;
    }
    const part = (name: string, size: number, shared: boolean): string =>
      shared ? name : `${name}.slice(r * ${size}, (r + 1) * ${size})`;
    const call = `product(${part(left, rows * inner, false)}, ${part(right, inner * columns, b.shape.length === 2)}, ${rows}, ${inner}, ${columns})`;
    return `eachExample(${matrices}, (r) => [${call}])[0]`;
  }

  #pad({ source, before, value }: PadOperation, shape: readonly number[]): string {
    const strides = stridesOf(shape);
    const offset = before.reduce((sum, count, axis) => sum + count * strides[axis]!, 0);
    const filled = `vector(${sizeOf(shape)}, () => ${value})`;
    return `put(${filled}, ${this.#nameOf(source)}, ${placesText(source.shape, strides, offset)})`;
  }

  #concat({ sources, axis }: ConcatOperation, shape: readonly number[]): string {
    if (sizeOf(shape.slice(0, axis)) === 1)
      return `[${sources.map((source) => `...${this.#nameOf(source)}`).join(", ")}]`;
    const strides = stridesOf(shape);
    let start = 0;
    let code = `vector(${sizeOf(shape)}, () => 0)`;
    for (const source of sources) {
      code = `put(${code}, ${this.#nameOf(source)}, ${placesText(source.shape, strides, start * strides[axis]!)})`;
      start += source.shape[axis]!;
    }
    return code;
  }

  #reduce({ kind, source }: ReduceOperation, shape: readonly number[]): string {
    const at = placesText(source.shape, broadcastStrides(shape, stridesOf(shape), source.shape), 0);
    const [start, join] = kind === "sum" ? ["0", "(a, b) => a + b"] : ["-Infinity", "Math.max"];
    return `reduce(${this.#nameOf(source)}, ${at}, ${sizeOf(shape)}, ${start}, ${join})`;
  }
}

const nameOfOperand = (index: number): string => `a${index}`;

function placesText(shape: readonly number[], strides: readonly number[], offset: number): string {
  return `places([${shape.join(", ")}], [${strides.join(", ")}], ${offset})`;
}

const flatten = `type Nested = number | readonly Nested[];

function flat(x: Nested): number[] {
  return typeof x === "number" ? [x] : x.flatMap((part) => flat(part));
}
`;

/** The helpers that the code calls, and those that they call. */
function helpersOf(code: readonly string[]): string[] {
  const used = new Set<string>();
  const visit = (text: string): void => {
    for (const [name, helper] of Object.entries(typeScriptHelpers)) {
      if (used.has(name) || !new RegExp(`(?<![.\\w])${name}\\(`).test(text)) continue;
      used.add(name);
      visit(helper.replace(`function ${name}(`, ""));
    }
  };
  for (const part of code) visit(part);
  return Object.entries(typeScriptHelpers).flatMap(([name, text]) => (used.has(name) ? [text] : []));
}
