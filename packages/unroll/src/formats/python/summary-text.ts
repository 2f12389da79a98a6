/**
 * Reads the tables that `model.summary()` prints, of Keras 2 (all layouts: cut or wrapped names) and Keras 3 (boxes).
 * Tolerant of what copying does to them: lost rule lines, cut ends, indentation. It reads; what the numbers should be is not its business.
 */

import { snakeCase } from "../../layers/naming.ts";
import { completeClassName } from "./keras-layers.ts";

/** A printed shape; null stands for None. Several outputs are a list of shapes. */
export type PrintedShape = readonly (number | null)[] | readonly (readonly (number | null)[])[];

export interface SummaryRow {
  /** As printed; ends in an ellipsis character where Keras 3 shortened it. */
  readonly name: string;
  /** Class name; one that the table cut short is completed where the row's name tells it, else `typeCut` is true. */
  readonly type: string;
  readonly typeCut: boolean;
  /** Null where the table prints `multiple`, `?` or nothing. */
  readonly outputShape: PrintedShape | null;
  /** True where a list of shapes was cut before its end. */
  readonly shapeCut: boolean;
  /** Null where the row was cut off before its count. */
  readonly params: number | null;
  /** False for Keras 3's `0 (unbuilt)`. */
  readonly built: boolean;
  readonly connectedTo: readonly string[];
  /** How many models this row is nested in (`expand_nested`); 0 outside. */
  readonly depth: number;
}

/**
 * Place of the first layer that a table shows, of layers of these classes: Keras 2.0 shows a Sequential that begins with Merge
 * from there on; what it joins is in the total alone.
 */
export function firstShown(rows: readonly { readonly type: string }[], types: readonly string[]): number {
  return rows[0]?.type === "Merge" ? Math.max(0, types.indexOf("Merge")) : 0;
}

export interface ParsedSummary {
  readonly modelName: string | undefined;
  readonly rows: readonly SummaryRow[];
  /** Of the layers; what Keras 3 adds for the optimizer of a trained model is left out. */
  readonly total: number | undefined;
  readonly trainable: number | undefined;
  readonly nonTrainable: number | undefined;
  readonly style: "keras2" | "keras3";
  /** True where the end of the table, with its totals, is missing. */
  readonly cut: boolean;
}

interface OpenRow {
  name: string;
  shape: string;
  params: string;
  connected: string;
  depth: number;
}

/** Printed tables are at most some 130 characters wide. */
const LONGEST_LINE = 400;
const MOST_WRAPS = 12;

const HEADER = /Layer \(type\)/;
const MODEL_LINE = /^\s*Model: "(.*?)"/;
/** Without its last bar, a row was cut by a narrow terminal. */
const BOX_ROW = /^\s*[│┃|](.*?)([│┃|]?)\s*$/;
const BOX_RULE = /^\s*[┏┡├└┗╇━─┼┴]/;
const RULE = /^[\s|]*[_=¯╌]{6,}[\s|]*$/;
/** Nested models stand between bars in Keras 2. */
const BLANK = /^[\s|]*$/;
const TOTAL = /^\s*(Total|Trainable|Non-trainable|Optimizer) params:\s*([\d,]+)/;

/** Every summary table in a text, in order. */
export function parseSummaries(text: string): ParsedSummary[] {
  const lines = text.split("\n");
  const found: ParsedSummary[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (!HEADER.test(lines[i]!)) continue;
    const boxed = /[┃│]/.test(lines[i]!);
    const { summary, end } = (boxed ? readBoxes : readColumns)(lines, i, modelNameAbove(lines, i));
    if (summary.rows.length > 0) found.push(summary);
    i = end;
  }
  return found;
}

/** The name stands one to three lines above the header, with only rules between. */
function modelNameAbove(lines: readonly string[], header: number): string | undefined {
  for (let i = header - 1; i >= Math.max(0, header - 4); i--) {
    const name = MODEL_LINE.exec(lines[i]!);
    if (name !== null) return name[1];
    // A narrow table's header takes two lines.
    const passed = RULE.test(lines[i]!) || BOX_RULE.test(lines[i]!) || lines[i]!.includes("┃");
    if (!passed && lines[i]!.trim() !== "") return undefined;
  }
  return undefined;
}

interface Totals {
  total: number | undefined;
  trainable: number | undefined;
  nonTrainable: number | undefined;
  end: number;
}

