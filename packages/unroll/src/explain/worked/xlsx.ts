/** Sheets as the bytes of an .xlsx file. The library that writes it is loaded when it is asked for; no macros, no links. */
import type { SolutionFacts } from "./solution.ts";
import { type SheetCell, solutionSheets } from "./spreadsheet.ts";

export async function solutionToXlsx(solution: SolutionFacts): Promise<Uint8Array> {
  const { default: writeXlsxFile } = await import("write-excel-file/universal");
  const sheets = solutionSheets(solution).map(({ name, rows }) => ({
    sheet: name,
    data: rows.map((row) => row.map(cellOf)),
    columns: [{ width: 24 }],
  }));
  const blob = await writeXlsxFile(sheets).toBlob();
  return new Uint8Array(await blob.arrayBuffer());
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
