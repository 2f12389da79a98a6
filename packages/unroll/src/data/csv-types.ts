/**
 * Decides what each column of a CSV file holds: evidence is counted cell by cell, then one plan is made for all
 * columns together, because a file has one decimal mark. Reads no file; builds no table.
 */
import {
  type DateOrder,
  type DecimalMark,
  possibleDateOrders,
  provesDecimalMark,
  readDate,
  readNumber,
} from "./csv-values.ts";
import type { ColumnType } from "./table.ts";

/** How every cell of one column is read. */
export interface ColumnPlan {
  readonly name: string;
  readonly type: ColumnType;
  readonly decimal: DecimalMark;
  readonly dateOrder: DateOrder;
}

/** Part of the cells that must fit a type before a column gets it; the others become reported missing values. */
const ENOUGH = 0.9;
/** In a short column one cell may stand out against this many that fit. */
const FITTING_AGAINST_ONE = 3;
const ORDERS: readonly DateOrder[] = ["iso", "dmy", "mdy", "monthName", "compact"];
const COMPACT_ONLY: readonly DateOrder[] = ["compact"];
const WHOLE = /^[+-]?\d+$/;
const DATE_NAME = /date|day|time|datum|month|period|timestamp|^ds$/i;

/** What the cells of one column have shown so far. */
export class ColumnEvidence {
  cells = 0;
  readonly numbers: Record<DecimalMark, number> = { ".": 0, ",": 0 };
  readonly proofs: Record<DecimalMark, number> = { ".": 0, ",": 0 };
  /** Cells like 1,234: a thousand or three decimals. */
  commaOrThousands = 0;
  readonly dates: Record<DateOrder, number> = { iso: 0, dmy: 0, mdy: 0, monthName: 0, compact: 0 };
  /** Changes of direction in time, for telling day/month from month/day. */
  readonly #turns: Partial<Record<DateOrder, { last: number; direction: number; count: number }>> = {};
  #dotted = 0;

  /** Counts a trimmed cell that is not missing. */
  add(cell: string): void {
    this.cells++;
    const point = readNumber(cell, ".") !== undefined;
    const comma = point && WHOLE.test(cell) ? true : readNumber(cell, ",") !== undefined;
    if (point) this.numbers["."]++;
    if (comma) this.numbers[","]++;
    if (point && comma) {
      if (cell.includes(",")) this.commaOrThousands++;
    } else if (point || comma) {
      if (provesDecimalMark(cell, ".")) this.proofs["."]++;
      else if (provesDecimalMark(cell, ",")) this.proofs[","]++;
    }
    // Of what is a number only eight digits may count as a date.
    for (const order of point ? COMPACT_ONLY : possibleDateOrders(cell)) {
      const instant = readDate(cell, order);
      if (instant === undefined) continue;
      this.dates[order]++;
      if (order === "dmy" || order === "mdy") this.#follow(order, instant);
    }
    if (cell.includes(".")) this.#dotted++;
  }

  turns(order: DateOrder): number {
    return this.#turns[order]?.count ?? 0;
  }

  get writtenWithDots(): boolean {
    return this.#dotted * 2 > this.cells;
  }

  #follow(order: DateOrder, instant: number): void {
    const before = this.#turns[order];
    if (before === undefined) {
      this.#turns[order] = { last: instant, direction: 0, count: 0 };
      return;
    }
    const direction = Math.sign(instant - before.last);
    if (direction !== 0) {
      if (before.direction !== 0 && direction !== before.direction) before.count++;
      before.direction = direction;
    }
    before.last = instant;
  }
}

/** True for a trimmed cell that reads as a number or a date in any of the known ways. */
export function isNumberOrDate(cell: string): boolean {
  return (
    readNumber(cell, ".") !== undefined ||
    readNumber(cell, ",") !== undefined ||
    possibleDateOrders(cell).some((order) => readDate(cell, order) !== undefined)
  );
}

/** What the caller already knows. */
export interface TypeChoices {
  readonly types: Readonly<Record<string, ColumnType>>;
  readonly decimal: DecimalMark | undefined;
  readonly dateOrder: DateOrder | undefined;
  readonly delimiter: string;
}

