/**
 * Arrays with orthonormal rows or columns, as the first numbers of recurrent kernels. The inner loops are written twice, in
 * WebAssembly for sizes that people use (compiler/gram-schmidt.ts) and here, with the same bits: orthogonal.test.ts compares them.
 */
import { type Orthogonalizer, wasmOrthogonalizer } from "../compiler/gram-schmidt.ts";
import type { Random } from "../core/random.ts";
import { sizeOf } from "../core/shape.ts";

/** For more numbers V8 compiles the loops soon enough, and a memory of WebAssembly's would only double what is taken. */
const fewNumbers = 2 ** 20;

/**
 * Orthonormal rows or columns of the whole array (not of its gate blocks): Gram and Schmidt on normal draws, which is the
 * Q of a QR decomposition whose R has a positive diagonal.
 */
export function fillOrthogonal(numbers: Float32Array, shape: readonly number[], gain: number, random: Random): void {
  const columns = shape.at(-1) ?? 1;
  const rows = sizeOf(shape.slice(0, -1));
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const small = count * length <= fewNumbers;
  const work = (small ? wasmOrthogonalizer(count, length) : undefined) ?? plainOrthogonalizer(count, length);
  const { vector, rows: vectors } = work;
  for (let k = 0; k < count; k++) {
    random.fillNormal(vector);
    let before = norm(vector);
    let after = before;
    do {
      before = after;
      work.remove(k);
      after = norm(vector);
      // Where little is left, rounding is a large part of it: once more.
    } while (after < 0.1 * before);
    const row = vectors[k]!;
    for (let i = 0; i < length; i++) row[i] = vector[i]! / after;
  }
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      numbers[row * columns + column] = gain * (rows < columns ? vectors[row]![column]! : vectors[column]![row]!);
    }
  }
}

/** As `wasmOrthogonalizer`, everywhere. */
export function plainOrthogonalizer(count: number, length: number): Orthogonalizer {
  const vector = new Float64Array(length);
  const rows = Array.from({ length: count }, () => new Float64Array(length));
  return { vector, rows, remove: (used) => removeComponents(vector, rows.slice(0, used)) };
}

/** Takes away what `vector` has along each of the orthonormal `others`; four at a time, for one reading of `vector` then serves four. */
function removeComponents(vector: Float64Array, others: readonly Float64Array[]): void {
  const nothing = new Float64Array(vector.length);
  for (let k = 0; k < others.length; k += 4) {
    const a = others[k]!;
    const b = others[k + 1] ?? nothing;
    const c = others[k + 2] ?? nothing;
    const d = others[k + 3] ?? nothing;
    let alongA = 0;
    let alongB = 0;
    let alongC = 0;
    let alongD = 0;
    for (let i = 0; i < vector.length; i++) {
      const entry = vector[i]!;
      alongA += a[i]! * entry;
      alongB += b[i]! * entry;
      alongC += c[i]! * entry;
      alongD += d[i]! * entry;
    }
    for (let i = 0; i < vector.length; i++) {
      vector[i]! -= alongA * a[i]! + alongB * b[i]! + alongC * c[i]! + alongD * d[i]!;
    }
  }
}

function norm(vector: Float64Array): number {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i]! * vector[i]!;
  return Math.sqrt(squares);
}
