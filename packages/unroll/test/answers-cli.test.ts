/** check, audit, compare and what explains a number, as the command line runs them. */
import { existsSync, linkSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { setSeed } from "../src/layers/seed.ts";
import { unroll } from "./run-unroll.ts";

let folder = "";
let script = "";
const slipped = (text: string): string[] =>
  JSON.parse(text).answers[0].findings.flatMap((one: { slips: { id: string }[] }) => one.slips.map(({ id }) => id));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unroll-answers-"));
  script = join(folder, "stacked.py");
  writeFileSync(
    script,
    `
from tensorflow.keras import Sequential, Input
from tensorflow.keras.layers import GRU, SimpleRNN, Dense
model = Sequential([
    Input((30, 5)),
    GRU(4, return_sequences=True, name="first"),
    GRU(2, return_sequences=True, name="second"),
    SimpleRNN(25, name="third"),
    Dense(1, name="last"),
])
# first
print(3*(4*(4+5)+4))
`,
  );
});

describe("unroll explain --number", () => {
  it("gives every way to a number, what the model has before what a slip makes of it", async () => {
    const { code, out } = await unroll("explain", script, "--number", "132");
    expect(code).toBe(0);
    expect(out).toMatch(/^1 way from \w+ to 132:\n\n1\. the parameters of first\n[\s\S]*= 132\n$/);
    const slip = await unroll("explain", script, "--number", "120");
    expect(slip.out).toMatch(/1\. the numbers in the output of first [\s\S]*2\. the parameters of first, by a slip\n/);
    expect(slip.out).toMatch(/The second bias row is forgotten \(first\)\.[\s\S]*= 120\n/);
    expect(slip.out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("takes shapes, and numbers with groups, and says where nothing is the number", async () => {
    const shape = await unroll("explain", script, "--number", "(None, 30, 4)", "--json");
    const { given, origins } = JSON.parse(shape.out);
    expect([given, origins[0].what, origins[0].slips]).toEqual([[null, 30, 4], "the output shape of first", []]);
    // 4 bytes for each of 906.
    expect((await unroll("explain", script, "--number", "3,624")).out).toContain("the bytes of the weights of");
    const none = await unroll("explain", script, "--number", "7919");
    expect([none.code, none.out]).toEqual([
      0,
      expect.stringMatching(/^Nothing in \w+ is 7,919, and no slip makes it so\.\n$/),
    ]);
  });

  it.each([
    [["--number", "many"], "--number must be a whole number, or a shape"],
    [["--number", "12.5"], "--number must be a whole number, or a shape"],
    [["--number", "132", "--layer", "first"], "without --layer"],
  ])("refuses %j", async (flags, said) => {
    const { code, note } = await unroll("explain", script, ...flags);
    expect([code, note]).toEqual([2, expect.stringContaining(said)]);
  });
});

describe("unroll check", () => {
  it("names the slip, with the derivation that ends at the learner's number", async () => {
    const { code, out } = await unroll("check", script, "--layer", "first", "--params", "120");
    expect(code).toBe(1);
    expect(out).toContain("first: 120 parameters is not right, it is 132.");
    expect(out).toMatch(
      /The second bias row is forgotten \(first\)\.[\s\S]*g × \[h\(h\+i\)\+h\][\s\S]*= 120\n[\s\S]*The right way:[\s\S]*= 132\n/,
    );
  });

  it("checks a gate, an output and a gradient with data of one's own", async () => {
    const input = join(folder, "x.json");
    const target = join(folder, "y.json");
    writeFileSync(input, JSON.stringify([Array.from({ length: 30 }, (_, t) => [t / 30, 0.1, -0.2, 0.3, 0.4])]));
    writeFileSync(target, "[[0.5]]");
    const gate = [
      "check",
      script,
      "--input",
      input,
      "--layer",
      "first",
      "--gate",
      "h",
      "--timestep",
      "3",
      "--unit",
      "1",
    ];
    const wrong = await unroll(...gate, "--value", "3.5", "--json");
    const { name, expected, findings } = JSON.parse(wrong.out).answers[0];
    expect([wrong.code, name, findings]).toEqual([1, "hHat", []]);
    expect(Math.abs(expected)).toBeLessThan(1);
    const gradient = ["check", script, "--input", input, "--layer", "third", "--name", "h", "--gradient", "12.5"];
    expect((await unroll(...gradient)).note).toContain("a gradient needs the targets too");
    const checked = await unroll(...gradient, "--target", target);
    expect(checked.code).toBe(1);
    expect(checked.out).toMatch(/third: ∂L\/∂h = 12.5 is not right, it is -?\d/);
    expect((await unroll("check", script, "--layer", "third", "--value", "a")).note).toContain(
      "--value needs a number",
    );
  });

  it("keeps the solution back when asked to", async () => {
    const { out } = await unroll("check", script, "--layer", "first", "--params", "120", "--hints");
    expect(out).toMatch(/^first: 120 parameters is not right\.\n/);
    expect(out).toContain("The second bias row is forgotten (first).");
    expect(out).toContain("The formula: g × [h(h+i)+2h].");
    expect(out).not.toMatch(/132|The right way/);
    const unknown = await unroll("check", script, "--layer", "first", "--params", "7919", "--hints");
    expect(unknown.out).toContain("No known slip gives this answer, nor do two together.\n\nThe formula:");
    const json = await unroll("check", script, "--layer", "first", "--params", "120", "--hints", "--json");
    expect(json.out).not.toMatch(/132|expected/);
    const value = ["check", script, "--layer", "third", "--name", "h", "--value", "123.5", "--hints"];
    expect((await unroll(...value)).out).toMatch(/^third: h = 123.5 is not right; 0 significant digits agree\.\n/);
    expect((await unroll(...value, "--json")).out).not.toContain("expected");
  });

  it("checks totals and shapes, as text and as JSON", async () => {
    expect((await unroll("check", script, "--total", "906")).code).toBe(0);
    const total = await unroll("check", script, "--total", "888", "--json");
    expect([total.code, slipped(total.out)[0]]).toEqual([1, "second-bias-row"]);
    const shape = await unroll("check", script, "--layer", "second", "--shape", "(None, 4)", "--json");
    expect([shape.code, slipped(shape.out)[0]]).toEqual([1, "sequences-overlooked"]);
  });

  it("checks a value of one timestep", async () => {
    const words = ["check", script, "--layer", "third", "--name", "h", "--unit", "3", "--value"];
    const { code, out } = await unroll(...words, "123.5", "--json");
    expect(code).toBe(1);
    const [{ expected, right }] = JSON.parse(out).answers;
    expect(right).toBe(false);
    expect(Math.abs(expected)).toBeLessThan(1);
    expect((await unroll("check", script, "--value", "0.5")).note).toContain("no --layer");
    expect((await unroll(...words, "0,5")).note).toContain(
      "--value needs a number. Received: 0,5. Write 0.5, with a point.",
    );
    expect((await unroll(...words, "0x10")).note).toContain("--value needs a number. Received: 0x10.");
    expect((await unroll(...words, "−123.5")).out).toContain("third: h = -123.5 is not right");
    expect((await unroll(...words, "-0")).out).toMatch(
      /^third: h = 0 is right to the decimals that are written; with more it is not 0\.\n\n/,
    );
    for (const size of ["0x10", "5.", "1e2", "99999999999999999999"]) {
      const { note } = await unroll("check", script, "--layer", "first", "--shape", `(None, ${size})`);
      expect(note, size).toContain("--shape must be a shape");
    }
  });
});

describe("a value that is checked on random numbers", () => {
  const words = (): string[] => ["check", script, "--layer", "third", "--name", "h", "--unit", "3", "--value"];
  const plain = (text: string): string => text.replaceAll(/\s+/g, " ");

  it("is said to be, with the seed, in the answer and as JSON", async () => {
    const both =
      "The weights and the input are random, drawn from seed 0: the answer is graded on these numbers, which unroll trace shows. Give --weights FILE and --input FILE for your own.";
    expect(plain((await unroll(...words(), "123.5")).out)).toContain(both);
    expect(JSON.parse((await unroll(...words(), "123.5", "--json")).out).answers[0].remarks).toEqual([both]);
    const input = join(folder, "random.json");
    writeFileSync(input, JSON.stringify([Array.from({ length: 30 }, (_, t) => [1, 2, 3, 4, t / 30])]));
    const weights = await unroll(...words(), "123.5", "--input", input);
    expect(plain(weights.out)).toContain("The weights are random, drawn from seed 0");
    expect(plain(weights.out)).not.toContain("--input");
  });

  it("is right for what trace shows", async () => {
    // Each command has a process of its own otherwise.
    setSeed(0);
    const { out } = await unroll("trace", script, "--layer", "third", "--format", "csv");
    const cells = out
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const [names, last] = [cells[0]!, cells.findLast((row) => row[cells[0]!.indexOf("unit")] === "3")!];
    setSeed(0);
    const { code, out: said } = await unroll(...words(), last[names.indexOf("h")] ?? last.at(-1)!);
    expect([code, said]).toEqual([0, expect.stringContaining("is right, ")]);
  });
});

describe("unroll audit", () => {
  it("finds a slip with its line, exits 1, and writes an annotated copy", async () => {
    const copy = join(folder, "checked.py");
    const { code, out } = await unroll("audit", script, "--out", copy);
    expect(code).toBe(1);
    expect(out).toContain("line 12: 120 for first; it is 132: the second bias row is forgotten.");
    expect(readFileSync(copy, "utf8")).toContain("print(3*(4*(4+5)+4))\n# unroll audit: line 12: 120 for first;");
    const json = JSON.parse((await unroll("audit", script, "--json")).out);
    expect(json.findings[0]).toMatchObject({ line: 12, given: 120, expected: 132, layer: "first" });
  });

  it("never writes over what it reads, whatever the path or link", async () => {
    const own = join(folder, "own.py");
    const text = readFileSync(script, "utf8");
    writeFileSync(own, text);
    symlinkSync(own, join(folder, "soft.py"));
    linkSync(own, join(folder, "hard.py"));
    for (const name of ["own.py", "./own.py", "soft.py", "hard.py"]) {
      const { code, out, note } = await unroll("audit", own, "--force", "--out", `${folder}/${name}`);
      expect([code, out]).toEqual([2, ""]);
      expect(note).toContain("the file that is read must not be the one that is written");
      expect(readFileSync(own, "utf8")).toBe(text);
    }
  });

  it("replaces a file only with --force, and says which folder is missing", async () => {
    const other = join(folder, "other.py");
    writeFileSync(other, "precious");
    const kept = await unroll("audit", script, "--out", other);
    expect([kept.code, readFileSync(other, "utf8")]).toEqual([2, "precious"]);
    expect(kept.note).toContain("Give --force to replace it");
    expect((await unroll("audit", script, "--out", other, "--force")).code).toBe(1);
    expect(readFileSync(other, "utf8")).toContain("# unroll audit: line 12");
    const missing = await unroll("audit", script, "--out", join(folder, "nodir", "x.txt"));
    expect([missing.code, missing.note.trim()]).toEqual([2, expect.stringContaining("its folder must be there")]);
    expect(existsSync(join(folder, "nodir"))).toBe(false);
  });

  it("says that there is nothing to audit, with exit code 2 for a file without code", async () => {
    const plain = join(folder, "plain.py");
    writeFileSync(plain, "import os\nprint(os.name)\n");
    expect(await unroll("audit", plain)).toMatchObject({
      code: 0,
      out: "Nothing to audit: no Keras model that can be built, and no hand calculation.\n",
    });
    const prose = join(folder, "h.txt");
    writeFileSync(prose, "Hello. These are well-known words, and no code at all!\n");
    const saved = join(folder, "m.keras");
    writeFileSync(saved, Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 0x61, 0x3d, 0x31, 10, 0, 0x61, 0x3d, 0x31, 10));
    for (const file of [prose, saved]) {
      const copy = join(folder, "no-copy.txt");
      const { code, out, note } = await unroll("audit", file, "--out", copy);
      expect([code, out, existsSync(copy)]).toEqual([2, "", false]);
      expect(note).toContain(`${file}: there is nothing to audit. Received: no code in the file.`);
    }
  });

  it("exits 0 where nothing is wrong", async () => {
    const right = join(folder, "right.py");
    writeFileSync(right, readFileSync(script, "utf8").replace("+4))", "+2*4))"));
    const { code, out } = await unroll("audit", right);
    expect([code, out]).toEqual([0, "1 model; 1 hand calculation right, 0 slips found.\n"]);
  });
});

describe("unroll summary of layers that do not fit", () => {
  const code = `
from keras import Sequential, Input
from keras.layers import GRU, LSTM, Dense
model = Sequential([Input((30, 5)), LSTM(4, name="first"), GRU(3, name="second"), Dense(1, name="last")])
`;
  const functional = `
import keras
a = keras.Input((30, 5))
b = keras.layers.LSTM(4, name="first")(a)
model = keras.Model(a, keras.layers.GRU(3, name="second")(b))
`;

  it.each([code, functional])("tells the edits with the summary of each", async (text) => {
    const file = join(folder, "bad.py");
    writeFileSync(file, text);
    const { code: exit, out, note } = await unroll("summary", file);
    expect(exit).toBe(2);
    expect(out).toContain("  1. set return_sequences=True in first\n");
    expect(out).toContain("  2. put RepeatVector(n=30) before second\n");
    expect(out).toContain("second (GRU)              (None, 3)       81");
    expect(note).toContain("Set return_sequences=True in first; or put RepeatVector(n=30) before second.");
    const json = await unroll("summary", file, "--json");
    const [model] = JSON.parse(json.out).models;
    expect(model.repairs[0].edits).toEqual([
      {
        kind: "option",
        layer: "first",
        option: "returnSequences",
        value: true,
        text: "set return_sequences=True in first",
      },
    ]);
    expect(model.repairs[0].totalParams).toBe(text === code ? 245 : 241);
  });
});

describe("unroll compare", () => {
  const file = (name: string, gru: string): string => {
    const path = join(folder, name);
    writeFileSync(
      path,
      `from keras import Sequential, Input\nfrom keras.layers import GRU, Dense\nmodel = Sequential([Input((30, 5)), ${gru}, Dense(1)])\n`,
    );
    return path;
  };

  it("says which option makes which difference, and exits with 1", async () => {
    const [old, today] = [file("old.py", "GRU(4, reset_after=False)"), file("today.py", "GRU(4)")];
    const { code, out, note } = await unroll("compare", old, today);
    expect(code).toBe(1);
    expect(out).toContain("+12 = g × h = 3 × 4 from resetAfter");
    expect(out).toContain("125 → 137 parameters (+12).");
    expect(note).toContain("takes those of the other model, but for gru, whose arrays differ");
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const json = JSON.parse((await unroll("compare", old, today, "--json")).out);
    expect(json.pairs[0].difference.causes[0]).toMatchObject({ change: "resetAfter", difference: 12 });
  });

  it("finds a file equal to itself", async () => {
    const today = file("today.py", "GRU(4)");
    const { code, out } = await unroll("compare", today, today);
    expect(code).toBe(0);
    expect(out).toContain("The predictions are the same.");
  });

  it("shows one model under three releases", async () => {
    const { code, out } = await unroll("compare", file("today.py", "GRU(4)"));
    expect(code).toBe(0);
    expect(out).toMatch(/^total +125 +137 +137$/m);
  });
});
