/** What commands print in the same way: one JSON document, colours, shapes from the command line. */
import { UnrollError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { Invocation, Terminal } from "./command.ts";

/** One JSON document and a line end. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value, undefined, 2)}\n`);
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

/** Colours where the terminal shows them, else plain text. */
export function styleFor({ color }: Terminal): Style {
  const wrap = (code: number, end: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[${end}m` : text);
  return { bold: wrap(1, 22), dim: wrap(2, 22), good: wrap(32, 39), bad: wrap(31, 39) };
}

/** The file that the command is given. */
export function fileOf({ positionals }: Invocation): string {
  return positionals[0]!; // a command without it does not run
}

/** `--layer`: a name, or a place counted from 0. */
export function layerOf({ flags }: Invocation): string | number | undefined {
  const { layer } = flags;
  if (typeof layer !== "string") return undefined;
  return /^-?\d+$/.test(layer) ? Number(layer) : layer;
}

/**
 * Reads a shape as Python or this program writes it: `(None, 4)`, `[null, 4]`, `?,4`.
 *
 * @throws UnrollError `usage`
 */
export function parseShape(text: string, flag: string, command: string): Shape {
  const sizes = text
    .trim()
    .replace(/^[([]\s*(.*?)\s*[)\]]$/, "$1")
    .split(",")
    .map((size) => size.trim())
    .filter((size) => size !== "");
  const isNone = (size: string): boolean => /^(none|null|\?)$/i.test(size);
  const isSize = (size: string): boolean => /^\d+$/.test(size) && Number.isSafeInteger(Number(size));
  if (sizes.length > 0 && sizes.every((size) => isNone(size) || isSize(size))) {
    return sizes.map((size) => (isNone(size) ? null : Number(size)));
  }
  throw new UnrollError({
    code: "usage",
    path: `unroll ${command}`,
    expected: `${flag} must be a shape such as "(None, 30, 4)"`,
    received: text,
  });
}
