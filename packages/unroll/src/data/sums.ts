/**
 * Sums in the order in which NumPy adds, so that averages round like scikit-learn's and its reports come out
 * byte for byte. Eight running sums per block, blocks halved above 128 numbers (NumPy's pairwise summation).
 */

const BLOCK = 128;

/** The sum of `values[start]` to `values[end - 1]`. */
export function sum(values: ArrayLike<number>, start = 0, end = values.length): number {
  const count = end - start;
  if (count < 8) {
    let total = 0;
    for (let i = start; i < end; i++) total += values[i]!;
    return total;
  }
  if (count > BLOCK) {
    const half = Math.floor(count / 2);
    const middle = start + half - (half % 8);
    return sum(values, start, middle) + sum(values, middle, end);
  }
  const part = Array.from({ length: 8 }, (_, k) => values[start + k]!);
  let i = start + 8;
  for (; i + 8 <= end; i += 8) for (let k = 0; k < 8; k++) part[k]! += values[i + k]!;
  let total = part[0]! + part[1]! + (part[2]! + part[3]!) + (part[4]! + part[5]! + (part[6]! + part[7]!));
  for (; i < end; i++) total += values[i]!;
  return total;
}

/** The mean, weighted where weights are given; NaN of nothing. */
export function mean(values: ArrayLike<number>, weights?: ArrayLike<number>): number {
  if (weights === undefined) return sum(values) / values.length;
  const products = Float64Array.from({ length: values.length }, (_, i) => values[i]! * weights[i]!);
  return sum(products) / sum(weights);
}
