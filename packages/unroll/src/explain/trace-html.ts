/** Traces as a fragment of a page. No styles, no scripts. */
import { formatShape } from "../core/shape.ts";
import { escapeXml } from "../equations/printers.ts";
import type { LayerTrace, TraceArray, TraceFacts, TraceRun } from "./trace.ts";
import { formatValue } from "./trace-table.ts";

export function traceToHtml({ name, sample, inputs, layers }: TraceFacts): string {
  return [
    `<article class="trace">`,
    `<h1>${escapeXml(name)}, example ${sample}</h1>`,
    ...inputs.map((input) => `<section><h2>input ${escapeXml(input.name)}</h2>${arrayTable(input)}</section>`),
    ...layers.map(layerSection),
    "</article>\n",
  ].join("\n");
}

function layerSection({ name, className, runs, outputs }: LayerTrace): string {
  return [
    `<section data-layer="${escapeXml(name)}">`,
    `<h2>${escapeXml(name)} (${escapeXml(className)})</h2>`,
    ...runs.map((run) => `<h3>${escapeXml(run.name)}</h3>${runTable(run)}`),
    ...outputs.map((output) => `<h3>output ${formatShape(output.shape)}</h3>${arrayTable(output)}`),
    "</section>",
  ].join("\n");
}

function runTable({ names, meanings, steps, units }: TraceRun): string {
  const heads = names.map((name) => {
    const meaning = meanings[name];
    return `<th${meaning === undefined ? "" : ` title="${escapeXml(meaning)}"`}>${escapeXml(name)}</th>`;
  });
  const rows = steps.flatMap(({ timestep, masked, values }) =>
    Array.from({ length: units }, (_, unit) => {
      const cells = names.map((name) => number(values[name]![unit]!)).join("");
      return `<tr${masked ? ' class="masked"' : ""}><th>${timestep}</th><th>${unit}</th>${cells}</tr>`;
    }),
  );
  return `<table><thead><tr><th>t</th><th>unit</th>${heads.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function arrayTable({ shape, data }: TraceArray): string {
  const width = Math.max(1, shape.at(-1) ?? 1);
  const rows = Array.from({ length: data.length / width }, (_, row) => {
    const cells = Array.from(data.subarray(row * width, (row + 1) * width), number).join("");
    return `<tr>${shape.length < 2 ? "" : `<th>${row}</th>`}${cells}</tr>`;
  });
  return `<table><tbody>${rows.join("")}</tbody></table>`;
}

/** Short to read, whole in the title. */
function number(value: number): string {
  return `<td title="${value}">${formatValue(value)}</td>`;
}
