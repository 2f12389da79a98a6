/**
 * The whole forward pass as NumPy: weights, the functions that the model uses, one loop over time for each recurrent layer
 * with the cell's equations in it, and `predict`. Written from the tensor program, so every layer and every cell is covered.
 */
import { UnrollError } from "../core/errors.ts";
import { broadcastShapes, sizeOf } from "../core/shape.ts";
import type { Variable } from "../core/variable.ts";
import { isRowOp } from "../equations/arithmetic.ts";
import { inOrder } from "../equations/expr.ts";
import type { Model } from "../model/model.ts";
import type { MapOperation, ProductOperation, Value, ViewOperation } from "../program/program.ts";
import { type BatchedProgram, type BatchedSize, type BatchOptions, programForAnyBatch } from "./any-batch.ts";
import { besidePython, importPath } from "./code-beside.ts";
import { write } from "./code-equations.ts";
import { type ForwardLanguage, ForwardStatements, notForward } from "./code-forward.ts";
import type { CodeWeights } from "./code-model.ts";
import { numpyScan } from "./code-numpy-scan.ts";
import { numpyHelpers, pythonDefinition, pythonNumber, pythonPrinter } from "./code-python-equations.ts";
import { Identifiers, layOut, nestedNumbers, prefixed, suffixed } from "./code-text.ts";
import { writeNpz } from "./npy.ts";
import { isReshape, type ViewSizes, wholeAxes } from "./view-axes.ts";
import { namesOfWeights } from "./weight-paths.ts";

export interface LoopCodeOptions extends BatchOptions {
  /**
   * `inline` (default): in the code. `{ file }`: for NumPy an `.npz` as `numpyWeights` makes it, for TypeScript a `.json` as
   * `plainWeights` makes it.
   */
  readonly weights?: "inline" | Exclude<CodeWeights, string>;
}

/**
 * A Python module with a function `predict`, which needs NumPy alone. It computes in float64, and takes and gives arrays with
 * the batch first; states of stateful layers are arguments (zeros by default) and further results.
 *
 * @throws UnrollError `unbuilt`; `shape` when a size behind the batch is unknown and `timesteps` is not given;
 * `unsupported` for randomness at prediction, or when the layout depends on the batch size.
 * @example await writeFile("model.py", toNumpy(model))
 */
export function toNumpy(model: Model, options: LoopCodeOptions = {}): string {
  return new NumpyWriter(model, programForAnyBatch(model, options), options).write();
}

/** The file that code with `weights: { file }` reads: an `.npz` of every array under its name in the code. */
export function numpyWeights(model: Model): Uint8Array {
  return writeNpz(
    Object.fromEntries([...weightIdentifiers(model)].map(([{ shape, data }, name]) => [name, { shape, data }])),
  );
}

/** Names at module level that are not a model's. */
const reserved = [
  ...[
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "False",
  ],
  ...[
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "None",
    "nonlocal",
    "not",
    "or",
    "pass",
  ],
  ...[
    "raise",
    "return",
    "True",
    "try",
    "while",
    "with",
    "yield",
    "np",
    "math",
    "Path",
    "predict",
    "batch",
    "len",
    "range",
    "reversed",
  ],
  ...["float", "int", ...Object.keys(numpyHelpers)],
];

function weightIdentifiers(model: Model, names = new Identifiers(reserved)): Map<Variable, string> {
  return new Map([...namesOfWeights(model)].map(([variable, path]) => [variable, names.unique(path)]));
}

class NumpyWriter {
  readonly #model: Model;
  readonly #written: BatchedProgram;
  readonly #options: LoopCodeOptions;
  readonly #identifiers = new Identifiers(reserved);
  readonly #weights: ReadonlyMap<Variable, string>;
  readonly #forward: ForwardStatements;

