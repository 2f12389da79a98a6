/** Laying out generated code: calls and lists that break into lines when they are too long, and numbers in few digits. */
import type { TensorData } from "../core/tensor.ts";

/** A piece of code: text, or parts between brackets that stand on one line where they fit. */
export type Code = string | { readonly open: string; readonly parts: readonly Code[]; readonly close: string };

const lineWidth = 100;

export function bracketed(open: string, parts: readonly Code[], close: string): Code {
  return { open, parts, close };
}

/** Something in front of a piece: `units=`. */
export function prefixed(prefix: string, code: Code): Code {
  return typeof code === "string" ? prefix + code : { ...code, open: prefix + code.open };
}

/** Something behind a piece: `(x)`. */
export function suffixed(code: Code, suffix: string): Code {
  return typeof code === "string" ? code + suffix : { ...code, close: code.close + suffix };
}

/** The piece as lines; `indent` is one level's white space, `start` what stands on its first line already. */
export function layOut(code: Code, indent: string, depth = 0, start = 0): string {
  const flat = onOneLine(code);
  if (typeof code === "string" || depth * indent.length + start + flat.length <= lineWidth) return flat;
  const inside = indent.repeat(depth + 1);
  const lines = code.parts.map((part) => `${inside}${layOut(part, indent, depth + 1)},\n`);
  return `${code.open}\n${lines.join("")}${indent.repeat(depth)}${code.close}`;
}

function onOneLine(code: Code): string {
  if (typeof code === "string") return code;
  const pad = code.open.endsWith("{") && code.parts.length > 0 ? " " : "";
  return `${code.open}${pad}${code.parts.map(onOneLine).join(", ")}${pad}${code.close}`;
}

/** The fewest digits that give the same float32 again, as both Python and TypeScript write numbers. */
export function float32Text(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) return String(rounded);
  for (let digits = 1; digits < 9; digits++) {
    const text = rounded.toPrecision(digits);
    if (Math.fround(Number(text)) === rounded) return String(Number(text));
  }
  return String(Number(rounded.toPrecision(9)));
}

/** Nested lists of a tensor's numbers, some rows a line. */
export function nestedNumbers(shape: readonly number[], data: TensorData, write = float32Text): Code {
  const build = (axis: number, start: number, size: number): Code => {
    if (axis === shape.length) return write(data[start]!);
    const step = size / shape[axis]!;
    const parts = Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, start + i * step, step));
    return axis === shape.length - 1 ? `[${parts.join(", ")}]` : bracketed("[", parts, "]");
  };
  return build(0, 0, data.length);
}

/** Names for a program's variables: words of letters, digits and underscores, each once. */
export class Identifiers {
  readonly #taken: Set<string>;

  /** @param reserved words that may not be used */
  constructor(reserved: Iterable<string>) {
    this.#taken = new Set(reserved);
  }

  /** The name itself where it is free and legal, or one like it. */
  unique(wanted: string): string {
    const words = wanted.replaceAll(/[^A-Za-z0-9_]+/g, "_");
    const base = /^[A-Za-z]/.test(words) ? words : `x${words === "" || words.startsWith("_") ? "" : "_"}${words}`;
    let free = base;
    for (let number = 1; this.#taken.has(free); number++) free = `${base}_${number}`;
    this.#taken.add(free);
    return free;
  }
}
