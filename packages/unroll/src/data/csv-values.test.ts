import { describe, expect, test } from "vitest";
import { type DateOrder, provesDecimalMark, readDate, readNumber } from "./csv-values.ts";

describe("readNumber", () => {
  test.each([
    ["12", 12],
    ["-1234.5", -1234.5],
    ["+.5", 0.5],
    ["5.", 5],
    ["2e-3", 0.002],
    ["1.5E+10", 1.5e10],
    ["1,234.5", 1234.5],
    ["12,345,678", 12345678],
    ["1 234.5", 1234.5],
    ["1\u00a0234", 1234],
    ["1'234.5", 1234.5],
    ["\u22125", -5],
  ])("reads %s with a decimal point", (cell, value) => {
    expect(readNumber(cell, ".")).toBe(value);
  });

  test.each([
    ["1,5", 1.5],
    ["-1.234,5", -1234.5],
    ["1.234.567", 1234567],
    ["1 234,5", 1234.5],
    ["12", 12],
    ["2,5e3", 2500],
  ])("reads %s with a decimal comma", (cell, value) => {
    expect(readNumber(cell, ",")).toBe(value);
  });

  test.each([
    "",
    "abc",
    "1,23",
    "1,2345",
    "12,34,567",
    "1,234'567",
    "1 2",
    "0x10",
    "1e",
    "--1",
    "1-2",
    "3.5%",
    "Infinity",
    ".",
    "+",
  ])("takes %j for no number", (cell) => {
    expect(readNumber(cell, ".")).toBeUndefined();
  });

  test("says Infinity for what float64 cannot hold", () => {
    expect(readNumber("1e999", ".")).toBe(Number.POSITIVE_INFINITY);
  });

  test("only digits that fit one decimal mark prove it", () => {
    expect(provesDecimalMark("1.5", ".")).toBe(true);
    expect(provesDecimalMark("1.234", ".")).toBe(false);
    expect(provesDecimalMark("1,5", ",")).toBe(true);
    expect(provesDecimalMark("1.234,5", ",")).toBe(true);
    expect(provesDecimalMark("15", ".")).toBe(false);
  });
});

describe("readDate", () => {
  test.each<[string, DateOrder, string]>([
    ["2024-02-29", "iso", "2024-02-29T00:00:00.000Z"],
    ["2024/2/9", "iso", "2024-02-09T00:00:00.000Z"],
    ["2024-07", "iso", "2024-07-01T00:00:00.000Z"],
    ["2024-01-02T03:04:05.678Z", "iso", "2024-01-02T03:04:05.678Z"],
    ["2024-01-02 03:04", "iso", "2024-01-02T03:04:00.000Z"],
    ["2024-01-02T03:04:05.123456+02:00", "iso", "2024-01-02T01:04:05.123Z"],
    ["2024-01-02 03:04:05-0530", "iso", "2024-01-02T08:34:05.000Z"],
    ["0099-01-01", "iso", "0099-01-01T00:00:00.000Z"],
    ["31.12.2024", "dmy", "2024-12-31T00:00:00.000Z"],
    ["3/4/2020", "dmy", "2020-04-03T00:00:00.000Z"],
    ["3/4/2020", "mdy", "2020-03-04T00:00:00.000Z"],
    ["3/4/20", "mdy", "2020-03-04T00:00:00.000Z"],
    ["3-4-70", "dmy", "1970-04-03T00:00:00.000Z"],
    ["12/31/2024 11:59 PM", "mdy", "2024-12-31T23:59:00.000Z"],
    ["12/31/2024 12:05 AM", "mdy", "2024-12-31T00:05:00.000Z"],
    ["20241231", "compact", "2024-12-31T00:00:00.000Z"],
    ["Jan 1 2000", "monthName", "2000-01-01T00:00:00.000Z"],
    ["March 5, 2021", "monthName", "2021-03-05T00:00:00.000Z"],
    ["Sept. 5, 2021", "monthName", "2021-09-05T00:00:00.000Z"],
    ["5-Mar-21", "monthName", "2021-03-05T00:00:00.000Z"],
    ["05 March 2021", "monthName", "2021-03-05T00:00:00.000Z"],
    ["Mar 2021", "monthName", "2021-03-01T00:00:00.000Z"],
  ])("reads %s as %s", (cell, order, iso) => {
    expect(new Date(readDate(cell, order)!).toISOString()).toBe(iso);
  });

  test.each<[string, DateOrder]>([
    ["2023-02-29", "iso"],
    ["2024-13-01", "iso"],
    ["2024-00-10", "iso"],
    ["2024-01-02 24:00", "iso"],
    ["2024-01/02", "iso"],
    ["31/12/2024", "mdy"],
    ["12/31/2024", "dmy"],
    ["12/31/2024 13:00 PM", "mdy"],
    ["20241301", "compact"],
    ["Foo 1 2000", "monthName"],
    ["Feb 30 2000", "monthName"],
    ["", "iso"],
    [`2024-01-01${" ".repeat(100_000)}x`, "iso"],
  ])("takes %j for no date in order %s", (cell, order) => {
    expect(readDate(cell, order)).toBeUndefined();
  });
});
