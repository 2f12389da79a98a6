/**
 * A tensor program element by element: the number at one place of an array as a formula over other numbers. A third way to
 * run a program, beside the float64 loops and the engine: it writes down what is to be calculated. It knows no layer.
 */
import { UnrollError } from "../../core/errors.ts";
import { sizeOf, stridesOf } from "../../core/shape.ts";
import { isRowOp } from "../../equations/arithmetic.ts";
import { sumOf } from "../../equations/derive.ts";
import { apply, binary, constant, type Expr, inOrder, select, type UnaryOp, unary } from "../../equations/expr.ts";
import { broadcastStrides, forEachOffset } from "../../program/evaluate-offsets.ts";
import type { GatherOperation, MapOperation, ProductOperation, ScanOperation, Value } from "../../program/program.ts";
import { ArrayTable, type Book } from "./book.ts";

/** What elements are asked of besides the program itself. */
export interface Surroundings {
  readonly book: Book;
  /** The table of a value that is not worked out further, with its numbers; undefined for any other value. */
  given(value: Value): { readonly table: ArrayTable; numberAt(position: number): number } | undefined;
  /** The table of a value that has a name of its own, such as a layer's output; undefined for any other. */
  named(value: Value): ArrayTable | undefined;
  /** A new table in the part that is being written. */
  addTable(table: ArrayTable): void;
  /** An element of one of a scan's results. */
  scanned(scan: ScanOperation, result: number, position: number): Expr;
}

/** Helper numbers that the rows of a map share: the sum and the largest of a row. */
const rowWords = { rowSum: "sum", rowMax: "max" } as const;

export class Elements {
  readonly #around: Surroundings;
  readonly #done = new Map<Value, Map<number, Expr>>();
  readonly #helpers = new Map<unknown, ArrayTable>();
  readonly #inverse = new Map<Value, ReadonlyMap<number, readonly number[]>>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** The number at a row-major position: a symbol of the book where it has one, else a formula. */
  at(value: Value, position: number): Expr {
    let known = this.#done.get(value);
    if (known === undefined) {
      known = new Map();
      this.#done.set(value, known);
    }
    let found = known.get(position);
    if (found === undefined) {
      found = this.#find(value, position);
      known.set(position, found);
    }
    return found;
  }

