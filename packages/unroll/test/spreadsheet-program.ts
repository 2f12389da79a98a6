/**
 * Calculates .xlsx files in LibreOffice, where it is installed (`soffice` on the path): what a real spreadsheet program makes
 * of our formulas. Only for tests.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { csvParseRows } from "d3-dsv";

/** Whether there is a LibreOffice. */
export const hasSpreadsheetProgram = spawnSync("soffice", ["--version"], { timeout: 60_000 }).status === 0;

/** Calculate every formula on opening, whatever value stands beside it. */
const settings = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
`;

/** Comma, quotes, UTF-8, numbers in full and not as shown, every sheet into a file of its own. */
const csv = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1";

/** Rows of text of one sheet. */
export type CalculatedSheet = readonly (readonly string[])[];

/** The sheets of each workbook by name, every formula calculated anew. */
export function calculateWorkbooks(workbooks: readonly Uint8Array[]): ReadonlyMap<string, CalculatedSheet>[] {
  const folder = mkdtempSync(join(tmpdir(), "unroll-sheets-"));
  try {
    const profile = join(folder, "profile");
    mkdirSync(join(profile, "user"), { recursive: true });
    writeFileSync(join(profile, "user", "registrymodifications.xcu"), settings);
    const paths = workbooks.map((bytes, index) => {
      const path = join(folder, `${index}.xlsx`);
      writeFileSync(path, bytes);
      return path;
    });
    const own = `-env:UserInstallation=${pathToFileURL(profile).href}`;
    execFileSync("soffice", [own, "--headless", "--convert-to", csv, "--outdir", folder, ...paths], { stdio: "pipe" });
    const files = readdirSync(folder);
    return paths.map((_, index) => {
      const ending = ".csv";
      const sheets = files.filter((file) => file.startsWith(`${index}-`) && file.endsWith(ending));
      const nameOf = (file: string): string => file.slice(`${index}-`.length, -ending.length);
      return new Map(sheets.map((file) => [nameOf(file), csvParseRows(readFileSync(join(folder, file), "utf8"))]));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
