import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../src/formats/npy.ts";
import { modelToBytes } from "../src/formats/save.ts";
import { input, layers, resetNames } from "../src/layers/index.ts";
import { sequential } from "../src/model/sequential.ts";
import { unroll } from "./run-unroll.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures/keras/", import.meta.url));
const keras = (id: string): string => join(fixtures, "files", id);

/** Lines longer than the terminal. */
function tooLong(text: string): string[] {
  return text.split("\n").filter((line) => [...line].length > 80);
}

let folder = "";
let script = "";
let net = "";
let locked = "";
let zero = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unroll-cli-"));
  script = join(folder, "two.py");
  writeFileSync(
    script,
    `
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import GRU, Dense, LSTM
a = Sequential()
a.add(GRU(4, activation='relu', input_shape=(30, 5)))
a.add(Dense(1))
a.summary()
n_features = int(input())
b = Sequential()
b.add(LSTM(3, input_shape=(10, n_features)))
b.add(Dense(2))
b.summary()
`,
  );
  resetNames();
  const model = sequential({
    name: "tiny",
    layers: [
      input({ shape: [3, 2], name: "x" }),
      layers.lstm({ units: 2, name: "memory" }),
      layers.dense({ units: 1, name: "out" }),
    ],
    seed: 4,
  });
  net = join(folder, "tiny.keras");
  writeFileSync(net, modelToBytes(model));
  writeFileSync(
    join(folder, "x.json"),
    JSON.stringify([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]),
  );
  writeFileSync(
    join(folder, "five.json"),
    JSON.stringify([
      [
        [1, 2, 3, 4, 5],
        [1, 2, 3, 4, 5],
      ],
    ]),
  );
  writeFileSync(join(folder, "x.csv"), "a,b\n1,2\n3,4\n5,6\n");
  writeFileSync(join(folder, "blank.csv"), "a,b\n1,2\n3,\n5,6\n");
  writeFileSync(join(folder, "words.csv"), "a,b\n1,2\n3,4\nfive,6\n");
  writeFileSync(join(folder, "nan.csv"), "a,b\n1,2\n3,nan\n5,6\n");
  writeFileSync(join(folder, "a.onnx"), "\u0008\u0007");
  writeFileSync(join(folder, "README.md"), "# A project\n");
  zero = join(folder, "zero.py");
  writeFileSync(zero, "import keras\nm = keras.Sequential([keras.Input((3, 2)), keras.layers.GRU(0)])\n");
  locked = join(folder, "locked.h5");
  writeFileSync(locked, "precious", { mode: 0o444 });
  writeFileSync(join(folder, "x.npy"), writeNpy({ shape: [1, 3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }));
});

