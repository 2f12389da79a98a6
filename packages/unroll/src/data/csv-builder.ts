/**
 * Fills the typed columns of a table, row by row, and writes down every cell that could not be used.
 */
import type { CsvLayout } from "./csv-layout.ts";
import type { CsvRecord } from "./csv-records.ts";
import type { ColumnPlan } from "./csv-types.ts";
import { readDate, readNumber } from "./csv-values.ts";
import { type CellIssue, type Column, Table } from "./table.ts";

/** Long cells are cut in reports. */
const LONGEST_SHOWN_VALUE = 80;

export class TableBuilder {
  readonly #layout: CsvLayout;
  readonly #plans: readonly ColumnPlan[];
  readonly #notes: readonly string[];
  readonly #maxIssues: number;
  readonly #columns: readonly (Float64Array | (string | null)[])[];
  readonly #lines: Uint32Array;
  readonly #issues: CellIssue[] = [];
  #issueCount = 0;
  #rows = 0;

  /** Memory for `capacity` rows is taken at once. */
  constructor(
    layout: CsvLayout,
    typed: { plans: readonly ColumnPlan[]; notes: readonly string[] },
    capacity: number,
    maxIssues: number,
  ) {
    this.#layout = layout;
    this.#plans = typed.plans;
    this.#notes = typed.notes;
    this.#maxIssues = maxIssues;
    this.#columns = typed.plans.map(({ type }) => (type === "category" ? [] : new Float64Array(capacity)));
    this.#lines = new Uint32Array(capacity);
  }

  get rows(): number {
    return this.#rows;
  }

  /** A record whose number of fields was checked. */
  add(record: CsvRecord): void {
    for (let c = 0; c < this.#plans.length; c++) {
      const plan = this.#plans[c]!;
      const cell = record.fields[c]!.trim();
      const column = this.#columns[c]!;
      if (this.#layout.isMissing(cell)) {
        this.#report(record, plan, cell, cell === "" ? "empty" : "stands for a missing value");
        column[this.#rows] = plan.type === "category" ? null : Number.NaN;
      } else if (plan.type === "category") {
        column[this.#rows] = cell;
      } else {
        column[this.#rows] = plan.type === "number" ? this.#number(record, plan, cell) : this.#date(record, plan, cell);
      }
    }
    this.#lines[this.#rows++] = record.line;
  }

  finish(): Table {
    const columns = this.#plans.map(({ name, type }, c): Column => {
      const values = this.#columns[c]!;
      if (type !== "category") return { name, type, values: (values as Float64Array).subarray(0, this.#rows) };
      return { name, type, values: values as (string | null)[] };
    });
    return new Table(columns, {
      lines: this.#lines.subarray(0, this.#rows),
      issues: this.#issues,
      issueCount: this.#issueCount,
      notes: this.#notes,
    });
  }

  #number(record: CsvRecord, plan: ColumnPlan, cell: string): number {
    const value = readNumber(cell, plan.decimal);
    if (value === undefined) {
      this.#report(record, plan, cell, plan.decimal === "," ? "not a number with decimal comma" : "not a number");
    } else if (!Number.isFinite(value)) {
      this.#report(record, plan, cell, "larger than a float64 can hold");
    } else {
      return value;
    }
    return Number.NaN;
  }

  #date(record: CsvRecord, plan: ColumnPlan, cell: string): number {
    const value = readDate(cell, plan.dateOrder);
    if (value !== undefined) return value;
    this.#report(record, plan, cell, `not a date ${ORDER_WORDS[plan.dateOrder]}`);
    return Number.NaN;
  }

  #report(record: CsvRecord, plan: ColumnPlan, cell: string, reason: string): void {
    this.#issueCount++;
    if (this.#issues.length >= this.#maxIssues) return;
    const value = cell.length > LONGEST_SHOWN_VALUE ? `${cell.slice(0, LONGEST_SHOWN_VALUE)}…` : cell;
    this.#issues.push({ row: record.line, column: plan.name, value, reason });
  }
}

const ORDER_WORDS = {
  iso: "like 2024-12-31",
  dmy: "like 31/12/2024",
  mdy: "like 12/31/2024",
  compact: "like 20241231",
  monthName: "like Dec 31, 2024",
} as const;
