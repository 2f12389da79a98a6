/**
 * The statistics that Keras's Normalization layer learns from data in `adapt`, and what it does with them.
 */
import { sizeOf, type Tensor, UnrollError } from "../core/index.ts";

/** Mean and variance with size 1 on every axis that was averaged over, ready to broadcast. */
export interface NormalizationStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Smallest standard deviation, keras.backend.epsilon(). */
const SMALLEST_DEVIATION = 1e-7;

/**
 * Mean and variance (divisor n) over all axes but `axis`; `axis: null` averages over everything. Summed in float64.
 *
 * @throws UnrollError `option` for an axis that is not there, `data` for no numbers.
 * @example normalizationStatistics(tensor([[1, 10], [3, 30]])).mean // shape [1, 2], data [2, 20]
 */
export function normalizationStatistics(
  { shape, data }: Tensor,
  options: { axis?: number | readonly number[] | null } = {},
): NormalizationStatistics {
  const { axis = -1 } = options;
  const kept = new Set((axis === null ? [] : [axis].flat()).map((a) => checkedAxis(a, shape.length)));
  const outShape = shape.map((size, a) => (kept.has(a) ? size : 1));
  const groups = sizeOf(outShape);
  if (data.length === 0) {
    throw new UnrollError({ code: "data", path: PATH, expected: "needs at least one number", received: "none" });
  }
  const place = placesOf(shape, outShape);
  const count = data.length / groups;
  const mean = new Float64Array(groups);
  data.forEach((value, i) => {
    mean[place(i)]! += value / count;
  });
  const variance = new Float64Array(groups);
  data.forEach((value, i) => {
    variance[place(i)]! += (value - mean[place(i)]!) ** 2 / count;
  });
  return {
    mean: { shape: outShape, data: Float32Array.from(mean) },
    variance: { shape: outShape, data: Float32Array.from(variance) },
  };
}

/** `(x - mean) / max(√variance, 1e-7)`, the shape of x. */
export function normalize({ shape, data }: Tensor, { mean, variance }: NormalizationStatistics): Tensor {
  const fits = shape.length === mean.shape.length && mean.shape.every((n, a) => n === 1 || n === shape[a]);
  if (!fits) {
    throw new UnrollError({
      code: "shape",
      path: "normalize",
      expected: `data must broadcast with statistics of shape [${mean.shape.join(", ")}]`,
      received: `shape = [${shape.join(", ")}]`,
    });
  }
  const place = placesOf(shape, mean.shape);
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const group = place(i);
    out[i] = (data[i]! - mean.data[group]!) / Math.max(Math.sqrt(variance.data[group]!), SMALLEST_DEVIATION);
  }
  return { shape: [...shape], data: out };
}

const PATH = "normalizationStatistics";

function checkedAxis(axis: number, rank: number): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw new UnrollError({
    code: "option",
    path: PATH,
    expected: `axis must be from ${-rank} to ${rank - 1}`,
    received: `axis = ${axis}`,
  });
}

/** Where element i of `shape` lies in `groupShape`, whose sizes are the same or 1. */
function placesOf(shape: readonly number[], groupShape: readonly number[]): (index: number) => number {
  return (index) => {
    let rest = index;
    let place = 0;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (groupShape[axis] !== 1) place += (rest % shape[axis]!) * stride;
      rest = Math.floor(rest / shape[axis]!);
      stride *= groupShape[axis]!;
    }
    return place;
  };
}