describe("the command line as a whole", () => {
  it("lists its commands, and helps with each in 80 columns", async () => {
    const { code, out } = await unroll();
    expect(code).toBe(0);
    expect(tooLong(out)).toEqual([]);
    const names = [...out.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name!);
    expect(names).toEqual(
      expect.arrayContaining([
        "summary",
        "explain",
        "trace",
        "verify",
        "predict",
        "check",
        "audit",
        "quiz",
        "convert",
        "tour",
      ]),
    );
    for (const name of names) {
      const help = await unroll(name, "--help");
      expect(help.code).toBe(0);
      expect(help.out).toContain(`usage: unroll ${name}`);
      expect(tooLong(help.out)).toEqual([]);
    }
  });

  it("-h helps everywhere, and --version says the version", async () => {
    for (const name of ["summary", "check", "tour"]) {
      expect((await unroll(name, "-h")).out).toBe((await unroll(name, "--help")).out);
    }
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(await unroll("--version")).toEqual({ code: 0, out: `${version}\n`, note: "" });
  });

  it("answers wrong words with one sentence, exit code 2 and no stack", async () => {
    const cases: readonly (readonly [string[], string])[] = [
      [["sumary", net], "unroll: the command must be one of summary, "],
      [["sumary", net], "Did you mean summary?"],
      [
        ["summary", net, "--jsn"],
        "unroll summary: every flag must be one that the command has. Received: --jsn. Did you mean --json?",
      ],
      [["summary"], "unroll summary: takes FILE. Received: nothing. See unroll summary --help."],
      [["summary", net, "--style", "keras4"], "--style must be one of keras2, keras3. Received: keras4."],
      [["trace", net, "--sample", "x"], "--sample needs a whole number, 0 or more. Received: x."],
      [["summary", join(folder, "no.keras")], "the file must be readable. Received: there is no such file or folder."],
      [["summary", join(folder, "x.npy")], "one .npy array is no model."],
      [["explain", net, "--layer", "memry"], "the model has no layer named memry. Did you mean memory?"],
      [["predict", net], "unroll predict: needs data. Give --input FILE."],
      [["check", net], "unroll check: needs an answer to check. Give --params N,"],
      [["check", net, "--shape", "four"], '--shape must be a shape such as "(None, 30, 4)". Received: four.'],
      [["convert", net, join(folder, "a.kears")], "Did you mean keras?"],
      [
        ["convert", net, join(folder, ".", "tiny.keras"), "--force"],
        "the file that is read must not be the one that is written.",
      ],
      [["convert", net, locked, "--force"], "the file must be writable. Received: it is read-only."],
      [["convert", net, script], "a file that is there already is kept. Give --force to replace it, or another name."],
      [["convert", net, join(folder, "no", "a.h5")], "its folder must be there."],
      [
        ["predict", net, "--input", join(folder, "x.npy"), "--out", join(folder, "no", "y.npy")],
        "its folder must be there.",
      ],
      [["summary", net, "--width", "1e12"], "--width needs a whole number, from 20 to 10000. Received: 1e12."],
      [["summary", net, "--width", "0"], "--width needs a whole number"],
      [["summary", net, "--width=-5"], "--width needs a whole number"],
      [["summary", net, "--width", "80.5"], "--width needs a whole number"],
      [["check", net, "--params", "0x2b"], "--params needs a whole number, 0 or more. Received: 0x2b."],
      [["check", net, "--params=-43"], "--params needs a whole number"],
      [["check", net, "--total", "43.5"], "--total needs a whole number"],
      [["check", net, "--params", "1,00"], "--params needs a whole number"],
      [["trace", net, "--rows", "0"], "--rows needs a whole number, 1 or more, or all. Received: 0."],
      [["trace", net, "--rows=-1"], "--rows needs a whole number"],
      [
        ["predict", net, "--input", join(folder, "blank.csv")],
        "blank.csv, line 3, column b: every cell must be a number. Received: an empty cell.",
      ],
      [
        ["verify", net, "--input", join(folder, "words.csv")],
        'words.csv, line 4, column a: every cell must be a number. Received: value = "five".',
      ],
      [
        ["verify", script],
        "this command takes one model. Received: 2 models: 1 sequential, 2 sequential_1. Choose one with --model NAME.",
      ],
      [["explain", script, "--model", "sequentail"], "Did you mean sequential?"],
      [
        ["summary", script, "--set", "n_featurs=4"],
        "--set must name a size of the code. Received: --set n_featurs=4. Did you mean n_features?",
      ],
      [["summary", zero], "zero.py: "],
      [
        ["summary", join(folder, "a.onnx")],
        "ONNX files can be written, but not read. Open the model that it was made of.",
      ],
      [["summary", join(folder, "README.md")], "no Keras model found in "],
      [["summary", script, "--set", "nine"], "--set: a setting must be NAME=VALUE. Received: nine."],
    ];
    for (const [words, text] of cases) {
      const { code, out, note } = await unroll(...words);
      expect(note).toContain(text);
      expect([words.join(" "), code, out]).toEqual([words.join(" "), 2, ""]);
      expect(note).not.toMatch(/\n {4}at /);
      expect(note.trimEnd().split("\n")).toHaveLength(1);
    }
  });

  it.each(["summary", "explain", "verify"])("%s refuses Keras's broken files with a sentence", async (command) => {
    for (const file of [
      "huge_units.keras",
      "negative_units.keras",
      "lambda.keras",
      "truncated.h5",
      "unknown_layer.keras",
      "bad_crc.keras",
    ]) {
      const { code, out, note } = await unroll(command, join(keras("broken"), file));
      expect([file, code, out]).toEqual([file, 2, ""]);
      expect(note).toMatch(/^[^\n]+\.\n$/);
      expect(note).toContain(file);
      expect(note).not.toMatch(/customTypes|limits\./);
      expect(note).not.toContain("should not");
    }
  });
});