  #find(value: Value, position: number): Expr {
    const { book } = this.#around;
    const given = this.#around.given(value);
    if (given !== undefined) {
      const { table } = given;
      const there = table.numberAt(position);
      const make = () => book.give(table.name, table.indexOf(position), given.numberAt(position));
      return (there ?? table.enter(position, make())).symbol;
    }
    const table = this.#around.named(value);
    const formula = this.#formula(value, position);
    if (table === undefined || formula.node.op === "symbol") return formula;
    return table.enter(position, book.work(table.name, table.indexOf(position), formula)).symbol;
  }

  /** The same, as a number of its own where it is to be used several times. */
  #shared(value: Value, position: number, often: boolean): Expr {
    const formula = this.at(value, position);
    if (!often || formula.node.op === "symbol" || formula.node.op === "constant") return formula;
    const made = this.#helper(value, "part", value.shape);
    const there = made.numberAt(position);
    if (there !== undefined) return there.symbol;
    return made.enter(position, this.#around.book.work(made.name, made.indexOf(position), formula)).symbol;
  }

  #helper(key: unknown, word: string, shape: readonly number[]): ArrayTable {
    let table = this.#helpers.get(key);
    if (table === undefined) {
      const number = [...this.#helpers.values()].filter(({ title }) => title.startsWith(word)).length + 1;
      table = new ArrayTable(`${word} ${number}, used several times`, `${word}${number}`, shape);
      this.#helpers.set(key, table);
      this.#around.addTable(table);
    }
    return table;
  }

  #formula(value: Value, position: number): Expr {
    const { operation, shape } = value;
    switch (operation.op) {
      case "constant":
        return constant(operation.value);
      case "map":
        return this.#map(value, operation, position);
      case "product":
        return this.#product(operation, shape, position);
      case "view":
        return this.#shared(
          operation.source,
          operation.offset + offsetOf(position, shape, operation.strides),
          sizeOf(shape) > sizeOf(operation.source.shape),
        );
      case "viewGradient": {
        const from = this.#lookers(value).get(position) ?? [];
        return sumOf(from.map((at) => this.at(operation.source, at)));
      }
      case "pad": {
        const { source, before } = operation;
        const index = indexOf(position, shape).map((entry, axis) => entry - before[axis]!);
        const inside = index.every((entry, axis) => entry >= 0 && entry < source.shape[axis]!);
        return inside ? this.at(source, dot(index, stridesOf(source.shape))) : constant(operation.value);
      }
      case "concat": {
        const index = indexOf(position, shape);
        let part = 0;
        while (index[operation.axis]! >= operation.sources[part]!.shape[operation.axis]!) {
          index[operation.axis]! -= operation.sources[part]!.shape[operation.axis]!;
          part++;
        }
        const source = operation.sources[part]!;
        return this.at(source, dot(index, stridesOf(source.shape)));
      }
      case "reduce": {
        const { source, kind } = operation;
        const strides = broadcastStrides(shape, stridesOf(shape), source.shape);
        const parts: Expr[] = [];
        forEachOffset(source.shape, strides, 0, (from, to) => {
          if (to === position) parts.push(this.at(source, from));
        });
        return kind === "sum" ? sumOf(parts) : largestOf(parts);
      }
      case "gather":
        return this.#looked(value, operation, position);
      case "scan":
        return this.#around.scanned(operation, value.result, position);
      default:
        throw notByHand(operation.op);
    }
  }

  #map(value: Value, { operands, symbols, body }: MapOperation, position: number): Expr {
    const { shape } = value;
    const nodes = inOrder([body], { bodies: true });
    const overRow = nodes.some(({ node }) => isRowOp(node.op));
    const width = overRow ? (shape.at(-1) ?? 1) : 1;
    const uses = usesOf(body);
    const operandAt = (which: number, at: number): Expr => {
      const operand = operands[which]!;
      const from = offsetOf(at, shape, broadcastStrides(operand.shape, stridesOf(operand.shape), shape));
      const repeats = overRow || sizeOf(operand.shape) < sizeOf(shape) || (uses.get(symbols[which]!) ?? 0) > 1;
      return this.#shared(operand, from, repeats);
    };
    const row = Math.floor(position / width);
    const read = (expr: Expr, at: number): Expr =>
      scalar(expr, {
        symbol: (one) => operandAt(symbols.indexOf(one), at),
        row: (one) => {
          const { node } = one;
          if (node.op !== "rowSum" && node.op !== "rowMax") throw notByHand("sparsemax");
          const table = this.#helper(one, rowWords[node.op], [...shape.slice(0, -1), 1]);
          const there = table.numberAt(row);
          if (there !== undefined) return there.symbol;
          const terms = Array.from({ length: width }, (_, column) => read(node.a, row * width + column));
          const formula = node.op === "rowSum" ? sumOf(terms) : largestOf(terms);
          return table.enter(row, this.#around.book.work(table.name, table.indexOf(row).slice(0, -1), formula)).symbol;
        },
      });
    return read(body, position);
  }

  #product({ a, b, transposeA, transposeB }: ProductOperation, shape: readonly number[], position: number): Expr {
    const [rows, columns] = shape.slice(-2) as [number, number]; // a product has two axes at least
    const inner = a.shape.at(transposeA ? -2 : -1)!;
    const matrix = Math.floor(position / (rows * columns));
    const row = Math.floor(position / columns) % rows;
    const column = position % columns;
    const startA = matrix * rows * inner;
    const startB = b.shape.length === 2 ? 0 : matrix * inner * columns;
    const terms = Array.from({ length: inner }, (_, k) => {
      const left = this.#shared(a, startA + (transposeA ? k * rows + row : row * inner + k), columns > 1);
      const right = this.#shared(b, startB + (transposeB ? column * inner + k : k * columns + column), rows > 1);
      return left.times(right);
    });
    return sumOf(terms);
  }

  /** A row of a table by its id: a number of its own, so that a spreadsheet can look it up again. */
  #looked(value: Value, { table, ids }: GatherOperation, position: number): Expr {
    const { book } = this.#around;
    const [rows, width] = table.shape as [number, number];
    const id = this.at(ids, Math.floor(position / width));
    const column = position % width;
    const parts = Array.from({ length: rows }, (_, row) => this.at(table, row * width + column));
    const chosen = parts[Math.min(Math.max(Math.trunc(book.valueOf(id)), 0), rows - 1)]!;
    const made = this.#around.named(value) ?? this.#helper(value, "row", value.shape);
    return made.enter(position, book.work(made.name, made.indexOf(position), chosen, { column: parts, id })).symbol;
  }

  /** For a view's adjoint: which elements of the source looked at a position. */
  #lookers(value: Value): ReadonlyMap<number, readonly number[]> {
    let found = this.#inverse.get(value);
    if (found === undefined && value.operation.op === "viewGradient") {
      const { source, strides, offset } = value.operation;
      const made = new Map<number, number[]>();
      forEachOffset(source.shape, strides, offset, (from, to) => {
        made.set(to, [...(made.get(to) ?? []), from]);
      });
      found = made;
      this.#inverse.set(value, made);
    }
    return found ?? new Map();
  }
}

