import { describe, expect, it } from "vitest";
import { columnLines } from "./columns.ts";

describe("cells beside each other", () => {
  const rows = [
    [["a"], ["one", "1"], ["uno", "1"]],
    [["b"], ["seventeen", "17,000"], ["diciassette", "17,000"]],
  ];

  it("stand in one line where there is room", () => {
    // 1 + 2 + 16 + 2 + 18
    expect(columnLines(rows, 39)).toEqual([
      ["a  one 1             uno 1"],
      ["b  seventeen 17,000  diciassette 17,000"],
    ]);
  });

  it("go on in their own column where there is none, the widest first", () => {
    expect(columnLines(rows, 38)).toEqual([
      ["a  one 1             uno 1"],
      ["b  seventeen 17,000  diciassette", "                       17,000"],
    ]);
    expect(columnLines(rows, 30)).toEqual([
      ["a  one 1         uno 1"],
      ["b  seventeen     diciassette", "     17,000        17,000"],
    ]);
  });

  it("are cut where even one of their words has no room", () => {
    expect(columnLines(rows, 15)).toEqual([["a  one 1  uno 1"], ["b  seve…  dici…", "     17…    17…"]]);
  });
});
