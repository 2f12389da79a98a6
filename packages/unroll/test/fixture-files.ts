/** Reads the golden files in fixtures/: gzipped JSON, tensors as numbers or base64. Only for tests and the fixtures script. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

/** A tensor as the fixtures write it; see fixtures/README.md. */
export interface FixtureTensor {
  readonly name?: string;
  readonly shape: readonly number[];
  readonly dtype?: "float32" | "float64" | "int32" | "uint8";
  readonly data?: readonly number[];
  readonly base64?: string;
}

/** Numbers with a shape, in the precision of the fixture. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** A file under the repository's fixtures/ folder. */
export function readFixture<T>(path: string): T {
  const file = fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));
  return JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as T; // the caller names the file's form
}

export function decode(tensor: FixtureTensor): Numbers {
  if (tensor.base64 === undefined) {
    const data = Float64Array.from(tensor.data ?? []);
    return { shape: tensor.shape, data: tensor.dtype === "float64" ? data : data.map(Math.fround) };
  }
  const bytes = Uint8Array.from(Buffer.from(tensor.base64, "base64"));
  const view = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };
  return { shape: tensor.shape, data: Float64Array.from(new view[tensor.dtype ?? "float32"](bytes.buffer)) };
}

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** Words for the first difference beyond the tolerance, or undefined. */
export function difference(found: Numbers, expected: Numbers, { rtol, atol }: Tolerance): string | undefined {
  if (String(found.shape) !== String(expected.shape)) {
    return `shape [${found.shape}] instead of [${expected.shape}]`;
  }
  for (let i = 0; i < expected.data.length; i++) {
    const a = found.data[i]!;
    const b = expected.data[i]!;
    const same = Object.is(a, b) || Math.abs(a - b) <= atol + rtol * Math.abs(b);
    if (!same) return `element ${i} is ${a} instead of ${b}`;
  }
  return undefined;
}