describe("summary", () => {
  it("prints Keras's table", async () => {
    const { code, out } = await unroll("summary", net);
    expect(code).toBe(0);
    expect(out).toBe(`\
Model: "tiny"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ memory (LSTM)                   │ (None, 2)              │            40 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ out (Dense)                     │ (None, 1)              │             3 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 43 (172.00 B)
 Trainable params: 43 (172.00 B)
 Non-trainable params: 0 (0.00 B)
`);
  });

  it("gives one JSON document in the promised form", async () => {
    const { out } = await unroll("summary", net, "--json");
    expect(JSON.parse(out).models).toEqual([
      {
        name: "tiny",
        layers: [
          { name: "memory", type: "LSTM", outputShape: [null, 2], params: 40 },
          { name: "out", type: "Dense", outputShape: [null, 1], params: 3 },
        ],
        totalParams: 43,
        trainableParams: 43,
        nonTrainableParams: 0,
        unknowns: [],
        source: {},
      },
    ]);
  });

  it("reports every model of a script, what is open in it, and counts what does not depend on it", async () => {
    const { code, out } = await unroll("summary", script, "--json");
    expect(code).toBe(0);
    const [a, b] = JSON.parse(out).models;
    expect([a.name, a.totalParams, a.source]).toEqual(["sequential", 137, { line: 7 }]);
    expect(b.totalParams).toBeNull();
    expect(b.unknowns.map(({ name }: { name: string }) => name)).toEqual(["n_features"]);
    expect(b.layers).toEqual([
      { name: "lstm", type: "LSTM", outputShape: [null, 3], params: null },
      { name: "dense_1", type: "Dense", outputShape: [null, 2], params: 8 },
    ]);
    const text = await unroll("summary", script);
    expect(text.out).toContain("2 of 2: sequential_1, line 12");
    expect(text.out).toContain("Give it with --set n_features=...");
  });

  it("--set closes what is open", async () => {
    const { out } = await unroll("summary", script, "--json", "--set", "n_features=9");
    expect(JSON.parse(out).models[1].totalParams).toBe(4 * (3 * (3 + 9) + 3) + 8);
  });

  it("reads every case of a file of recorded models, gzipped too", async () => {
    const { out } = await unroll("summary", join(fixtures, "models.json.gz"), "--json");
    const { models } = JSON.parse(out);
    expect(models.length).toBeGreaterThan(40);
    expect(models[0]).toMatchObject({ totalParams: 15 });
  });
});

describe("explain", () => {
  it("derives one layer", async () => {
    const { code, out } = await unroll("explain", net, "--layer", "0", "--short");
    expect(code).toBe(0);
    expect(out).toContain("    g × [h(h+i)+h]\n    = 4 × [2 × (2 + 2) + 2]\n    = 4 × (2 × 4 + 2)\n");
    expect(out).not.toContain("out (Dense)");
    expect(tooLong(out)).toEqual([]);
  });

  it.each([
    ["markdown", "## memory (LSTM)"],
    ["latex", "\\paragraph{memory (LSTM), 40 parameters}"],
    ["mathml", "<math "],
    ["html", '<section data-layer="memory">'],
  ])("writes %s", async (format, text) => {
    expect((await unroll("explain", net, "--format", format)).out).toContain(text);
  });

  it("takes all models of a script, and says which is open", async () => {
    const all = await unroll("explain", script);
    expect([all.code, all.out.split("\n")[0]]).toEqual([0, "sequential: 137 parameters in 2 layers"]);
    expect(all.note).toContain("sequential_1: lstm: ");
    const open = await unroll("explain", script, "--model", "2");
    expect([open.code, open.out]).toEqual([2, ""]);
    const first = await unroll("explain", script, "--model", "1", "--json");
    expect(JSON.parse(first.out).models[0].totalParams).toBe(137);
  });
});

