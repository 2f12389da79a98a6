/** Commands that run a model on data: trace, verify, predict; what they say of odd numbers and of models that are too large. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../src/formats/npy.ts";
import { fixtures, keras, makeCliFiles, tooLong } from "./cli-files.ts";
import { unroll } from "./run-unroll.ts";

const { folder, net } = makeCliFiles();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
