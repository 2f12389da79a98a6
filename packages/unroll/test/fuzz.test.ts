import { expect, test } from "vitest";
import { fuzz, fuzzTable } from "./fuzz.ts";

test("650 damaged files of every kind end in a result or an UnrollError, within bounds", async () => {
  const { rows, failures } = await fuzz({ files: 650, seed: 1 });
  expect(failures).toEqual([]);
  for (const { kind, opened, refused, failed } of rows) {
    expect([kind, opened + refused, failed]).toEqual([kind, 50, 0]);
    // Damage that nothing notices would be a poor test, and so would damage that is always noticed.
    expect(opened, kind).toBeGreaterThan(0);
    if (!/Python|notebook|Markdown/.test(kind)) expect(refused, kind).toBeGreaterThan(0);
  }
  expect(fuzzTable(rows).split("\n")).toHaveLength(rows.length + 3);
}, 60_000);

test("a file that takes long or much is told by name", async () => {
  const { failures } = await fuzz({ files: 13, seed: 2, maxMilliseconds: -1, maxBytes: -1 });
  expect(failures).toHaveLength(26);
  expect(failures[0]).toMatch(/^file 0, zip \(\.keras\) from .*: took \d+ ms$/);
});