  constructor(model: Model, written: BatchedProgram, options: LoopCodeOptions) {
    this.#model = model;
    this.#written = written;
    this.#options = options;
    this.#weights = weightIdentifiers(model, this.#identifiers);
    const language: ForwardLanguage = {
      title: "NumPy",
      valueOf: (value, layer) => this.#valueOf(value, layer),
      weightOf: ({ variable }) => this.#weights.get(variable)!,
      scanOf: (scan, name, renamed) => numpyScan(scan, name, renamed, this.#nameOf),
      assign: (names, code) => `${names.join(", ")} = ${code}`,
    };
    this.#forward = new ForwardStatements(language, written, this.#identifiers);
  }

  write(): string {
    const { program } = this.#written;
    const { functions, lines, loops } = this.#forward;
    const inputNames = program.inputs.map((value) => this.#forward.nameInput(value));
    const inputs = program.inputs.map((value, i) => `${inputNames[i]}: ${this.#shapeText(value)}`);
    const states = program.updates.map(({ variable }) => this.#weights.get(variable)!);
    const converted = inputNames.map((name) => `${name} = np.asarray(${name}, dtype=float)`);
    const roots = [...program.results, ...program.updates.map(({ value }) => value)];
    this.#forward.compute(roots);
    const results = roots.map((value) => this.#nameOf(value));
    const outputs = program.results.map((value, i) => `${results[i]}: ${this.#shapeText(value)}`);
    const parameters = [...inputNames, ...states.map((name) => `${name}=${name}`)];
    const next = states.length === 0 ? "" : ` Then the new ${states.join(", ")}.`;
    const body = [
      `"""${inputs.join("; ")}. Gives ${outputs.join("; ")}.${next}"""`,
      ...converted,
      ...lines,
      `return ${results.join(", ")}`,
    ];
    const predict = `def predict(${parameters.join(", ")}):\n${body.map((line) => `    ${line}\n`).join("")}`;
    const code = [...functions.functions.map((fn) => pythonDefinition(fn, "np")), ...loops, predict];
    const helpers = Object.entries(numpyHelpers).flatMap(([name, text]) =>
      code.some((part) => new RegExp(`\\b${name}\\(`).test(part)) ? [text] : [],
    );
    const standard = [
      ...(code.some((part) => /\berf\(/.test(part)) ? ["import math\n"] : []),
      ...(typeof this.#options.weights === "object" ? [importPath] : []),
    ];
    const imports = [...standard, ...(standard.length === 0 ? [] : ["\n"]), "import numpy as np\n"].join("");
    const title = `"""The forward pass of the model ${JSON.stringify(this.#model.name)} in NumPy, written by Unroll."""\n`;
    return [`${title}\n${imports}\n${this.#weightLines(states)}`, ...helpers, ...code].join("\n\n");
  }

  /** The weights that the code reads, and zeros for the states. */
  #weightLines(states: readonly string[]): string {
    const { weights = "inline" } = this.#options;
    const lines = [...this.#weights].flatMap(([{ shape, data }, name]) => {
      if (states.includes(name)) return `${name} = np.zeros((${shape.join(", ")}))\n`;
      if (weights !== "inline") return `${name} = weights["${name}"].astype(float)\n`;
      const array = suffixed(prefixed(`${name} = np.array(`, nestedNumbers(shape, data)), ")");
      return `${layOut(array, "    ")}\n`;
    });
    const file = weights === "inline" ? "" : `weights = np.load(${besidePython(weights.file)})\n`;
    return `# Weights, in the shapes and with the gate order of Keras.\n${file}${lines.join("")}`;
  }

  #nameOf = (value: Value): string => this.#forward.nameOf(value);

  #valueOf(value: Value, layer: string): string {
    const { operation } = value;
    switch (operation.op) {
      case "constant":
        return `np.full(${this.#shape(value)}, ${pythonNumber(operation.value)})`;
      case "map":
        return this.#map(operation, value);
      case "product":
        return this.#product(operation);
      case "view":
        return this.#view(operation, value);
      case "pad": {
        const widths = operation.before.map((before, axis) => `(${before}, ${operation.after[axis]})`);
        const fill = pythonNumber(operation.value);
        return `np.pad(${this.#nameOf(operation.source)}, (${widths.join(", ")}), constant_values=${fill})`;
      }
      case "concat":
        return `np.concatenate([${operation.sources.map(this.#nameOf).join(", ")}], axis=${operation.axis})`;
      case "reduce": {
        const axes = operation.axes.length === 1 ? operation.axes[0] : `(${operation.axes.join(", ")})`;
        return `np.${operation.kind}(${this.#nameOf(operation.source)}, axis=${axes}, keepdims=True)`;
      }
      case "gather": {
        const ids = `np.clip(${this.#nameOf(operation.ids)}.astype(int), 0, ${operation.table.shape[0]! - 1})`;
        return `${this.#nameOf(operation.table)}[${ids}]`;
      }
      default:
        throw notForward(operation, layer);
    }
  }

  #map({ operands, symbols, body }: MapOperation, value: Value): string {
    const parts = inOrder([body], { bodies: true });
    const rows = parts.some(({ node }) => isRowOp(node.op));
    const width = value.shape.at(-1) ?? 1;
    const names = new Map(
      symbols.map((symbol, i) => {
        const operand = operands[i]!;
        const name = this.#nameOf(operand);
        const narrow = rows && (operand.shape.at(-1) ?? 1) !== width;
        return [symbol, narrow ? `np.broadcast_to(${name}, (*${name}.shape[:-1], ${width}))` : name];
      }),
    );
    const renamed = this.#forward.functions.renamed([body])(body);
    const written = write(renamed, names, pythonPrinter("np"));
    const isTruth = renamed.node.op === "less" || renamed.node.op === "lessEqual" || renamed.node.op === "equal";
    const code = isTruth ? `(${written}).astype(float)` : written;
    const used = new Set(parts);
    const given = operands.filter((_, i) => used.has(symbols[i]!)).map(({ shape }) => shape);
    const found = given.reduce<readonly (number | null)[]>((shape, other) => broadcastShapes(shape, other)!, []);
    return String(found) === String(value.shape) ? code : `np.broadcast_to(${code}, ${this.#shape(value)})`;
  }

  #product({ a, b, transposeA, transposeB }: ProductOperation): string {
    const turned = (operand: Value, turn: boolean): string =>
      !turn
        ? this.#nameOf(operand)
        : `${this.#nameOf(operand)}${operand.shape.length === 2 ? ".T" : ".swapaxes(-1, -2)"}`;
    return `${turned(a, transposeA)} @ ${turned(b, transposeB)}`;
  }

  #view({ source, strides, offset }: ViewOperation, value: Value): string {
    const name = this.#nameOf(source);
    const view: ViewSizes = {
      source: { shape: source.shape, sizes: this.#written.sizesOf(source) },
      shape: value.shape,
      sizes: this.#written.sizesOf(value),
      strides,
      offset,
    };
    if (isReshape(view)) {
      const same = JSON.stringify(view.sizes) === JSON.stringify(view.source.sizes);
      return same ? name : `${name}.reshape(${this.#sizes(view.sizes)})`;
    }
    const axes = wholeAxes(view);
    if (axes === undefined) return this.#picked(name, view);
    const cuts = axes.map(({ start, step, count, becomes }, axis) => {
      if (becomes === undefined && source.shape[axis] !== 1) return String(start);
      if (start === 0 && step === 1 && count === source.shape[axis]) return ":";
      const end = start + count * step;
      return `${start}:${end < 0 ? "" : end}${step === 1 ? "" : `:${step}`}`;
    });
    while (cuts.at(-1) === ":") cuts.pop();
    const cut = cuts.length === 0 ? name : `${name}[${cuts.join(", ")}]`;
    // Axes picked at one place are gone; axes of size 1 are still there.
    const left = axes.flatMap(({ becomes }, axis) =>
      becomes === undefined && source.shape[axis] !== 1 ? [] : [{ becomes, axis }],
    );
    const placed = left.map(({ becomes }, place) => ({ becomes, place })).filter((axis) => axis.becomes !== undefined);
    const order = [...placed].sort((a, b) => a.becomes! - b.becomes!).map(({ place }) => place);
    const ones = left.flatMap(({ becomes }, place) => (becomes === undefined ? [place] : []));
    const isOrdered = order.every((place, i) => i === 0 || place > order[i - 1]!);
    const turned = isOrdered ? cut : `${cut}.transpose(${[...order, ...ones].join(", ")})`;
    const repeats = value.shape.map((size, axis) => strides[axis] === 0 && size !== 1);
    const before = view.sizes.map((size, axis) => (repeats[axis] ? 1 : size));
    const inPlace = ones.length === 0 && placed.length === value.shape.length;
    const shaped = inPlace ? turned : `${turned}.reshape(${this.#sizes(before)})`;
    return repeats.includes(true) ? `np.broadcast_to(${shaped}, ${this.#shape(value)})` : shaped;
  }

  /** Element by element: windows that overlap. */
  #picked(name: string, { source, shape, sizes, strides, offset }: ViewSizes): string {
    const example = sizeOf(source.shape.slice(1));
    const open = typeof source.sizes[0] !== "number";
    if (open && (strides[0] !== example || shape[0] !== source.shape[0])) {
      throw new UnrollError({
        code: "unsupported",
        path: name,
        expected: "a view across examples cannot be written while the batch is open",
        hint: "Give a fixed batch: { batch: 1 }.",
      });
    }
    const [inner, from] = open ? [1, `${name}.reshape(-1, ${example})[:, `] : [0, `${name}.reshape(-1)[`];
    const places = `places([${shape.slice(inner).join(", ")}], [${strides.slice(inner).join(", ")}], ${offset})`;
    return `${from}${places}].reshape(${this.#sizes(sizes)})`;
  }

  /** For reshape, which finds out one size by itself. */
  #sizes(sizes: readonly BatchedSize[]): string {
    return sizes.map((size) => (typeof size === "number" ? size : -1)).join(", ");
  }

  #shape(value: Value): string {
    const first = this.#nameOf(this.#written.program.inputs[0]!);
    const sizes = this.#written.sizesOf(value).map((size) => {
      if (typeof size === "number") return size;
      return size.perExample === 1 ? `len(${first})` : `len(${first}) * ${size.perExample}`;
    });
    return `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})`;
  }

  #shapeText(value: Value): string {
    const sizes = this.#written.sizesOf(value);
    const text = sizes.map((size) =>
      typeof size === "number" ? size : size.perExample === 1 ? "batch" : `batch × ${size.perExample}`,
    );
    return `[${text.join(", ")}]`;
  }
}
