/** A comparison of two models as text: a line for each pair of layers, and under it what differs and why. */
import { formatShape } from "../../core/shape.ts";
import { count, plural } from "../lines.ts";
import { type CellUnits, columnLines } from "./columns.ts";
import { type CountCause, type LayerDifference, shown } from "./compare-layers.ts";
import type { ComparedLayer, ComparedPair, ModelComparison } from "./compare-models.ts";

/**
 * A comparison of two models as text.
 *
 * @param options.width characters of a line, by default 80: layers that do not fit beside each other take two lines or more
 */
export function comparisonToText(
  comparison: ModelComparison,
  { width = 80 }: { readonly width?: number | undefined } = {},
): string {
  const { left, right, pairs } = comparison;
  const rows = pairs.map(({ left: a, right: b }) => [cell(a), cell(b)]);
  // The mark and a space come before.
  const [head, ...layers] = columnLines([[[left.name], [right.name]], ...rows], width - 2) as [string[], ...string[][]]; // a row each
  const lines = pairs.flatMap((pair, index) => {
    const mark =
      pair.left === undefined ? "+" : pair.right === undefined ? "-" : pair.difference === undefined ? " " : "≠";
    return [...marked(mark, layers[index]!), ...detailsOf(pair).map((line) => `    ${line}`)];
  });
  return `${[...marked(" ", head), ...lines, "", ...verdicts(comparison)].join("\n")}\n`;
}

function marked(mark: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${index === 0 ? mark : " "} ${line}`.trimEnd());
}

function cell(layer: ComparedLayer | undefined): CellUnits {
  if (layer === undefined) return ["-"];
  const { name, className, outputShape, params } = layer;
  return [name, `(${className})`, formatShape(outputShape), params === null ? "?" : count(params)];
}

function detailsOf({ difference, values }: ComparedPair): string[] {
  return [...(difference === undefined ? [] : differenceLines(difference)), ...valueLine(values)];
}

function differenceLines({ options, params, formulas, shapes, reads, causes }: LayerDifference): string[] {
  const total = (params.right ?? 0) - (params.left ?? 0);
  const explained = causes.reduce((sum, { difference }) => sum + difference, 0);
  const readsText = (list: readonly (readonly (number | null)[])[]): string => list.map(formatShape).join(", ");
  return [
    ...options.map(({ option, left, right }) => `${option}: ${shown(left)} → ${shown(right)}`),
    ...(readsText(reads.left) === readsText(reads.right)
      ? []
      : [`reads ${readsText(reads.left)} → ${readsText(reads.right)}`]),
    ...(formulas === undefined ? [] : [`count: ${formulas.left} → ${formulas.right}`]),
    ...causes.map(causeText),
    ...(causes.length > 1 && explained !== total
      ? [`together ${signed(total)}: each part is that of one change alone, and they overlap`]
      : []),
    ...(String(shapes.left) === String(shapes.right)
      ? []
      : [`shape: ${formatShape(shapes.left)} → ${formatShape(shapes.right)}`]),
  ];
}

/** "+12 = g × h = 3 × 4 from resetAfter" */
function causeText({ change, difference, formula }: CountCause): string {
  const how = formula === undefined ? "" : ` = ${difference < 0 ? "−(" : ""}${formula}${difference < 0 ? ")" : ""}`;
  return `${signed(difference)}${how} from ${change === "features" ? "what it reads" : change}`;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${count(Math.abs(value))}`;
}

function valueLine(values: ComparedPair["values"]): string[] {
  if (values === undefined || values.largest === 0) return [];
  if (values.largest === undefined) return ["values: not compared, the shapes differ"];
  return [`values: largest difference ${values.largest.toExponential(1)} of ${plural(values.compared, "number")}`];
}

function verdicts({
  left,
  right,
  pairs,
  sameArchitecture,
  sameValues,
  firstValueDifference,
}: ModelComparison): string[] {
  const total = right.totalParams - left.totalParams;
  const totals =
    total === 0
      ? `Both have ${plural(left.totalParams, "parameter")}.`
      : `${count(left.totalParams)} → ${plural(right.totalParams, "parameter")} (${signed(total)}).`;
  const architecture = sameArchitecture
    ? "Layers, options, shapes and counts are the same."
    : `${plural(pairs.filter(isChanged).length, "layer")} of ${pairs.length} differ.`;
  const where = firstValueDifference === undefined ? "" : `, first in ${firstValueDifference}`;
  const values =
    sameValues === undefined ? [] : [sameValues ? "The predictions are the same." : `The predictions differ${where}.`];
  return [totals, architecture, ...values];
}

function isChanged({ left, right, difference }: ComparedPair): boolean {
  return left === undefined || right === undefined || difference !== undefined;
}
