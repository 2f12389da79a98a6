import { describe, expect, it } from "vitest";
import { Random } from "../src/core/random.ts";
import { sizeOf } from "../src/core/shape.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import { writeOnnx } from "../src/formats/write-onnx.ts";
import { input, Layer, layerTypes } from "../src/layers/index.ts";
import { model } from "../src/model/functional.ts";
import type { Model } from "../src/model/model.ts";
import { inputShapesFor, optionsFor, randomInputs, variationsOf } from "./conformance.ts";
import { decode, difference, type FixtureTensor } from "./fixture-files.ts";
import { graphCases, type ModelCase, modelCases } from "./fixture-models.ts";
import { hasOnnxRuntime, runOnnx } from "./onnx-runtime.ts";

const tolerance = { rtol: 1e-5, atol: 1e-5 };

if (!hasOnnxRuntime) console.warn("ONNX files are not run: `node bench/install.mjs` installs ONNX Runtime.");

const cases = [...modelCases(), ...graphCases()].filter(({ inputs }) => inputs !== undefined);

describe.skipIf(!hasOnnxRuntime)("ONNX Runtime predicts what Keras predicts", () => {
  it.each(cases.map((one) => [one.id, one] as const))("%s", async (_, one) => {
    expect(await checkOnnx(one)).toEqual([]);
  });
});

async function checkOnnx(one: ModelCase): Promise<string[]> {
  const model = modelFromConfig(one.config);
  model.setWeights((one.weights ?? []).map(toTensor));
  const inputs = one.inputs!.map((input, index) => {
    const { shape, data } = toTensor(input);
    return { shape, data: model.inputs[index]!.node.layer.config.dtype === "int32" ? Int32Array.from(data) : data };
  });
  const bytes = writeOnnx(model, { timesteps: inputs[0]!.shape[1]! });
  const outputs = [...(await runOnnx(bytes, [...inputs, ...model.states])).values()];
  return one.outputs!.flatMap((output, index) => {
    const text = difference(outputs[index]!, decode(output), tolerance);
    return text === undefined ? [] : [`output ${index}: ${text}`];
  });
}

/** Runs the model's file and the model itself on random numbers. */
async function compareWithEngine(model: Model, shapes: readonly (readonly number[])[]): Promise<string[]> {
  const inputs = randomInputs(shapes, 11).map((data, index) => ({ shape: shapes[index]!, data }));
  const predicted = model.predict(inputs, { batchSize: shapes[0]![0]! });
  const expected = Array.isArray(predicted) ? predicted : [predicted];
  const states = model.states.map(({ shape }) => ({ shape, data: new Float32Array(sizeOf(shape)) }));
  const found = [...(await runOnnx(writeOnnx(model), [...inputs, ...states])).values()];
  return expected.flatMap(({ shape, data }, index) => {
    const text = difference(found[index]!, { shape, data: Float64Array.from(data) }, tolerance);
    return text === undefined ? [] : [`output ${index}: ${text}`];
  });
}

/** A model of one layer with random weights; a stateful layer gets a batch of that size. */
function modelOf(layer: Layer, shapes: readonly (readonly number[])[]): Model {
  const open = (shape: readonly number[]) => (layer.config.stateful === true ? shape : [null, ...shape.slice(1)]);
  const inputs = shapes.map((shape) => input({ batchShape: open(shape) }));
  const outputs = layer.apply(inputs);
  const random = new Random(5);
  for (const variable of layer.variables) {
    variable.assign(Float32Array.from({ length: sizeOf(variable.shape) }, () => random.uniform(0.1, 0.9)));
  }
  return model({ inputs, outputs: Array.isArray(outputs) ? outputs : [outputs] });
}

function toTensor(fixture: FixtureTensor): { shape: readonly number[]; data: Float32Array } {
  const { shape, data } = decode(fixture);
  return { shape, data: Float32Array.from(data) };
}

const extent = { size: 3, timesteps: 5, batch: 2 };
/** Cells of their own need a run around them; random layers do nothing at prediction. */
const tested = [...layerTypes.values()].filter(({ className }) => className !== "InputLayer");

describe.skipIf(!hasOnnxRuntime)("every layer, with every option at another value", () => {
  it.each(tested.map((type) => [type.className, type] as const))("%s", async (_, type) => {
    const shapes = inputShapesFor(type, extent);
    const wrong: string[] = [];
    for (const options of [optionsFor(type, extent), ...variationsOf(type, extent)]) {
      const layer = new Layer(type, options);
      wrong.push(
        ...(await compareWithEngine(modelOf(layer, shapes), shapes)).map(
          (text) => `${JSON.stringify(options)}: ${text}`,
        ),
      );
    }
    expect(wrong).toEqual([]);
  });
});
