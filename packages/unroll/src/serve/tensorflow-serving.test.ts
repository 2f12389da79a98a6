import { describe, expect, it } from "vitest";
import { furthest, kerasArray, kerasFile, nested, prepared } from "./testing.ts";

/** float32 against Keras's float32, summed in another order. */
const tolerance = 1e-5;
const gru = `gru=${kerasFile("gru_after/m.keras")}`;
const pair = `pair:7=${kerasFile("encoder_decoder/m.keras")}`;

/** Some thousand bytes whose first elements say that they are 300 × 300 × ... numbers. */
function hugeShape(depth: number): string {
  return depth === 0 ? "0" : `[${hugeShape(depth - 1)}${",0".repeat(299)}]`;
}

describe("TensorFlow Serving's REST interface", () => {
  it("predicts row by row what Keras predicted", async () => {
    const { app } = await prepared({ models: [gru] });
    const payload = JSON.stringify({ instances: nested(kerasArray("gru_after/inputs.npy")) });
    for (const place of ["gru", "gru/versions/1"]) {
      const response = await app.inject({ method: "POST", url: `/v1/models/${place}:predict`, payload });
      expect(response.statusCode).toBe(200);
      expect(response.headers["content-type"]).toContain("application/json");
      expect(furthest(response.json().predictions, kerasArray("gru_after/predictions.npy"))).toBeLessThan(tolerance);
    }
  });

  it("takes several inputs by name, in rows and in columns", async () => {
    const { app } = await prepared({ models: [pair] });
    const metadata = (await app.inject("/v1/models/pair/metadata")).json();
    const names = Object.keys(metadata.metadata.signature_def.signature_def.serving_default.inputs);
    const arrays = [kerasArray("encoder_decoder/inputs_0.npy"), kerasArray("encoder_decoder/inputs_1.npy")];
    const columns = Object.fromEntries(names.map((name, i) => [name, nested(arrays[i]!)]));
    const rows = Array.from({ length: arrays[0]!.shape[0]! }, (_, row) =>
      Object.fromEntries(names.map((name) => [name, (columns[name] as unknown[])[row]])),
    );
    const wanted = kerasArray("encoder_decoder/predictions.npy");
    const post = (body: object) =>
      app.inject({ method: "POST", url: "/v1/models/pair/versions/7:predict", payload: body });
    expect(furthest((await post({ inputs: columns })).json().outputs, wanted)).toBeLessThan(tolerance);
    expect(furthest((await post({ instances: rows })).json().predictions, wanted)).toBeLessThan(tolerance);
    const swapped = Object.fromEntries(names.map((name, i) => [name, columns[names[1 - i]!]]));
    const other = await post({ inputs: swapped });
    expect(other.statusCode === 400 || furthest(other.json().outputs, wanted) > 1e-3).toBe(true);
    const one = await post({ inputs: nested(arrays[0]!) });
    expect(one.statusCode).toBe(400);
    expect(one.json().error).toContain(names[1]);
  });

  it("tells status and shapes", async () => {
    const { app } = await prepared({ models: [gru, pair], labels: ["pair:stable=7"] });
    const available = (version: string) => ({
      model_version_status: [{ version, state: "AVAILABLE", status: { error_code: "OK", error_message: "" } }],
    });
    expect((await app.inject("/v1/models/gru")).json()).toEqual(available("1"));
    expect((await app.inject("/v1/models/pair/labels/stable")).json()).toEqual(available("7"));
    const { model_spec, metadata } = (await app.inject("/v1/models/gru/versions/1/metadata")).json();
    expect(model_spec).toEqual({ name: "gru", signature_name: "", version: "1" });
    const [input] = Object.values<{ dtype: string; tensor_shape: { dim: { size: string }[] } }>(
      metadata.signature_def.signature_def.serving_default.inputs,
    );
    expect(input!.dtype).toBe("DT_FLOAT");
    const features = kerasArray("gru_after/inputs.npy").shape.at(-1)!;
    expect(input!.tensor_shape.dim[0]!.size).toBe("-1");
    expect(input!.tensor_shape.dim.at(-1)!.size).toBe(String(features));
  });

  it.each([
    ["POST", "/v1/models/grupredict", 404],
    ["POST", "/v1/models/gru::predict", 404],
    ["POST", "/v1/models/gru:predicts", 404],
    ["POST", "/v1/models/gru:predict/", 404],
    ["POST", "/v1/models/:predict", 404],
    ["POST", "/v1/models/gr:predict", 404],
    ["POST", "/v1/models/gru/versions/2:predict", 404],
    ["POST", "/v1/models/gru/versions/one:predict", 404],
    ["POST", "/v1/models/gru/labels/none:predict", 404],
    ["POST", "/v1/models/gru", 404],
    ["GET", "/v1/models/gru:predict", 405],
    ["GET", "/v1/models/gru/versions/1:predict", 405],
    ["GET", "/v1/models/gru/labels/none:regress", 405],
    ["GET", "/v1/models/gru:predicts", 404],
    ["GET", "/v1/models/gru/versions/99999999999999999999", 404],
    ["GET", "/v1/models/gru/versions/1.0", 404],
    ["GET", "/v1/models/gru/versions/1e0", 404],
    ["GET", "/v1/models/constructor", 404],
    ["POST", "/v1/models/gru:classify", 501],
    ["POST", "/v1/models/gru/versions/1:regress", 501],
  ] as const)("answers %s %s with %i", async (method, url, status) => {
    const { app } = await prepared({ models: [gru] });
    const response = await app.inject({ method, url, ...(method === "POST" ? { payload: { instances: [1] } } : {}) });
    expect(response.statusCode).toBe(status);
    expect(Object.keys(response.json())).toEqual(["error"]);
  });

  it("says that a prediction must be posted", async () => {
    const { app } = await prepared({ models: [gru] });
    const { headers, body } = await app.inject("/v1/models/gru:predict");
    expect(headers.allow).toBe("POST");
    expect(JSON.parse(body)).toEqual({
      error: "predict: the request must be a POST with a JSON body. Received: GET.",
    });
  });

  it.each([
    ["an empty body", "", "an empty body"],
    ["spaces alone", " \n\t", "an empty body"],
    ["text that is no JSON", "{", "must be JSON"],
    ["JSON that was cut off", '{"instances":[[[1,', "18 bytes that end with ,"],
    ["a word", "instances", "9 bytes that begin with i"],
    ["two objects", '{"instances":1}{}', "must be JSON"],
    ["NaN, which is no JSON", '{"instances":[[[NaN]]]}', "must be JSON"],
    ["a list", "[1]", "JSON object"],
    ["neither form", "{}", "instances"],
    ["both forms", '{"instances":[1],"inputs":[1]}', "both"],
    ["no rows", '{"instances":[]}', "at least one row"],
    ["rows of unequal length", '{"instances":[[[1,2],[3]]]}', "[1]"],
    [
      "a huge shape by unequal rows",
      `{"instances":[[${"1,".repeat(9999)}1]${",[1]".repeat(9999)}]}`,
      "equal lengths|entries",
    ],
    ["a shape that no memory holds", `{"instances":${hugeShape(8)}}`, "equal lengths"],
    ["words", '{"instances":[[["a"]]]}', "numbers"],
    ["null", '{"instances":[[[null]]]}', "numbers"],
    ["numbers beyond float32", '{"instances":[[[1e39]]]}', "finite"],
    ["nesting without end", `{"instances":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "nested 8 deep"],
    ["a wrong rank", '{"instances":[1,2]}', "axes"],
    ["an unknown signature", '{"signature_name":"x","instances":[1]}', "serving_default"],
    ["an unknown input", '{"inputs":{"y":[1]}}', "its inputs are"],
    ["a prototype's name", '{"inputs":{"__proto__":[1]}}', "its inputs are"],
  ])("refuses %s with its reason", async (_, payload, reason) => {
    const { app } = await prepared({ models: [gru] });
    const response = await app.inject({ method: "POST", url: "/v1/models/gru:predict", payload });
    expect(response.statusCode).toBe(400);
    expect(response.json().error).toMatch(new RegExp(reason.replaceAll("[", "\\[").replaceAll("]", "\\]")));
    // No stack.
    expect(response.body).not.toMatch(/\.ts|\.js|node:/);
  });

  it("refuses more rows, timesteps or bytes than it is told to take", async () => {
    const { app } = await prepared({ models: [gru], maxRows: 2, maxBody: 2000 });
    const [, timesteps, features] = kerasArray("gru_after/inputs.npy").shape;
    const rows = (count: number) =>
      Array.from({ length: count }, () => Array.from({ length: timesteps! }, () => new Array(features).fill(1)));
    const post = (instances: unknown) =>
      app.inject({ method: "POST", url: "/v1/models/gru:predict", payload: { instances } });
    expect((await post(rows(2))).statusCode).toBe(200);
    const many = await post(rows(3));
    expect([many.statusCode, many.json().error]).toEqual([413, expect.stringContaining("may have 2 rows")]);
    expect((await post(rows(500))).statusCode).toBe(413);
  });
});
