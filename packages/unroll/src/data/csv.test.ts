import { describe, expect, test } from "vitest";
import { UnrollError } from "../core/index.ts";
import { type CsvOptions, parseCsv, type Table } from "./index.ts";

const values = (table: Table) =>
  Object.fromEntries(table.columns.map(({ name, type, values }) => [name, [type, ...values]]));
const messageOf = (text: string | Uint8Array, options?: CsvOptions): string => {
  try {
    parseCsv(text, options);
  } catch (error) {
    if (error instanceof UnrollError) return error.message;
    throw error;
  }
  throw new Error("no error");
};
const day = (year: number, month: number, date: number) => Date.UTC(year, month - 1, date);

describe("parseCsv finds out", () => {
  test("numbers, dates and words by their cells", () => {
    const table = parseCsv("date,price,name\n2024-01-02,185.6,a\n2024-01-03,-1e2,b\n");
    expect(values(table)).toEqual({
      date: ["date", day(2024, 1, 2), day(2024, 1, 3)],
      price: ["number", 185.6, -100],
      name: ["category", "a", "b"],
    });
    expect(table.notes).toEqual([]);
    expect(table.issues).toEqual([]);
  });

  test.each([",", ";", "\t", "|"])("the delimiter %j", (delimiter) => {
    const text = ["a,b,c", "1,x y,2", '3,"p,q;r|s\tt",4'].map((line) =>
      line.replace(/"[^"]*"|,/g, (part) => (part === "," ? delimiter : part)),
    );
    expect(values(parseCsv(text.join("\n")))).toEqual({
      a: ["number", 1, 3],
      b: ["category", "x y", "p,q;r|s\tt"],
      c: ["number", 2, 4],
    });
  });

  test("the decimal comma beside semicolons, without a header", () => {
    const table = parseCsv("1,5;2,5\n3,5;-1.004,5\n");
    expect(values(table)).toEqual({ column1: ["number", 1.5, 3.5], column2: ["number", 2.5, -1004.5] });
    expect(table.notes).toEqual(["no header was found; the columns are called column1, column2."]);
  });

  test("thousands in quotes, and says so where 1,234 could be 1.234", () => {
    expect(values(parseCsv('a,b\n"1,234",1.5\n"12,345",2\n')).a).toEqual(["number", 1234, 12345]);
    const guessed = parseCsv("a;b\n1,234;x\n2,345;y\n");
    expect(values(guessed).a).toEqual(["number", 1.234, 2.345]);
    expect(guessed.notes).toEqual([
      "numbers like 1,234 are read as 1.234, with a decimal comma. Pass decimal to choose.",
    ]);
    expect(values(parseCsv("a;b\n1,234;x\n2,345;y\n", { decimal: "." })).a).toEqual(["number", 1234, 2345]);
  });

  test("day before month where only that fits", () => {
    expect(values(parseCsv("d\n03/04/2020\n13/04/2020\n")).d).toEqual(["date", day(2020, 4, 3), day(2020, 4, 13)]);
    expect(values(parseCsv("d\n03/04/2020\n03/14/2020\n")).d).toEqual(["date", day(2020, 3, 4), day(2020, 3, 14)]);
  });

  test("the order of day and month in which time goes one way", () => {
    const table = parseCsv("d\n01/02/2020\n02/02/2020\n01/03/2020\n02/03/2020\n");
    expect(values(table).d).toEqual(["date", day(2020, 2, 1), day(2020, 2, 2), day(2020, 3, 1), day(2020, 3, 2)]);
    expect(table.notes).toEqual([]);
  });

  test("nothing where both orders fit, and says what it took", () => {
    const table = parseCsv("d\n03/04/2020\n05/04/2020\n");
    expect(values(table).d).toEqual(["date", day(2020, 3, 4), day(2020, 5, 4)]);
    expect(table.notes[0]).toMatch(/column d: every date fits both.*read as month\/day\. Pass dateOrder/);
    expect(values(parseCsv("d\n03/04/2020\n05/04/2020\n", { dateOrder: "dmy" })).d![1]).toBe(day(2020, 4, 3));
  });

  test("dates of eight digits by the column's name only", () => {
    const table = parseCsv("date,id\n20240131,20240131\n20240201,20240201\n");
    expect(values(table)).toEqual({
      date: ["date", day(2024, 1, 31), day(2024, 2, 1)],
      id: ["number", 20240131, 20240201],
    });
  });

  test("a header of words only", () => {
    expect(values(parseCsv("name,kind\na,b\nc,d\n"))).toEqual({
      name: ["category", "a", "c"],
      kind: ["category", "b", "d"],
    });
  });

  test("the unnamed column of saved row numbers", () => {
    const table = parseCsv(",a\n0,1.5\n1,2.5\n");
    expect(table.names).toEqual(["index", "a"]);
    expect(table.notes).toEqual(["the first column has no name; it is called index."]);
  });

  test("a delimiter at the end of every line", () => {
    expect(values(parseCsv("a,b,\n1,2,\n3,4,\n"))).toEqual({ a: ["number", 1, 3], b: ["number", 2, 4] });
    expect(messageOf("a,b,\n1,2,\n3,4,5\n")).toMatch(/every column must have a name/);
  });
});

