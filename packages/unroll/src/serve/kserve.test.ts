import { describe, expect, it } from "vitest";
import type { Tensor } from "../core/tensor.ts";
import { furthest, kerasArray, kerasFile, nested, prepared } from "./testing.ts";

const gru = `gru=${kerasFile("gru_after/m.keras")}`;
const tolerance = 1e-5;

function bytes(tensor: Tensor): Buffer {
  return Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}

async function gruService() {
  const { app } = await prepared({ models: [gru] });
  const { inputs, outputs } = (await app.inject("/v2/models/gru")).json();
  const infer = (head: object, binary?: Buffer, length?: string) => {
    const json = Buffer.from(JSON.stringify(head));
    const headers = binary === undefined ? {} : { "inference-header-content-length": length ?? String(json.length) };
    const payload = binary === undefined ? json : Buffer.concat([json, binary]);
    return app.inject({ method: "POST", url: "/v2/models/gru/infer", payload, headers });
  };
  return { app, infer, input: inputs[0].name as string, output: outputs[0].name as string, inputs, outputs };
}

const x = kerasArray("gru_after/inputs.npy");
const wanted = kerasArray("gru_after/predictions.npy");

describe("the Open Inference Protocol", () => {
  it("tells what the server and the model are", async () => {
    const { app, inputs, outputs } = await gruService();
    expect((await app.inject("/v2")).json()).toMatchObject({
      name: "unroll",
      extensions: expect.arrayContaining(["binary_tensor_data"]),
    });
    expect((await app.inject("/v2/health/live")).json()).toEqual({ live: true });
    expect((await app.inject("/v2/health/ready")).json()).toEqual({ ready: true });
    expect((await app.inject("/v2/models/gru/versions/1/ready")).json()).toEqual({ name: "gru", ready: true });
    expect((await app.inject("/v2/models/none/ready")).statusCode).toBe(404);
    expect(inputs[0]).toMatchObject({ datatype: "FP32", shape: [-1, ...x.shape.slice(1)] });
    expect(outputs[0].shape).toEqual([-1, ...wanted.shape.slice(1)]);
  });

  it("takes numbers nested and flat, and gives back the id", async () => {
    const { infer, input } = await gruService();
    for (const data of [nested(x), [...x.data]]) {
      const response = await infer({ id: "call 1", inputs: [{ name: input, shape: x.shape, datatype: "FP32", data }] });
      const answer = response.json();
      expect(answer).toMatchObject({ model_name: "gru", model_version: "1", id: "call 1" });
      expect(answer.outputs[0]).toMatchObject({ datatype: "FP32", shape: wanted.shape });
      expect(furthest(answer.outputs[0].data, wanted)).toBeLessThan(tolerance);
    }
  });

  it("takes and gives bytes behind the JSON", async () => {
    const { infer, input, output } = await gruService();
    const head = (type: string, size: number, more: object = {}) => ({
      inputs: [{ name: input, shape: x.shape, datatype: type, parameters: { binary_data_size: size } }],
      ...more,
    });
    const doubles = Buffer.from(Float64Array.from(x.data).buffer);
    const asJson = await infer(head("FP64", doubles.length), doubles);
    const numbers = asJson.json().outputs[0].data as number[];
    expect(furthest(numbers, wanted)).toBeLessThan(tolerance);
    for (const more of [
      { parameters: { binary_data_output: true } },
      { outputs: [{ name: output, parameters: { binary_data: true } }] },
    ]) {
      const response = await infer(head("FP32", bytes(x).length, more), bytes(x));
      const length = Number(response.headers["inference-header-content-length"]);
      const { outputs } = JSON.parse(response.rawPayload.subarray(0, length).toString());
      expect(outputs[0].parameters).toEqual({ binary_data_size: 4 * wanted.data.length });
      const floats = new Float32Array(Uint8Array.from(response.rawPayload.subarray(length)).buffer);
      expect([...floats]).toEqual(numbers);
    }
  });

  it("reads every number type to the same values", async () => {
    const { infer, input } = await gruService();
    const whole = x.data.map((_, i) => i % 2);
    const asked = async (datatype: string, typed: ArrayBufferView) => {
      const buffer = Buffer.from(typed.buffer);
      const parameters = { binary_data_size: buffer.length };
      const answer = await infer({ inputs: [{ name: input, shape: x.shape, datatype, parameters }] }, buffer);
      return answer.json().outputs?.[0].data ?? answer.body;
    };
    const floats = await asked("FP32", whole.slice());
    expect(floats).toHaveLength(wanted.data.length);
    const bigs = BigInt64Array.from(whole, (value) => BigInt(value));
    for (const [type, typed] of [
      ["FP64", Float64Array.from(whole)],
      ["INT8", Int8Array.from(whole)],
      ["UINT8", Uint8Array.from(whole)],
      ["BOOL", Uint8Array.from(whole)],
      ["INT16", Int16Array.from(whole)],
      ["UINT16", Uint16Array.from(whole)],
      ["INT32", Int32Array.from(whole)],
      ["UINT32", Uint32Array.from(whole)],
      ["INT64", bigs],
      ["UINT64", BigUint64Array.from(bigs)],
      // One is sign 0, exponent 15 of 5 bits in float16, and the upper half of float32's in bfloat16.
      ["FP16", Uint16Array.from(whole, (value) => value * 0x3c00)],
      ["BF16", Uint16Array.from(whole, (value) => value * 0x3f80)],
    ] as const) {
      expect([type, await asked(type, typed)]).toEqual([type, floats]);
    }
    const data = [...whole].map((value) => value === 1);
    const booleans = await infer({ inputs: [{ name: input, shape: x.shape, datatype: "BOOL", data }] });
    expect(booleans.json().outputs[0].data).toEqual(floats);
  });

  it("refuses what does not fit, with its reason", async () => {
    const { infer, input, output, app } = await gruService();
    const size = bytes(x).length;
    const one = (more: object) => ({ inputs: [{ name: input, shape: x.shape, datatype: "FP32", ...more }] });
    const nan = Float32Array.from(x.data);
    nan[3] = Number.NaN;
    const refused: [object, Buffer | undefined, string | undefined, string][] = [
      [{}, undefined, undefined, "list of tensors"],
      [{ inputs: [1] }, undefined, undefined, "must be an object"],
      [one({ data: [1, 2] }), undefined, undefined, "must hold the"],
      [one({ datatype: "FP8", data: [] }), undefined, undefined, "datatype must be one of"],
      [one({ datatype: "BYTES", data: ["a"] }), undefined, undefined, "datatype must be one of"],
      [one({ shape: [-1, 2], data: [] }), undefined, undefined, "shape must be"],
      [one({ shape: [1e9, 1e9], data: [] }), undefined, undefined, "shape must be"],
      [one({ shape: "x", data: [] }), undefined, undefined, "shape must be"],
      [
        { inputs: [{ ...one({ data: [...x.data] }).inputs[0], name: "other" }] },
        undefined,
        undefined,
        "its inputs are",
      ],
      [one({ parameters: { binary_data_size: size } }), bytes(x).subarray(0, 10), undefined, "bytes in the body"],
      [one({ parameters: { binary_data_size: 8 } }), bytes(x), undefined, "needs"],
      [one({ parameters: { binary_data_size: size } }), Buffer.concat([bytes(x), bytes(x)]), undefined, "use up"],
      [one({ parameters: { binary_data_size: size } }), bytes({ ...x, data: nan }), undefined, "finite"],
      [one({ parameters: { binary_data_size: size } }), bytes(x), "99999999", "Inference-Header-Content-Length"],
      [one({ parameters: { binary_data_size: size } }), bytes(x), "-1", "Inference-Header-Content-Length"],
      [one({ parameters: { shared_memory_region: "r" } }), undefined, undefined, "shared memory"],
      [{ ...one({ data: [...x.data] }), outputs: [{ name: "none" }] }, undefined, undefined, "outputs are"],
      [
        { ...one({ data: [...x.data] }), outputs: [{ name: output }, { name: output }] },
        undefined,
        undefined,
        "may be asked for once",
      ],
      [{ ...one({ data: [...x.data] }), parameters: { sequence_id: {} } }, undefined, undefined, "sequence_id"],
    ];
    for (const [head, binary, length, reason] of refused) {
      const response = await infer(head, binary, length);
      expect([response.statusCode, response.json().error]).toEqual([400, expect.stringContaining(reason)]);
    }
    const compressed = await app.inject({
      method: "POST",
      url: "/v2/models/gru/infer",
      payload: "x",
      headers: { "content-encoding": "gzip" },
    });
    expect(compressed.statusCode).toBe(415);
  });

  it("loads a model again as Triton's repository call does", async () => {
    const { app } = await gruService();
    expect((await app.inject({ method: "POST", url: "/v2/repository/models/gru/load" })).statusCode).toBe(200);
    expect((await app.inject({ method: "POST", url: "/v2/repository/models/none/load" })).statusCode).toBe(404);
    expect((await app.inject({ method: "POST", url: "/v2/repository/index" })).json()).toEqual([
      { name: "gru", version: "1", state: "READY", reason: "" },
    ]);
  });
});
