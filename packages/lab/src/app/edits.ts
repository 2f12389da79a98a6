/** Changed numbers as a link holds them: a short list in JSON. Read with care, for anybody may have written it. */
import type { Edit } from "../worker/protocol.ts";

/** A number of a cell that can be changed: a weight in its array, or a feature of the timestep's input. */
export type EditTarget = { readonly array: string; readonly index: readonly number[] } | { readonly feature: number };

/** The change of such a number. */
export function editOf(
  target: EditTarget,
  {
    run,
    timestep,
    features,
    inputIndex,
  }: { readonly run: number; readonly timestep: number; readonly features: number; readonly inputIndex: number },
  value: number,
): Edit {
  if ("feature" in target) {
    const index = timestep * features + target.feature;
    return { kind: "input", ...(inputIndex > 0 ? { input: inputIndex } : {}), index, value };
  }
  return { kind: "weight", run, array: target.array, index: target.index, value };
}

/** The most that are read from a link. */
const most = 200;

export function packEdits(edits: readonly Edit[]): string {
  return edits.length === 0 ? "" : JSON.stringify(edits.map(packed));
}

/** The edits of a link, and how many of its entries are none. */
export function readEdits(text: string): { readonly edits: readonly Edit[]; readonly unread: number } {
  if (text === "") return { edits: [], unread: 0 };
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return { edits: [], unread: 1 };
  }
  if (!Array.isArray(list)) return { edits: [], unread: 1 };
  const edits = list.slice(0, most).flatMap((one: unknown) => readEdit(one) ?? []);
  return { edits, unread: list.length - edits.length };
}

/** True for changes of the same number. */
export function areOfOneNumber(a: Edit, b: Edit): boolean {
  if (a.kind === "window" || b.kind === "window") return a.kind === b.kind;
  if (String(a.index) !== String(b.index)) return false;
  if (a.kind === "input") return b.kind === "input" && (a.input ?? 0) === (b.input ?? 0);
  return b.kind === "weight" && a.run === b.run && a.array === b.array;
}

function packed(edit: Edit): readonly unknown[] {
  if (edit.kind === "window") return ["window", edit.values];
  if (edit.kind === "input") {
    const { input, index, value } = edit;
    return input === undefined ? ["x", index, value] : ["x", index, value, input];
  }
  return ["w", edit.run, edit.array, edit.index, edit.value];
}

function readEdit(one: unknown): Edit | undefined {
  if (!Array.isArray(one)) return undefined;
  const [kind, a, b, c, d] = one as unknown[];
  if (kind === "x" && isIndex(a) && isNumber(b) && (c === undefined || isIndex(c)))
    return { kind: "input", ...(c === undefined || c === 0 ? {} : { input: c }), index: a, value: b };
  if (kind === "window")
    return Array.isArray(a) && a.length <= most && a.every(isNumber) ? { kind, values: a } : undefined;
  if (kind !== "w" || !isIndex(a) || typeof b !== "string" || !Array.isArray(c) || !isNumber(d)) return undefined;
  return c.every(isIndex) ? { kind: "weight", run: a, array: b, index: c, value: d } : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isIndex(value: unknown): value is number {
  return isNumber(value) && Number.isInteger(value) && value >= 0;
}