describe("trace, verify and predict", () => {
  it.each(["x.json", "x.csv", "x.npy"])("read the same numbers out of %s", async (file) => {
    const { out } = await unroll("predict", net, "--input", join(folder, file), "--json");
    const expected = await unroll("predict", net, "--input", join(folder, "x.npy"), "--json");
    expect(out).toBe(expected.out);
    expect(JSON.parse(out).outputs[0].shape).toEqual([1, 1]);
  });

  it("trace shows the gates by name, as table, CSV, HTML and JSON", async () => {
    const x = join(folder, "x.csv");
    const table = await unroll("trace", net, "--input", x);
    expect(table.out).toContain("     t  unit          i          f          g          o          c          h\n");
    expect(tooLong(table.out)).toEqual([]);
    const json = JSON.parse((await unroll("trace", net, "--input", x, "--json")).out);
    expect(Object.keys(json.layers[0].runs[0].steps[0].values)).toEqual(["i", "f", "g", "o", "c", "h"]);
    expect((await unroll("trace", net, "--input", x, "--format", "csv")).out.split("\n")).toHaveLength(
      1 + 6 + 36 + 2 + 1 + 1,
    );
    expect((await unroll("trace", net, "--input", x, "--format", "html")).out).toContain("<table>");
  });

  it("verify says that engine, by hand and Keras agree, with exit code 0", async () => {
    const file = join(fixtures, "models.json.gz");
    const { code, out } = await unroll("verify", file, "--model", "stack/masking_stack");
    expect(code).toBe(0);
    expect(out).toContain("Every number agrees to 1e-5");
    expect(out).toMatch(/example +by hand +engine +Keras +difference/);
    expect(tooLong(out)).toEqual([]);
  });

  it("verify makes data up when there is none, and exits with 1 when a number differs", async () => {
    const made = await unroll("verify", net, "--json");
    expect(made.code).toBe(0);
    expect(made.note).toContain("random examples");
    expect(JSON.parse(made.out)).toMatchObject({ passed: true, samples: 2 });
    expect((await unroll("verify", net, "--tolerance", "0")).code).toBe(1);
  });

  it("predict gives Keras's numbers and writes them", async () => {
    const out = join(folder, "y.npy");
    const one = keras("gru_after");
    const { code, note } = await unroll(
      "predict",
      join(one, "m.keras"),
      "--input",
      join(one, "inputs.npy"),
      "--out",
      out,
    );
    expect([code, note]).toEqual([0, expect.stringContaining("Wrote ")]);
    const [found, expected] = [out, join(one, "predictions.npy")].map((path) => readNpy(readFileSync(path)));
    expect(found!.shape).toEqual(expected!.shape);
    for (const [index, value] of (found!.data as Float32Array).entries()) {
      expect(value).toBeCloseTo(Number(expected!.data[index]), 5);
    }
  });

  it("several inputs are several flags", async () => {
    const one = keras("two_inputs");
    const files = ["inputs_0.npy", "inputs_1.npy"].flatMap((name) => ["--input", join(one, name)]);
    expect((await unroll("predict", join(one, "m.keras"), ...files)).code).toBe(0);
    const { code, note } = await unroll("predict", join(one, "m.keras"), ...files.slice(0, 2));
    expect(code).toBe(2);
    expect(note).toContain("the model has 2 inputs");
  });

  it("data that does not fit says what does", async () => {
    writeFileSync(join(folder, "wide.csv"), "a,b,c\n1,2,3\n");
    writeFileSync(join(folder, "rank.json"), "[1, 2, 3]");
    const wide = await unroll("predict", net, "--input", join(folder, "wide.csv"));
    expect(wide.note).toContain(
      "the table must hold (None, 3, 2): one example a row, or one timestep a row. Received: 1 rows of 3 columns.",
    );
    const rank = await unroll("predict", net, "--input", join(folder, "rank.json"));
    expect(rank.note).toContain("x (None, 3, 2) takes data of 3 axes. Received: shape = [3].");
    expect([wide.code, rank.code]).toEqual([2, 2]);
  });
});

