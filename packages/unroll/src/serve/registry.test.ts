import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modelFiles, readModelSpecs } from "./model-paths.ts";
import { bytesOfModel, kerasFile, nested, prepared, smallModel, temporaryFolder, wave } from "./testing.ts";

const x = wave([2, 4, 3]);
const answerOf = (seed: number) => nested(smallModel(seed).predict(x));

/** Written beside and renamed, as a model should be. */
async function put(path: string, seed: number): Promise<void> {
  writeFileSync(`${path}.new`, await bytesOfModel(smallModel(seed)));
  await rename(`${path}.new`, path);
}

async function versioned() {
  const folder = join(temporaryFolder(), "price");
  for (const version of [1, 2, 10]) {
    mkdirSync(join(folder, String(version)), { recursive: true });
    await put(join(folder, String(version), "m.keras"), version);
  }
  const { app, reload } = await prepared({ models: [folder] });
  const post = async (place: string) => {
    const url = `/v1/models/${place}:predict`;
    return (await app.inject({ method: "POST", url, payload: { instances: nested(x) } })).json();
  };
  return { folder, app, reload, post };
}

describe("models by name and version", () => {
  it("are named after their files or as the caller says", async () => {
    expect(readModelSpecs(["dir/net.keras", "a=b=c.h5", "a:3=x.h5"])).toEqual([
      { name: "net", version: undefined, path: "dir/net.keras" },
      { name: "a", version: undefined, path: "b=c.h5" },
      { name: "a", version: 3, path: "x.h5" },
    ]);
    for (const wrong of [
      ["a b.keras"],
      ["a:0=x"],
      ["a:x=y"],
      ["a:1:2=y"],
      ["../é.h5"],
      ["a=x", "a=y"],
      ["a=x", "a:1=y"],
    ]) {
      expect(() => readModelSpecs(wrong)).toThrow(/unroll serve: /);
    }
    const path = kerasFile("gru_after/m.keras");
    expect(await modelFiles({ name: "gru", version: undefined, path })).toEqual([{ name: "gru", version: 1, path }]);
    await expect(modelFiles({ name: "g", version: undefined, path: kerasFile("gru_after") })).rejects.toThrow(
      "one model file",
    );
  });

  it("come from a folder of versions, of which the greatest answers", async () => {
    const { app, post } = await versioned();
    expect((await post("price")).predictions).toEqual(answerOf(10));
    expect((await post("price/versions/2")).predictions).toEqual(answerOf(2));
    expect((await app.inject("/v2/models/price")).json().versions).toEqual(["1", "2", "10"]);
  });
});

