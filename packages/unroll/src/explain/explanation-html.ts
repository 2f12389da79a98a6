/** Explanations as fragments of a page: HTML with MathML formulas, or the formulas alone. No styles, no scripts. */
import { formatShape } from "../core/shape.ts";
import { derivationToMathML } from "../equations/derivation-output.ts";
import type { Derivation } from "../equations/derive.ts";
import { escapeXml } from "../equations/printers.ts";
import { toMathML } from "../equations/render.ts";
import type { ExplanationFacts, LayerExplanation } from "./explanation.ts";
import { equationsOf, hasOwnBlocks, totalLine } from "./explanation-text.ts";
import { count, plural } from "./lines.ts";

export function explanationToHtml({ name, layers, total }: ExplanationFacts): string {
  return [
    `<article class="explanation">`,
    `<h1>${escapeXml(name)}: ${plural(total.result ?? 0, "parameter")}</h1>`,
    ...layers.map((layer) => layerToHtml(layer)),
    `<p class="total">${escapeXml(totalLine(layers, total))}</p>`,
    "</article>\n",
  ].join("\n");
}

export function layerToHtml(layer: LayerExplanation): string {
  const { count: derivation } = layer;
  const sources = layer.inputs.map(
    ({ from, shape }) => `<code>${formatShape(shape)}</code> from <code>${escapeXml(from)}</code>`,
  );
  return [
    `<section data-layer="${escapeXml(layer.name)}">`,
    `<h2>${escapeXml(layer.name)} (${escapeXml(layer.className)})</h2>`,
    `<p>${escapeXml(layer.does)}${sources.length === 0 ? "" : ` Reads ${sources.join(" and ")}.`}</p>`,
    `<h3>parameters: ${count(derivation.result ?? 0)}</h3>`,
    ...(derivation.letters.length === 0
      ? []
      : [letterTable(derivation), derivationToMathML(derivation), parts(derivation)]),
    ...layer.outputs.flatMap(({ title, result, axes }) => [
      `<h3>${escapeXml(title)}: ${formatShape(result)}</h3>`,
      `<ol start="0">${axes.map((axis) => `<li>${derivationToMathML(axis)}</li>`).join("")}</ol>`,
    ]),
    ...equationsOf(layer).flatMap(({ title, shown }) => [
      `<h3>${escapeXml(title)}</h3>`,
      ...shown.equations.map((equation) => toMathML(equation, shown.notation, { display: true })),
    ]),
    ...layer.remarks.map((remark) => `<p>${escapeXml(remark)}</p>`),
    ...(hasOwnBlocks(layer) ? layer.inside.map(layerToHtml) : []),
    "</section>",
  ].join("\n");
}

/** The formulas alone, one element a line. */
export function explanationToMathML({ layers }: ExplanationFacts): string {
  return `${layers.flatMap(formulas).join("\n")}\n`;
}

function formulas(layer: LayerExplanation): string[] {
  return [
    ...(layer.count.result === 0 ? [] : [derivationToMathML(layer.count)]),
    ...layer.outputs.flatMap(({ axes }) => axes.map(derivationToMathML)),
    ...equationsOf(layer).flatMap(({ shown }) =>
      shown.equations.map((equation) => toMathML(equation, shown.notation, { display: true })),
    ),
    ...(hasOwnBlocks(layer) ? layer.inside.flatMap(formulas) : []),
  ];
}

function letterTable({ letters }: Derivation): string {
  const rows = letters.map(({ name, value, meaning, from }) => {
    const cells = [name, value === null ? "None" : count(value), meaning, from];
    return `<tr>${cells.map((cell) => `<td>${escapeXml(cell)}</td>`).join("")}</tr>`;
  });
  return `<table><thead><tr><th>letter</th><th>value</th><th>meaning</th><th>from</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function parts(derivation: Derivation): string {
  if (derivation.parts.length === 0) return "";
  const items = derivation.parts.map(
    (part) => `<li>${escapeXml(part.title)}: ${count(part.result ?? 0)} ${derivationToMathML(part)}${parts(part)}</li>`,
  );
  return `<ul>${items.join("")}</ul>`;
}
