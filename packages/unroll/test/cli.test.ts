/** The command line as a whole, and the commands that read a model: summary, explain, tour. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fixtures, keras, makeCliFiles, tooLong } from "./cli-files.ts";
import { unroll } from "./run-unroll.ts";

const { folder, script, net, locked, zero } = makeCliFiles();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
      [
        ["summary", net, "--layers", "memory,"],
        "--layers must be a layer's name, or the first and the last. Received: memory,.",
      ],
      [
        ["summary", net, "--layers", "memry"],
        "--layers must name layers of a model. Received: memry. Did you mean memory?",
      ],
      [["summary", net, "--layers", "zzz"], "--layers must name layers of a model. Received: zzz. They are "],
      [["check", net, "--params", "0x2b"], "--params needs a whole number, 0 or more. Received: 0x2b."],
      [["check", net, "--params=-43"], "--params needs a whole number"],
      [["check", net, "--total", "43.5"], "--total needs a whole number"],
      [["check", net, "--params", "1,00"], "--params needs a whole number"],
      [
        ["check", net, "--layer", "0", "--params", "43", "--gate", "f"],
        "--gate goes with --value or --gradient. Received: --gate f. Leave it out.",
      ],
      [
        ["check", net, "--total", "43", "--input", "x.npy"],
        "--input goes with --value or --gradient. Received: --input x.npy.",
      ],
      [
        ["check", net, "--layer", "0", "--value", "1", "--index", "0,0"],
        "--index goes with --gradient. Received: --index 0,0.",
      ],
      [
        ["check", net, "--layer", "0", "--value", "1", "--name", "h", "--gate", "f"],
        "it takes one of the two. Received: --gate f.",
      ],
      [["check", net, "--layer", "0", "--value", "1", "--params", "43"], "go alone. Received: --params 43."],
      [["check", net, "--layer", "0", "--gradient", "1", "--gate", "f"], "--gate goes with --value"],
      [["trace", net, "--loss", "mae"], "--loss goes with --target, the way back. Received: --loss mae."],
      [
        ["compare", net, "--tolerance", "1"],
        "--tolerance goes with a second model to compare with. Received: --tolerance 1.",
      ],
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
        ".onnx and .ts can be written, but not read. Open the model that it was made of.",
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

  it("prints a range of layers, and which train", async () => {
    const { out } = await unroll("summary", net, "--layers", "out", "--trainable");
    expect(out).not.toContain("memory");
    expect(out).toMatch(/│ out \(Dense\) +│ \(None, 1\) +│ +3 │ +Y +│/);
    const two = join(folder, "ranged.py");
    writeFileSync(
      two,
      `from keras import Sequential, layers
a = Sequential([layers.Input((4, 2)), layers.LSTM(3, name="memory"), layers.Dense(1, name="memory_1")])
b = Sequential([layers.Input((4, 2)), layers.GRU(3, name="other")])
`,
    );
    const { code, out: both } = await unroll("summary", two, "--layers", "memory");
    expect(code).toBe(0);
    expect(both).toContain("memory (LSTM)");
    expect(both).not.toContain("memory_1");
    expect(both).toContain("It has no layer memory.");
  });

  it("prints as the code's own call asks, flags first", async () => {
    const asking = join(folder, "asks.py");
    const call = "summary(line_length=60, expand_nested=True, show_trainable=True)";
    writeFileSync(
      asking,
      `import keras
inner = keras.Sequential([keras.layers.Dense(3)], name="inner")
model = keras.Sequential([keras.Input((4,)), inner])
model.${call}
`,
    );
    const written = (await unroll("summary", asking)).out.split("\n");
    expect(written[2]).toHaveLength(60);
    expect(written.filter((line) => line.includes("└ dense (Dense)") && line.includes("Y"))).toHaveLength(1);
    expect((await unroll("summary", asking, "--width", "72")).out.split("\n")[2]).toHaveLength(72);
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

  it("says of one layer what part of the model it is", async () => {
    const { out } = await unroll("explain", net, "--layer", "memory");
    const head = "memory of tiny: 40 of its 43 parameters, in 1 of its 2 layers";
    expect(out).toContain(`${head}\n\nmemory (LSTM)\n`);
    expect(out).not.toContain("total");
    const inFormat = async (format: string) =>
      (await unroll("explain", net, "--layer", "memory", "--format", format)).out;
    expect(await inFormat("markdown")).toContain(`# ${head}\n\n## memory (LSTM)\n`);
    expect(await inFormat("latex")).toContain(`${head}.\n\n\\paragraph{memory (LSTM), 40`);
    expect(await inFormat("html")).toContain(`<h1>${head}</h1>`);
    const json = JSON.parse((await unroll("explain", net, "--layer", "memory", "--json")).out);
    expect(json.models[0]).toMatchObject({ totalParams: 40, whole: { layers: 2, params: 43 } });
  });

  it.each([
    ["markdown", "## memory (LSTM)"],
    ["latex", "\\paragraph{memory (LSTM), 40 parameters}"],
    ["mathml", "<math "],
    ["html", '<section data-layer="memory">'],
  ])("writes %s", async (format, text) => {
    expect((await unroll("explain", net, "--format", format)).out).toContain(text);
  });

  it("fails where no model has the layer, and names each model once", async () => {
    const two = join(folder, "no-such-layer.py");
    writeFileSync(
      two,
      `from keras import Sequential, layers
a = Sequential([layers.Input((4, 2)), layers.LSTM(3)])
b = Sequential([layers.Input((4, 2)), layers.GRU(3)])
`,
    );
    const none = await unroll("explain", two, "--layer", "dense");
    expect([none.code, none.out.trim()]).toEqual([2, ""]);
    expect(none.note).toMatch(/^sequential: the model has no layer named dense\..*\nsequential_1: the model has no/);
    expect((await unroll("explain", two, "--layer", "gru")).code).toBe(0);
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
