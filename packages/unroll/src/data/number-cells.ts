/** Tables that go into a model: every cell must be a number. */
import { UnrollError } from "../core/index.ts";
import type { Table } from "./table.ts";

/**
 * Lets pass numbers and the word nan; a gap would run through the model as NaN unseen.
 *
 * @throws UnrollError `data` with the line and the column of the first other cell
 */
export function checkNumberCells(table: Table, path: string): void {
  const [issue] = table.issues.filter(({ value }) => !/^[+-]?nan$/i.test(value));
  if (issue !== undefined) throw badCell(path, issue.row, issue.column, issue.value);
  for (const column of table.columns) {
    if (column.type === "number") continue;
    const isNumber = (value: number | string | null): boolean =>
      typeof value === "string" && Number.isFinite(Number(value));
    const row = column.type === "date" ? 0 : column.values.findIndex((value) => !isNumber(value));
    const value = column.type === "date" ? "a date" : (column.values[row] ?? "");
    throw badCell(path, table.lines[row] ?? 0, column.name, value);
  }
}

function badCell(path: string, line: number, column: string, value: string): UnrollError {
  return new UnrollError({
    code: "data",
    path: `${path}, line ${line}, column ${column}`,
    expected: "every cell must be a number",
    received: value === "" ? "an empty cell" : `value = ${JSON.stringify(value.slice(0, 60))}`,
    hint: "Fill it or take it out; write nan where a number is meant to be missing.",
  });
}
