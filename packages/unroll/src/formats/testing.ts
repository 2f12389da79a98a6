/**
 * Helps this folder's tests find fixtures/; not part of the library.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UnrollError } from "../core/index.ts";

/** The absolute path of a file below fixtures/. */
export function fixturePath(path: string): string {
  return fileURLToPath(new URL(`../../../../fixtures/${path}`, import.meta.url));
}

/** Plain bytes, as a browser has them: not Node's Buffer. */
export function fixture(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(fixturePath(path)));
}

export function fixtureJson<T>(path: string): T {
  return JSON.parse(readFileSync(fixturePath(path), "utf8"));
}

/** The UnrollError that an action throws, for tests of its text. */
export async function errorOf(action: () => unknown): Promise<UnrollError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof UnrollError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** A tensor of the Keras fixtures, whose numbers are JSON or base64. */
export interface FixtureTensor {
  readonly path: string;
  readonly shape: number[];
  readonly dtype: string;
  readonly data?: number[];
  readonly base64?: string;
}

/** The float32 numbers of a fixture, bit for bit. */
export function fixtureNumbers({ data, base64 }: FixtureTensor): Float32Array {
  if (base64 === undefined) return Float32Array.from(data!);
  return new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
}

/** Bits of float32 numbers, so that NaN and -0 compare too. */
export function bits(numbers: ArrayBufferView): number[] {
  return [...new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)];
}

export interface KerasFileCases {
  readonly cases: readonly { readonly id: string }[];
  readonly broken: readonly { readonly id: string; readonly what: string }[];
}
