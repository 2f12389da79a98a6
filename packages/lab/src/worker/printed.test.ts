import { expect, it } from "vitest";
import type { PrintedRow, PrintedView } from "./protocol.ts";
import { Session } from "./session.ts";
import { type Row, table } from "./testing.ts";

const stack =
  "model = Sequential([Input((30, 5)), GRU(4, return_sequences=True), GRU(2, return_sequences=True), SimpleRNN(25), Dense(1)])";
const right: readonly Row[] = [
  ["gru (GRU)", "(None, 30, 4)", 132],
  ["gru_1 (GRU)", "(None, 30, 2)", 48],
  ["simple_rnn (SimpleRNN)", "(None, 25)", 700],
  ["dense (Dense)", "(None, 1)", 26],
];

async function beside(code: string, rows: readonly Row[]): Promise<PrintedView> {
  const { printed } = await new Session().open({ source: `${code}\nmodel.summary()\n\n${table(rows)}\n`, seed: 7 });
  return printed!;
}

const isSame = ({ differs }: PrintedRow): boolean => !differs.className && !differs.shape && !differs.count;
const withRow = (at: number, row: Row): Row[] => right.map((one, index) => (index === at ? row : one));

it("finds every line of a table that Keras printed for the code beside it", async () => {
  const { rows, total, cut } = await beside(stack, right);
  expect(rows.map((row) => [row.there?.name, row.here?.name, isSame(row)])).toEqual([
    ["gru", "gru", true],
    ["gru_1", "gru_1", true],
    ["simple_rnn", "simple_rnn", true],
    ["dense", "dense", true],
  ]);
  expect([total, cut]).toEqual([{ there: 906, here: 906 }, false]);
});

it("reads the code as if the table were not there, also where it is in quotes", async () => {
  const source = `${stack}\n\n${table(right)}\nprint("done")\n`;
  const opened = await new Session().open({ source, seed: 7 });
  expect(opened.model!.total.result).toBe(906);
  expect(opened.problems).toEqual([]);
  const quoted = await new Session().open({ source: `${stack}\n"""\n${table(right)}\n"""\n`, seed: 7 });
  expect([quoted.problems, quoted.printed!.rows.every(isSame)]).toEqual([[], true]);
});

it.each([
  // 3 × [4 × (4 + 5) + 4] = 120.
  [0, ["gru (GRU)", "(None, 30, 4)", 120], "reset_after=False there, True here"],
  [0, ["gru (GRU)", "(None, 4)", 132], "return_sequences=False there, True here"],
  // 3 × [6 × (6 + 5) + 2 × 6] = 234.
  [0, ["gru (GRU)", "(None, 30, 6)", 234], "units=6 there, units=4 here"],
  // 3 × [4 × (4 + 7) + 2 × 4] = 156, and 3 × [4 × (4 + 7) + 4] = 144.
  [0, ["gru (GRU)", "(None, 30, 4)", 156], "it reads (None, 30, 7) there, (None, 30, 5) here"],
  // Without biases 3 × 4 × 9 = 108.
  [0, ["gru (GRU)", "(None, 30, 4)", 108], "use_bias=False there, True here"],
  // 3 × [2 × (2 + 4) + 2] = 42.
  [1, ["gru_1 (GRU)", "(None, 30, 2)", 42], "reset_after=False there, True here"],
  // Dense on 4 features in place of 25: 5.
  [3, ["dense (Dense)", "(None, 1)", 25], "use_bias=False there, True here"],
] as const)("names what gives another line: layer %i, %j", async (at, row, cause) => {
  const { rows } = await beside(stack, withRow(at, row));
  expect(rows[at]!.causes).toContain(cause);
  expect(rows.filter((_, index) => index !== at && index !== at + 1).every(isSame)).toBe(true);
});

it("follows what a differing line does to the next one", async () => {
  // 3 × [2 × (2 + 6) + 2 × 2] = 60.
  const rows: Row[] = [["gru (GRU)", "(None, 30, 6)", 234], ["gru_1 (GRU)", "(None, 30, 2)", 60], ...right.slice(2)];
  const found = await beside(stack, rows);
  expect(found.rows[1]!.causes).toEqual(["it reads (None, 30, 6) there, (None, 30, 4) here"]);
});

