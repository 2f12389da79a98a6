import { describe, expect, it } from "vitest";
import { UnrollError } from "../../core/errors.ts";
import { readDocument } from "./notebook.ts";
import { readKerasCode } from "./read.ts";

const codeOf = (text: string): string[] =>
  readDocument(text)
    .cells.filter((cell) => cell.kind === "code")
    .map((cell) => cell.source.trim());

const table = [
  'Model: "sequential"',
  "_________________________________________________________________",
  " Layer (type)                Output Shape              Param #   ",
  "=================================================================",
  " lstm (LSTM)                 (None, 4)                 128       ",
  "                                                                 ",
  "=================================================================",
  "Total params: 128",
  "Trainable params: 128",
  "Non-trainable params: 0",
].join("\n");
const code = "model = Sequential()\nmodel.add(LSTM(4, input_shape=(10, 3)))\nmodel.summary()";

describe("files with code in them", () => {
  it("are told apart by content: notebook, text export, Markdown, script", () => {
    const notebook = JSON.stringify({
      cells: [{ cell_type: "code", source: ["a = 1\n", "b = 2"], outputs: [] }],
      nbformat: 4,
    });
    expect(readDocument(notebook).format).toBe("ipynb");
    expect(readDocument(new TextEncoder().encode(`\uFEFF${notebook}`)).format).toBe("ipynb");
    expect(readDocument("# Title\n\nIn [1]:\nx = 1\n").format).toBe("text-export");
    expect(readDocument("# Title\n\n```python\nx = 1\n```\n").format).toBe("markdown");
    expect(readDocument("x = 1\n").format).toBe("python");
    expect(readDocument('"""Use it so:\n```\nx\n```\n"""\nx = 1\n').format).toBe("python");
  });

  it("of notebook formats 3 and 4 give code, prose and outputs", () => {
    const v4 = {
      cells: [
        { cell_type: "markdown", source: "Some prose" },
        {
          cell_type: "code",
          source: ["x = 1\n", "x"],
          outputs: [
            { output_type: "stream", text: ["one\n", "two"] },
            {
              output_type: "execute_result",
              data: { "text/plain": ["\u001b[1m3\u001b[0m"], "text/html": ["<b>no</b>"] },
            },
            { output_type: "display_data", data: { "text/html": "<pre>a &lt;b&gt;</pre>" } },
          ],
        },
      ],
    };
    expect(readDocument(JSON.stringify(v4)).cells).toEqual([
      { kind: "markdown", source: "Some prose", firstLine: 1, outputs: [] },
      { kind: "code", source: "x = 1\nx", firstLine: 1, outputs: ["one\ntwo", "3", "a <b>"] },
    ]);
    const v3 = {
      worksheets: [{ cells: [{ cell_type: "code", input: "y = 2", outputs: [{ output_type: "pyout", text: "2" }] }] }],
    };
    expect(readDocument(JSON.stringify(v3)).cells).toEqual([
      { kind: "code", source: "y = 2", firstLine: 1, outputs: ["2"] },
    ]);
  });

  it("keep their line numbers where notebook magics are taken out", () => {
    const source =
      "%matplotlib inline\n!pip install x \\\n  y\nfor i in a:\n    %time f(i)\nhelp?\nx = !ls\ny = 5 % 3\n";
    expect(codeOf(source)[0]!.split("\n")).toEqual([
      "pass",
      "pass  # !pip install x  y",
      "",
      "for i in a:",
      "    pass",
      "pass",
      "pass",
      "y = 5 % 3",
    ]);
    expect(codeOf("%%time\nx = 1")).toEqual(["pass\nx = 1"]);
    const shell = JSON.stringify({ cells: [{ cell_type: "code", source: "%%bash\nls -l" }] });
    expect(codeOf(shell)).toEqual([""]);
  });

  it("exported as text: the code ends where what follows is no Python", () => {
    const text = [
      "About the data, a list (of things)",
      "",
      "In [1]:",
      "import numpy as np",
      "",
      "def f(x):",
      "",
      "    return [",
      "",
      "        x]",
      "",
      "array([[0.1 0.2]])",
      "",
      "* And then a heading",
      "",
      "In [None]: y = f(3)",
      "In [3]:",
      "y",
      "",
      "Out[3]:",
      "[3]",
    ].join("\n");
    const cells = readDocument(text).cells;
    expect(cells.map(({ kind, firstLine }) => [kind, firstLine])).toEqual([
      ["markdown", 1],
      ["code", 3],
      ["code", 16],
      ["code", 17],
    ]);
    expect(cells[1]!.source.trimEnd().endsWith("        x]")).toBe(true);
    expect(cells[1]!.outputs[0]).toContain("And then a heading");
    expect(cells[2]!.source).toBe("y = f(3)");
    expect(cells[3]!.outputs[0]!.trim()).toBe("[3]");
  });

  it("in Markdown: Python fences are code, the text below is searched for what they printed", () => {
    const text = [
      "Text",
      "",
      "```python",
      "model = Sequential()",
      "```",
      "then",
      "~~~ py",
      ">>> model.add(Dense(3))",
      "printed",
      "~~~",
      "```bash",
      "rm x",
      "```",
      "```",
      "x = f(1)",
      "```",
    ].join("\n");
    const cells = readDocument(text).cells.filter((cell) => cell.kind === "code");
    expect(cells.map(({ source, firstLine }) => [source.trim(), firstLine])).toEqual([
      ["model = Sequential()", 4],
      ["model.add(Dense(3))", 8],
      ["x = f(1)", 15],
    ]);
    expect(cells[1]!.outputs).toEqual(["printed", "rm x"]);
  });

  it.each([
    ["notebook", JSON.stringify({ cells: [{ cell_type: "code", source: code, outputs: [{ text: table }] }] }), 1, 3],
    ["text export", `In [5]:\n${code}\n\n${table}\n\nIn [6]:\n`, 1, 4],
    ["Markdown", `# A\n\n\`\`\`python\n${code}\n\`\`\`\n\n${table.replaceAll(/^/gm, "    ")}\n`, 2, 6],
  ])("give the same model and its printed table: %s", (_, text, cell, line) => {
    const [model] = readKerasCode(text).models;
    expect(model).toMatchObject({
      name: "sequential",
      cell,
      line,
      printedSummary: { total: 128, modelName: "sequential" },
    });
  });

  it("are refused when they are JSON without cells, or larger than 64 MiB", () => {
    expect(() => readDocument('{"class_name": "Sequential"}')).toThrow(
      "code: a JSON file of code must be a Jupyter notebook with cells. Received: keys = class_name. Give an .ipynb, .py or .md file; a model's JSON is read by loadModel.",
    );
    expect(() => readDocument(new Uint8Array(64 * 2 ** 20 + 1))).toThrow(UnrollError);
  });
});
