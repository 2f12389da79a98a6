/** Explanations as plain text. */
import type { ShownEquations } from "../cells/equations.ts";
import { formatShape } from "../core/shape.ts";
import { derivationToText } from "../equations/derivation-output.ts";
import type { Derivation, ShapeDerivation } from "../equations/derive.ts";
import { toText } from "../equations/render.ts";
import type { ExplanationFacts, LayerExplanation } from "./explanation.ts";
import { count, indented, plural, wrapText } from "./lines.ts";

export interface TextOptions {
  /** Characters of a line; by default 80. */
  readonly width?: number;
  /** Each array and gate on a line of its own; true by default. */
  readonly parts?: boolean;
}

export function explanationToText({ name, layers, total }: ExplanationFacts, options: TextOptions = {}): string {
  const blocks = [
    `${name}: ${plural(total.result ?? 0, "parameter")} in ${plural(layers.length, "layer")}`,
    ...layers.map((layer) => layerText(layer, options)),
    totalLine(layers, total),
  ];
  return `${wrapText(blocks.join("\n\n"), options.width ?? 80)}\n`;
}

/** One layer, without its model. */
export function layerToText(layer: LayerExplanation, options: TextOptions = {}): string {
  return `${wrapText(layerText(layer, options), options.width ?? 80)}\n`;
}

function layerText(layer: LayerExplanation, { parts = true }: TextOptions): string {
  const isModel = hasOwnBlocks(layer);
  const blocks = [
    `${layer.name} (${layer.className})`,
    indented(layer.does),
    ...layer.inputs.map(({ from, shape }) => `  reads ${formatShape(shape)} from ${from}`),
    indented(countText(layer.count, parts)),
    ...layer.outputs.map((output) => indented(shapeText(output, layer.count))),
    ...equationsOf(layer).map(({ title, shown }) => indented(equationsText(title, shown))),
    ...layer.remarks.map((remark) => `  ${remark}`),
    ...(isModel ? layer.inside.map((inner) => `\n${indented(layerText(inner, { parts }))}`) : []),
  ];
  return blocks.join("\n");
}

/** Layers inside a model have places of their own; both directions of Bidirectional are told by its own derivation. */
export function hasOwnBlocks({ className }: LayerExplanation): boolean {
  return className === "Functional" || className === "Sequential";
}

function countText(derivation: Derivation, parts: boolean): string {
  if (derivation.result === 0 && derivation.letters.length === 0) return "parameters: 0, it has no arrays";
  return derivationToText(derivation, { parts });
}

/** A line for each axis, batch = axis 0 as in Keras; letters that the count has not explained are explained behind it. */
export function shapeText({ title, axes, result }: ShapeDerivation, { letters: known }: Derivation): string {
  const explained = new Set(known.map(({ name }) => name));
  const lines = axes.flatMap(({ formula, steps, letters }, axis) => {
    const shown = [formula, ...steps.filter((step) => step !== formula)].map((step) => toText(step));
    const isLetter = letters.length === 1 && shown.length <= 2 && shown[0] === letters[0]!.name;
    if (isLetter) {
      const [{ value, name, meaning }] = letters as [(typeof letters)[number]]; // just counted
      return [`  axis ${axis}: ${name} = ${value === null ? "None" : count(value)}, ${meaning}`];
    }
    const news = letters.filter(({ name }) => !explained.has(name));
    return [
      `  axis ${axis}: ${shown.join(" = ")}`,
      ...news.map(({ name, value, meaning, from }) => {
        return `    ${name} = ${value === null ? "None" : count(value)}  ${meaning}${from === "" ? "" : ` (${from})`}`;
      }),
    ];
  });
  return [`${title}: ${formatShape(result)}`, ...lines].join("\n");
}

/** The equations of a layer, or those of the layers inside, each text once. */
export function equationsOf(layer: LayerExplanation): { title: string; shown: ShownEquations }[] {
  if (layer.equations !== undefined) return [{ title: "one timestep", shown: layer.equations }];
  if (hasOwnBlocks(layer)) return [];
  const byText = new Map<string, { names: string[]; shown: ShownEquations }>();
  for (const { name, equations } of layer.inside) {
    if (equations === undefined) continue;
    const text = equationsText("", equations);
    const same = byText.get(text);
    if (same === undefined) byText.set(text, { names: [name], shown: equations });
    else same.names.push(name);
  }
  return [...byText.values()].map(({ names, shown }) => ({ title: `one timestep of ${names.join(" and ")}`, shown }));
}

function equationsText(title: string, { equations, notation }: ShownEquations): string {
  return [`${title}:`, ...equations.map((equation) => `  ${toText(equation, notation)}`)].join("\n");
}

/** `total: 132 + 48 + 700 + 26 = 906` */
export function totalLine(layers: readonly LayerExplanation[], total: Derivation): string {
  const terms = layers.map(({ count: { result } }) => result ?? 0).filter((result) => result !== 0);
  const sum = terms.length > 1 ? `${terms.map(count).join(" + ")} = ` : "";
  return `total parameters: ${sum}${count(total.result ?? 0)}`;
}