describe("a reload", () => {
  it("takes up new files and versions, and takes away those that are gone", async () => {
    const { folder, reload, post } = await versioned();
    await put(join(folder, "1", "m.keras"), 5);
    rmSync(join(folder, "10"), { recursive: true });
    mkdirSync(join(folder, "3"));
    await put(join(folder, "3", "m.keras"), 3);
    const results = await reload();
    expect(results.map(({ version, result }) => `${version} ${result}`)).toEqual([
      "1 loaded",
      "2 loaded",
      "3 loaded",
      "10 removed",
    ]);
    expect((await post("price")).predictions).toEqual(answerOf(3));
    expect((await post("price/versions/1")).predictions).toEqual(answerOf(5));
    expect((await post("price/versions/10")).error).toContain("no version 10");
  });

  it("keeps the old model where the new file is broken, and says why", async () => {
    const { folder, app, reload, post } = await versioned();
    copyFileSync(kerasFile("broken/truncated.keras"), join(folder, "2", "m.keras"));
    mkdirSync(join(folder, "11"));
    writeFileSync(join(folder, "11", "m.keras"), "nothing");
    const results = await reload("price");
    const of = (version: number) => results.find((one) => one.version === version);
    expect(of(2)).toMatchObject({ result: "kept", reason: expect.stringContaining("m.keras") });
    expect(of(11)).toMatchObject({ result: "failed" });
    expect((await post("price/versions/2")).predictions).toEqual(answerOf(2));
    expect((await post("price")).predictions).toEqual(answerOf(10));
    const { model_version_status: status } = (await app.inject("/v1/models/price")).json();
    expect(status.at(-1)).toMatchObject({ version: "11", state: "END", status: { error_code: "INVALID_ARGUMENT" } });
    const alone = (await app.inject("/v1/models/price/versions/11")).json();
    expect(alone).toEqual({ model_version_status: [status.at(-1)] });
    const load = await app.inject({ method: "POST", url: "/v2/repository/models/price/load" });
    expect([load.statusCode, load.json().error]).toEqual([400, expect.stringContaining("version 2")]);
    const metrics = (await app.inject("/metrics")).body;
    expect(metrics).toContain('unroll_reloads_total{model="price",result="kept"} 2');
    rmSync(join(folder, "11"), { recursive: true });
    await reload("price");
    expect((await app.inject("/v1/models/price")).body).not.toContain("END");
    expect((await app.inject("/v1/models/price/versions/11")).statusCode).toBe(404);
  });

  it("keeps everything where the folder cannot be read", async () => {
    const { folder, reload, post } = await versioned();
    rmSync(folder, { recursive: true });
    expect((await reload()).map(({ result }) => result)).toContain("kept");
    expect((await post("price")).predictions).toEqual(answerOf(10));
  });

  it("lets go of the models that were loaded before one that cannot be", async () => {
    const closed: string[] = [];
    const load = async (path: string) => {
      if (path.includes("gru_before")) throw new Error("no");
      const never = async () => ({ outputs: [], state: [] });
      const signature = { inputs: [], outputs: [], noStreams: undefined };
      return { signature, run: async () => [], step: never, close: async () => void closed.push(path) };
    };
    const models = ["a", "b"].map(
      (name, i) => `${name}=${kerasFile(i === 0 ? "gru_after/m.keras" : "gru_before/m.keras")}`,
    );
    await expect(prepared({ models, load })).rejects.toThrow("no");
    expect(closed).toEqual([kerasFile("gru_after/m.keras")]);
  });

  it("are let go of when newer ones have taken their place, and their requests are answered", async () => {
    const events: string[] = [];
    let loads = 0;
    let finish = (): void => {};
    const load = async () => {
      const id = ++loads;
      const output = { shape: [1, 1], data: Float32Array.of(id) };
      const slow = new Promise<void>((resolve) => {
        finish = resolve;
      });
      return {
        signature: {
          inputs: [{ name: "x", shape: [null, 1] }],
          outputs: [{ name: "y", shape: [null, 1] }],
          noStreams: "none",
        },
        run: async () => {
          if (id === 1) await slow;
          events.push(`answered by ${id}`);
          return [output];
        },
        step: async () => ({ outputs: [output], state: [] }),
        close: async () => void events.push(`closed ${id}`),
      };
    };
    const { app, reload } = await prepared({ models: [`a=${kerasFile("gru_after/m.keras")}`], load });
    const post = async () => app.inject({ method: "POST", url: "/v1/models/a:predict", payload: { instances: [1] } });
    const finishFirst = finish;
    const first = post();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await reload();
    expect((await post()).json()).toEqual({ predictions: [[2]] });
    expect(events).toEqual(["answered by 2"]);
    finishFirst();
    expect((await first).json()).toEqual({ predictions: [[1]] });
    expect(events).toEqual(["answered by 2", "answered by 1", "closed 1"]);
    await reload();
    expect(events.at(-1)).toBe("closed 2");
  });

  it("does not start with a file that is broken or has no weights", async () => {
    await expect(prepared({ models: [kerasFile("broken/truncated.keras")] })).rejects.toThrow("truncated.keras");
    const script = join(temporaryFolder(), "net.py");
    writeFileSync(script, "from keras import *\nm = Sequential([Input((3, 2)), layers.LSTM(4), layers.Dense(1)])\n");
    await expect(prepared({ models: [script] })).rejects.toThrow("needs trained weights");
  });
});
