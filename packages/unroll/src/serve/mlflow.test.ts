import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  bytesOfModel,
  furthest,
  kerasArray,
  kerasFile,
  nested,
  prepared,
  smallModel,
  temporaryFolder,
  wave,
} from "./testing.ts";

const gru = `gru=${kerasFile("gru_after/m.keras")}`;
const x = kerasArray("gru_after/inputs.npy");
const wanted = kerasArray("gru_after/predictions.npy");
const tolerance = 1e-5;
const width = x.data.length / x.shape[0]!;
const columns = Array.from({ length: width }, (_, i) => `c${i}`);
const rows = Array.from({ length: x.shape[0]! }, (_, row) => [...x.data.subarray(row * width, (row + 1) * width)]);

async function invoke(payload: string | object, type = "application/json") {
  const { app } = await prepared({ models: [gru] });
  return app.inject({ method: "POST", url: "/invocations", payload, headers: { "content-type": type } });
}

describe("MLflow's scoring server", () => {
  it.each([
    ["dataframe_split", { dataframe_split: { columns, data: rows } }],
    [
      "dataframe_records",
      { dataframe_records: rows.map((row) => Object.fromEntries(row.map((v, i) => [columns[i], v]))) },
    ],
    ["instances", { instances: nested(x) }],
    ["inputs", { inputs: nested(x) }],
  ])("predicts from %s what Keras predicted", async (_, body) => {
    const response = await invoke(body);
    expect(response.statusCode).toBe(200);
    expect(furthest(response.json().predictions, wanted)).toBeLessThan(tolerance);
  });

  it("predicts from CSV with a header", async () => {
    const csv = [columns.join(","), ...rows.map((row) => row.join(","))].join("\n");
    const response = await invoke(csv, "text/csv; charset=utf-8");
    expect(response.statusCode).toBe(200);
    expect(furthest(response.json().predictions, wanted)).toBeLessThan(tolerance);
  });

  it("takes cells that hold an input each, of several models the one that is named", async () => {
    const { app } = await prepared({ models: [gru, `pair=${kerasFile("encoder_decoder/m.keras")}`] });
    const { inputs } = (await app.inject("/v2/models/pair")).json();
    const arrays = [0, 1].map((i) => nested(kerasArray(`encoder_decoder/inputs_${i}.npy`)) as unknown[]);
    const records = arrays[0]!.map((_, row) =>
      Object.fromEntries(inputs.map(({ name }: { name: string }, i: number) => [name, arrays[i]![row]])),
    );
    const post = (url: string) => app.inject({ method: "POST", url, payload: { dataframe_records: records } });
    const answer = (await post("/invocations?model=pair")).json();
    expect(furthest(answer.predictions, kerasArray("encoder_decoder/predictions.npy"))).toBeLessThan(tolerance);
    expect((await post("/invocations")).statusCode).toBe(400);
    expect((await post("/invocations?model=other")).json()).toEqual({
      error_code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringContaining("no model of this name"),
    });
  });

  it("takes as many timesteps as a row has numbers for, where the model leaves them open", async () => {
    const path = join(temporaryFolder(), "small.keras");
    writeFileSync(path, await bytesOfModel(smallModel()));
    const { app } = await prepared({ models: [path] });
    const post = async (data: number[][]) => {
      const names = data[0]!.map((_, i) => `c${i}`);
      const payload = { dataframe_split: { columns: names, data } };
      return (await app.inject({ method: "POST", url: "/invocations", payload })).json();
    };
    const one = wave([1, 2, 3]);
    expect((await post([[...one.data]])).predictions).toEqual([[...smallModel().predict(one).data]]);
    expect((await post([[1, 2, 3, 4]])).message).toContain("x takes any number × 3 numbers a row");
  });

  it("answers /ping, /health and /version", async () => {
    const { app } = await prepared({ models: [gru] });
    for (const url of ["/ping", "/health"]) expect((await app.inject(url)).statusCode).toBe(200);
    expect((await app.inject("/version")).body).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each([
    ["no form", {}, "application/json", 400, "one of"],
    ["two forms", { inputs: [1], instances: [1] }, "application/json", 400, "inputs"],
    ["another type", "x", "text/html", 415, "application/json or text/csv"],
    ["too few columns", { dataframe_split: { columns: ["a"], data: [[1]] } }, "application/json", 400, "1 columns"],
    ["a short row", { dataframe_split: { columns: ["a", "b"], data: [[1]] } }, "application/json", 400, "2 cells"],
    [
      "records of other columns",
      { dataframe_records: [{ a: 1 }, { b: 1 }] },
      "application/json",
      400,
      "columns of the first",
    ],
    ["no records", { dataframe_records: [] }, "application/json", 400, "list of objects"],
    ["a word in CSV", `${columns.join()}\n${columns.map(() => "x").join()}\n`, "text/csv", 400, ""],
    [
      "a gap in CSV",
      `${columns.join()}\n${columns.map((_, i) => (i === 1 ? "" : "1")).join()}\n`,
      "text/csv",
      400,
      "must be a number",
    ],
    ["an empty CSV", "", "text/csv", 400, ""],
    ["a ragged CSV", "a,b\n1\n", "text/csv", 400, "line 2"],
  ] as const)("refuses %s in its own form", async (_, body, type, status, reason) => {
    const response = await invoke(body, type);
    expect([response.statusCode, response.json()]).toEqual([
      status,
      { error_code: "BAD_REQUEST", message: expect.stringContaining(reason) },
    ]);
  });
});
