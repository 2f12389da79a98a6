/**
 * A summary as Keras 3 prints it: a table drawn with box characters, then the totals.
 * Only the text; what the rows say is in summary-table.ts.
 */
import { UnrollError } from "../core/errors.ts";
import { type Alignment, align, wrapText } from "./cell-text.ts";
import { checkPositions, rowsInRange, type SummaryParts } from "./summary-parts.ts";
import { float32Bytes, memorySize, type SummaryRow, type SummaryTable, withThousands } from "./summary-table.ts";

export interface Keras3Layout extends SummaryParts {
  /** Characters of a table line; by default 88, or 108 with four columns, but no more than the terminal leaves. */
  readonly width?: number;
  /** Columns of the terminal. Keras takes 80 where there is none; lines are cut there. */
  readonly terminal?: number;
  readonly showTrainable?: boolean;
  readonly expandNested?: boolean;
}

interface Column {
  readonly title: string;
  readonly alignment: Alignment;
  /** Where the column ends, as a share of the width. */
  readonly end: number;
}

const threeColumns: readonly Column[] = [
  { title: "Layer (type)", alignment: "left", end: 0.45 },
  { title: "Output Shape", alignment: "left", end: 0.8 },
  { title: "Param #", alignment: "right", end: 1 },
];
const fourColumns: readonly Column[] = [
  { title: "Layer (type)", alignment: "left", end: 0.3 },
  { title: "Output Shape", alignment: "left", end: 0.56 },
  { title: "Param #", alignment: "right", end: 0.74 },
  { title: "Connected to", alignment: "left", end: 1 },
];

/**
 * The whole text, each line ended.
 *
 * @throws UnrollError `option` when a column would be less than four characters wide.
 */
export function keras3Summary(table: SummaryTable, layout: Keras3Layout = {}): string {
  const { terminal = 80, showTrainable = false, expandNested = false } = layout;
  const columns = columnsOf(table.branched, showTrainable);
  const longest = (table.branched ? 108 : 88) + (showTrainable ? 12 : 0);
  const ends = endsOf(columns, layout.positions, showTrainable);
  const widths = cellWidths(ends, columns.length, layout.width ?? Math.min(longest, terminal - 4));
  const rows = rowsInRange(table.rows, layout.layerRange).flatMap((row) =>
    fieldsOf(row, table.branched, showTrainable, expandNested, 0),
  );
  const lines = [
    ...wrapText(`Model: "${table.name}"`, terminal, "fold"),
    ...boxed(columns, widths, rows).map((line) => line.slice(0, terminal)),
    ...totals(table).flatMap((line) => wrapText(line, terminal, "fold")),
  ];
  return `${lines.join("\n")}\n`;
}

function columnsOf(branched: boolean, showTrainable: boolean): readonly Column[] {
  const columns = branched ? fourColumns : threeColumns;
  if (!showTrainable) return columns;
  const narrower = columns.map((column) => ({ ...column, end: column.end * 0.9 }));
  return [...narrower, { title: "Trainable", alignment: "center", end: 1 }];
}

/** Where the columns end, as shares of the width. */
function endsOf(
  columns: readonly Column[],
  positions: readonly number[] | undefined,
  showTrainable: boolean,
): readonly number[] {
  if (positions === undefined) return columns.map(({ end }) => end);
  checkPositions(positions, columns.length - (showTrainable ? 1 : 0));
  return showTrainable ? [...positions.map((end) => end * 0.9), 1] : positions;
}

/**
 * Characters between the bars, one space on either side included. Each column asks for its share and two spaces, but for
 * no more than there is; what is then too much, with the bars, is taken off evenly, halves to the even number; what is too little is given in
 * proportion.
 */
function cellWidths(ends: readonly number[], columns: number, width: number): number[] {
  const at = ends.map((end) => Math.trunc(end * width));
  const shares = at.map((end, index) => end - (at[index - 1] ?? 0));
  if (shares.some((share) => share < 4)) {
    throw new UnrollError({
      code: "option",
      path: "summary",
      expected: "every column needs at least 4 characters",
      received: `width = ${width}`,
      hint: "Give a larger width.",
    });
  }
  const room = Math.max(0, width - (columns + 1));
  const wanted = shares.slice(0, columns).map((share) => Math.min(share + 2, room));
  const excess = wanted.reduce((sum, share) => sum + share, 0) - room;
  return excess > 0 ? narrowed(wanted, excess) : widened(wanted, -excess);
}

