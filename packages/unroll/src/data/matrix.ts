/**
 * Rows and columns of float64 numbers: what scalers, windows and reports work on, because dates, prices and sums
 * need more digits than the float32 tensors of the engine keep. A table's numeric columns become one of these.
 */
import { isTensor, type Tensor, UnrollError } from "../core/index.ts";
import { checkWhole } from "./checks.ts";

/** `[rows, columns]`, row-major: `data[row * columns + column]`. NaN is a missing value. */
export interface Matrix {
  readonly shape: readonly [rows: number, columns: number];
  readonly data: Float64Array;
}

/** What is taken where a matrix is: nested rows, one column of numbers, or a tensor `[rows]` or `[rows, columns]`. */
export type MatrixLike =
  | Matrix
  | Tensor
  | readonly (readonly number[])[]
  | readonly number[]
  | Float64Array
  | Float32Array
  | Int32Array;

/**
 * Makes a matrix; a flat list becomes one column. A Float64Array and a Matrix are kept, not copied.
 *
 * @throws UnrollError `data` when rows differ in length, a cell is no number, or a tensor has more than two axes.
 * @example toMatrix([[1, 2], [3, 4]]) // shape [2, 2]
 */
export function toMatrix(source: MatrixLike, path = "data"): Matrix {
  if (source instanceof Float64Array) return { shape: [source.length, 1], data: source };
  if (source instanceof Float32Array || source instanceof Int32Array) {
    return { shape: [source.length, 1], data: Float64Array.from(source) };
  }
  if (Array.isArray(source)) return fromRows(source as readonly (number | readonly number[])[], path);
  if (isMatrix(source)) return source;
  if (isTensor(source)) return fromTensor(source, path);
  throw new UnrollError({
    code: "data",
    path,
    expected: "must be rows of numbers, a typed array, a tensor or a matrix",
    received: `${typeof source} = ${String(source)}`,
  });
}

/** `[rows, columns]` float32. */
export function matrixToTensor({ shape, data }: Matrix): Tensor {
  return { shape: [...shape], data: Float32Array.from(data) };
}

/**
 * Rows `start` (inclusive) to `end` (exclusive, at most the last row), sharing the numbers. Throws UnrollError `option` for
 * anything but whole numbers from 0.
 */
export function sliceRows({ shape, data }: Matrix, start: number, end: number): Matrix {
  checkWhole("sliceRows", "start", start, 0);
  checkWhole("sliceRows", "end", end, 0);
  const [rows, columns] = shape;
  const last = Math.min(end, rows);
  const count = Math.max(0, last - start);
  return { shape: [count, columns], data: data.subarray(start * columns, (start + count) * columns) };
}

/** Whether something is a matrix: a shape of two axes and as many float64 numbers. */
export function isMatrix(value: unknown): value is Matrix {
  return (
    typeof value === "object" &&
    value !== null &&
    "shape" in value &&
    Array.isArray(value.shape) &&
    value.shape.length === 2 &&
    "data" in value &&
    value.data instanceof Float64Array
  );
}

function fromTensor({ shape, data }: Tensor, path: string): Matrix {
  if (shape.length !== 1 && shape.length !== 2) {
    throw new UnrollError({
      code: "data",
      path,
      expected: "must have two axes, [rows, columns]",
      received: `shape = [${shape.join(", ")}]`,
      hint: "Reshape it so that every row is one timestep or one sample.",
    });
  }
  return { shape: [shape[0]!, shape[1] ?? 1], data: Float64Array.from(data) };
}

function fromRows(rows: readonly (number | readonly number[])[], path: string): Matrix {
  const first = rows[0];
  const columns = Array.isArray(first) ? first.length : 1;
  const data = new Float64Array(rows.length * columns);
  rows.forEach((row, r) => {
    const cells = Array.isArray(first) ? row : [row];
    if (!Array.isArray(cells) || cells.length !== columns) {
      throw new UnrollError({
        code: "data",
        path: `${path}[${r}]`,
        expected: `every row must have ${columns} numbers, as the first has`,
        received: Array.isArray(cells) ? `${cells.length} numbers` : `${typeof cells} = ${String(cells)}`,
      });
    }
    cells.forEach((cell: unknown, c) => {
      if (typeof cell !== "number") {
        throw new UnrollError({
          code: "data",
          path: `${path}[${r}][${c}]`,
          expected: "every cell must be a number; NaN stands for a missing one",
          received: Array.isArray(cell) ? `an array of ${cell.length}` : `${typeof cell} = ${String(cell)}`,
        });
      }
      data[r * columns + c] = cell;
    });
  });
  return { shape: [rows.length, columns], data };
}
