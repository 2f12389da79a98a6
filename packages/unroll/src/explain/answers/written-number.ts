/** A number as a learner wrote it: how far it was rounded, and how near it is to the right one. */

/** What decimals that are kept in float32 make of a number that is worked out with them: relative. */
const single = 1e-6;

/** Half a unit of the last decimal that is written. */
export function halfUnit(value: number | string): number {
  const [mantissa = "", exponent = "0"] = String(value).toLowerCase().split("e");
  return 0.5 * 10 ** (Number(exponent) - (mantissa.split(".")[1]?.length ?? 0));
}

export interface Comparison {
  readonly given: number;
  readonly expected: number;
  /** Right to the decimals that are written. */
  readonly right: boolean;
  /** Significant digits that agree, at most those that are written. */
  readonly digits: number;
  /** Significant digits that are written. */
  readonly written: number;
}

export function compareWritten(written: number | string, expected: number): Comparison {
  const given = Number(written);
  const distance = Math.abs(given - expected);
  const isRounded = distance <= halfUnit(written) * (1 + 1e-9);
  // Keras's own number, in float32, is right too.
  const right = isRounded || distance <= halfUnit(written) + single * Math.abs(expected);
  const agree = isRounded ? 16 : Math.floor(-Math.log10((2 * distance) / Math.max(Math.abs(expected), 1e-300)));
  const digits = writtenDigits(written);
  return { given, expected, right, digits: Math.max(0, Math.min(agree, digits)), written: digits };
}

/** Whether a number that a slip gives is the written one. */
export function gives(written: number | string, value: number | undefined): boolean {
  if (value === undefined || !Number.isFinite(value)) return false;
  return Math.abs(value - Number(written)) <= halfUnit(written) * (1 + 1e-9) + single * Math.abs(value);
}

/**
 * Whether so few digits are written that slips may give them by chance: some dozens are tried alone, which takes one digit, and
 * about a thousand pairs, which takes three; only what agrees in two more tells one.
 */
export function mayBeChance({ length }: readonly unknown[], written: number): boolean {
  return written < (length === 1 ? 3 : 5);
}

/** Significant digits that are written. */
export function writtenDigits(value: number | string): number {
  const [mantissa = ""] = String(value).toLowerCase().split("e");
  return mantissa.replace(/^-?0*\.?0*/, "").replace(".", "").length;
}