describe("data with NaN", () => {
  it("predict says where it is", async () => {
    const { code, note } = await unroll("predict", net, "--input", join(folder, "nan.csv"));
    expect([code, note]).toEqual([0, "The input x has NaN, first at row 1, column 1 (from 0).\n"]);
  });
});

describe("numbers beyond float32", () => {
  const said =
    "The input x has numbers that float32 holds as infinite (beyond 3.4e38), first at row 1, column 0 (from 0).\n";
  it.each(["json", "csv", "npy"])("are told by predict, trace, solve and verify out of .%s", async (ending) => {
    const file = join(folder, `huge.${ending}`);
    const bytes = {
      json: "[[[1, 2], [1e300, 4], [5, 6]]]",
      csv: "a,b\n1,2\n1e300,4\n5,6\n",
      npy: writeNpy({ shape: [1, 3, 2], data: Float64Array.of(1, 2, 1e300, 4, 5, 6) }),
    };
    writeFileSync(file, bytes[ending as keyof typeof bytes]);
    for (const name of ["predict", "trace", "solve", "verify"]) {
      const { note } = await unroll(name, net, "--input", file);
      expect(note, name).toContain(said);
    }
  });

  it("are not those that float32 holds, and are told once with NaN", async () => {
    const file = join(folder, "large.json");
    writeFileSync(file, "[[[1, 2], [-3.4e38, 4], [5, 6]]]");
    expect((await unroll("predict", net, "--input", file)).note).toBe("");
    writeFileSync(join(folder, "both.csv"), "a,b\n1,nan\n-1e39,4\n1e300,6\n");
    const { note } = await unroll("predict", net, "--input", join(folder, "both.csv"));
    expect(note).toBe(`The input x has NaN, first at row 0, column 1 (from 0).\n${said}`);
  });

  it("are told by their line from CSV to CSV", async () => {
    writeFileSync(join(folder, "huge-rows.csv"), "a,b\n1,2\n1,4\n5,-1e300\n");
    const out = join(folder, "huge-out.csv");
    const { note } = await unroll("predict", net, "--input", join(folder, "huge-rows.csv"), "--out", out);
    expect(note).toContain("(beyond 3.4e38), first on line 4, column b.\n");
  });
});

