/** What the commands say of Python code that is misspelt, broken off, or leaves sizes open. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";

const folder = mkdtempSync(join(tmpdir(), "unroll-code-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const head =
  "from keras.models import Sequential\nfrom keras.layers import LSTM, GRU, Conv1D, Dense\nmodel = Sequential()\n";

/** A script of these lines behind the imports; the first is line 4. */
function scriptOf(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${head}${lines.join("\n")}\n`);
  return path;
}

describe("an argument that Keras does not have", () => {
  const misspelt = scriptOf(
    "misspelt.py",
    "model.add(LSTM(6, return_sequence=True, input_shape=(12, 3)))",
    "model.add(Dense(1))",
  );
  const remark =
    "line 4: LSTM has no argument called return_sequence; it was skipped. Did you mean return_sequences?\n";

  it.each([
    ["summary", misspelt],
    ["explain", misspelt],
    ["check", misspelt, "--total", "247"],
    ["verify", misspelt],
    ["trace", misspelt],
    ["solve", misspelt],
    ["compare", misspelt],
    ["convert", misspelt, join(folder, "misspelt.keras")],
    ["predict", misspelt, "--input", scriptOfData()],
  ])("%s says that it was skipped", async (...words) => {
    const { code, note } = await unroll(...words);
    expect(code).toBe(0);
    expect(note).toContain(remark);
  });
});

/** Two examples of 12 timesteps and 3 features. */
function scriptOfData(): string {
  const path = join(folder, "x.json");
  writeFileSync(path, JSON.stringify([0, 1].map((n) => Array.from({ length: 12 }, (_, t) => [n, t, 1]))));
  return path;
}

describe("sizes that code leaves open", () => {
  const open = scriptOf(
    "open.py",
    "model.add(LSTM(units=n_units, input_shape=(X.shape[1], 1)))",
    "model.add(Dense(1))",
  );

  it.each([
    ["explain", open],
    ["check", open, "--total", "5"],
    ["verify", open],
    ["tour", open],
  ])("%s says how to give them", async (...words) => {
    const { code, note } = await unroll(...words);
    expect(code).toBe(2);
    expect(note).toContain(
      `The code leaves sizes open (line 4): give them with --set "X.shape[1]=..." --set n_units=...`,
    );
  });

  it("are given as the message says", async () => {
    const { code } = await unroll("explain", open, "--set", "X.shape[1]=9", "--set", "n_units=4");
    expect(code).toBe(0);
  });
});

describe("a bracket that is not closed", () => {
  it("is told by its line, where a model is found all the same", async () => {
    const broken = scriptOf(
      "broken.py",
      "model.add(LSTM(4, input_shape=(5, 1)))",
      "model.add(Dense(1)",
      "model.summary()",
    );
    const { note } = await unroll("summary", broken);
    expect(note).toContain("line 5: `(` was never closed; what follows may be misread\n");
  });

  it("is told beside the layer that was misread because of it", async () => {
    const path = join(folder, "cut.py");
    writeFileSync(path, "from keras import *\nmodel = Sequential([\n  LSTM(6,\n  Dense(1\n");
    const { code, note } = await unroll("summary", path);
    expect(code).toBe(2);
    expect(note).toContain("line 4: `(` was never closed; what follows may be misread\n");
  });

  it("is not seen in texts and comments", async () => {
    const fine = scriptOf("fine.py", "s = 'a (' # (", "t = f'{s} ('", "model.add(Dense(1, input_shape=(2,)))");
    expect((await unroll("summary", fine)).note).toBe("");
  });
});

describe("a script without a model", () => {
  it("is cited by line, not by cell", async () => {
    const path = join(folder, "none.py");
    writeFileSync(path, "x = foo(\n");
    const { note } = await unroll("summary", path);
    expect(note).toContain("first problem = line 1: `(` was never closed");
    expect(note).not.toContain("cell");
  });
});

describe("a slip named after an argument of Keras", () => {
  it("keeps the argument's small letters at the head of the line", async () => {
    const stacked = scriptOf("stacked.py", "model.add(LSTM(6, return_sequences=True, input_shape=(12, 3)))");
    const { code, out } = await unroll("check", stacked, "--layer", "lstm", "--shape", "(None, 6)");
    expect(code).toBe(1);
    expect(out).toContain("\nreturn_sequences is overlooked (lstm).\n");
  });
});

describe("options in the texts of a script", () => {
  const script = scriptOf(
    "spelling.py",
    "model.add(Conv1D(4, kernel_size=3, input_shape=(12, 3)))",
    "model.add(GRU(2, return_sequences=True))",
    "model.add(LSTM(6))",
    "model.add(Dense(1))",
  );

  it.each([
    ["explain"],
    ["explain", "--layer", "1"],
    ["explain", "--number", "40"],
    ["tour"],
    ["check", "--layer", "0", "--params", "41"],
  ])("are spelt as Keras spells them: %s %s", async (command, ...flags) => {
    const { out } = await unroll(command!, script, ...flags);
    expect(out).not.toMatch(/resetAfter|kernelSize|recurrentBias|recurrent_bias/);
    expect(out).toMatch(/reset_after=False|kernel_size/);
  });
});
