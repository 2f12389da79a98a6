/** float32 beside float64: how far apart the numbers of the engine lie, and from which digit on two numbers differ. */

import { written } from "./format.ts";

/** Significant digits that tell any two float32 apart. */
const singleDigits = 9;
/** Significant digits of a float64 that are compared. */
const doubleDigits = 16;

/** The distance from the float32 nearest to a number to the next larger one. */
export function float32Step(value: number): number {
  const bits = new Uint32Array(Float32Array.of(Math.abs(value)).buffer);
  const [low] = new Float32Array(bits.buffer);
  bits[0]! += 1;
  const [high] = new Float32Array(bits.buffer);
  return high! - low!;
}

/** The fewest digits that give this float32 and no other. */
export function float32Text(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : written(value > 0 ? "∞" : "−∞");
  for (let digits = 1; digits < singleDigits; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return signed(String(Number(text)));
  }
  return signed(String(Number(value.toPrecision(singleDigits))));
}

export interface Parted {
  /** The two numbers with as many decimals. */
  readonly a: string;
  readonly b: string;
  /** Letters at their starts that agree. */
  readonly same: number;
  /** The first decimal that differs, from 1; undefined where none does, or one in front of the point. */
  readonly decimal: number | undefined;
}

/** Two numbers written out, and where they part. */
export function parted(a: number, b: number): Parted {
  const size = Math.max(Math.abs(a), Math.abs(b));
  const decimals = size === 0 ? 1 : Math.max(0, Math.min(24, doubleDigits - 1 - Math.floor(Math.log10(size))));
  const [one, other] = [signed(a.toFixed(decimals)), signed(b.toFixed(decimals))];
  const differs = [...one].findIndex((letter, at) => letter !== other[at]);
  const same = differs === -1 ? one.length : differs;
  const point = one.indexOf(".");
  return { a: one, b: other, same, decimal: differs === -1 || differs < point ? undefined : differs - point };
}

function signed(text: string): string {
  return written(text.replaceAll("-", "−"));
}
