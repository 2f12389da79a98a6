import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { Tensor } from "../core/tensor.ts";
import { input, layers } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { partsOf, predictCsv } from "./predict-csv.ts";
import { LoadedModel, type Runner, runnerHere } from "./runner.ts";
import { temporaryFolder, wave } from "./testing.ts";

const windowsModel = () =>
  sequential({ layers: [input({ shape: [null, 2] }), layers.lstm({ units: 4 }), layers.dense({ units: 1 })], seed: 2 });
const flatModel = () => sequential({ layers: [input({ shape: [2] }), layers.dense({ units: 3 })], seed: 2 });

let folder = "";
let rows: number[][] = [];
let csv = "";
let out = "";

beforeEach(() => {
  folder = temporaryFolder();
  const { data } = wave([100, 2]);
  rows = Array.from({ length: 100 }, (_, i) => [Math.fround(data[2 * i]!), Math.fround(data[2 * i + 1]!)]);
  csv = join(folder, "in.csv");
  out = join(folder, "out.csv");
  writeFileSync(csv, `a,b\n${rows.map((row) => row.join(",")).join("\n")}\n`);
});

type Options = Partial<Parameters<typeof predictCsv>[0]>;

function run(runner: Pick<Runner, "run" | "signature">, more: Options = {}) {
  return predictCsv({ runner, modelId: "m", input: csv, output: out, workers: 2, chunkRows: 16, ...more });
}

function table(): number[][] {
  const [, ...lines] = readFileSync(out, "utf8").trimEnd().split("\n");
  return lines.map((line) => line.split(",").map(Number));
}

/** Fails, as a kill would end it, at the chunk with this number. */
function dyingAt(runner: Runner, last: number): Pick<Runner, "run" | "signature"> & { readonly ran: () => number } {
  let ran = 0;
  return {
    signature: runner.signature,
    ran: () => ran,
    run: async (inputs) => {
      if (ran === last) throw new Error("killed");
      ran++;
      return runner.run(inputs);
    },
  };
}

