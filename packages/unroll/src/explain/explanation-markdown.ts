/** Explanations as Markdown, with formulas in `$$`. */
import { formatShape } from "../core/shape.ts";
import { derivationToMarkdown } from "../equations/derivation-output.ts";
import { toLatex } from "../equations/render.ts";
import type { ExplanationFacts, LayerExplanation } from "./explanation.ts";
import { equationsOf, hasOwnBlocks, shapeText, totalLine } from "./explanation-text.ts";
import { plural } from "./lines.ts";

export function explanationToMarkdown({ name, layers, total }: ExplanationFacts): string {
  const blocks = [
    `# ${escaped(name)}: ${plural(total.result ?? 0, "parameter")}`,
    ...layers.map((layer) => layerToMarkdown(layer)),
    `**${totalLine(layers, total)}**`,
  ];
  return `${blocks.join("\n\n")}\n`;
}

export function layerToMarkdown(layer: LayerExplanation, level = 2): string {
  const sources = layer.inputs.map(({ from, shape }) => `\`${formatShape(shape)}\` from \`${from}\``);
  const blocks = [
    `${"#".repeat(level)} ${escaped(layer.name)} (${layer.className})`,
    `${layer.does}${sources.length === 0 ? "" : ` Reads ${sources.join(" and ")}.`}`,
    derivationToMarkdown(layer.count),
    ...layer.outputs.map((output) => {
      const [title, ...axes] = shapeText(output, layer.count).split("\n");
      return `**${title}**\n\n${fenced(axes.map((axis) => axis.slice(2)).join("\n"))}`;
    }),
    ...equationsOf(layer).map(
      ({ title, shown }) =>
        `**${escaped(title)}**\n\n$$\n\\begin{aligned}\n${shown.equations
          .map((equation) => toLatex(equation, shown.notation).replace(" = ", " &= "))
          .join(" \\\\\n")}\n\\end{aligned}\n$$`,
    ),
    ...(layer.remarks.length === 0 ? [] : [layer.remarks.map((remark) => `- ${remark}`).join("\n")]),
    ...(hasOwnBlocks(layer) ? layer.inside.map((inner) => layerToMarkdown(inner, level + 1)) : []),
  ];
  return blocks.join("\n\n");
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

/** Text for outside of formulas and code. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|]/g, "\\$&");
}
