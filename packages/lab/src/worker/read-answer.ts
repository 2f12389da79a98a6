/** Counts and shapes as people write them, and why what they wrote can be neither. Whether one is right is the library's to say. */
import type { Shape } from "unroll/core/shape.ts";

/** Why an answer is no count or shape that could be, whatever the model. */
export type Misfit =
  | "negative"
  | "zero"
  | "fraction"
  | "large"
  | "shape-for-count"
  | "no-shape"
  | "no-number"
  | "unreadable";

export type ReadAnswer = { readonly given: number | Shape } | { readonly misfit: Misfit };

/** `132`, `132.0`, `1,320`, `1 320`, `1e3`; `(None, 30, 4)` or `30, 4`. */
export function readAnswer(text: string): ReadAnswer {
  const number = readNumber(text);
  if (number !== undefined) return readCount(number);
  const shape = readShape(text);
  return shape === undefined ? { misfit: "unreadable" } : { given: shape };
}

/** Of a question that asks for one number. */
export function readCountAnswer(text: string): ReadAnswer {
  const read = readAnswer(text);
  return "given" in read && typeof read.given !== "number" ? { misfit: "shape-for-count" } : read;
}

/** Of a question that asks for a shape: `30,100` is two sizes there. */
export function readShapeAnswer(text: string): ReadAnswer {
  const shape = readShape(text);
  return shape === undefined ? { misfit: "no-shape" } : { given: shape };
}

/** Of a question that asks for a value: as it was written, for its decimals count. `0,731` and `−0.5` are numbers too. */
export function readValueAnswer(text: string): { readonly text: string } | { readonly misfit: Misfit } {
  const written = text.trim().replaceAll("−", "-").replace(",", ".");
  return plain.test(written) && Number.isFinite(Number(written)) ? { text: written } : { misfit: "no-number" };
}

function readCount(number: number): ReadAnswer {
  if (number < 0) return { misfit: "negative" };
  if (number > Number.MAX_SAFE_INTEGER) return { misfit: "large" };
  return Number.isInteger(number) ? { given: number } : { misfit: "fraction" };
}

/** A comma, a space, an underscore or an apostrophe stands before three digits each; one kind in a number. */
const grouped = /^[-+]?\d{1,3}(?:([,_ '’])\d{3})(?:\1\d{3})*(?:\.\d*)?$/;
const plain = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

function readNumber(text: string): number | undefined {
  const written = text
    .trim()
    .replaceAll("−", "-")
    .replaceAll(/[\u00a0\u2009\u202f]/g, " ");
  if (grouped.test(written)) return Number(written.replaceAll(/[,_ '’]/g, ""));
  return plain.test(written) ? Number(written) : undefined;
}

function readShape(text: string): Shape | undefined {
  const parts = text
    .trim()
    .replaceAll(/[()[\]]/g, "")
    .split(",")
    .map((part) => part.trim());
  const sizes = (parts.at(-1) === "" ? parts.slice(0, -1) : parts).map((part) =>
    /^(none|null|\?)$/i.test(part) ? null : /^\d+$/.test(part) ? Number(part) : undefined,
  );
  return sizes.length > 0 && sizes.every((size) => size !== undefined) ? sizes : undefined;
}
