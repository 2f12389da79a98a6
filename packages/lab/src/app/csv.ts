/** Tables as comma-separated values, by RFC 4180. */
import { written } from "./format.ts";

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export function tableToCsv({ columns, rows }: Table): string {
  return `${[columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers. */
function cell(value: string | number): string {
  const text = typeof value === "number" || !/^[=+@\t\r-]/.test(value) ? written(String(value)) : `'${written(value)}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
