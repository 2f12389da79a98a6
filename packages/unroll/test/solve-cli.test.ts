/** `unroll solve` as a user runs it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { input, layers, resetNames, sequential } from "unroll";
import { beforeAll, describe, expect, it } from "vitest";
import { unroll } from "./run-unroll.ts";
import { readWorkbook } from "./xlsx-reader.ts";

let folder = "";
let net = "";
let data = "";
let expected = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "unroll-solve-"));
  net = join(folder, "net.keras");
  data = join(folder, "x.json");
  resetNames();
  const made = sequential({
    layers: [
      input({ shape: [3, 2] }),
      layers.gru({ units: 2, returnSequences: true }),
      layers.lstm({ units: 1 }),
      layers.dense({ units: 1 }),
    ],
    seed: 3,
  });
  await made.save(net);
  const x = [
    [
      [0.5, -0.25],
      [1, 0.125],
      [-0.75, 0.5],
    ],
  ];
  writeFileSync(data, JSON.stringify(x));
  expected = made.predict(x).data[0]!;
});

describe("unroll solve", () => {
  it("prints every step in 80 columns and ends at the engine's number", async () => {
    const { code, out } = await unroll("solve", net, "--input", data);
    expect(code).toBe(0);
    for (const line of out.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
    expect(out).toContain("hHat = tanh(x·W_h + bi_h + r ⊙ (hPrev·U_h + br_h))");
    expect(out).toContain(`The engine (float32) gives ${expected}`);
  });

  it("works one timestep of one layer out", async () => {
    const { out } = await unroll("solve", net, "--input", data, "--layer", "gru", "--timestep", "1", "--digits", "3");
    expect(out).toContain("gru of sequential worked out by hand, example 0, timestep 1");
    expect(out).not.toContain("timestep 2");
    expect(out).toContain("x = (1, 0.125)");
  });

  it.each([
    ["md", /^# sequential worked out/],
    ["tex", /^\\section\*/],
    ["html", /^<!doctype html>/],
    ["txt", /^sequential worked out/],
  ])("writes .%s by the ending of the file", async (ending, start) => {
    const path = join(folder, `solution.${ending}`);
    expect(await unroll("solve", net, "--input", data, "--out", path)).toMatchObject({ code: 0, out: "" });
    expect(readFileSync(path, "utf8")).toMatch(start);
  });

  it("writes a spreadsheet whose formulas give the prediction", async () => {
    const path = join(folder, "solution.xlsx");
    expect((await unroll("solve", net, "--input", data, "--out", path)).note).toContain("Wrote");
    const book = readWorkbook(readFileSync(path));
    expect(book.numberAt("prediction", "B2")).toBeCloseTo(expected, 6);
  });

  it("writes a large spreadsheet from the built program too", { timeout: 120_000 }, async () => {
    const large = join(folder, "large.keras");
    const net = sequential({ layers: [input({ shape: [30, 2] }), layers.gru({ units: 12 })], seed: 5 });
    await net.save(large);
    const x = [Array.from({ length: 30 }, (_, t) => [Math.sin(t), Math.cos(t)])];
    writeFileSync(join(folder, "waves.json"), JSON.stringify(x));
    const words = ["solve", large, "--input", join(folder, "waves.json"), "--out", join(folder, "large.xlsx")];
    const program = fileURLToPath(new URL("../bin/unroll.js", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, expect.stringContaining("Wrote")]);
    const bytes = readFileSync(join(folder, "large.xlsx"));
    // From this size on the packer of the library that writes the sheets wants a web worker.
    expect(unzipSync(bytes)["xl/worksheets/sheet3.xml"]!.length).toBeGreaterThan(2 * 160_000);
    const [predicted] = net.predict(x).data;
    expect(readWorkbook(bytes).numberAt("prediction", "B2")).toBeCloseTo(predicted!, 5);
  });

  it("gives JSON with every number", async () => {
    const { out } = await unroll("solve", net, "--input", data, "--json");
    const solution = JSON.parse(out);
    expect(solution.layers.map(({ name }: { name: string }) => name)).toEqual(["gru", "lstm", "dense"]);
    expect(solution.results[0].values[0]).toBeCloseTo(expected, 6);
  });

  it("replaces neither what it reads nor, unasked, another file", async () => {
    const text = readFileSync(data, "utf8");
    const own = await unroll("solve", net, "--input", data, "--format", "text", "--force", "--out", data);
    expect([own.code, readFileSync(data, "utf8")]).toEqual([2, text]);
    const other = join(folder, "notes.md");
    writeFileSync(other, "precious");
    const kept = await unroll("solve", net, "--input", data, "--out", other);
    expect([kept.code, readFileSync(other, "utf8")]).toEqual([2, "precious"]);
    expect(kept.note).toContain("Give --force to replace it");
    expect((await unroll("solve", net, "--input", data, "--out", other, "--force")).code).toBe(0);
    expect(readFileSync(other, "utf8")).toMatch(/^# sequential worked out/);
  });

  it("says what is missing", async () => {
    expect((await unroll("solve", net, "--input", data, "--format", "xlsx")).note).toContain(
      "a spreadsheet goes into a file",
    );
    expect((await unroll("solve", net, "--input", data, "--out", join(folder, "a.doc"))).note).toContain(
      "--out must end in",
    );
    const both = await unroll("solve", net, "--input", data, "--timestep", "1");
    expect(both).toMatchObject({ code: 2 });
    expect(both.note).toContain("recurrent layers = gru, lstm");
  });
});
