/**
 * What the scalers share: checks of their input, and their columns as plain JSON. No scaling rule lives here.
 */
import { UnrollError } from "../core/index.ts";
import { type Matrix, type MatrixLike, toMatrix } from "./matrix.ts";

/** One list per statistic, one number per column; NaN (a column without values) is null, as JSON has no NaN. */
export type PlainColumns = Readonly<Record<string, readonly (number | null)[]>>;

/** The matrix, with as many columns as were fitted, at least `leastRows` rows and no infinite number. */
export function scalableMatrix(data: MatrixLike, path: string, columns?: number, leastRows = 0): Matrix {
  const matrix = toMatrix(data, path);
  const { shape } = matrix;
  if (shape[0] < leastRows || shape[1] === 0) {
    throw new UnrollError({
      code: "data",
      path,
      expected: "needs at least one row and one column",
      received: `shape = [${shape.join(", ")}]`,
    });
  }
  if (columns !== undefined && shape[1] !== columns) {
    throw new UnrollError({
      code: "data",
      path,
      expected: `must have ${columns} columns, as when it was fitted`,
      received: `shape = [${shape.join(", ")}]`,
      hint: "To scale some of the columns only, take scaler.select([…]).",
    });
  }
  for (let i = 0; i < matrix.data.length; i++) {
    const value = matrix.data[i]!;
    if (value !== Number.POSITIVE_INFINITY && value !== Number.NEGATIVE_INFINITY) continue;
    throw new UnrollError({
      code: "data",
      path,
      expected: "must hold finite numbers, or NaN for a missing one",
      received: `row ${Math.floor(i / shape[1])}, column ${i % shape[1]} = ${value}`,
    });
  }
  return matrix;
}

/** A new matrix of `change(value, column)`. */
export function mapCells({ shape, data }: Matrix, change: (value: number, column: number) => number): Matrix {
  const columns = shape[1];
  return { shape, data: data.map((value, i) => change(value, i % columns)) };
}

export function failUnfitted(scaler: string): never {
  throw new UnrollError({
    code: "data",
    path: scaler,
    expected: "must be fitted before it is used",
    hint: "Call fit with the training part first.",
  });
}

export function checkColumns(columns: readonly number[], count: number, path: string): void {
  for (const column of columns) {
    if (Number.isInteger(column) && column >= 0 && column < count) continue;
    throw new UnrollError({
      code: "data",
      path,
      expected: `columns must be whole numbers from 0 to ${count - 1}`,
      received: `column = ${column}`,
    });
  }
}

type Columns<Key extends string> = Record<Key, Float64Array>;

export function pickColumns<Key extends string>(
  state: Columns<Key>,
  keys: readonly Key[],
  columns: readonly number[],
): Columns<Key> {
  return fromKeys(keys, (key) => Float64Array.from(columns, (column) => state[key][column]!));
}

export function columnsToPlain<Key extends string>(state: Columns<Key>, keys: readonly Key[]): PlainColumns {
  return Object.fromEntries(
    keys.map((key) => [key, Array.from(state[key], (value) => (Number.isNaN(value) ? null : value))]),
  );
}

/** @throws UnrollError `format` when a list is missing, differs in length or holds something other than numbers. */
export function columnsFromPlain<Key extends string>(
  plain: PlainColumns,
  keys: readonly Key[],
  scaler: string,
): Columns<Key> {
  const count = plain[keys[0]!]?.length;
  return fromKeys(keys, (key) => {
    const list = plain[key];
    if (!Array.isArray(list) || list.length !== count || !list.every((n) => n === null || typeof n === "number")) {
      throw new UnrollError({
        code: "format",
        path: `${scaler}.${key}`,
        expected: `must be a list of ${count ?? "some"} numbers, one per column`,
        received: Array.isArray(list) ? `${list.length} entries` : typeof list,
      });
    }
    return Float64Array.from(list, (value) => value ?? Number.NaN);
  });
}

export function checkKind(json: { readonly kind?: unknown }, kind: string): void {
  if (json?.kind === kind) return;
  throw new UnrollError({
    code: "format",
    path: kind,
    expected: `must be the JSON of a ${kind}`,
    received: `kind = ${String(json?.kind)}`,
  });
}

function fromKeys<Key extends string>(keys: readonly Key[], value: (key: Key) => Float64Array): Columns<Key> {
  // Object.fromEntries forgets the keys' type; every key of Key is in `keys`.
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Columns<Key>;
}
