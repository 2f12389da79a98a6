/**
 * A summary as the three generations of Keras 2 print it: plain columns under lines of underscores and equals signs.
 * Up to 2.6 (and in the separate package before TensorFlow 2) long fields are cut; from 2.7 they wrap; from 2.13 columns
 * leave one character more and totals say the memory. Only the text; what the rows say is in summary-table.ts.
 */
import { UnrollError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { checkPositions, rowsInRange, type SummaryParts } from "./summary-parts.ts";
import { float32Bytes, memorySize, type SummaryRow, type SummaryTable, withThousands } from "./summary-table.ts";

export interface Keras2Layout extends SummaryParts {
  /** The Keras that prints: "2.2.4", "2.4-tf", "2.12"; by default "2.12". */
  readonly version?: string;
  /** Characters of a line; by default 65, or 98 with four columns. */
  readonly width?: number;
  readonly showTrainable?: boolean;
  readonly expandNested?: boolean;
}

type Generation = "cut" | "wrapped" | "memory";

interface Rules {
  readonly generation: Generation;
  /** Printed since 2.3. */
  readonly modelLine: boolean;
  /** The package before TensorFlow 2: an InputLayer's shape is no list of one, and a model's own making is its first call. */
  readonly separatePackage: boolean;
}

/**
 * The whole text, each line ended.
 *
 * @throws UnrollError `unbuilt` when a row has no parameters yet, as Keras 2 refuses to print it; `option` for an unknown version.
 */
export function keras2Summary(table: SummaryTable, layout: Keras2Layout = {}): string {
  requireBuilt(table);
  const rules = rulesOf(layout.version ?? "2.12");
  const { showTrainable = false, expandNested = false } = layout;
  let width = layout.width ?? (table.branched ? 98 : 65);
  const ends = columnEnds(table.branched, rules.generation, layout.positions, width);
  const titles = ["Layer (type)", "Output Shape", "Param #"];
  if (table.branched) titles.push("Connected to");
  if (showTrainable && rules.generation !== "cut") {
    width += 11;
    ends.push(width);
    titles.push("Trainable");
  }
  const rows = rowsInRange(table.rows, layout.layerRange);
  const models = new Set(table.rows.filter(({ nested }) => nested.length > 0).map(({ name }) => name));
  const page: Page = { rules, width, ends, models, branched: table.branched, showTrainable, expandNested };
  const lines = [
    ...(rules.modelLine ? [`Model: "${table.name}"`] : []),
    "_".repeat(width),
    ...printRow(page, titles, 0),
    "=".repeat(width),
    ...(rules.generation === "cut" ? cutRows(page, rows) : rows.flatMap((row) => wrappedRow(page, row))),
    ...(rules.generation === "cut" ? [] : ["=".repeat(width)]),
    ...totals(table, rules.generation),
    "_".repeat(width),
  ];
  return `${lines.join("\n")}\n`;
}

interface Page {
  readonly rules: Rules;
  readonly width: number;
  readonly ends: readonly number[];
  /** Names of the rows that are models. */
  readonly models: ReadonlySet<string>;
  readonly branched: boolean;
  readonly showTrainable: boolean;
  readonly expandNested: boolean;
}

function rulesOf(version: string): Rules {
  const match = /^(\d+)\.(\d+)/.exec(version);
  const major = Number(match?.[1]);
  const minor = Number(match?.[2]);
  if (match === null || major > 2) {
    throw new UnrollError({
      code: "option",
      path: "summary",
      expected: 'version must be one of Keras 2 for style "keras2"',
      received: `version = ${JSON.stringify(version)}`,
      hint: 'Write a version such as "2.12", or take style "keras3".',
    });
  }
  // The separate package ended at 2.3; TensorFlow's own copy called itself 2.2.4-tf, 2.3.0-tf, then 2.4 and up.
  const separatePackage = major < 2 || (minor < 4 && !version.endsWith("-tf"));
  return {
    generation: major < 2 || minor < 7 ? "cut" : minor < 13 ? "wrapped" : "memory",
    modelLine: !separatePackage || (major === 2 && minor === 3),
    separatePackage,
  };
}

/** In characters; positions that end beyond 1 are such already. */
function columnEnds(
  branched: boolean,
  generation: Generation,
  positions: readonly number[] | undefined,
  width: number,
): number[] {
  if (positions !== undefined) checkPositions(positions, branched ? 4 : 3);
  const ends = positions ?? usualEnds(branched, generation);
  return ends.at(-1)! <= 1 ? ends.map((share) => Math.trunc(width * share)) : [...ends];
}

function usualEnds(branched: boolean, generation: Generation): readonly number[] {
  if (!branched) return [0.45, 0.85, 1];
  return generation === "memory" ? [0.3, 0.6, 0.7, 1] : [0.33, 0.55, 0.67, 1];
}

function requireBuilt(table: SummaryTable): void {
  const unbuilt = table.rows.find((row) => row.params === undefined);
  if (unbuilt === undefined) return;
  throw new UnrollError({
    code: "unbuilt",
    path: table.name,
    expected: "Keras 2 prints a summary only of a built model",
    received: `${unbuilt.name} has no arrays yet`,
    hint: 'Give the first layer an inputShape, or take style "keras3".',
  });
}

/** Name, shape, count and, with four columns, the connections in the words of the generation. */
function fieldsOf(page: Page, row: SummaryRow): { fields: string[]; connections: string[] } {
  const connections = row.connectedTo.map(({ layer, call, output }) => {
    const first = page.rules.separatePackage && page.models.has(layer) ? 1 : 0;
    return `${layer}[${call + first}][${output}]`;
  });
  return {
    fields: [`${row.name} (${row.className})`, shapeText(row, page.rules), String(row.params ?? 0)],
    connections,
  };
}

function shapeText(row: SummaryRow, rules: Rules): string {
  if (row.outputShapes === undefined || row.outputShapes === "multiple") return "multiple";
  const texts = row.outputShapes.map(formatShape);
  const isList = texts.length > 1 || (row.className === "InputLayer" && !rules.separatePackage);
  return isList ? `[${texts.join(", ")}]` : texts[0]!;
}

function cutRows(page: Page, rows: readonly SummaryRow[]): string[] {
  return rows.flatMap((row, index) => {
    const { fields, connections } = fieldsOf(page, row);
    const first = page.branched ? [...fields, connections[0] ?? ""] : fields;
    const more = page.branched ? connections.slice(1).map((connection) => ["", "", "", connection]) : [];
    const rule = (index === rows.length - 1 ? "=" : "_").repeat(page.width);
    return [...[first, ...more].flatMap((printed) => printRow(page, printed, 0)), rule];
  });
}

function wrappedRow(page: Page, row: SummaryRow, level = 0, lastOfNested = false): string[] {
  const { fields, connections } = fieldsOf(page, row);
  if (page.branched) fields.push(`[${connections.map((connection) => `'${connection}'`).join(", ")}]`);
  if (page.showTrainable) fields.push(row.trainable ? "Y" : "N");
  const lines = printRow(page, fields, level);
  const frame = (fill: string, bars: number): string =>
    "|".repeat(bars) + fill.repeat(page.width - 2 * bars) + "|".repeat(bars);
  if (page.expandNested && row.nested.length > 0) {
    lines.push(frame("¯", level + 1));
    row.nested.forEach((inner, index) => {
      lines.push(...wrappedRow(page, inner, level + 1, index === row.nested.length - 1));
    });
    lines.push(frame("¯", level));
  }
  // No blank line behind a block either: Keras keeps what its loop over the block said last.
  const endsABlock = lastOfNested || (page.expandNested && row.nested.length > 0);
  if (!endsABlock) lines.push(frame(" ", level));
  return lines;
}

function printRow(page: Page, fields: readonly string[], level: number): string[] {
  return page.rules.generation === "cut"
    ? [cutLine(fields, page.ends)]
    : wrappedLines(fields, page.ends, level, page.rules.generation);
}

function cutLine(fields: readonly string[], ends: readonly number[]): string {
  let line = "";
  fields.forEach((field, column) => {
    const before = column === 0 ? "" : `${line.slice(0, -1)} `;
    line = (before + field).slice(0, ends[column]).padEnd(ends[column]!);
  });
  return line;
}

const breaksAfter = ["),", "},", "],", "',"];

function wrappedLines(
  fields: readonly string[],
  ends: readonly number[],
  level: number,
  generation: Generation,
): string[] {
  const rest = [...fields];
  const lines: string[] = [];
  while (rest.some((text) => text !== "")) {
    let line = `${"|".repeat(level)} `;
    rest.forEach((text, column) => {
      const isLast = column === ends.length - 1;
      const chunk = text.slice(0, chunkSize(text, column, ends, level, generation));
      rest[column] = text.slice(chunk.length);
      line += chunk + (isLast ? "" : "  ");
      const barsTakeRoom = generation === "wrapped" || isLast;
      line = line.padEnd(ends[column]! - (barsTakeRoom ? level : 0));
    });
    lines.push(line + "|".repeat(level));
  }
  return lines;
}

/** How much of a field goes on one line; a full chunk of the wrapped generation is one too long and shifts what follows. */
function chunkSize(
  text: string,
  column: number,
  ends: readonly number[],
  level: number,
  generation: Generation,
): number {
  const isLast = column === ends.length - 1;
  let room = ends[column]! - (ends[column - 1] ?? 0) - (isLast ? 0 : 2);
  if (generation === "memory") room -= (isLast ? 0 : 1) + (column === 0 ? level : 0);
  if (room < 1) throw tooNarrow(ends);
  const fitting = text.slice(0, room);
  const breaks = breaksAfter
    .map((end) => fitting.indexOf(end) + end.length)
    .filter((at, i) => at >= breaksAfter[i]!.length);
  return Math.min(room, ...breaks);
}

function tooNarrow(ends: readonly number[]): UnrollError {
  return new UnrollError({
    code: "option",
    path: "summary",
    expected: "every column needs room for text",
    received: `width = ${ends[ends.length - 1]}`,
    hint: "Give a larger width.",
  });
}

function totals({ trainableParams, nonTrainableParams }: SummaryTable, generation: Generation): string[] {
  const line = (label: string, params: number): string =>
    generation === "memory"
      ? `${label} params: ${params} (${memorySize(float32Bytes(params), "Byte")})`
      : `${label} params: ${withThousands(params)}`;
  return [
    line("Total", trainableParams + nonTrainableParams),
    line("Trainable", trainableParams),
    line("Non-trainable", nonTrainableParams),
  ];
}
