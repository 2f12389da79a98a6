/** Explanations as LaTeX: a paragraph for each layer, formulas displayed. Needs amsmath. */
import { formatShape } from "../core/shape.ts";
import { derivationToLatex } from "../equations/derivation-output.ts";
import type { Derivation } from "../equations/derive.ts";
import { toLatex } from "../equations/render.ts";
import type { ExplanationFacts, LayerExplanation } from "./explanation.ts";
import { equationsOf, hasOwnBlocks, totalLine } from "./explanation-text.ts";
import { count, plural } from "./lines.ts";

export function explanationToLatex({ layers, total }: ExplanationFacts): string {
  const blocks = [...layers.map(layerToLatex), `\\paragraph{Total} ${escaped(totalLine(layers, total))}.`];
  return `${blocks.join("\n\n")}\n`;
}

export function layerToLatex(layer: LayerExplanation): string {
  const { count: derivation, inputs } = layer;
  const sources = inputs.map(({ from, shape }) => `${formatShape(shape)} from \\texttt{${escaped(from)}}`);
  const blocks = [
    `\\paragraph{${escaped(layer.name)} (${layer.className}), ${plural(derivation.result ?? 0, "parameter")}}`,
    `${escaped(layer.does)}${sources.length === 0 ? "" : ` Reads ${sources.join(" and ")}.`}`,
    ...(derivation.result === 0 ? [] : [letters(derivation), displayed(derivationToLatex(derivation))]),
    ...layer.outputs.flatMap(({ title, result, axes }) => [
      `${title[0]!.toUpperCase()}${title.slice(1)}: ${formatShape(result)}, axis by axis:`,
      ...axes.map((axis) => displayed(derivationToLatex(axis))),
    ]),
    ...equationsOf(layer).map(({ title, shown }) => {
      const lines = shown.equations.map((one) => toLatex(one, shown.notation).replace(" = ", " &= "));
      return `${escaped(title[0]!.toUpperCase() + title.slice(1))}:\n${displayed(`\\begin{aligned}\n${lines.join(" \\\\\n")}\n\\end{aligned}`)}`;
    }),
    ...layer.remarks.map(escaped),
    ...(hasOwnBlocks(layer) ? layer.inside.map(layerToLatex) : []),
  ];
  return blocks.join("\n");
}

function letters({ letters: list }: Derivation): string {
  const items = list.map(
    ({ name, value, meaning, from }) =>
      `$${name} = ${value === null ? "\\text{None}" : count(value)}$: ${escaped(meaning)}${from === "" ? "" : ` (${escaped(from)})`}`,
  );
  return `${items.join("; ")}.`;
}

function displayed(formula: string): string {
  return `\\[\n${formula}\n\\]`;
}

/** Text for outside of formulas. */
export function escaped(text: string): string {
  return text.replaceAll("\\", "\\textbackslash ").replaceAll(/[#$%&_{}]/g, "\\$&");
}
