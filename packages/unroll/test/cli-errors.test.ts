/** What the command line says to a newcomer who gets something wrong: the place, what came, and what can be typed instead. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Terminal } from "../src/cli/command.ts";
import { main } from "../src/cli/main.ts";

let folder = "";
const at = (name: string): string => join(folder, name);

/** What a command that fails says on stderr, without the folder. */
async function refusal(...words: string[]): Promise<string> {
  let note = "";
  const terminal: Terminal = {
    out: () => {},
    note: (text) => {
      note += text;
    },
    columns: 80,
    color: false,
    interactive: false,
  };
  expect(await main(words, terminal)).toBe(2);
  return note.replaceAll(join(folder, "/"), "");
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unroll-cli-errors-"));
  const files = {
    "net.py": `
from keras import Sequential
from keras.layers import Dense, Input, LSTM
model = Sequential([Input((6, 2)), LSTM(3), Dense(1)])
`,
    "open.py": `
from keras import Sequential
from keras.layers import Dense, Input, LSTM
model = Sequential([Input((None, 2)), LSTM(3), Dense(1)])
`,
    "wide.py": `
from keras import Sequential
from keras.layers import Input, LSTM
model = Sequential([Input((500, 2)), LSTM(64)])
`,
    "cut.json": "[[[1, 2],\n",
    "nan.json": "[[[1, NaN]]]",
    "ragged.json": "[[1, 2], [3]]",
    "words.json": '[[1, "a"]]',
    "shaped.json": '{"shape": [1, 6, 2], "data": [1, 2, 3, "a", 5, 6, 7, 8, 9, 10, 11, 12]}',
    "short.json": '{"shape": [1, 6, 2], "data": [1, 2, 3]}',
    "sizes.json": '{"shape": [1, "6", 2], "data": [1, 2, 3]}',
    "flat.json": '{"shape": 3, "data": [1, 2, 3]}',
    "named.json": '{"x": [1]}',
    "text.json": '"abc"',
    "title.csv": "Prices of 2024\na,b\n1,2\n3,4\n",
    "head.csv": "a,b\n",
    "numbers.csv": Array.from({ length: 9 }, (_, row) => `${row},${row * row}\n`).join(""),
    "table.csv": `a,b\n${Array.from({ length: 9 }, (_, row) => `${row},${row * row}\n`).join("")}`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
  writeFileSync(at("utf16.csv"), Buffer.from("a,b\n1,2\n3,4\n", "utf16le"));
  writeFileSync(at("latin.csv"), Buffer.from([0x61, 0x2c, 0x62, 0x0a, 0xe9, 0x2c, 0x31, 0x0a]));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("data that cannot be read", () => {
  it.each([
    ["cut.json", "cut.json: the file must be JSON. Received: Unexpected end of JSON input, in line 1."],
    ["nan.json", /^nan\.json: .*Received: Unexpected token.*JSON has no NaN and no Infinity: use \.npy or \.csv\.$/m],
    ["ragged.json", "ragged.json: data[1]: every row at this depth must have 2 entries"],
    ["words.json", "words.json: data[0][1]: "],
    ["shaped.json", "shaped.json: data[3]: nested arrays must hold numbers at equal depth. Received: string = a."],
    ["short.json", "short.json: tensor: shape [1, 6, 2] needs 12 numbers. Received: 3 numbers."],
    ["sizes.json", "sizes.json: tensor: every size of a shape must be a whole number"],
    ["flat.json", "flat.json: data must be nested arrays of numbers, or { shape, data } with a list for each."],
    ["named.json", "Received: an object with x."],
    ["text.json", "Received: abc."],
    [
      "title.csv",
      /^title\.csv, line 2: every row must have 1 field, as the first has\..* or a title above the header\. If another character/m,
    ],
    ["head.csv", "If that line is data, put a line with the columns' names above it."],
    ["latin.csv", "Save it as CSV in UTF-8, as spreadsheets and editors can."],
    ["utf16.csv", "or text in UTF-16. Save it as CSV in UTF-8, as spreadsheets and editors can."],
  ])("says of %s where it is wrong, and what to do without options of the library", async (name, message) => {
    const said = await refusal("predict", at("net.py"), "--input", at(name));
    if (typeof message === "string") expect(said).toContain(message);
    else expect(said).toMatch(message);
    expect(said).not.toMatch(/header: false|encoding:|[Pp]ass |Number\(/);
  });

  it("says which lookback the model has", async () => {
    const words = ["predict", at("net.py"), "--input", at("table.csv"), "--out", at("out.csv"), "--lookback", "3"];
    expect(await refusal(...words)).toContain("Received: --lookback 3. Use --lookback 6.");
  });
});

describe("words of the command line", () => {
  it.each([
    [["compare", "a", "b", "c"], "unroll compare: takes A [B]. Received: a b c."],
    [["serve"], "unroll serve: takes one MODEL or more. Received: nothing."],
    [["train"], "unroll train: takes DATA. Received: nothing."],
  ])("%j are counted in a sentence", async (words, message) => {
    expect(await refusal(...words)).toContain(message);
  });

  it("name the flag where the library would name an option", async () => {
    expect(await refusal("solve", at("wide.py"))).toContain(
      "Choose one layer and one timestep: --layer N --timestep T.",
    );
    expect(await refusal("convert", at("open.py"), at("open.onnx"))).toMatch(/Give --timesteps N\.$/m);
    const sweep = ["--target", "b", "--epochs", "1", "--threads", "0", "--folder", at("s")];
    mkdirSync(at("s"));
    writeFileSync(at("s/sweep.json"), "{}");
    writeFileSync(at("space.json"), '{ "units": [1, 2] }');
    expect(await refusal("sweep", at("space.json"), at("table.csv"), ...sweep)).toMatch(
      /Choose another folder: --folder DIR\.$/m,
    );
  });

  it("names the command whose flag is wrong, and the setting with its value", async () => {
    expect(await refusal("check", at("net.py"), "--layer", "0", "--shape", "foo")).toMatch(
      /^unroll check: --shape must/,
    );
    expect(await refusal("summary", at("net.py"), "--set", "n=-3")).toContain(
      "Received: --set n=-3. The code leaves none",
    );
  });
});

describe("a mistake of the program itself", () => {
  it.each([
    [undefined, false],
    ["", false],
    ["1", true],
  ])("is told with where it is only if UNROLL_DEBUG says so: %j", async (setting, isTold) => {
    const before = process.env.UNROLL_DEBUG;
    if (setting === undefined) delete process.env.UNROLL_DEBUG;
    else process.env.UNROLL_DEBUG = setting;
    let note = "";
    const out = (): never => {
      throw new TypeError("broken");
    };
    const noted = (text: string): void => {
      note += text;
    };
    const code = await main(["--version"], { out, note: noted, columns: 80, color: false, interactive: false });
    if (before === undefined) delete process.env.UNROLL_DEBUG;
    else process.env.UNROLL_DEBUG = before;
    expect(code).toBe(2);
    expect(note.includes("\n    at ")).toBe(isTold);
  });
});
