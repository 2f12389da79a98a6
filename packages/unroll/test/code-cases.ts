/**
 * Models whose code is written and run: those of real Keras with Keras's predictions, and one of every layer type with the
 * float64 reference's. Read by the tests here and by scripts/write-model-code.mjs.
 */
import { Random } from "../src/core/random.ts";
import { sizeOf } from "../src/core/shape.ts";
import type { Tensor } from "../src/core/tensor.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import { input, Layer, layerTypes } from "../src/layers/index.ts";
import { model } from "../src/model/functional.ts";
import type { Model } from "../src/model/model.ts";
import { inputShapesFor, optionsFor, randomInputs, variationsOf } from "./conformance.ts";
import { decode, type FixtureTensor } from "./fixture-files.ts";
import { graphCases, type ModelCase, modelCases } from "./fixture-models.ts";

export interface CodeCase {
  readonly id: string;
  readonly model: Model;
  readonly inputs: readonly Tensor[];
  readonly expected: readonly Tensor[];
}

/** Models with Keras's own predictions. */
export function kerasCodeCases(): CodeCase[] {
  return [...modelCases(), ...graphCases()].filter(({ inputs }) => inputs !== undefined).map(kerasCase);
}

function kerasCase(one: ModelCase): CodeCase {
  const made = modelFromConfig(one.config);
  made.setWeights((one.weights ?? []).map(floats));
  return { id: one.id, model: made, inputs: one.inputs!.map(floats), expected: one.outputs!.map(floats) };
}

function floats(fixture: FixtureTensor): { shape: readonly number[]; data: Float32Array } {
  const { shape, data } = decode(fixture);
  return { shape, data: Float32Array.from(data) };
}

const extent = { size: 3, timesteps: 5, batch: 2 };

/** Every layer type, with every option at another value, and what the reference predicts. */
export function layerCodeCases(): CodeCase[] {
  const types = [...layerTypes.values()].filter(({ className }) => className !== "InputLayer");
  return types.flatMap((type) => {
    const shapes = inputShapesFor(type, extent);
    return [optionsFor(type, extent), ...variationsOf(type, extent)].map((options, i): CodeCase => {
      const made = modelOf(new Layer(type, options), shapes);
      return reference(`layer/${type.className}/${i}`, made, shapes);
    });
  });
}

/** The case of a model on random numbers. */
export function reference(id: string, made: Model, shapes: readonly (readonly number[])[]): CodeCase {
  const inputs = inputsFor(made, shapes);
  const predicted = made.predict(inputs, { batchSize: shapes[0]![0]!, device: "reference" });
  for (const state of made.states) state.assign(new Float32Array(sizeOf(state.shape)));
  return { id, model: made, inputs, expected: Array.isArray(predicted) ? predicted : [predicted] };
}

/** Random numbers; whole ones for an embedding, within its table. */
export function inputsFor(made: Model, shapes: readonly (readonly number[])[]): Tensor[] {
  const isIds = made.layers.some(({ className }) => className === "Embedding");
  return randomInputs(shapes, 11).map((data, index) => ({
    shape: shapes[index]!,
    data: isIds ? data.map((number) => Math.round(Math.abs(number)) % extent.size) : data,
  }));
}

/** A model of one layer with random weights; a stateful layer gets a batch of that size. */
export function modelOf(layer: Layer, shapes: readonly (readonly number[])[]): Model {
  const open = (shape: readonly number[]) => (layer.config.stateful === true ? shape : [null, ...shape.slice(1)]);
  const inputs = shapes.map((shape) => input({ batchShape: open(shape) }));
  const outputs = layer.apply(inputs);
  const random = new Random(5);
  for (const variable of layer.variables) {
    variable.assign(Float32Array.from({ length: sizeOf(variable.shape) }, () => random.uniform(0.1, 0.9)));
  }
  return model({ inputs, outputs: Array.isArray(outputs) ? outputs : [outputs] });
}
