import { describe, expect, it } from "vitest";
import { parseCsv } from "./csv.ts";
import { sortRows, takeRows } from "./sort.ts";
import { tableOf } from "./table.ts";

describe("sortRows", () => {
  it("puts rows in the order of a column, words and lines with them; equal ones stay as they were", () => {
    const table = parseCsv("day,word,n\n2024-03-01,c,3\n2024-01-01,a,1\n2024-03-01,d,4\n2024-02-01,b,\n");
    const sorted = sortRows(table, "day");
    expect(sorted.column("word").values).toEqual(["a", "b", "c", "d"]);
    expect([...sorted.numbers("n")]).toEqual([1, Number.NaN, 3, 4]);
    expect([...sorted.lines]).toEqual([3, 5, 2, 4]);
    expect(sorted.issues).toEqual(table.issues);
  });

  it("gives the same table where it is in order", () => {
    const table = tableOf({ day: [1, 2, 2], n: [3, 2, 1] });
    expect(sortRows(table, "day")).toBe(table);
  });

  it("refuses a row without a value, by its line", () => {
    const table = parseCsv("t,n\n1,5\n,6\n2,7\n");
    expect(() => sortRows(table, "t")).toThrow(/column t: must have a value in every row.*none in line 3/);
  });
});

describe("takeRows", () => {
  it("keeps lines, words and the issues of the rows it takes", () => {
    const table = parseCsv("day,store,sold\n1,a,x1\n2,b,20\n3,a,30\n", { types: { sold: "number" } });
    const part = takeRows(table, Uint32Array.of(2, 0));
    expect(part.numbers("day")).toEqual(Float64Array.of(3, 1));
    expect(part.column("store").values).toEqual(["a", "a"]);
    expect([...part.lines]).toEqual([4, 2]);
    expect(part.issues.map(({ row }) => row)).toEqual([2]);
    expect(takeRows(table, Uint32Array.of(1)).issues).toEqual([]);
  });
});
