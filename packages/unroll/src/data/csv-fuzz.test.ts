/** Thousands of mutated files: each ends in a table or an UnrollError, soon, and what is read has the right size. */
import { expect, test } from "vitest";
import { Random, UnrollError } from "../core/index.ts";
import { type CsvOptions, parseCsv } from "./index.ts";

const SEEDS = [
  'date,open,close,name\n2024-01-02,1.5,2.5,x\n2024-01-03,1.75,,y\n2024-01-04,NA,3,"z, w"\n',
  "day;value;rest\r\n31.12.2024;1,5;a\r\n01.01.2025;1.234,5;b\r\n",
  'a\tb\n"x\ny"\t1\n"q ""r"""\t2\n',
  "1|2|3\n4|5|6\n7|8|9",
  "symbol,date,price\nMSFT,Jan 1 2000,39.81\nMSFT,Feb 1 2000,36.35\n",
  "\ufeffa,b\n1,2\n",
];
const BITS = [
  '"',
  '""',
  ",",
  ";",
  "\n",
  "\r",
  "\r\n",
  "\t",
  "|",
  "\u0000",
  "\ufeff",
  "é",
  "💧",
  "1e999",
  "NaN",
  "-",
  " ",
];
const OPTIONS: CsvOptions[] = [
  {},
  { header: true },
  { header: false },
  { delimiter: ";" },
  { decimal: "," },
  { types: { a: "date" } },
  { maxRows: 2 },
  { columns: ["x", "y", "z"] },
];

test("every mutated text is read or refused with an UnrollError", () => {
  const random = new Random(7);
  const outcomes = { read: 0, refused: 0 };
  for (let run = 0; run < 4000; run++) {
    let text = SEEDS[random.below(SEEDS.length)]!;
    for (let change = random.below(6); change >= 0; change--) text = mutated(text, random);
    outcomes[outcomeOf(text, OPTIONS[random.below(OPTIONS.length)]!)]++;
  }
  // Both must happen often, or the mutations test nothing.
  expect(outcomes.read).toBeGreaterThan(400);
  expect(outcomes.refused).toBeGreaterThan(400);
});

test("every mutated or random byte string is read or refused with an UnrollError", () => {
  const random = new Random(8);
  for (let run = 0; run < 2000; run++) {
    const seed = new TextEncoder().encode(SEEDS[random.below(SEEDS.length)]!);
    const bytes = run % 3 === 0 ? new Uint8Array(random.below(200)).map(() => random.below(256)) : seed.slice();
    for (let change = random.below(4); change >= 0; change--) bytes[random.below(bytes.length)] = random.below(256);
    outcomeOf(bytes, OPTIONS[random.below(OPTIONS.length)]!);
  }
});

function outcomeOf(source: string | Uint8Array, options: CsvOptions): "read" | "refused" {
  try {
    const table = parseCsv(source, options);
    expect(table.rows).toBeGreaterThan(0);
    expect(table.lines.length).toBe(table.rows);
    expect(new Set(table.names).size).toBe(table.columns.length);
    for (const column of table.columns) {
      expect(column.values.length).toBe(table.rows);
      if (column.type === "category") continue;
      const missing = column.values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
      expect(table.issues.filter((issue) => issue.column === column.name).length).toBe(missing);
    }
    return "read";
  } catch (error) {
    if (error instanceof UnrollError && error.message.length > 10) return "refused";
    throw error;
  }
}

function mutated(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const to = Math.min(text.length, at + random.below(8));
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at) + text.slice(to);
    case 1:
      return text.slice(0, at) + text.slice(at, to).repeat(3) + text.slice(to);
    case 2:
      return text.slice(0, at) + String.fromCharCode(random.below(0x250)) + text.slice(at);
    default:
      return text.slice(0, at) + BITS[random.below(BITS.length)]! + text.slice(at);
  }
}
