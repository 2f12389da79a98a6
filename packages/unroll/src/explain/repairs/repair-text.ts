/** Edits and repairs in words, in the spelling of this library or of Keras. */
import { formatShape } from "../../core/shape.ts";
import { count } from "../lines.ts";
import type { ModelEdit } from "./edits.ts";
import type { Repair } from "./repairs.ts";

/** How options, values and layers are written. */
export interface Spelling {
  option(name: string, value: unknown): string;
  layer(className: string, options: readonly string[]): string;
}

/** `returnSequences: true`, `layers.repeatVector({ n: 30 })` */
export const ownSpelling: Spelling = {
  option: (name, value) => `${name}: ${JSON.stringify(value).replaceAll(",", ", ")}`,
  layer: (className, options) => {
    const name = className.charAt(0).toLowerCase() + className.slice(1).replace(/1D$/, "1d");
    return `layers.${name}(${options.length === 0 ? "" : `{ ${options.join(", ")} }`})`;
  },
};

/** An edit in words, such as "set returnSequences: true in lstm". */
export function editToText(edit: ModelEdit, { option, layer }: Spelling = ownSpelling): string {
  switch (edit.kind) {
    case "option":
      return `set ${option(edit.option, edit.value)} in ${edit.layer}`;
    case "insert": {
      const options = Object.entries(edit.options).map(([name, value]) => option(name, value));
      return `put ${layer(edit.className, options)} before ${edit.before}`;
    }
    case "input":
      return `give ${edit.layer} the shape ${formatShape(edit.shape)} instead of ${formatShape(edit.instead)}`;
  }
}

export function editsToText(edits: readonly ModelEdit[], spelling?: Spelling): string {
  return edits.map((edit) => editToText(edit, spelling)).join(", and ");
}

/** The hint of an error: the smallest repairs in one or two sentences; undefined where there are none. */
export function repairHint(repairs: readonly Repair[], spelling?: Spelling): string | undefined {
  const [first, second] = repairs.map(({ edits }) => editsToText(edits, spelling));
  if (first === undefined) return undefined;
  const start = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  return second === undefined ? `${start}.` : `${start}; or ${second}.`;
}

/** Each repair with the summary that it gives. */
export function repairsToText(repairs: readonly Repair[], spelling?: Spelling): string {
  if (repairs.length === 0) return "";
  const lead = repairs.length === 1 ? "This makes it fit:" : "Each of these makes it fit, the smallest change first:";
  const blocks = repairs.map(({ edits, layers, totalParams }, index) => {
    const rows = layers.map(({ name, type, outputShape, params }) => [
      `${name} (${type})`,
      formatShape(outputShape),
      params === null ? "?" : count(params),
    ]);
    const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
    const lines = rows.map(
      ([name, shape, params]) =>
        `     ${name!.padEnd(widths[0]!)}  ${shape!.padEnd(widths[1]!)}  ${params!.padStart(widths[2]!)}`,
    );
    const total = totalParams === null ? [] : [`     ${count(totalParams)} parameters`];
    return [`  ${index + 1}. ${editsToText(edits, spelling)}`, ...lines, ...total].join("\n");
  });
  return `${[lead, ...blocks].join("\n\n")}\n`;
}
