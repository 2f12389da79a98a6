import { expect, it } from "vitest";
import { pastedNumbers } from "./pasted-numbers.ts";

it("takes one number a line, or the last column, and leaves out what is none", () => {
  expect(pastedNumbers("1\n2.5\n\nn/a\n-3e2\r\n4")).toEqual([1, 2.5, -300, 4]);
  expect(pastedNumbers("date,value\n2024-01,112\n2024-02,118")).toEqual([112, 118]);
});

it("reads decimal commas where semicolons or tabs divide the columns, as spreadsheets copy them", () => {
  expect(pastedNumbers("Tag;Kurs\n1;5,5\n2;-6,25\n3;7")).toEqual([5.5, -6.25, 7]);
  expect(pastedNumbers("1\t0,5\n2\t1,5")).toEqual([0.5, 1.5]);
});
