/**
 * A worked solution as sheets of cells: inputs, weights, one sheet a layer, the prediction beside the engine's. Every number
 * that is worked out is a formula over other cells. What file it becomes is xlsx.ts's.
 */
import { UnrollError } from "../../core/errors.ts";
import { evaluateRow } from "../../equations/evaluate.ts";
import type { Expr } from "../../equations/expr.ts";
import type { WorkedNumber, WorkedTable } from "./book.ts";
import { excelFormula, type SplitFormula, splitFormula } from "./excel-formula.ts";
import type { SolutionFacts, WorkedResult } from "./solution.ts";
import { lettersOf } from "./solution-text.ts";

export type SheetCell =
  | { readonly kind: "text"; readonly text: string; readonly heading?: boolean }
  | { readonly kind: "number"; readonly value: number }
  /** Without "="; with what it comes to, for programs that show a file without calculating. */
  | { readonly kind: "formula"; readonly formula: string; readonly value: number }
  | undefined;

export interface Sheet {
  readonly name: string;
  readonly rows: readonly (readonly SheetCell[])[];
}

/** Excel takes no longer formula. */
const longestFormula = 8192;

export function solutionSheets(solution: SolutionFacts): Sheet[] {
  const { inputs, weights, sections, results } = solution;
  const parts = [
    { name: "inputs", tables: inputs },
    { name: "weights", tables: weights },
    ...sections.map(({ name, tables }) => ({ name, tables })),
  ].filter(({ tables }) => tables.length > 0);
  const writer = new SheetWriter(parts.flatMap(({ tables }) => tables.flatMap(numbersOf)));
  // Every number has its place before a formula mentions it.
  const planned = parts.map(({ name, tables }) => writer.plan(name, tables));
  const sheets = planned.map((sheet) => writer.write(sheet));
  return results.length === 0 ? sheets : [...sheets, writer.writeResults(results)];
}

function numbersOf({ rows }: WorkedTable): WorkedNumber[] {
  return rows.flatMap(({ numbers }) => numbers.filter((number) => number !== undefined));
}

interface Place {
  readonly sheet: string;
  readonly cell: string;
}

interface PlannedTable {
  readonly table: WorkedTable;
  readonly letters: readonly string[];
  /** For each column, how many cells of sums stand before its number. */
  readonly sums: readonly number[];
  readonly split: readonly (readonly (SplitFormula | undefined)[])[];
}

interface PlannedSheet {
  readonly name: string;
  readonly tables: readonly PlannedTable[];
}

class SheetWriter {
  readonly #names: string[] = [];
  readonly #places = new Map<Expr, Place>();
  readonly #values: Map<Expr, number>;

  constructor(numbers: readonly WorkedNumber[]) {
    this.#values = new Map(numbers.map(({ symbol, value }) => [symbol, value]));
  }

  /** Gives every number of the tables a cell. */
  plan(wanted: string, tables: readonly WorkedTable[]): PlannedSheet {
    const name = this.#freeName(wanted);
    let row = 1;
    const planned = tables.map((table): PlannedTable => {
      const split = table.rows.map(({ numbers }) => numbers.map((number) => splitOf(number)));
      const sums = table.columns.map((_, column) => Math.max(0, ...split.map((one) => one[column]?.sums.length ?? 0)));
      const letters = lettersOf(table);
      row += letters.length + 2;
      table.rows.forEach(({ numbers }, at) => {
        let column = 1;
        const place = (symbol: Expr): void => {
          this.#places.set(symbol, { sheet: name, cell: `${columnName(column)}${row}` });
        };
        numbers.forEach((number, index) => {
          for (let which = 0; which < sums[index]!; which++, column++) {
            const sum = split[at]![index]?.sums[which];
            if (sum === undefined) continue;
            place(sum.symbol);
            this.#values.set(sum.symbol, this.#valueOf(sum.formula));
          }
          if (number !== undefined) place(number.symbol);
          column++;
        });
        row++;
      });
      row++;
      return { table, letters, sums, split };
    });
    return { name, tables: planned };
  }