describe("predictions from CSV to CSV", () => {
  it("are those of the rows, in their order, also when later chunks are ready first", async () => {
    const runner = runnerHere(new LoadedModel(flatModel(), 8));
    let calls = 0;
    const uneven = async (inputs: readonly Tensor[]) => {
      await new Promise((resolve) => setTimeout(resolve, calls++ % 2 === 0 ? 20 : 1));
      return runner.run(inputs);
    };
    expect(await run({ signature: runner.signature, run: uneven }, { workers: 3 })).toEqual({
      rows: 100,
      resumedChunks: 0,
    });
    const wanted = flatModel().predict(rows);
    expect(table().flat()).toEqual([...wanted.data]);
    expect(readFileSync(out, "utf8").split("\n")[0]).toBe("output_0,output_1,output_2");
    expect(existsSync(partsOf(out).part) || existsSync(partsOf(out).journal)).toBe(false);
  });

  it("take every window of the last rows, across chunks, with the line that ends it", async () => {
    await run(runnerHere(new LoadedModel(windowsModel(), 8)), { lookback: 7 });
    const all = Array.from({ length: 94 }, (_, i) => rows.slice(i, i + 7));
    const wanted = windowsModel().predict(all);
    expect(table()).toEqual(all.map((_, i) => [i + 8, wanted.data[i]]));
  });

  it("take rows after one another as timesteps where the model has so many", async () => {
    const model = () => sequential({ layers: [input({ shape: [5, 2] }), layers.gru({ units: 3 })], seed: 3 });
    await run(runnerHere(new LoadedModel(model(), 8)));
    const wanted = model().predict(Array.from({ length: 20 }, (_, i) => rows.slice(5 * i, 5 * i + 5)));
    expect(table().flat()).toEqual([...wanted.data]);
    const seven = sequential({ layers: [input({ shape: [7, 2] }), layers.gru({ units: 3 })], seed: 3 });
    await expect(run(runnerHere(new LoadedModel(seven, 8)), { output: join(folder, "o.csv") })).rejects.toThrow(
      "2 rows are left over",
    );
  });

  it("go on after a kill with the bytes of a run that nobody killed", async () => {
    const runner = runnerHere(new LoadedModel(windowsModel(), 8));
    const plain = join(folder, "plain.csv");
    await run(runner, { lookback: 7, output: plain });
    for (const [place, chunks] of [2, 1, 2].entries()) {
      await expect(run(dyingAt(runner, chunks), { lookback: 7, workers: 1 })).rejects.toThrow("killed");
      expect(existsSync(out)).toBe(false);
      // A kill in the middle of a write leaves half a line in the journal, and bytes that nothing speaks of.
      if (place === 1) writeFileSync(partsOf(out).journal, '{"chunk":9', { flag: "a" });
      writeFileSync(partsOf(out).part, "1,0.5\n".repeat(1000), { flag: "a" });
    }
    const rest = dyingAt(runner, 99);
    const { resumedChunks } = await run(rest, { lookback: 7, workers: 1 });
    expect(resumedChunks).toBeGreaterThan(2);
    expect(rest.ran()).toBe(7 - resumedChunks);
    expect(readFileSync(out)).toEqual(readFileSync(plain));
  });

  it("begin anew for another model, another input or a damaged output", async () => {
    const runner = runnerHere(new LoadedModel(flatModel(), 8));
    const begin = () => expect(run(dyingAt(runner, 4), { workers: 1 })).rejects.toThrow("killed");
    await begin();
    expect((await run(runner, { modelId: "other" })).resumedChunks).toBe(0);
    await begin();
    truncateSync(partsOf(out).part, 10);
    expect((await run(runner)).resumedChunks).toBe(0);
    await begin();
    writeFileSync(csv, `a,b\n${"1,2\n".repeat(99)}3,4\n`);
    expect((await run(runner)).resumedChunks).toBe(0);
    expect(table()[0]).toEqual([...flatModel().predict([[1, 2]]).data]);
  });

  it("name the line of a cell that is no number, and columns that do not fit", async () => {
    const runner = runnerHere(new LoadedModel(flatModel(), 8));
    writeFileSync(csv, `a,b\n${"1,2\n".repeat(40)}1,\n`);
    await expect(run(runner)).rejects.toThrow(/line 42, column b: every cell must be a number/);
    writeFileSync(csv, "a,b,c\n1,2,3\n4,5,6\n");
    await expect(run(runner)).rejects.toThrow("3 columns");
    await expect(run(runner, { lookback: 2 })).rejects.toThrow("windows of 2 rows");
  });

  it("leave nothing behind where no chunk was finished, and what was finished otherwise", async () => {
    const runner = runnerHere(new LoadedModel(flatModel(), 8));
    const left = () => Object.values(partsOf(out)).filter((path) => existsSync(path));
    await expect(run(dyingAt(runner, 0), { workers: 1 })).rejects.toThrow("killed");
    expect(left()).toEqual([]);
    writeFileSync(csv, "a,b\n1,2\nx,3\n");
    await expect(run(runner)).rejects.toThrow("every cell must be a number");
    expect(left()).toEqual([]);
    writeFileSync(csv, `a,b\n${"1,2\n".repeat(64)}x,3\n`);
    await expect(run(runner, { workers: 1 })).rejects.toThrow("every cell must be a number");
    expect(left()).toHaveLength(2);
    // A failure at once does not throw away what an earlier run had finished.
    await expect(run(runner, { workers: 1 })).rejects.toThrow("every cell must be a number");
    expect(left()).toHaveLength(2);
  });

  it("are written by one process at a time", async () => {
    const runner = runnerHere(new LoadedModel(flatModel(), 8));
    const both = await Promise.allSettled([run(runner), run(runner)]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const refused = both.find((one) => one.status === "rejected");
    expect((refused!.reason as Error).message).toContain(`one process at a time may write ${out}`);
    expect(table()).toHaveLength(100);
    expect(readdirSync(folder).sort()).toEqual(["in.csv", "out.csv"]);
  });

  it("hold only as many chunks as there are workers, and one more", async () => {
    const runner = runnerHere(new LoadedModel(flatModel(), 8));
    let open = 0;
    let most = 0;
    const slow = async (inputs: readonly Tensor[]) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 3));
      open--;
      return runner.run(inputs);
    };
    await run({ signature: runner.signature, run: slow }, { workers: 2, chunkRows: 5 });
    expect(most).toBe(3);
  });
});
