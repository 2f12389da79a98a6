import { expect, it } from "vitest";
import { evenColumns } from "./even-rows.ts";

it("fills rows evenly, with no more columns than fit", () => {
  const columns = (count: number, width: number): number => evenColumns(count, { width, least: 10, gap: 1 });
  // Five fit into 54, gaps included; one less is too narrow for them.
  expect([5, 6, 7, 10, 11].map((count) => columns(count, 54))).toEqual([5, 3, 4, 5, 4]);
  expect([5, 6].map((count) => columns(count, 53))).toEqual([3, 3]);
  expect(columns(6, 65)).toBe(6);
  expect(columns(2, 500)).toBe(2);
  expect([columns(3, 5), columns(0, 54), columns(4, 0)]).toEqual([1, 1, 1]);
});