it("falls back on the slips that give the printed number, where no change of the layer does", async () => {
  const code = "model = Sequential([Input((30, 5)), GRU(4, return_sequences=True), LSTM(3)])";
  // 4 × (4 × 3 + 3) in place of 4 × [3 × (3 + 4) + 3] = 96.
  const { rows } = await beside(code, [right[0]!, ["lstm (LSTM)", "(None, 3)", 60]]);
  expect(rows[1]!.causes.join(" ")).toContain("the recurrent part is forgotten: ");
});

it("tells lines that only one of both has", async () => {
  const rows: Row[] = [right[0]!, ["dropout (Dropout)", "(None, 30, 4)", 0], right[1]!, right[3]!];
  const found = await beside(stack, rows);
  expect(found.rows.map(({ there, here }) => `${there?.className ?? "-"} ${here?.className ?? "-"}`)).toEqual([
    "GRU GRU",
    "Dropout -",
    "GRU GRU",
    "- SimpleRNN",
    "Dense Dense",
  ]);
});

it("sets the table of a notebook beside its code, and says what only the table tells", async () => {
  const notebook = JSON.stringify({
    cells: [
      {
        cell_type: "code",
        source: "model = Sequential([LSTM(4, input_shape=(30, 5)), Dense(1)])\nmodel.summary()",
        outputs: [
          {
            output_type: "stream",
            name: "stdout",
            text: table([
              ["lstm (LSTM)", "(None, 4)", 160],
              ["dense (Dense)", "(None, 1)", 6],
            ]),
          },
        ],
      },
    ],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });
  const { printed } = await new Session().open({ source: notebook, seed: 7 });
  expect(printed!.rows.map(isSame)).toEqual([true, false]);
  expect(printed!.total).toEqual({ there: 166, here: 165 });
});

it("keeps the table through changes of the code", async () => {
  const session = new Session();
  await session.open({ source: `${stack}\n\n${table(withRow(0, ["gru (GRU)", "(None, 30, 4)", 120]))}`, seed: 7 });
  const code = await session.changed({ kind: "option", layer: "gru", path: "reset_after", value: false });
  const { printed, model } = await session.open({ source: code, seed: 7 });
  expect(model!.total.result).toBe(894);
  expect(printed!.rows.every(isSame)).toBe(true);
});

it("sets a table beside a model that does not fit together, as far as its lines are known", async () => {
  const { rows } = await beside("model = Sequential([Input((30, 5)), GRU(4), GRU(2), Dense(1)])", [
    ["gru (GRU)", "(None, 30, 4)", 132],
    ["gru_1 (GRU)", "(None, 2)", 48],
    ["dense (Dense)", "(None, 1)", 3],
  ]);
  expect(rows[0]!.differs).toEqual({ className: false, shape: true, count: false });
});

it("takes lines behind the end of a cut table for cut off, not for missing", async () => {
  const cut = table(right).split("\n").slice(0, 6).join("\n");
  const { printed } = await new Session().open({ source: `${stack}\n\n${cut}`, seed: 7 });
  expect(printed!.rows.map(({ cutOff }) => cutOff)).toEqual([false, false, true, true]);
  expect([printed!.cut, printed!.total.there]).toEqual([true, null]);
});

it("has every model of a document beside its own table, and tells what only the table says of one", async () => {
  const cell = (code: string, rows: readonly Row[]): string => `In [1]:\n${code}\nm.summary()\n\n${table(rows)}\n\n`;
  const document = [
    cell("m = Sequential([Input((30, 5)), LSTM(4)])", [["lstm (LSTM)", "(None, 4)", 160]]),
    cell("m = Sequential([Input((30, 5)), GRU(4)])", [["gru (GRU)", "(None, 4)", 120]]),
    cell("m = Sequential([Input((30, 5)), GRU(4, reset_after=True)])", [["gru_1 (GRU)", "(None, 4)", 120]]),
    cell("m = Sequential([Input((30, 5)), GRU(4), GRU(2)])", []),
  ];
  const session = new Session();
  await session.open({ source: document.join("\n"), seed: 7 });
  const found = await session.found();
  expect(found.map(({ total }) => total)).toEqual([160, 120, 132, null]);
  expect(found.map(({ printed }) => printed?.rows.every(isSame))).toEqual([true, true, false, undefined]);
  expect(found[1]!.printed!.learned).toEqual([
    "gru has reset_after=False: its printed count of 120 tells it, the code does not. TensorFlow 2's default, reset_after=True, gives 132.",
  ]);
  expect(found[2]!.printed!.rows[0]!.causes).toContain("reset_after=False there, True here");
  expect(found[3]!.error).toContain("must have 3 axes");
});