/** Reads the lines of totals from `start`; blank lines and rules between them are passed over. */
function readTotals(lines: readonly string[], start: number): Totals {
  const totals: Totals = { total: undefined, trainable: undefined, nonTrainable: undefined, end: start - 1 };
  for (let i = start; i < lines.length; i++) {
    const match = TOTAL.exec(lines[i]!);
    if (match === null) {
      if (lines[i]!.trim() === "" || RULE.test(lines[i]!)) continue;
      break;
    }
    if (match[1] === "Total" && totals.total !== undefined) break;
    const count = toCount(match[2]!);
    if (match[1] === "Total") totals.total = count;
    // Part of the total.
    if (match[1] === "Optimizer" && totals.total !== undefined && totals.total >= count) totals.total -= count;
    if (match[1] === "Trainable") totals.trainable = count;
    if (match[1] === "Non-trainable") totals.nonTrainable = count;
    totals.end = i;
    // Printed last.
    if (match[1] === "Optimizer") break;
  }
  return totals;
}

interface Read {
  readonly summary: ParsedSummary;
  readonly end: number;
}

function finish(
  lines: readonly string[],
  at: number,
  modelName: string | undefined,
  open: readonly OpenRow[],
  style: "keras2" | "keras3",
): Read {
  const { end, ...totals } = readTotals(lines, at);
  const rows = open.map((row) => closeRow(row, style));
  return {
    summary: { modelName, rows, ...totals, style, cut: totals.total === undefined },
    end: Math.max(end, at - 1),
  };
}

/** Keras 3: cells between bars; a rule line ends a row, and where rules are lost a count does. */
function readBoxes(lines: readonly string[], header: number, modelName: string | undefined): Read {
  const rows: OpenRow[] = [];
  let current: OpenRow | undefined;
  let sawRules = false;
  let i = header + 1;
  for (; i < lines.length; i++) {
    const line = lines[i]!;
    if (BOX_RULE.test(line)) {
      sawRules ||= /^\s*├/.test(line);
      current = undefined;
      if (/^\s*[└┗]/.test(line)) {
        i++;
        break;
      }
      continue;
    }
    const inner = BOX_ROW.exec(line);
    if (inner === null) {
      if (line.trim() === "") continue;
      break;
    }
    const cells = inner[1]!.split(/[│┃]/);
    // What stands in a cell that was cut off is not the whole of it.
    if (inner[2] === "") cells.splice(-1, 1, "");
    const [name = "", shape = "", params = "", connected = ""] = cells.map((cell) => cell.trim());
    if (current === undefined || (!sawRules && /^\d/.test(params))) {
      const nested = /^(\s*)└\s*(.*)$/.exec(cells[0] ?? "");
      // Each level of nesting indents by three.
      const depth = nested === null ? 0 : Math.max(1, Math.floor(nested[1]!.length / 3));
      current = { name: nested === null ? name : nested[2]!.trim(), shape, params, connected, depth };
      rows.push(current);
    } else if (current.name.length < LONGEST_LINE) {
      current.name = `${current.name} ${name}`.trim();
      current.shape = `${current.shape} ${shape}`.trim();
      current.params = `${current.params} ${params}`.trim();
      current.connected = `${current.connected} ${connected}`.trim();
    }
  }
  return finish(lines, i, modelName, rows, "keras3");
}

