import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Tensor } from "../core/tensor.ts";
import { modelToBytes } from "../formats/save.ts";
import { input, layers } from "../layers/index.ts";
import { model } from "../model/functional.ts";
import type { Model } from "../model/model.ts";
import { nested, prepared, temporaryFolder, wave } from "./testing.ts";

function twoOutputs(): Model {
  const x = input({ shape: [4], name: "x" });
  const hidden = layers.dense({ units: 3, name: "hidden" }).apply(x);
  const made = model({
    inputs: x,
    outputs: [
      layers.dense({ units: 2, name: "left" }).apply(hidden),
      layers.dense({ units: 1, name: "right" }).apply(hidden),
    ],
    name: "two",
  });
  const weights = made
    .getWeights()
    .map(({ shape, data }, index) => ({ shape, data: data.map((_, i) => Math.sin(i + 3 * index)) }));
  made.setWeights(weights);
  return made;
}

async function served(one: Model) {
  const path = join(temporaryFolder(), "net.keras");
  writeFileSync(path, await modelToBytes(one, "keras"));
  const { app } = await prepared({ models: [path] });
  return async (url: string, payload: object) => (await app.inject({ method: "POST", url, payload })).body;
}

describe("answers of a model with several outputs", () => {
  const x = wave([3, 4]);

  it("name them, in each protocol's form", async () => {
    const post = await served(twoOutputs());
    const predicted = twoOutputs().predict(x) as readonly Tensor[]; // it has two outputs
    const [lefts, rights] = predicted.map((one) => nested(one) as number[][]);
    const rows = lefts!.map((values, i) => ({ left: values, right: rights![i] }));
    const columns = { left: lefts, right: rights };
    expect(JSON.parse(await post("/v1/models/net:predict", { instances: nested(x) }))).toEqual({ predictions: rows });
    expect(JSON.parse(await post("/v1/models/net:predict", { inputs: nested(x) }))).toEqual({ outputs: columns });
    expect(JSON.parse(await post("/invocations", { inputs: nested(x) }))).toEqual({ predictions: columns });
    const inputs = [{ name: "x", shape: [3, 4], datatype: "FP32", data: nested(x) }];
    const { outputs } = JSON.parse(await post("/v2/models/net/infer", { inputs, outputs: [{ name: "right" }] }));
    expect(outputs).toEqual([{ name: "right", shape: [3, 1], datatype: "FP32", data: rights!.flat() }]);
  });
});

describe("answers that are not finite", () => {
  it("are written as TensorFlow Serving does, and as null elsewhere", async () => {
    const x = input({ shape: [1], name: "x" });
    const net = model({ inputs: x, outputs: layers.dense({ units: 2, name: "y" }).apply(x), name: "large" });
    net.setWeights([
      { shape: [1, 2], data: Float32Array.of(3e38, -3e38) },
      { shape: [2], data: new Float32Array(2) },
    ]);
    const post = await served(net);
    expect(await post("/v1/models/net:predict", { instances: [[10]] })).toBe('{"predictions":[[Infinity,-Infinity]]}');
    expect(await post("/invocations", { inputs: [[10]] })).toBe('{"predictions":[[null,null]]}');
    const inputs = [{ name: "x", shape: [1, 1], datatype: "FP32", data: [10] }];
    expect(JSON.parse(await post("/v2/models/net/infer", { inputs })).outputs[0].data).toEqual([null, null]);
  });
});