function narrowed(wanted: readonly number[], excess: number): number[] {
  let left = excess;
  return wanted.map((share, index) => {
    const taken = Math.min(share, roundHalfToEven(left / (wanted.length - index)));
    left -= taken;
    return share - taken;
  });
}

function widened(wanted: readonly number[], free: number): number[] {
  let left = free;
  let rest = wanted.reduce((sum, share) => sum + share, 0);
  return wanted.map((share) => {
    const given = Math.ceil((share * left) / rest);
    left -= given;
    rest -= share;
    return share + given;
  });
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x);
}

function fieldsOf(
  row: SummaryRow,
  branched: boolean,
  showTrainable: boolean,
  expandNested: boolean,
  level: number,
): string[][] {
  const prefix = level === 0 ? "" : `${"   ".repeat(level)}└ `;
  const fields = [
    `${prefix}${row.name} (${row.className})`,
    shapeText(row),
    row.params === undefined ? "0 (unbuilt)" : withThousands(row.params),
  ];
  if (branched) fields.push(row.connectedTo.map((c) => `${c.layer}[${c.call}][${c.output}]`).join(", ") || "-");
  if (showTrainable) fields.push(row.hasWeights ? (row.trainable ? "Y" : "N") : "-");
  const nested = expandNested
    ? row.nested.flatMap((inner) => fieldsOf(inner, branched, showTrainable, true, level + 1))
    : [];
  return [fields, ...nested];
}

function shapeText({ outputShapes }: SummaryRow): string {
  if (outputShapes === undefined || outputShapes === "multiple") return "?";
  const texts = outputShapes.map((shape) => `(${shape.map((size) => size ?? "None").join(", ")})`);
  return texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
}

function boxed(columns: readonly Column[], widths: readonly number[], rows: readonly string[][]): string[] {
  const rule = (left: string, line: string, cross: string, right: string): string =>
    left + widths.map((width) => line.repeat(width)).join(cross) + right;
  const titles = columns.map((column) => column.title);
  const alignments = columns.map((column) => column.alignment);
  const body = rows.map((row) => tableRow(row, widths, alignments, "│", "top"));
  return [
    rule("┏", "━", "┳", "┓"),
    ...tableRow(titles, widths, alignments, "┃", "bottom"),
    rule("┡", "━", "╇", "┩"),
    ...body.flatMap((lines, index) => (index === 0 ? lines : [rule("├", "─", "┼", "┤"), ...lines])),
    rule("└", "─", "┴", "┘"),
  ];
}

function tableRow(
  fields: readonly string[],
  widths: readonly number[],
  alignments: readonly Alignment[],
  bar: string,
  vertical: "top" | "bottom",
): string[] {
  const rooms = widths.map((width) => Math.max(0, width - 2));
  const cells = fields.map((field, index) =>
    rooms[index] === 0
      ? [""]
      : wrapText(field, rooms[index]!, "ellipsis").map((line) => align(line, rooms[index]!, alignments[index]!)),
  );
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const texts = cells.map((lines, index) => {
      const at = vertical === "top" ? line : line - (height - lines.length);
      return ` ${lines[at] ?? " ".repeat(rooms[index]!)} `.slice(0, widths[index]!);
    });
    return bar + texts.join(bar) + bar;
  });
}

function totals({ trainableParams, nonTrainableParams, optimizer }: SummaryTable): string[] {
  const line = (label: string, params: number, bytes: number): string =>
    ` ${label} params: ${withThousands(params)} (${memorySize(bytes, "B")})`;
  const own = trainableParams + nonTrainableParams;
  return [
    line("Total", own + (optimizer?.params ?? 0), float32Bytes(own) + (optimizer?.bytes ?? 0)),
    line("Trainable", trainableParams, float32Bytes(trainableParams)),
    line("Non-trainable", nonTrainableParams, float32Bytes(nonTrainableParams)),
    ...(optimizer === undefined ? [] : [line("Optimizer", optimizer.params, optimizer.bytes)]),
  ];
}
