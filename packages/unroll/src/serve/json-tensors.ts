/** Nested JSON arrays to tensors: strict, without a byte of memory taken that the body's own length does not bound. */
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { type NestedArray, type Tensor, tensor } from "../core/tensor.ts";
import { badRequest } from "./request-error.ts";

/** More axes than any model has; deeper nesting is refused before anything walks down it. */
const mostAxes = 8;

/**
 * A tensor of a JSON value: a number, or arrays of equal lengths down to numbers.
 *
 * @param most numbers that it may hold: more than the body has bytes cannot be honest
 * @throws RequestError 400 for ragged or too deep arrays, other things than numbers, and numbers beyond float32
 */
export function tensorOfJson(value: unknown, path: string, most: number): Tensor {
  const shape: number[] = [];
  for (let level: unknown = value; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > mostAxes) throw badRequest(path, `arrays may be nested ${mostAxes} deep`);
  }
  const size = sizeOf(shape);
  if (size > most)
    throw badRequest(path, "arrays must be of equal lengths", { received: `shape = [${shape.join(", ")}]` });
  const data = new Float32Array(size);
  if (fill(value, shape, 0, data, 0)) {
    checkFinite(data, path);
    return { shape, data };
  }
  // The library's own reading finds the place and says it.
  try {
    return tensor(value as NestedArray); // it checks what it is given
  } catch (cause) {
    if (!(cause instanceof UnrollError)) throw cause;
    const { expected, received, hint } = cause;
    throw badRequest(cause.path.replace(/^data/, path), expected, {
      ...(received === undefined ? {} : { received }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** False where lengths differ or something is no number. */
function fill(value: unknown, shape: readonly number[], axis: number, data: Float32Array, offset: number): boolean {
  if (axis === shape.length) {
    if (typeof value !== "number") return false;
    data[offset] = value;
    return true;
  }
  const length = shape[axis]!;
  if (!Array.isArray(value) || value.length !== length) return false;
  if (axis === shape.length - 1) {
    for (let i = 0; i < length; i++) {
      const number: unknown = value[i];
      if (typeof number !== "number") return false;
      data[offset + i] = number;
    }
    return true;
  }
  const step = sizeOf(shape.slice(axis + 1));
  for (let i = 0; i < length; i++) if (!fill(value[i], shape, axis + 1, data, offset + i * step)) return false;
  return true;
}

/** @throws RequestError 400 at the first number that is not finite in float32 */
export function checkFinite(data: ArrayLike<number>, path: string): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw badRequest(path, "every number must be finite, also in float32", {
      received: `number ${i + 1} = ${data[i]}`,
    });
  }
}

/** Rows of equal shape as one tensor `[rows, ...]`. */
export function stackRows(rows: readonly Tensor[], path: string): Tensor {
  const [first] = rows;
  if (first === undefined) throw badRequest(path, "needs at least one row");
  const width = first.data.length;
  const data = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries()) {
    if (String(row.shape) !== String(first.shape)) {
      throw badRequest(`${path}[${index}]`, `every row must have the shape of the first, [${first.shape.join(", ")}]`, {
        received: `shape = [${row.shape.join(", ")}]`,
      });
    }
    data.set(row.data, index * width);
  }
  return { shape: [rows.length, ...first.shape], data };
}

/** The tensor as nested JSON text. JSON has no NaN and no infinities: `odd` says what stands for them. */
export function jsonOfTensor({ shape, data }: Tensor, odd: "null" | "token"): string {
  const write = (axis: number, offset: number, size: number): string => {
    if (axis === shape.length) return numberText(data[offset]!, odd);
    const step = size / Math.max(1, shape[axis]!);
    const parts: string[] = [];
    for (let i = 0; i < shape[axis]!; i++) parts.push(write(axis + 1, offset + i * step, step));
    return `[${parts.join(",")}]`;
  };
  return write(0, 0, data.length);
}

/** The numbers alone, row by row, as one flat JSON array. */
export function flatJson({ data }: Tensor): string {
  return `[${Array.from(data, (value) => numberText(value, "null")).join(",")}]`;
}

function numberText(value: number, odd: "null" | "token"): string {
  return Number.isFinite(value) || odd === "token" ? String(value) : "null";
}