/** How the parts of an equation that are no arithmetic are written. */
export interface ScalarParts {
  symbol(expr: Expr): Expr;
  /** A row operator. */
  row?(expr: Expr): Expr;
  /** A vector times a column of a matrix. */
  product?(expr: Expr): Expr;
  /** Parts with a name of their own. */
  known?(expr: Expr): Expr | undefined;
}

/** One element of an equation: the same arithmetic over other symbols. */
export function scalar(root: Expr, parts: ScalarParts): Expr {
  const done = new Map<Expr, Expr>();
  const read = (expr: Expr): Expr => {
    let result = done.get(expr) ?? parts.known?.(expr);
    result ??= write(expr);
    done.set(expr, result);
    return result;
  };
  const write = (expr: Expr): Expr => {
    const { node } = expr;
    switch (node.op) {
      case "constant":
        return expr;
      case "symbol":
        return parts.symbol(expr);
      case "apply":
        if (node.body === node.argument) return read(node.argument);
        // A function of a whole row, such as softmax, is opened.
        return inOrder([node.body], { bodies: true }).some((one) => isRowOp(one.node.op))
          ? read(node.body)
          : apply(node.fn, read(node.argument));
      case "select":
        return select(read(node.condition), read(node.a), read(node.b));
      case "product":
        if (parts.product === undefined) throw notByHand("product inside a map");
        return parts.product(expr);
      case "rowSum":
      case "rowMax":
      case "rowSparsemaxThreshold":
        if (parts.row === undefined) throw notByHand("function of all units");
        return parts.row(expr);
      default:
        return "b" in node ? binary(node.op, read(node.a), read(node.b)) : unary(node.op as UnaryOp, read(node.a)); // row operators are above
    }
  };
  return read(root);
}

export function largestOf(parts: readonly Expr[]): Expr {
  return parts.reduce((largest, part) => largest.max(part));
}

/** How often an equation writes each of its symbols. */
function usesOf(body: Expr): Map<Expr, number> {
  const uses = new Map<Expr, number>();
  const visit = (expr: Expr): void => {
    const { node } = expr;
    if (node.op === "symbol") uses.set(expr, (uses.get(expr) ?? 0) + 1);
    else if (node.op === "apply") visit(node.argument);
    else if (node.op === "select") [node.condition, node.a, node.b].forEach(visit);
    else if ("a" in node) ["b" in node ? [node.a, node.b] : [node.a]].flat().forEach(visit);
  };
  visit(body);
  return uses;
}

function indexOf(position: number, shape: readonly number[]): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(position / stride) % shape[axis]!);
}

function offsetOf(position: number, shape: readonly number[], strides: readonly number[]): number {
  return dot(indexOf(position, shape), strides);
}

function dot(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((sum, entry, axis) => sum + entry * strides[axis]!, 0);
}

export function notByHand(what: string): UnrollError {
  return new UnrollError({
    code: "unsupported",
    path: "worked solution",
    expected: "every part of the model must be arithmetic on its input",
    received: what,
    hint: "Work out the layers before it with option layer.",
  });
}