describe("parseCsv reads", () => {
  test.each([
    ["line feeds", "a,b\n1,2\n3,4\n"],
    ["carriage returns and line feeds", "a,b\r\n1,2\r\n3,4\r\n"],
    ["carriage returns", "a,b\r1,2\r3,4"],
    ["no newline at the end", "a,b\n1,2\n3,4"],
    ["blank lines", "\n\na,b\n\n1,2\n   \n3,4\n\n\n"],
    ["a byte order mark", "\ufeffa,b\n1,2\n3,4"],
    ["quotes and spaces", '"a", b \n"1" ,2\n3, 4 '.replace('"1" ', '"1"')],
  ])("%s", (_, text) => {
    expect(values(parseCsv(text))).toEqual({ a: ["number", 1, 3], b: ["number", 2, 4] });
  });

  test("bytes in UTF-8, UTF-16 with a mark, and windows-1252 when told", () => {
    const text = "größe\n1\n2\n";
    const utf16 = Uint8Array.from([0xff, 0xfe, ...[...text].flatMap((c) => [c.charCodeAt(0), 0])]);
    const latin = Uint8Array.from(text, (c) => c.charCodeAt(0));
    expect(parseCsv(new TextEncoder().encode(text)).names).toEqual(["größe"]);
    expect(parseCsv(utf16).names).toEqual(["größe"]);
    expect(parseCsv(latin, { encoding: "windows-1252" }).names).toEqual(["größe"]);
    expect(messageOf(latin)).toBe(
      'CSV: must be text in utf-8. Received: bytes that are not. Pass encoding: "windows-1252" for files of older spreadsheets, or export the data as CSV in UTF-8.',
    );
  });

  test("quotes, doubled quotes, delimiters and line breaks inside quotes", () => {
    const table = parseCsv('a,b\n"x ""y"", z",1\n"two\nlines",2\n');
    expect(values(table).a).toEqual(["category", 'x "y", z', "two\nlines"]);
    expect([...table.lines]).toEqual([2, 3]);
  });

  test("names and types that are given", () => {
    const table = parseCsv("1,2\n3,4\n", { columns: ["x", "y"], types: { y: "category" } });
    expect(values(table)).toEqual({ x: ["number", 1, 3], y: ["category", "2", "4"] });
  });
});

describe("parseCsv reports missing and unusable cells by line", () => {
  test("counting lines as an editor does, through blank lines and quoted line breaks", () => {
    const table = parseCsv('name,x\n"two\r\nlines",1\n\nb,\nc,NA\nd,4\ne,5\nf,six\ng,7\nh,8\ni,9\nj,10\nk,11\nl,12\n');
    expect(table.issues).toEqual([
      { row: 5, column: "x", value: "", reason: "empty" },
      { row: 6, column: "x", value: "NA", reason: "stands for a missing value" },
      { row: 9, column: "x", value: "six", reason: "not a number" },
    ]);
    expect(values(table).x).toEqual(["number", 1, Number.NaN, Number.NaN, 4, 5, Number.NaN, 7, 8, 9, 10, 11, 12]);
  });

  test("one bad cell among a few does not make a column words", () => {
    const table = parseCsv("x\n1\n2\noops\n4\n");
    expect(values(table).x).toEqual(["number", 1, 2, Number.NaN, 4]);
    expect(table.issues).toEqual([{ row: 4, column: "x", value: "oops", reason: "not a number" }]);
  });

  test("says when a column of many numbers became words", () => {
    const table = parseCsv("x\n1\n2\na\nb\n3\n");
    expect(values(table).x).toEqual(["category", "1", "2", "a", "b", "3"]);
    expect(table.notes).toEqual([
      'column x: only 3 of 5 cells are numbers; read as categories. Pass types: { "x": "number" } to take the others as missing.',
    ]);
    expect(values(parseCsv("x\n1\n2\na\nb\n3\n", { types: { x: "number" } })).x).toEqual([
      "number",
      1,
      2,
      Number.NaN,
      Number.NaN,
      3,
    ]);
  });

  test("impossible dates and numbers too large", () => {
    const table = parseCsv("d,x\n2024-02-28,1\n2024-02-30,1e999\n2024-03-01,3\n2024-03-02,4\n");
    expect(table.issues).toEqual([
      { row: 3, column: "d", value: "2024-02-30", reason: "not a date like 2024-12-31" },
      { row: 3, column: "x", value: "1e999", reason: "larger than a float64 can hold" },
    ]);
  });

  test("words for missing that are given, in any case", () => {
    const table = parseCsv("x\n1\nnope\nNOPE\n2\n", { missing: ["Nope"] });
    expect(values(table).x).toEqual(["number", 1, Number.NaN, Number.NaN, 2]);
  });

  test("keeps maxIssues and counts the others", () => {
    const table = parseCsv(`x,y\n${"1,\n".repeat(50)}`, { maxIssues: 3 });
    expect(table.issues.length).toBe(3);
    expect(table.issueCount).toBe(50);
  });
});