/** A shape begins with `(None`, `(3` or `[(`, which no class name in brackets can. */
const SHAPE_START = /\s(\[*\((?:None|\d+)?[,)]|\[\]|\{'|multiple\b|\?(?=\s))/;
const SHAPE_AND_COUNT =
  /^(\[*\([^()]*\)?(?:,\s*\([^()]*\)?)*\]?,?|\[\]|\{.*?|multiple|\?)\s+(\d[\d,]*)(?:\s*\((?:unused|unbuilt)\))?(?:\s+(\S.*?))?\s*$/;
const SHAPE_ONLY = /^(\[*\([^()]*\)?(?:,\s*\([^()]*\)?)*\]?,?|\[\]|multiple|\?)\s*$/;

/** Keras 2: columns of text; a row's first line has a name, a shape and a count, and wrapped ends follow below. */
function readColumns(lines: readonly string[], header: number, modelName: string | undefined): Read {
  const shapeAt = lines[header]!.indexOf("Output Shape");
  const paramsAt = lines[header]!.indexOf("Param");
  const connectedAt = lines[header]!.indexOf("Connected to");
  const afterParams = connectedAt < 0 ? lines[header]!.indexOf("Trainable") : connectedAt;
  const rows: OpenRow[] = [];
  let current: OpenRow | undefined;
  let wraps = 0;
  let i = header + 1;
  for (; i < lines.length; i++) {
    const line = lines[i]!;
    if (BLANK.test(line) || RULE.test(line)) {
      current = undefined;
      continue;
    }
    if (TOTAL.test(line) || HEADER.test(line)) break;
    const row = readRow(line);
    if (row !== undefined) {
      current = row;
      wraps = 0;
      rows.push(row);
      continue;
    }
    // `Param #` in a narrow column wraps.
    if (rows.length === 0 && line.trim() === "#") continue;
    if (current === undefined || shapeAt < 0) break;
    const columnOf = (from: number, to: number): string =>
      from < 0 ? "" : line.slice(from, to < 0 ? undefined : to).trim();
    const name = columnOf(0, shapeAt);
    const shape = columnOf(shapeAt, paramsAt);
    // Prose below a cut table fills all columns with words; a wrapped end fills its own with a fragment.
    if (/\s\S+\s/.test(name) || /[A-Za-z]{3,}/.test(shape.replaceAll("None", ""))) break;
    if (line.length > LONGEST_LINE || ++wraps > MOST_WRAPS) break;
    current.name += name.replace(/^\|\s*/, "");
    current.shape = `${current.shape} ${shape}`.trim();
    const more = columnOf(paramsAt, afterParams);
    if (/^\d+$/.test(more)) current.params += more;
    current.connected = `${current.connected} ${columnOf(connectedAt, -1)}`.trim();
  }
  return finish(lines, i, modelName, rows, "keras2");
}

function readRow(line: string): OpenRow | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  const start = SHAPE_START.exec(line);
  if (start === null) return undefined;
  let name = line.slice(0, start.index).trim();
  let depth = 0;
  while (name.startsWith("|")) {
    name = name.slice(1).trim();
    depth++;
  }
  if (name === "") return undefined;
  const rest = line.slice(start.index + 1).replace(/[|\s]+$/, "");
  const full = SHAPE_AND_COUNT.exec(rest);
  if (full !== null) return { name, shape: full[1]!, params: full[2]!, connected: full[3] ?? "", depth };
  return SHAPE_ONLY.test(rest) && name.includes("(")
    ? { name, shape: rest, params: "", connected: "", depth }
    : undefined;
}

function closeRow(row: OpenRow, style: "keras2" | "keras3"): SummaryRow {
  const parts = /^(.*?)\s*\(([^()]*)(\)?)$/.exec(row.name.trim());
  const name = parts === null ? row.name.trim() : parts[1]!;
  const printed = parts === null ? "" : parts[2]!.trim();
  const cutType = printed.replace(/…$/, "");
  const short = parts === null || parts[3] === "" || printed !== cutType;
  const type = short && cutType !== "" ? completeClassName(cutType, name, snakeCase) : printed;
  const connected = row.connected.replaceAll(/^\[|\]$|'/g, (mark) => (mark === "'" ? "" : mark));
  const names = connected.match(/[^\s,'[\]]+(?:\[\d+\]\[\d+\]|\[\d*…|…)?/g) ?? [];
  return {
    name,
    type,
    typeCut: short && type === cutType,
    outputShape: parseShape(row.shape),
    shapeCut: row.shape.startsWith("[") && !row.shape.endsWith("]"),
    params: /\d/.test(row.params) && !row.params.includes("…") ? toCount(row.params) : null,
    built: !(style === "keras3" && row.params.includes("unbuilt")),
    connectedTo: names.filter((name) => name !== "-" && name !== "Y" && name !== "N"),
    depth: row.depth,
  };
}

/** `(None, 10, 3)` or `[(None, 4), (None, 4)]`; a list of one shape is that shape. Undefined text gives null. */
export function parseShape(text: string): PrintedShape | null {
  const shapes = [...text.matchAll(/\(([^()]*)\)/g)].map((match) =>
    match[1]!
      .split(",")
      .map((size) => size.trim())
      .filter((size) => size !== "")
      .map((size) => (/^\d+$/.test(size) ? Number(size) : null)),
  );
  if (shapes.length === 0) return null;
  return shapes.length === 1 ? shapes[0]! : shapes;
}

function toCount(text: string): number {
  return Number(/\d[\d,]*/.exec(text)![0].replaceAll(",", ""));
}
