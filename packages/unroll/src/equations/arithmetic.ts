/**
 * What each operator of the expression graph means in float64, one number at a time and one row at a time.
 * The evaluators use these; kernels in compiler/ are compared with them.
 */
import type { BinaryOp, RowOp, UnaryOp } from "./expr.ts";

export const unaryOperators: Readonly<Record<UnaryOp, (a: number) => number>> = {
  neg: (a) => -a,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sigmoid: (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a))),
  erf,
  sin: Math.sin,
  cos: Math.cos,
  floor: Math.floor,
  ceil: Math.ceil,
  sign: Math.sign,
};

export const binaryOperators: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: (a, b) => Math.max(a, b),
  min: (a, b) => Math.min(a, b),
  pow: Math.pow,
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
};

export const rowOperators: Readonly<Record<RowOp, (a: Float64Array) => number>> = {
  rowSum: (a) => a.reduce((sum, element) => sum + element, 0),
  rowMax: (a) => a.reduce((largest, element) => Math.max(largest, element), Number.NEGATIVE_INFINITY),
  rowSparsemaxThreshold: sparsemaxThreshold,
};

/** Whether an operator's name is one of the row operators. */
export function isRowOp(op: string): op is RowOp {
  return op in rowOperators;
}

/**
 * The error function to float64 rounding: a series of positive terms near zero, a continued fraction of 1 − erf beyond.
 * Source: Abramowitz and Stegun, 7.1.6 and 7.1.14.
 */
export function erf(x: number): number {
  const distance = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (distance > 6) return Math.sign(x);
  const density = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
  if (distance < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return density * sum;
  }
  let fraction = distance;
  for (let n = 60; n > 0; n--) fraction = distance + n / 2 / fraction;
  return Math.sign(x) * (1 - density / 2 / fraction);
}

/** As Keras computes it, see RowOp: all running sums of the support are added up, where the paper takes the last. */
function sparsemaxThreshold(a: Float64Array): number {
  const descending = Float64Array.from(a).sort().reverse();
  let runningSum = 0;
  let sum = 0;
  let support = 0;
  descending.forEach((element, index) => {
    runningSum += element;
    if (element - (runningSum - 1) / (index + 1) > 0) {
      sum += runningSum;
      support++;
    }
  });
  return (sum - 1) / support;
}
