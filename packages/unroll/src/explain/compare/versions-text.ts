/** One model under three Keras releases as text: a table of names and counts, then the rules that concern it. */
import { count } from "../lines.ts";
import { type CellUnits, columnLines } from "./columns.ts";
import { shown } from "./compare-layers.ts";
import type { VersionComparison, VersionedLayer } from "./versions.ts";

/** One model under several releases of Keras as text; the table has lines of `width` characters, by default 80. */
export function versionsToText(
  { model, versions, rules }: VersionComparison,
  { width = 80 }: { readonly width?: number | undefined } = {},
): string {
  const [first] = versions;
  const head = [[""], ...versions.map(({ release }) => [`Keras ${release}`])];
  const rows = first!.layers.map(({ className }, index) => [
    [className],
    ...versions.map(({ layers }) => cell(layers[index]!)),
  ]);
  const totals = [["total"], ...versions.map(({ totalParams }) => [number(totalParams)])];
  const lines = columnLines([head, ...rows, totals], width).flat();
  const options = optionLines(versions);
  const blocks = rules.map(({ topic, rules: texts, evidence, layers }) => {
    const where = layers.length === 0 ? "" : ` (${layers.join(", ")})`;
    const lines = versions.map(({ release }) => {
      const mark = evidence[release] === "source" ? " *" : "";
      return `  ${release.padEnd(5)} ${texts[release]}${mark}`;
    });
    return [`${topic}${where}`, ...lines].join("\n");
  });
  const intro = `${model} under three releases, where the code leaves today's defaults out:`;
  return `${[[intro, "", ...lines].join("\n"), ...(options.length === 0 ? [] : [options.join("\n")]), ...blocks, ...(blocks.length === 0 ? [] : [evidenceNote])].join("\n\n")}\n`;
}

const evidenceNote =
  "* read in Keras's code, history or documentation. The others were seen in runs: of Keras 3.15, for 2.12 of tf_keras 2.21.";

function cell({ name, params }: VersionedLayer): CellUnits {
  return [name, number(params)];
}

function number(value: number | null): string {
  return value === null ? "?" : count(value);
}

/** "Keras 2.2, gru_1: resetAfter is false." */
function optionLines(versions: VersionComparison["versions"]): string[] {
  return versions.flatMap(({ release, layers }) =>
    layers.flatMap(({ name, options }) => {
      const changed = Object.entries(options).map(([option, value]) => `${option} is ${spelled(value)}`);
      return changed.length === 0 ? [] : [`Keras ${release}, ${name}: ${changed.join(", ")}.`];
    }),
  );
}

/** Keras 2 calls its own form by the plain name. */
function spelled(value: unknown): string {
  return shown(value).replaceAll('"', "").replace("hard_sigmoid_keras2", "hard_sigmoid");
}
