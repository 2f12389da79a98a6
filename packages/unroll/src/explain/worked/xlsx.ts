/**
 * Sheets as the bytes of an .xlsx file; no macros, no links. The library that writes it is loaded when it is asked for. It
 * writes formulas alone, so what each comes to is put beside it afterwards: previews and other readers do not calculate.
 */
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import type { SolutionFacts } from "./solution.ts";
import { columnName, type Sheet, type SheetCell, solutionSheets } from "./spreadsheet.ts";

export async function solutionToXlsx(solution: SolutionFacts): Promise<Uint8Array> {
  const { default: writeXlsxFile } = await import("write-excel-file/universal");
  const sheets = solutionSheets(solution);
  const written = sheets.map(({ name, rows }) => ({
    sheet: name,
    data: rows.map((row) => row.map(cellOf)),
    columns: [{ width: 24 }],
  }));
  const blob = await writeXlsxFile(written).toBlob();
  const files = unzipSync(new Uint8Array(await blob.arrayBuffer()));
  for (const [index, sheet] of sheets.entries()) {
    const path = `xl/worksheets/sheet${index + 1}.xml`;
    files[path] = strToU8(withValues(strFromU8(files[path]!), sheet)); // one file a sheet, in their order
  }
  return zipSync(files);
}

function cellOf(cell: SheetCell) {
  switch (cell?.kind) {
    case undefined:
      return null;
    case "text":
      return { type: String, value: cell.text, ...(cell.heading === true && { fontWeight: "bold" as const }) };
    case "number":
      return { type: Number, value: cell.value };
    case "formula":
      // The file holds formulas without the sign that begins them in a program (ECMA-376, 18.3.1.40).
      return { type: "Formula" as const, value: cell.formula };
  }
}

/** The sheet's XML with `<v>` behind each `<f>` (ECMA-376, 18.3.1.96). */
function withValues(xml: string, { rows }: Sheet): string {
  const values = new Map<string, number>();
  rows.forEach((row, at) => {
    row.forEach((cell, column) => {
      if (cell?.kind === "formula") values.set(`${columnName(column)}${at + 1}`, cell.value);
    });
  });
  return xml.replaceAll(/(<c r="([A-Z]+\d+)"[^>]*>)(<f>[^<]*<\/f>)/g, (whole, _, place: string) => {
    const value = values.get(place);
    // A file has no number for what is not finite; a program that calculates finds its own word for it.
    return value !== undefined && Number.isFinite(value) ? `${whole}<v>${value}</v>` : whole;
  });
}
