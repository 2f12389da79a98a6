/** How numbers and shapes are written on screen. */

const hugeFrom = 1e12;

/** With `digits` decimals, or every digit of the float64. */
export function decimal(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  // So large a number has no digits behind the point.
  const isHuge = Math.abs(value) >= hugeFrom;
  const text = digits >= 17 ? String(value) : isHuge ? value.toExponential(digits) : value.toFixed(digits);
  return (/^-0(\.0+)?$/.test(text) ? text.slice(1) : text).replaceAll("-", "−").replace("e+", "e");
}

/** Like `decimal`, and "1.2e−5" for what would have fewer than two digits left. */
export function short(value: number, digits: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value) || (size >= 10 ** (1 - digits) && size < 1e4))
    return decimal(value, digits);
  return value.toExponential(1).replaceAll("-", "−").replace("+", "");
}

/** At most seven characters, for a box of a drawing. */
export function fitting(value: number, digits: number): string {
  const size = Math.abs(value);
  if (size >= 1e4 && Number.isFinite(value)) return short(value, digits);
  return decimal(value, size >= 100 ? Math.min(1, digits) : Math.min(3, digits));
}

export function whole(value: number | null): string {
  return value === null ? "None" : value.toLocaleString("en-US");
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
  return { front, base: hat ? stem.slice(0, -3) : stem, below: before ? "t−1" : "t", hat };
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
