import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { load, loadModel } from "./load.ts";
import { openModelFile } from "./open.ts";
import { errorOf, fixture, fixtureJson, fixturePath } from "./testing.ts";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}
const expected = fixtureJson<{ config: object; x: Numbers; y: Numbers }>("formats/sharded/expected.json");
const map = "formats/sharded/m.weights.json";
const names = readdirSync(fixturePath("formats/sharded")).filter((name) => name !== "expected.json");
const files = Object.fromEntries(names.map((name) => [name, fixture(`formats/sharded/${name}`)]));

describe("weights that Keras split over several files", () => {
  it.each([
    ["a path", fixturePath(map)],
    ["bytes by name", files],
  ])("load from %s and predict what Keras predicts", async (_, source) => {
    const { model, report } = await load(source, { architecture: expected.config });
    expect(report.ignored).toEqual([]);
    const y = model.predict({ shape: expected.x.shape, data: Float32Array.from(expected.x.data) });
    const { data } = Array.isArray(y) ? y[0]! : y;
    expect(Math.max(...expected.y.data.map((value, i) => Math.abs(value - data[i]!)))).toBeLessThan(1e-6);
  });

  it("put one layer's variables together from two files", async () => {
    const { layers } = await openModelFile(files);
    const both = layers.filter(({ path }) => path[0] === "bidirectional");
    expect(both.flatMap(({ weights }) => weights)).toHaveLength(6);
    const { weight_map: owners } = fixtureJson<{ weight_map: Record<string, string[]> }>(map);
    expect(Object.values(owners).some((list) => list.length === 2)).toBe(true);
  });

  it("say which file is missing, what it lacks, and that no path leads out of the folder", async () => {
    const { "m_00002.weights.h5": _, ...without } = files;
    expect((await errorOf(() => openModelFile(without))).message).toBe(
      'm.weights.json: every shard must be given. Received: missing = "m_00002.weights.h5".',
    );
    const alone = await errorOf(() => loadModel(files["m.weights.json"]!, { architecture: expected.config }));
    expect(alone.message).toContain('missing = "m_00000.weights.h5"');
    const changed = (weightMap: object) =>
      errorOf(() => openModelFile({ ...files, "m.weights.json": encode({ weight_map: weightMap }) }));
    expect((await changed({ a: "../m_00000.weights.h5" })).message).toBe(
      'm.weights.json: shards must lie beside m.weights.json. Received: path = "../m_00000.weights.h5".',
    );
    expect((await changed({})).message).toContain("weight_map must name the files of weights. Received: 0 names.");
    expect((await changed({ a: [1] })).code).toBe("file");
    const partly = await changed({ a: ["m_00002.weights.h5"] });
    expect(partly.message).toContain("variables must be numbered from 0 without gap; number 0 is missing");
  });
});

function encode(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
