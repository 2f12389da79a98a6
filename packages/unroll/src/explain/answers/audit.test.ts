/** A notebook written for this test, with slips of every kind and with right calculations between them. */
import { describe, expect, it } from "vitest";
import { annotatedCopy } from "./annotate.ts";
import { auditCode } from "./audit.ts";
import { findingToText } from "./audit-finding.ts";

const model = `\
from tensorflow.keras import Sequential
from tensorflow.keras.layers import GRU, SimpleRNN, Dense, Conv1D, MaxPooling1D
model = Sequential()
model.add(GRU(4, return_sequences=True, input_shape=(30, 5)))
model.add(GRU(2, return_sequences=True))
model.add(SimpleRNN(25))
model.add(Dense(1))
`;

const counts = `\
# gru_1
g = 3
h = 4
i = 5
print(g*(h*(h+i) + h)) # answer = 132
# (None, 30, 4) comes out
# gru_2
h = 2
i = 4
print(g*(h*(h+i) + h))
# (None, 4) comes out
# simple rnn
print(1*(25*(25+2)+25))
# dense layer
h, i = 1, 4
print(i*h + h)
`;

const other = `\
steps = 30 * 5
print("share", 3 * 4 / 2)
print(7 * 11 * 13)
x = [1, 2]
`;

const conv = `\
net = Sequential([Conv1D(3, 2, input_shape=(21, 9)), MaxPooling1D(2), SimpleRNN(30), Dense(1)])
# convolution
# 21 - 2 + 1 = 20 rows are left, 20 * 3 = 60 numbers
9*2*1 + 1
9*2*3 + 3
# simple rnn
1*(30*(30+1)+30)
`;

const joined = `\
import numpy as np
inputs = np.random.random((100, 32))
state = np.zeros((64,))
W = np.random.random((64, 32))
U = np.random.random((64, 64))
b = np.zeros((64,))
outputs = []
for x in inputs:
    state = np.tanh(np.dot(W, x) + np.dot(U, state) + b)
    outputs.append(state)
# all outputs as a 2D array (timesteps, features)
every = np.concatenate(outputs, axis=0)
stacked = np.stack(outputs, axis=0)
`;

const cells = [model, counts, other, conv, joined];
const notebook = JSON.stringify({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: cells.map((source, index) => ({ cell_type: "code", id: `c${index}`, metadata: {}, outputs: [], source })),
});

