import { expect, it } from "vitest";
import { tableToCsv } from "./csv.ts";

it("quotes what holds commas, quotes or lines, and doubles quotes", () => {
  const csv = tableToCsv({
    title: "",
    columns: ["a", "b"],
    rows: [
      ["(None, 4)", 'say "x"'],
      ["one\ntwo", 2],
    ],
  });
  expect(csv).toBe('a,b\r\n"(None, 4)","say ""x"""\r\n"one\ntwo",2\r\n');
});

it("keeps a spreadsheet from running a text as a formula, and leaves negative numbers alone", () => {
  expect(tableToCsv({ title: "", columns: ["a"], rows: [["=1+1"], [-2]] })).toBe("a\r\n'=1+1\r\n-2\r\n");
});
