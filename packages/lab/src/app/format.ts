/** How numbers and shapes are written on screen and in what is taken away. */

/** As in text of the page's language, or with signs that every keyboard has: 1,320 and −0.5, or 1320 and -0.5. */
export type NumberStyle = "language" | "ascii";

/** That of the words (words.ts). */
const language = "en";
const counts = new Intl.NumberFormat(language);
const hugeFrom = 1e12;
/** From here on decimals have their thousands apart. */
const groupedFrom = 1e4;

let style: () => NumberStyle = () => "language";

/** Numbers are written as this answers from now on; where it reads a signal, they are written anew when that changes. */
export function followNumberStyle(now: () => NumberStyle): void {
  style = now;
}

/** With `digits` decimals, or every digit of the float64. */
export function decimal(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : infinite(value);
  const size = Math.abs(value);
  if (digits < 17 && size >= groupedFrom && size < hugeFrom && style() === "language") {
    const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return withSigns(new Intl.NumberFormat(language, fixed).format(value));
  }
  // So large a number has no digits behind the point.
  const isHuge = size >= hugeFrom;
  const text = digits >= 17 ? String(value) : isHuge ? value.toExponential(digits) : value.toFixed(digits);
  return withSigns(/^-0(\.0+)?$/.test(text) ? text.slice(1) : text);
}

/** Like `decimal`, and "1.2e−5" for what would have fewer than two digits left. */
export function short(value: number, digits: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value) || (size >= 10 ** (1 - digits) && size < 1e4))
    return decimal(value, digits);
  return scientific(value, 1);
}

/** "1.2e−5", with `digits` decimals. */
export function scientific(value: number, digits: number): string {
  return withSigns(value.toExponential(digits));
}

/** At most seven characters, for a box of a drawing. */
export function fitting(value: number, digits: number): string {
  const size = Math.abs(value);
  if (size >= 1e4 && Number.isFinite(value)) return short(value, digits);
  return decimal(value, size >= 100 ? Math.min(1, digits) : Math.min(3, digits));
}

/** With so many significant digits and no zeros behind them, for ticks and sentences. */
export function rounded(value: number, digits: number): string {
  return decimal(Number(value.toPrecision(digits)), 17);
}

export function whole(value: number | null): string {
  if (value === null) return "None";
  return style() === "ascii" ? String(value) : counts.format(value);
}

/** A text, formula or LaTeX that the library wrote, its numbers in the style of choice. */
export function written(text: string): string {
  if (style() === "language") return text;
  const plain = text.replaceAll(/(?<![\d.,])[1-9]\d{0,2}(?:(?:,|\{,\})\d{3})+(?!\d)/g, (number) =>
    number.replaceAll(/[{},]/g, ""),
  );
  return plain.replaceAll("−", "-").replaceAll("∞", "inf");
}

/** A number that JavaScript wrote, with the signs of choice. */
export function withSigns(text: string): string {
  const short = text.replace("e+", "e");
  return style() === "ascii" ? short : short.replaceAll("-", "−");
}

function infinite(value: number): string {
  return `${value > 0 ? "" : withSigns("-")}${style() === "ascii" ? "inf" : "∞"}`;
}

/** A size of a shape, without separators. */
export function sizeText(size: number | null): string {
  return size === null ? "None" : String(size);
}

export function shapeText(shape: readonly (number | null)[]): string {
  return `(${shape.map(sizeText).join(", ")}${shape.length === 1 ? "," : ""})`;
}

interface NameParts {
  /** "∂L/∂", or nothing. */
  readonly front: string;
  readonly base: string;
  readonly below: string;
  readonly hat: boolean;
}

/** `hPrev` → h with the subscript t−1; other names have t. `∂L/∂hPrev` is written likewise, behind its ∂L/∂. */
export function nameParts(name: string): NameParts {
  const value = valueName(name);
  const before = value.endsWith("Prev");
  const stem = before ? value.slice(0, -4) : value;
  const hat = stem.endsWith("Hat");
  const front = name.slice(0, name.length - value.length);
  return { front, base: hat ? stem.slice(0, -3) : stem, below: before ? written("t−1") : "t", hat };
}

/** The value that a gradient is of; other names as they are. */
export function valueName(name: string): string {
  return name.replace(/^∂L\/∂/, "");
}

export function gradientName(of: string): string {
  return `∂L/∂${of}`;
}

/** The accent of a gate; states and inputs have their own. */
export function accent(gate: number, role: string, name: string): string {
  if (role === "input") return "var(--input)";
  if (gate >= 0) return `var(--gate-${gate % 5})`;
  return name.startsWith("c") ? "var(--memory)" : "var(--hidden)";
}
