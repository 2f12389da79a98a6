/**
 * Which values of a program keep the examples of a batch apart: numbers that belong to one example and depend on no other. What
 * does so can be computed for any part of the batch by itself. Where it is not sure, the answer is no.
 */
import { sizeOf } from "../core/shape.ts";
import { isRowOp } from "../equations/arithmetic.ts";
import { inOrder } from "../equations/expr.ts";
import {
  type ConcatOperation,
  type MapOperation,
  type ProductOperation,
  type ScanOperation,
  sourcesOf,
  type Value,
  type ViewOperation,
  valuesInOrder,
} from "./program.ts";

/**
 * "apart": row-major, the first numbers belong to the first example, as many to the second, and so on. "constant": one number
 * everywhere. "common": the same numbers whatever the examples are. "mixed": anything else.
 */
type Kind = "apart" | "constant" | "common" | "mixed";

/**
 * The values among `roots`' own and all that they need which keep `batch` examples apart. Every input of the program must be
 * `[batch, ...]`.
 */
export function valuesApart(roots: readonly Value[], batch: number): ReadonlySet<Value> {
  const kinds = new Map<Value, Kind>();
  for (const value of valuesInOrder(roots)) {
    const kind = kindOf(value, batch, (source) => kinds.get(source)!);
    // No part of the batch could have its share of it.
    kinds.set(value, kind === "apart" && (value.shape[0] ?? 1) % batch !== 0 ? "mixed" : kind);
  }
  return new Set([...kinds].flatMap(([value, kind]) => (kind === "apart" ? [value] : [])));
}

function kindOf(value: Value, batch: number, of: (source: Value) => Kind): Kind {
  const { operation, shape } = value;
  /** A constant along the examples is as good as numbers of theirs. */
  const as = (source: Value): Kind => {
    if (of(source) !== "constant") return of(source);
    const along = source.shape.length === shape.length && source.shape[0] === shape[0] && (shape[0] ?? 1) % batch === 0;
    return along ? "apart" : "common";
  };
  switch (operation.op) {
    case "input":
      return "apart";
    case "weight":
      return "common";
    case "constant":
      return "constant";
    case "random":
      // One mask for all examples has a first axis of 1.
      return (shape[0] ?? 1) % batch === 0 ? "apart" : "common";
    case "map":
      return mapKind(operation, shape, as);
    case "product":
      return productKind(operation, as);
    case "view":
      return viewKind(operation, shape, batch, of(operation.source));
    case "pad":
      return operation.before[0]! > 0 || operation.after[0]! > 0
        ? unlessApart([as(operation.source)])
        : as(operation.source);
    case "concat":
      return concatKind(operation, operation.sources.map(as));
    case "reduce":
      return operation.axes.includes(0) ? unlessApart([as(operation.source)]) : as(operation.source);
    case "gather":
      return spread([unlessApart([of(operation.table)]), of(operation.ids)]);
    case "scan":
      return scanKind(operation, of);
    case "viewGradient":
    case "gatherGradient":
    case "scanGradient":
      return "mixed";
  }
}

/** Of operations that treat each example alike: apart if anything is, common if nothing is. */
function spread(sources: readonly Kind[]): Kind {
  if (sources.includes("mixed")) return "mixed";
  return sources.includes("apart") ? "apart" : "common";
}

/** Of operations that would bring examples together. */
function unlessApart(sources: readonly Kind[]): Kind {
  return spread(sources) === "common" ? "common" : "mixed";
}

function mapKind({ operands, body }: MapOperation, shape: readonly number[], as: (source: Value) => Kind): Kind {
  const kind = spread(operands.map(as));
  if (kind !== "apart") return kind;
  const rowsOverExamples = shape.length === 1 && inOrder([body], { bodies: true }).some(({ node }) => isRowOp(node.op));
  const aligned = operands.every((operand) => {
    const has = operand.shape.length === shape.length ? operand.shape[0]! : 1;
    return as(operand) === "apart" ? has === shape[0] : has === 1;
  });
  return aligned && !rowsOverExamples ? "apart" : "mixed";
}

function productKind({ a, b, transposeA }: ProductOperation, as: (source: Value) => Kind): Kind {
  const [left, right] = [as(a), as(b)];
  const kind = spread([left, right]);
  if (kind !== "apart") return kind;
  // Leading axes are equal, and each number of theirs has a product of its own.
  if (b.shape.length > 2) return left === "apart" && right === "apart" ? "apart" : "mixed";
  return right === "common" && (a.shape.length > 2 || !transposeA) ? "apart" : "mixed";
}

/** A view of what is apart must look, for each example, at that example's numbers alone. */
function viewKind(
  { source, strides, offset }: ViewOperation,
  shape: readonly number[],
  batch: number,
  kind: Kind,
): Kind {
  if (kind === "common") return shape[0] === batch && strides[0] === 0 ? "apart" : "common";
  if (kind !== "apart") return kind;
  const rows = (shape[0] ?? 1) / batch;
  const width = sizeOf(source.shape) / batch;
  if (!Number.isInteger(rows) || strides[0]! * rows !== width) return "mixed";
  // The first and the last number that the first example looks at; the others are as many numbers further on.
  let [first, last] = [offset, offset];
  for (const [axis, size] of [rows, ...shape.slice(1)].entries()) {
    const reach = (size - 1) * strides[axis]!;
    if (reach < 0) first += reach;
    else last += reach;
  }
  return first >= 0 && last < width ? "apart" : "mixed";
}

function concatKind({ axis }: ConcatOperation, sources: readonly Kind[]): Kind {
  if (axis === 0) return unlessApart(sources);
  const kind = spread(sources);
  return kind === "apart" && sources.includes("common") ? "mixed" : kind;
}

function scanKind(scan: ScanOperation, of: (source: Value) => Kind): Kind {
  const arrays = scan.arrays.map(of);
  const kind = spread(sourcesOf(scan).map(of));
  if (kind !== "apart") return kind;
  const ofExamples = sourcesOf(scan).filter((source) => !scan.arrays.includes(source));
  return !arrays.includes("apart") && !ofExamples.map(of).includes("common") ? "apart" : "mixed";
}