describe("the audit of a notebook", () => {
  const audit = auditCode(notebook);

  it("finds each slip with its cell and line, and accuses nothing else", () => {
    expect(audit.findings.map(({ cell, line, kind, given, expected }) => [cell, line, kind, given, expected])).toEqual([
      [2, 5, "count", 120, 132],
      [2, 10, "count", 42, 48],
      [2, 11, "shape", [null, 4], [null, 30, 2]],
      [2, 16, "count", 5, 26],
      [4, 4, "count", 19, 57],
      [4, 7, "count", 960, 1020],
      [5, 12, "concatenated", [6400], [100, 64]],
    ]);
  });

  it("names the slips", () => {
    const slips = audit.findings.map(({ check }) => check?.findings[0]?.slips[0]?.id);
    expect(slips).toEqual([
      "second-bias-row",
      "second-bias-row",
      "sequences-overlooked",
      "stale-features",
      "filters-as-one",
      "stale-features",
      undefined,
    ]);
    expect(findingToText(audit.findings[0]!, true)).toBe(
      "cell 2, line 5: 120 for gru, beside the comment's 132; it is 132: the second bias row is forgotten.\n    print(g*(h*(h+i) + h)) # answer = 132",
    );
  });

  it("counts what is right", () => {
    // (None, 30, 4), 700, 57 and the sums of 20 and 60.
    expect(audit.confirmed).toBe(5);
  });

  it("writes a copy with a note behind each cell that has findings", () => {
    const copy = JSON.parse(annotatedCopy(notebook, audit));
    expect(copy.cells.map((cell: { cell_type: string }) => cell.cell_type)).toEqual([
      "code",
      "code",
      "markdown",
      "code",
      "code",
      "markdown",
      "code",
      "markdown",
    ]);
    expect(copy.cells[1].source).toBe(counts);
    expect(copy.cells[2].source[0]).toContain("120 for gru, beside the comment's 132");
  });

  it("finds a slip in a script too, and notes it below its line", () => {
    const script = `${model}\n# gru_2\nprint(3*(2*(2+4)+2))\n`;
    const found = auditCode(script);
    expect(found.findings.map(({ line, given }) => [line, given])).toEqual([[10, 42]]);
    expect(annotatedCopy(script, found).split("\n")[10]).toMatch(/^# unroll audit: line 10: 42 for gru_1; it is 48/);
  });

  it("leaves a calculation alone that no slip explains, whatever stands above it", () => {
    expect(auditCode(`${model}\n# gru_1\nprint(7 * 11 * 13 * 17)\n# (None, 77, 3)\n`).findings).toEqual([]);
  });

  it("finds sums that do not come out", () => {
    const found = auditCode(`${model}\n# 3 * 4 + 2 = 15\n# 10 * 10 + 10 = 110\n`);
    expect(found.findings.map(({ kind, given, expected }) => [kind, given, expected])).toEqual([["sum", 15, 14]]);
  });

  it.each([
    ["a count in parts", "# gru_1\nprint(3 * 4 * 5)  # kernel\nprint(3 * 4 * 4)\nprint(2 * 3 * 4)"],
    ["what a comment beside calls a part", "# gru_1\nprint(4 * (4 + 5) + 2 * 4)  # one gate"],
    ["what a comment above calls a part", "# gru_1\n# without the biases\nprint(3 * 4 * (4 + 5))"],
    ["a product of something else", "# dense\nepochs = 25\nprint(epochs * 1)"],
    ["what two slips explain", "# gru_1\nh, i = 4, 5\nprint(h * (h + i))"],
    ["one array that is a sum", "# gru_2\nh, i = 2, 4\nprint(h * (h + i))"],
    ["one gate", "# GRU\nh, i = 4, 5\nprint(h*(h+i)+h)"],
    ["one gate with both rows of its bias", "# GRU\nh, i = 4, 5\nprint(h*(h+i)+2*h)"],
    ["the shape of the states", "# GRU\n# (None, 4) for h and c\n# state_h is (None, 4)"],
    ["thousands with a point", "# 1.000 + 1 = 1.001, 3 * 1.500 = 4.500"],
    ["a number that is a name or a version", "# RTX 3080 * 2 = 5\n# tensorflow 2.3*2 = 5"],
    ["a layer of another size", "# GRU(5)\nprint(3 * (5 * (5 + 5) + 5))"],
    ["a shape of another case", "# gru_1\n# without return_sequences it would be (None, 4)"],
    ["the end of a calculation", "# h * 4 + 2 = 7, sqrt of 9 * 9 = 9, n - 1 - 1 = 3, 25 x 4 + 3 = 103"],
    ["what is no calculation", "# 1949-1960 = 12 years, about 3 * 33 = 100"],
  ])("accuses nothing of %s", (_, code) => {
    expect(auditCode(`${model}\n${code}\n`).findings).toEqual([]);
  });

  it("still takes a whole for one, whatever its terms are called", () => {
    const above = auditCode(`${model}\n# gru_1\n# kernel, recurrent kernel and bias\nprint(3 * (4 * 5 + 4 * 4 + 4))\n`);
    expect(above.findings.map(({ given, expected }) => [given, expected])).toEqual([[120, 132]]);
    const claimed = auditCode(`${model}\n# dense\nprint(25 * 1) # answer = 25\n`);
    expect(claimed.findings.map(({ given, expected }) => [given, expected])).toEqual([[25, 26]]);
  });

  it("takes no gate for a part that a comment calls the answer, and no other count of gates for one", () => {
    const lines = "h, i = 4, 5\n# gru_1\nprint(h*(h+i)+h) # answer = 40\n# gru_1\nprint(4*(h*(h+i)+h))";
    const found = auditCode(`${model}\n${lines}\n# RNN 3 * 2 = 5, 1.000 + 1 = 1.002, (None, 4) comes out\n`).findings;
    expect(found.map(({ kind, given }) => [kind, given])).toEqual([
      ["count", 40],
      ["count", 160],
      ["shape", [null, 4]],
      ["sum", 5],
      ["sum", 1.002],
    ]);
  });

  it("leaves a row alone that Keras prints as unbuilt", () => {
    const table = [
      "┃ Layer (type)         ┃ Output Shape      ┃    Param # ┃",
      "│ gru (GRU)            │ ?                 │ 0 (unbuilt) │",
      "└──────────────────────┴───────────────────┴────────────┘",
      " Total params: 0 (0.00 B)",
    ].join("\n");
    const source = "m = Sequential([GRU(4)])\nm.summary()\nm.build((None, 3, 2))";
    const found = auditCode(
      JSON.stringify({ cells: [{ cell_type: "code", source, outputs: [{ text: table }] }], nbformat: 4 }),
    );
    expect(found.findings).toEqual([]);
  });
});

describe("the audit of prose", () => {
  const found = (prose: string) =>
    auditCode(
      JSON.stringify({
        cells: [
          { cell_type: "code", source: model },
          { cell_type: "markdown", source: prose },
        ],
        nbformat: 4,
      }),
    );
  const findingsIn = (prose: string) =>
    found(prose).findings.map(({ cell, line, kind, given, expected, layer, inProse }) => {
      expect([cell, inProse]).toEqual([2, true]);
      return [line, kind, given, expected, layer];
    });

  it("finds arithmetic that does not come out, and claims that a slip explains of a layer that is named", () => {
    const prose = [
      "### Counting",
      "The SimpleRNN has $1 \\times (25 \\times (25+2) + 25) = 700$ parameters.",
      "",
      "A unit more: $26 \\times (26+2) + 26 = 756$.",
      "",
      "With the steps: SimpleRNN = 25 × (25 + 30) + 25 = 1,400",
      "",
      "- `Dense`: 25 × 1 = 25 parameters",
      "",
      "## SimpleRNN",
      "It gives (None, 30, 25) to the next layer.",
    ].join("\n");
    expect(findingsIn(prose)).toEqual([
      [4, "sum", 756, 754, undefined],
      [6, "count", 1400, 700, "simple_rnn"],
      [8, "count", 25, 26, "dense"],
      [11, "shape", [null, 30, 25], [null, 25], "simple_rnn"],
    ]);
    // The sums 700, 1400 and 25, and the count 700.
    expect(found(prose).confirmed).toBe(4);
  });

  it.each([
    ["two layers of that kind", "The GRU has 3 × (4 × (4 + 5) + 4) = 120 parameters."],
    ["two layers in one line", "Before the Dense, the SimpleRNN gives (None, 30, 25)."],
    ["no layer", "That makes 120 parameters."],
    ["a number that no slip gives", "The Dense has 77 parameters."],
    ["a number of a part", "Each unit of the SimpleRNN has 27 parameters without its bias."],
    ["the right number beside it", "The Dense has 25 parameters, and one more: 26."],
    ["another kind of parameters", "The Dense takes 25 parameters, such as units."],
    ["a formula of a part", "SimpleRNN: 25 × 25 = 625 is the recurrent kernel."],
    ["a part that is counted on with", "## SimpleRNN\n\n25 × (25 + 2) = 675\n\n675 + 25 = 700"],
    ["a layer in general", "A SimpleRNN gives (None, 30, 25), a vanilla RNN has 25 × (25 + 2) = 675 parameters."],
    ["another size of layer", "## SimpleRNN(2)\n\n2 × (2 + 25) + 2 = 56 parameters."],
    ["a shape of the states", "# SimpleRNN\n\nIt gives (None, 30, 25) for h and c."],
    ["a product's name", "Trained on an RTX 3080 * 2 = 5 days. Keras 2.3 * 2 = 5. 1.000 + 1 = 1.001"],
    ["other features", "SimpleRNN with 4 features: 25 × (25 + 4) + 25 = 750 parameters."],
    ["another time", "Dense, previous model: 5 parameters."],
  ])("accuses nothing where there is %s", (_, prose) => {
    expect(findingsIn(prose)).toEqual([]);
  });

  it("takes no layer for the one that is meant where another model has that number", () => {
    const later = "small = Sequential([SimpleRNN(25, input_shape=(9, 29)), Dense(1)])";
    const cells = [
      { cell_type: "code", source: model },
      { cell_type: "markdown", source: "The next SimpleRNN has 25 × (25 + 29) + 25 = 1375 parameters." },
      { cell_type: "code", source: later },
    ];
    expect(auditCode(JSON.stringify({ cells, nbformat: 4 })).findings).toEqual([]);
  });

  it("notes a finding in Markdown as a quotation", () => {
    const text = `# Notes\n\n\`\`\`python\n${model}\`\`\`\n\nThe Dense: 25 × 1 + 1 = 27.\n`;
    expect(annotatedCopy(text, auditCode(text))).toContain("= 27.\n> unroll audit: line 13: 27; it is 26.\n");
  });
});

it("says what a count rests on that the code leaves open", () => {
  const code = "m = Sequential([GRU(2, input_shape=(50, 3))])\nm.summary()\n# gru\n3*(2*(2+3)+2*2)";
  const table = [
    'Model: "sequential"',
    " Layer (type)                Output Shape              Param #   ",
    "=================================================================",
    " gru_7 (GRU)                 (None, 2)                 36        ",
    "=================================================================",
    "Total params: 36",
  ].join("\n");
  const audit = auditCode(
    JSON.stringify({ cells: [{ cell_type: "code", source: code, outputs: [{ text: table }] }], nbformat: 4 }),
  );
  const [learned] = audit.models[0]!.learned;
  expect(learned).toMatchObject({ row: "gru_7", option: "reset_after", value: false, params: 36 });
  expect(audit.findings).toMatchObject([{ given: 42, expected: 36, learned }]);
  expect(findingToText(audit.findings[0]!).split("\n")[2]).toBe(
    "    gru_7 has reset_after=False: its printed count of 36 tells it, the code does not. TensorFlow 2's default, reset_after=True, gives 42.",
  );
});