/** One plan per column, and a sentence for each decision that could have gone the other way. */
export function planColumns(
  names: readonly string[],
  evidence: readonly ColumnEvidence[],
  choices: TypeChoices,
): { plans: ColumnPlan[]; notes: string[] } {
  const notes: string[] = [];
  const decimal = choices.decimal ?? decimalMarkOf(evidence, choices.delimiter);
  const plans = names.map((name, c): ColumnPlan => {
    const seen = evidence[c]!;
    const dateOrder = choices.dateOrder ?? dateOrderOf(seen);
    const type = choices.types[name] ?? typeOf(name, seen, decimal, dateOrder);
    if (type === "date" && choices.dateOrder === undefined && isAmbiguous(seen, dateOrder)) {
      notes.push(
        `column ${name}: every date fits both day/month and month/day; read as ${dateOrder === "dmy" ? "day/month" : "month/day"}. Pass dateOrder to choose.`,
      );
    }
    if (choices.types[name] === undefined) notes.push(...doubtsAbout(name, seen, type, decimal, dateOrder));
    return { name, type, decimal, dateOrder };
  });
  const guessed = choices.decimal === undefined && evidence.some((seen) => seen.commaOrThousands > 0);
  if (guessed && evidence.every((seen) => seen.proofs["."] + seen.proofs[","] === 0)) {
    notes.push(
      `numbers like 1,234 are read as ${decimal === "," ? "1.234, with a decimal comma" : "1234, with thousands"}. Pass decimal to choose.`,
    );
  }
  return { plans, notes };
}

function decimalMarkOf(evidence: readonly ColumnEvidence[], delimiter: string): DecimalMark {
  const total = (count: (seen: ColumnEvidence) => number) => evidence.reduce((sum, seen) => sum + count(seen), 0);
  const point = total((seen) => seen.proofs["."]);
  const comma = total((seen) => seen.proofs[","]);
  if (comma !== point) return comma > point ? "," : ".";
  // Where fields are not parted by commas, 1,234 is likelier to have three decimals than to be a thousand.
  return delimiter !== "," && total((seen) => seen.commaOrThousands) > 0 ? "," : ".";
}

function dateOrderOf(seen: ColumnEvidence): DateOrder {
  let best: DateOrder = "iso";
  for (const order of ORDERS) if (seen.dates[order] > seen.dates[best]) best = order;
  if ((best !== "dmy" && best !== "mdy") || seen.dates.dmy !== seen.dates.mdy) return best;
  const [dmy, mdy] = [seen.turns("dmy"), seen.turns("mdy")];
  if (dmy !== mdy) return dmy < mdy ? "dmy" : "mdy";
  return seen.writtenWithDots ? "dmy" : "mdy";
}

function isAmbiguous(seen: ColumnEvidence, order: DateOrder): boolean {
  return (
    (order === "dmy" || order === "mdy") &&
    seen.dates.dmy === seen.dates.mdy &&
    seen.turns("dmy") === seen.turns("mdy") &&
    !seen.writtenWithDots
  );
}

function typeOf(name: string, seen: ColumnEvidence, decimal: DecimalMark, order: DateOrder): ColumnType {
  const isEnough = (fitting: number) =>
    fitting >= ENOUGH * seen.cells || (seen.cells - fitting === 1 && fitting >= FITTING_AGAINST_ONE);
  // 20240131 is a number as well as a date; only the column's name can tell.
  if (order === "compact" && seen.dates.compact === seen.cells && DATE_NAME.test(name)) return "date";
  if (isEnough(seen.numbers[decimal])) return "number";
  return order !== "compact" && isEnough(seen.dates[order]) ? "date" : "category";
}

function doubtsAbout(
  name: string,
  seen: ColumnEvidence,
  type: ColumnType,
  decimal: DecimalMark,
  order: DateOrder,
): string[] {
  if (seen.cells === 0) return [`column ${name}: has no values; taken as numbers, all missing.`];
  if (type !== "category") return [];
  const [kind, fitting] =
    seen.numbers[decimal] >= seen.dates[order] ? ["number", seen.numbers[decimal]] : ["date", seen.dates[order]];
  if (fitting * 2 < seen.cells) return [];
  return [
    `column ${name}: only ${fitting} of ${seen.cells} cells are ${kind}s; read as categories. Pass types: { ${JSON.stringify(name)}: "${kind}" } to take the others as missing.`,
  ];
}
