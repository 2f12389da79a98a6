/**
 * The operators that cells spend their time in, as loops of their own: a loop over an operator that is handed in calls it for
 * each element. The arithmetic is that of arithmetic.ts, element by element in the same order.
 */
import { unaryOperators } from "./arithmetic.ts";
import type { NewRow, Row } from "./evaluate.ts";

type BinaryLoop = (a: Row, b: Row, newRow: NewRow) => Row;
type UnaryLoop = (a: Row, newRow: NewRow) => Row;

/** By operator; others have no loop of their own. */
export const binaryLoops: Readonly<Record<string, BinaryLoop>> = { add, sub, mul };
export const unaryLoops: Readonly<Record<string, UnaryLoop>> = { sigmoid, tanh };

function add(a: Row, b: Row, newRow: NewRow): Row {
  if (typeof a === "number") {
    if (typeof b === "number") return a + b;
    const result = newRow(b.length);
    for (let i = 0; i < b.length; i++) result[i] = a + b[i]!;
    return result;
  }
  const result = newRow(a.length);
  if (typeof b === "number") for (let i = 0; i < a.length; i++) result[i] = a[i]! + b;
  else for (let i = 0; i < a.length; i++) result[i] = a[i]! + b[i]!;
  return result;
}

function sub(a: Row, b: Row, newRow: NewRow): Row {
  if (typeof a === "number") {
    if (typeof b === "number") return a - b;
    const result = newRow(b.length);
    for (let i = 0; i < b.length; i++) result[i] = a - b[i]!;
    return result;
  }
  const result = newRow(a.length);
  if (typeof b === "number") for (let i = 0; i < a.length; i++) result[i] = a[i]! - b;
  else for (let i = 0; i < a.length; i++) result[i] = a[i]! - b[i]!;
  return result;
}

function mul(a: Row, b: Row, newRow: NewRow): Row {
  if (typeof a === "number") {
    if (typeof b === "number") return a * b;
    const result = newRow(b.length);
    for (let i = 0; i < b.length; i++) result[i] = a * b[i]!;
    return result;
  }
  const result = newRow(a.length);
  if (typeof b === "number") for (let i = 0; i < a.length; i++) result[i] = a[i]! * b;
  else for (let i = 0; i < a.length; i++) result[i] = a[i]! * b[i]!;
  return result;
}

function sigmoid(a: Row, newRow: NewRow): Row {
  const { sigmoid: of } = unaryOperators;
  if (typeof a === "number") return of(a);
  const result = newRow(a.length);
  for (let i = 0; i < a.length; i++) result[i] = of(a[i]!);
  return result;
}

function tanh(a: Row, newRow: NewRow): Row {
  if (typeof a === "number") return Math.tanh(a);
  const result = newRow(a.length);
  for (let i = 0; i < a.length; i++) result[i] = Math.tanh(a[i]!);
  return result;
}
