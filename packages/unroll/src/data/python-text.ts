/**
 * Numbers and words as Python prints them, where a report must agree byte for byte.
 */

/** `{:.2f}`: rounds an exact half to the even digit, where toFixed rounds it up (0.125 → 0.12). */
export function fixed(value: number, digits: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  // A float64 lies exactly between two decimals of `digits` places only if its fraction fits in digits + 1 bits.
  const scaled = Math.abs(value) * 2 ** (digits + 1);
  const text = value.toFixed(digits);
  if (!Number.isSafeInteger(scaled)) return text;
  const twiceUnits = BigInt(scaled) * 5n ** BigInt(digits);
  if (twiceUnits % 2n === 0n) return text;
  const below = (twiceUnits - 1n) / 2n;
  const units = below % 2n === 0n ? below : below + 1n;
  const all = units.toString().padStart(digits + 1, "0");
  const whole = all.slice(0, all.length - digits);
  return `${value < 0 ? "-" : ""}${digits === 0 ? whole : `${whole}.${all.slice(-digits)}`}`;
}

/** `str` of a float: `3.0`, `0.5`, `1e-05`, `1e+16`. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return fixed(value, 0);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** Pads on the left to `width` code points. */
export function rightAligned(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - [...text].length)) + text;
}

/** Orders strings by code point, as Python does; JavaScript alone orders by UTF-16 unit. */
export function compareText(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
  }
  return left.length - right.length;
}