  write({ name, tables }: PlannedSheet): Sheet {
    const rows = tables.flatMap((table, index) => [...(index === 0 ? [] : [[]]), ...this.#tableRows(table, name)]);
    return { name, rows };
  }

  writeResults(results: readonly WorkedResult[]): Sheet {
    const name = this.#freeName("prediction");
    const rows: SheetCell[][] = [[undefined, heading("by hand"), heading("engine (float32)"), heading("difference")]];
    for (const { layer, numbers, engine } of results) {
      for (const [index, number] of numbers.entries()) {
        const row = rows.length + 1;
        const beside: SheetCell[] =
          engine === undefined
            ? []
            : [
                { kind: "number", value: engine[index]! },
                { kind: "formula", formula: `B${row}-C${row}`, value: number.value - engine[index]! },
              ];
        const label = numbers.length === 1 ? layer : `${layer} [${index}]`;
        rows.push([text(label), this.#cellOf(number, name), ...beside]);
      }
    }
    return { name, rows };
  }

  #tableRows({ table, letters, sums, split }: PlannedTable, sheet: string): SheetCell[][] {
    const heads = table.columns.flatMap((column, at) => [...sumHeads(sums[at]!, column), heading(column)]);
    const rows = table.rows.map(({ label, note, numbers }, at): SheetCell[] => [
      text(note === undefined ? label : `${label} (${note})`),
      ...numbers.flatMap((number, column): SheetCell[] => {
        const own = split[at]![column];
        const before = Array.from({ length: sums[column]! }, (_, which) => {
          const sum = own?.sums[which];
          return sum && this.#formula(sum.formula, sheet, this.#valueOf(sum.formula));
        });
        return [...before, number && this.#numberCell(number, own?.formula, sheet)];
      }),
    ]);
    return [[heading(table.title)], ...letters.map((line) => [text(line)]), [undefined, ...heads], ...rows];
  }

  #numberCell({ value, lookup }: WorkedNumber, formula: Expr | undefined, sheet: string): SheetCell {
    if (formula === undefined) return { kind: "number", value };
    if (lookup === undefined) return this.#formula(formula, sheet, value);
    const [first, last] = [lookup.column[0]!, lookup.column.at(-1)!].map((end) => this.#reference(end, sheet));
    const range = `${first}:${last!.replace(/^.*!/, "")}`;
    const id = excelFormula(lookup.id, this.#from(sheet));
    return { kind: "formula", formula: `INDEX(${range},INT(${id})+1)`, value };
  }

  /** A number that has a cell somewhere, or none where it is a formula of its own. */
  #cellOf(number: WorkedNumber, sheet: string): SheetCell {
    const { symbol, value, formula } = number;
    if (this.#places.has(symbol)) return { kind: "formula", formula: this.#reference(symbol, sheet), value };
    return formula === undefined ? { kind: "number", value } : this.#formula(formula, sheet, value);
  }

  #valueOf(formula: Expr): number {
    return evaluateRow([formula], { width: 1, symbols: this.#values })(formula) as number; // no symbol is a row
  }

  #formula(expr: Expr, sheet: string, value: number): SheetCell {
    const formula = excelFormula(expr, this.#from(sheet));
    if (formula.length < longestFormula) return { kind: "formula", formula, value };
    throw new UnrollError({
      code: "memory",
      path: sheet,
      expected: `a spreadsheet's formula must be shorter than ${longestFormula.toLocaleString("en-US")} characters`,
      received: `${formula.length.toLocaleString("en-US")} characters`,
      hint: "Choose a smaller layer.",
    });
  }

  #from(sheet: string): (symbol: Expr) => string {
    return (symbol) => this.#reference(symbol, sheet);
  }

  #reference(symbol: Expr, from: string): string {
    const place = this.#places.get(symbol);
    if (place === undefined) throw new Error("worked solution: a formula uses a number that has no cell");
    return place.sheet === from ? place.cell : `'${place.sheet.replaceAll("'", "''")}'!${place.cell}`;
  }

  /** Sheets have short names without the characters of references, different from each other in any case. */
  #freeName(wanted: string): string {
    const plain = wanted.replaceAll(/[[\]:*?/\\']/g, "_").slice(0, 27) || "layer";
    let name = plain;
    for (let count = 2; this.#names.includes(name.toLowerCase()); count++) name = `${plain} ${count}`;
    this.#names.push(name.toLowerCase());
    return name;
  }
}

function splitOf(number: WorkedNumber | undefined): SplitFormula | undefined {
  return number?.formula === undefined ? undefined : splitFormula(number.formula);
}

function sumHeads(count: number, column: string): SheetCell[] {
  return Array.from({ length: count }, (_, at) => heading(count === 1 ? `${column}, sum` : `${column}, sum ${at + 1}`));
}

function text(words: string): SheetCell {
  return { kind: "text", text: words };
}

function heading(words: string): SheetCell {
  return { kind: "text", text: words, heading: true };
}

/** 0 → A, 25 → Z, 26 → AA. */
export function columnName(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : columnName(Math.floor(index / 26) - 1) + last;
}
