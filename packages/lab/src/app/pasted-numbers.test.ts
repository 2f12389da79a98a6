import { expect, it } from "vitest";
import { pastedNumbers } from "./pasted-numbers.ts";

const numbersIn = (text: string): readonly number[] => pastedNumbers(text).numbers;

it("takes one number a line, or the last column, and leaves out what is none", () => {
  expect(numbersIn("1\n2.5\n\nn/a\n-3e2\r\n4")).toEqual([1, 2.5, -300, 4]);
  expect(numbersIn("date,value\n2024-01,112\n2024-02,118")).toEqual([112, 118]);
});

it("reads decimal commas where semicolons or tabs divide the columns, as spreadsheets copy them", () => {
  expect(numbersIn("Tag;Kurs\n1;5,5\n2;-6,25\n3;7")).toEqual([5.5, -6.25, 7]);
  expect(numbersIn("1\t0,5\n2\t1,5")).toEqual([0.5, 1.5]);
});

it("names each line that it leaves out, headings and missing cells too, but no empty ones", () => {
  expect(pastedNumbers("date,value\n1,5\n\n  n/a \r\n3,\n4,Infinity\n5,6\n").leftOut).toEqual([
    { line: 1, text: "date,value" },
    { line: 4, text: "n/a" },
    { line: 5, text: "3," },
    { line: 6, text: "4,Infinity" },
  ]);
  expect(pastedNumbers("1\n2\n\n").leftOut).toEqual([]);
});