describe("parseCsv refuses", () => {
  test.each([
    [
      "",
      "CSV: must hold a header and at least one row. Received: an empty file. Look whether it was written to its end.",
    ],
    [
      "\n \n\n",
      "CSV: must hold a header and at least one row. Received: an empty file. Look whether it was written to its end.",
    ],
    [
      "a,b\n",
      "CSV: must have at least one row below the header. Received: a header only. If that line is data, pass header: false.",
    ],
    [
      "a,b,c\n1,2,3\n4,5\n",
      'CSV, line 3: every row must have 3 fields, as the first has. Received: fields = 2. Look for a missing ",", or a line break inside a value that is not quoted. Pass delimiter if the fields are not parted by ",".',
    ],
    [
      "a,b\n1,2\n\n3,4,5\n",
      'CSV, line 4: every row must have 2 fields, as the first has. Received: fields = 3. Look for a "," inside a value that is not quoted, or a title above the header. Pass delimiter if the fields are not parted by ",".',
    ],
    [
      "a,b,a\n1,2,3\n",
      "CSV, line 1: every column must have its own name. Received: columns 1 and 3 = a. Rename one of them.",
    ],
    [
      "a,,c\n1,2,3\n",
      "CSV, line 1: every column must have a name in the header. Received: no name for column 2. Add the name, or pass header: false if the first line is data.",
    ],
    [
      'a,b\n1,"x" y\n',
      'CSV, line 2: after a closing quote only the delimiter "," or the end of the line may follow. Received: character = " ". Write a quote inside a quoted field twice ("").',
    ],
    [
      'a,b\n1,2\n3,"open\n4,5\n',
      'CSV, line 3: a field that begins with a double quote must end with one before the file ends. Received: an opening quote on line 3 and no closing one. Close it, or write a quote inside a quoted field twice ("").',
    ],
    [
      "a,b\n1,\u0000\n",
      'CSV, line 2: must be text without control characters. Received: character code = 0. This looks like a binary file, or text in UTF-16. Pass encoding: "utf-16le" if it is text, or export the data as CSV in UTF-8.',
    ],
    [
      "a,b\n1,\u0001\n",
      "CSV, line 2: must be text without control characters. Received: character code = 1. This looks like a binary file. Export the data as CSV in UTF-8.",
    ],
  ])("%j", (text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  test("a header that is demanded and is not there", () => {
    expect(messageOf("1,2\n3,4\n", { header: true })).toBe(
      "CSV, line 1: the first line must hold the names of the columns. Received: numbers only, 1, 2. Pass header: false, and columns with the names.",
    );
  });

  test("more than its limits, before taking memory", () => {
    const text = `a,b\n${"1,2\n".repeat(100)}`;
    expect(messageOf(text, { maxRows: 99 })).toMatch(/^CSV: must have at most 99 rows/);
    expect(messageOf(text, { maxColumns: 1 })).toMatch(/^CSV, line 1: must have at most 1 columns/);
    expect(messageOf(text, { maxBytes: 50 })).toMatch(/^CSV: must be at most 50 bytes/);
    expect(messageOf(`a\n"${"x".repeat(5_000_000)}"\n`)).toMatch(
      /^CSV, line 2: a row must be at most 4194304 characters long/,
    );
  });

  test("unknown options and columns, with the nearest name", () => {
    expect(messageOf("a\n1\n", { delimeter: ";" } as CsvOptions)).toBe(
      "parseCsv: has no option named delimeter. Did you mean delimiter?",
    );
    expect(messageOf("price\n1\n", { types: { prize: "number" } })).toBe(
      "types: CSV has no column named prize. Did you mean price?",
    );
    expect(() => parseCsv("price,day\n1,2\n").column("Prices")).toThrow(
      "table: has no column named Prices. Did you mean price?",
    );
    expect(messageOf("a\n1\n", { delimiter: '"' })).toMatch(/delimiter must be one character/);
  });

  test("names the file that it was told", () => {
    expect(messageOf("a,b\n1\n", { name: "prices.csv", delimiter: "," })).toMatch(/^prices\.csv, line 2: every row/);
  });
});