describe("check and convert", () => {
  it("check says right and wrong by its exit code, and shows the right way", async () => {
    const right = await unroll("check", net, "--layer", "memory", "--params", "40", "--shape", "(None, 2)");
    expect(right.code).toBe(0);
    expect(right.out).toContain("memory: 40 parameters is right.");
    expect(right.out).toContain("memory: (None, 2) is right.");
    const wrong = await unroll("check", net, "--layer", "memory", "--params", "41");
    expect(wrong.code).toBe(1);
    expect(wrong.out).toContain("memory: 41 parameters is not right, it is 40.");
    expect(wrong.out).toContain("= 4 × [2 × (2 + 2) + 2]");
    expect(tooLong(wrong.out)).toEqual([]);
    expect((await unroll("check", net, "--params", "43")).code).toBe(0);
    expect(JSON.parse((await unroll("check", net, "--params", "44", "--json")).out).right).toBe(false);
  });

  it("convert writes what loads again, with the same prediction", async () => {
    const x = join(folder, "x.npy");
    const before = await unroll("predict", net, "--input", x, "--json");
    for (const ending of ["h5", "safetensors", "keras"]) {
      const to = join(folder, `again.${ending}`);
      expect((await unroll("convert", net, to)).code).toBe(0);
      expect((await unroll("predict", to, "--input", x, "--json")).out).toBe(before.out);
    }
    for (const [ending, starts] of [
      ["py", "import keras"],
      ["ts", "import"],
      ["onnx", ""],
    ] as const) {
      const to = join(folder, `again.${ending}`);
      expect((await unroll("convert", net, to, "--force")).code).toBe(0);
      expect(readFileSync(to, "utf8").startsWith(starts)).toBe(true);
    }
    expect(JSON.parse((await unroll("summary", join(folder, "again.py"), "--json")).out).models[0].totalParams).toBe(
      43,
    );
    const [json, npz] = [join(folder, "again.json"), join(folder, "again.npz")];
    await unroll("convert", net, json);
    const { out } = await unroll("convert", net, npz);
    expect(out).toContain("(npz): the weights of tiny, 43 parameters.");
    expect((await unroll("predict", json, "--weights", npz, "--input", x, "--json")).out).toBe(before.out);
    expect((await unroll("predict", json, "--input", x)).note).toContain("no weights");
  });

  it("convert writes TensorFlow.js with its shards, by the name model.json", async () => {
    const x = join(folder, "x.npy");
    const before = await unroll("predict", net, "--input", x, "--json");
    mkdirSync(join(folder, "web"));
    const to = join(folder, "web", "model.json");
    const { code, out } = await unroll("convert", net, to);
    expect([code, out]).toEqual([0, expect.stringContaining("group1-shard1of1.bin (tfjs): architecture and weights")]);
    const after = JSON.parse((await unroll("predict", to, "--input", x, "--json")).out);
    expect(after.outputs[0].values).toEqual(JSON.parse(before.out).outputs[0].values);
    const shard = join(folder, "web", "group1-shard1of1.bin");
    rmSync(to);
    expect((await unroll("convert", net, to)).note).toContain(`${shard}: a file that is there already is kept.`);
    expect(existsSync(to)).toBe(false);
    expect((await unroll("convert", net, to, "--as", "json", "--force", "--json")).code).toBe(0);
    expect((await unroll("predict", to, "--input", x)).note).toContain("no weights");
  });

  it("convert writes the forward pass as loops, whose numbers lie beside where they are many", async () => {
    for (const [name, words, text] of [
      ["loop.numpy.py", [], "import numpy as np"],
      ["loop.py", ["--as", "numpy"], "import numpy as np"],
      ["loop.plain.ts", [], "export function predict("],
    ] as const) {
      const to = join(folder, name);
      const { code, out } = await unroll("convert", net, to, ...words);
      expect([code, out]).toEqual([0, expect.stringContaining("the forward pass with its weights of tiny")]);
      expect(readFileSync(to, "utf8")).toContain(text);
    }
    const open = join(folder, "open.py");
    writeFileSync(
      open,
      "import keras\nm = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(30), keras.layers.Dense(1)])\n",
    );
    const to = join(folder, "open.numpy.py");
    const refused = await unroll("convert", open, to);
    expect([refused.code, refused.note]).toEqual([2, expect.stringContaining("has a size that is not known")]);
    const { out, note } = await unroll("convert", open, to, "--timesteps", "4", "--json");
    expect(note).toContain("freshly drawn");
    const beside = join(folder, "open.numpy.weights.npz");
    expect(JSON.parse(out).files).toEqual([beside, to]);
    expect(readFileSync(to, "utf8")).toContain("open.numpy.weights.npz");
  });

  it("convert keeps what a model was trained with where the format can, and says where it cannot", async () => {
    const trained = join(fixtures, "continued", "adam.keras");
    const [h5, onnx] = [join(folder, "trained.h5"), join(folder, "trained.onnx")];
    expect((await unroll("convert", trained, h5)).note).toBe("");
    expect(readFileSync(h5).includes("adam/iteration")).toBe(true);
    expect((await unroll("convert", trained, onnx)).note).toBe(
      "Left out: compile settings and the optimizer's state, which the format has no place for\n",
    );
  });

  it("neither convert nor predict --out replaces a file unasked", async () => {
    const out = join(folder, "kept.npy");
    const words = ["predict", net, "--input", join(folder, "x.npy"), "--out", out];
    expect((await unroll(...words)).code).toBe(0);
    writeFileSync(out, "precious");
    const again = await unroll(...words);
    expect([again.code, again.note]).toEqual([2, expect.stringContaining("a file that is there already is kept.")]);
    expect(readFileSync(out, "utf8")).toBe("precious");
    expect((await unroll(...words, "--force")).code).toBe(0);
    expect(readNpy(readFileSync(out)).shape).toEqual([1, 1]);
    const source = await unroll("predict", net, "--input", out, "--out", out, "--force");
    expect(source.note).toContain("the file that is read must not be the one that is written.");
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("models that are too large", () => {
  it("are counted, and refused before memory is taken where numbers are needed", async () => {
    const long = join(folder, "long.py");
    writeFileSync(
      long,
      "from keras import *\nm = Sequential([Input((30000000, 5)), layers.GRU(4), layers.Dense(1)])\nm.summary()\n",
    );
    expect((await unroll("explain", long)).out).toContain("number of timesteps, 30,000,000, is not in the count");
    const before = process.memoryUsage().arrayBuffers;
    const { code, note } = await unroll("verify", long);
    expect(code).toBe(2);
    expect(note).toContain(
      "random data is made up to 16,777,216 numbers. Received: shape = (2, 30000000, 5), 300,000,000 numbers.",
    );
    const wide = join(folder, "wide.py");
    writeFileSync(wide, "from keras import *\nm = Sequential([Input((2, 5)), layers.LSTM(200000)])\n");
    expect(JSON.parse((await unroll("summary", wide, "--json")).out).models[0].totalParams).toBe(
      4 * (200_000 * 200_005 + 200_000),
    );
    const refused = await unroll("predict", wide, "--input", join(folder, "five.json"));
    expect(refused.code).toBe(2);
    expect(refused.note).toMatch(/GiB/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });

  it.each([
    ["layers.LSTM(0)", "units must be a positive whole number"],
    ["layers.LSTM(-3)", "units must be a positive whole number"],
    ["layers.LSTM(2.5)", "units must be a positive whole number"],
    ["layers.LSTM(4, activation='rleu')", "Did you mean relu?"],
  ])("%s is an error that says the rule", async (layer, text) => {
    const path = join(folder, "wrong.py");
    writeFileSync(path, `from keras import *\nm = Sequential([Input((5, 3)), ${layer}])\nm.summary()\n`);
    const { code, out, note } = await unroll("explain", path);
    expect([code, out]).toEqual([2, ""]);
    expect(note).toContain(text);
  });
});

it("what code says wrongly beside sizes is told on stderr", async () => {
  const path = join(folder, "slip.py");
  writeFileSync(path, "from keras import *\nm = Sequential([Input((5, 3)), layers.LSTM(4, return_sequence=True)])\n");
  for (const command of ["summary", "explain", "tour"]) {
    const { code, note } = await unroll(command, path);
    expect(code).toBe(0);
    expect(note).toContain("line 2: ");
    expect(note).toContain("return_sequence");
  }
});

describe("tour", () => {
  it("counts the notebooks' models as they print them, and compares recorded ones with Keras", async () => {
    const { code, out } = await unroll("tour");
    expect(code).toBe(0);
    for (const total of [
      15, 1426, 51, 165, 39, 125, 906, 1425, 15691, 23415, 57, 1108, 3890, 60120, 53809, 9661, 15301, 93891, 131,
    ]) {
      expect(out).toContain(`: ${total.toLocaleString("en-US")} parameters\n`);
    }
    expect(out).toContain("every total is the one that the notebook prints");
    expect(out).toContain("predicted numbers: all agree.");
    expect(tooLong(out)).toEqual([]);
    expect(out).not.toContain("not all");
  });

  it("takes a user's file through the same", async () => {
    const { code, out } = await unroll("tour", net);
    expect(code).toBe(0);
    expect(out).toContain("4 × [2 × (2 + 2) + 2] = 40");
    expect(out).toContain("Every number agrees to 1e-5");
    expect(tooLong(out)).toEqual([]);
    const many = await unroll("tour", script);
    expect(many.code).toBe(0);
    expect(many.out).toContain("3 × [4 × (4 + 5) + 2 × 4] = 132");
    expect(JSON.parse((await unroll("tour", net, "--json")).out).models[0].verification.passed).toBe(true);
  });
});
