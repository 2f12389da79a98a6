/**
 * Runs the whole models made by real Keras (fixtures/keras/models.json.gz): config in, weights set, summary byte for byte,
 * counts, shapes, predictions, names, and the config out and in again.
 */
import "../src/model/summaries.ts";
import { UnrollError } from "../src/core/errors.ts";
import { type KerasObject, layerFromConfig } from "../src/formats/keras-config.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import { modelToConfig } from "../src/formats/keras-model-write.ts";
import { resetNames } from "../src/layers/index.ts";
import type { Layer } from "../src/layers/layer.ts";
import type { Device } from "../src/layers/run.ts";
import type { Model } from "../src/model/model.ts";
import { sequential } from "../src/model/sequential.ts";
import { decode, difference, type FixtureTensor, type Numbers, readFixture } from "./fixture-files.ts";
import type { CaseResult } from "./fixture-layers.ts";

export interface ModelCase {
  readonly id: string;
  readonly session: string;
  readonly config: KerasObject;
  readonly params: { readonly total: number; readonly trainable: number };
  readonly layers: readonly {
    readonly name: string;
    readonly class_name: string;
    readonly output_shape: unknown;
    readonly params: number;
  }[];
  readonly weights?: readonly (FixtureTensor & { readonly trainable: boolean })[];
  readonly inputs?: readonly FixtureTensor[];
  readonly outputs?: readonly FixtureTensor[];
  readonly summary: string;
}

/** Of fixtures/README: float32 numbers are stored, so both devices have the tolerance of float32. */
const tolerance = { rtol: 5e-4, atol: 5e-5 };

export function modelCases(): readonly ModelCase[] {
  return readFixture<{ cases: readonly ModelCase[] }>("keras/models.json.gz").cases;
}

/** Models of unusual wiring: masks that meet, layers called twice, models inside models. */
export function graphCases(): readonly ModelCase[] {
  return readFixture<{ cases: readonly ModelCase[] }>("keras/graphs.json.gz").cases;
}

/** A summary in tables 76 and 88 characters wide. */
export interface SummaryTexts {
  readonly w76: string;
  readonly w88: string;
}

/** By case. */
export function summaryTexts(): Readonly<Record<string, SummaryTexts>> {
  return readFixture("keras/summaries.json.gz");
}

/** What does not agree with Keras, one line each; empty = the case passes. */
export function checkModel(one: ModelCase, texts: SummaryTexts | undefined, device: Device): string[] {
  const model = modelFromConfig(one.config);
  const wrong: string[] = [];
  const expect = (what: string, found: unknown, expected: unknown): void => {
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      wrong.push(`${what} is ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
    }
  };
  expect("summary", model.summary({ print: false }), one.summary);
  if (texts !== undefined) {
    // Keras's file has one line end more: the printed text was written as a line.
    expect("summary at 76", `${model.summary({ print: false, width: 76 })}\n`, texts.w76);
    expect("summary at 88", `${model.summary({ print: false, width: 88 })}\n`, texts.w88);
  }
  expect("total", model.countParams(), one.params.total);
  const { trainableParams, nonTrainableParams } = model.summaryTable();
  expect("trainable", trainableParams, one.params.trainable);
  expect("non-trainable", nonTrainableParams, one.params.total - one.params.trainable);
  expect(
    "layers",
    model.layers.map(facts),
    one.layers.map(({ name, class_name, output_shape, params }) => [name, class_name, output_shape, params]),
  );
  if (one.weights !== undefined) {
    model.setWeights(one.weights.map(toTensor));
    expect(
      "trainable flags",
      model.variables.map((variable) => variable.trainable),
      one.weights.map((weight) => weight.trainable),
    );
  }
  if (one.inputs !== undefined && one.outputs !== undefined)
    wrong.push(...checkPredictions(model, one.inputs, one.outputs, device));
  return wrong;
}

/**
 * The names that models get when a notebook's session is built again in order, with automatic names: sequential models by
 * `add`, the first layer with its input's shape, as the notebooks do it.
 */
export function checkSession(cases: readonly ModelCase[]): string[] {
  resetNames();
  return cases.flatMap((one) => {
    const model =
      one.config.class_name === "Sequential" ? rebuilt(one) : modelFromConfig(one.config, { keepNames: false });
    const input = model.inputs.map(({ node }) => node.layer.name);
    const found = [model.name, ...input, ...model.layers.map((layer) => layer.name)];
    const inputLayers = configLayers(one).filter(({ class_name }) => class_name === "InputLayer");
    const expected = [
      one.config.config.name,
      ...inputLayers.map(({ config }) => config.name),
      ...one.layers.map(({ name }) => name),
    ];
    return String(found) === String(expected) ? [] : [`${one.id}: ${found} instead of ${expected}`];
  });
}

function rebuilt(one: ModelCase): Model {
  const model = sequential();
  const [input, ...others] = configLayers(one);
  for (const [index, object] of others.entries()) {
    const shape = index === 0 ? { batch_input_shape: input!.config.batch_shape } : {};
    model.add(layerFromConfig({ ...object, config: { ...object.config, ...shape } }, { keepNames: false }));
  }
  return model;
}

function configLayers(one: ModelCase): readonly KerasObject[] {
  return one.config.config.layers as readonly KerasObject[]; // a model's config
}

/** What changes when a model is written as Keras 3 JSON and read back; empty = nothing. */
export function checkRoundTrip(one: ModelCase): string[] {
  const model = modelFromConfig(one.config);
  const text = JSON.stringify(modelToConfig(model));
  const again = modelFromConfig(text);
  const summary = again.summary({ print: false });
  return [
    ...(summary === one.summary ? [] : [`summary is ${summary}`]),
    ...(JSON.stringify(modelToConfig(again)) === text ? [] : ["the config is another one"]),
  ];
}

function checkPredictions(
  model: Model,
  inputs: readonly FixtureTensor[],
  outputs: readonly FixtureTensor[],
  device: Device,
): string[] {
  const batchSize = inputs[0]!.shape[0]!;
  const found = model.predict(inputs.map(toTensor), { batchSize, device });
  const list = Array.isArray(found) ? found : [found];
  return outputs.flatMap((output, index) => {
    const { shape, data } = list[index]!;
    const numbers: Numbers = { shape, data: Float64Array.from(data) };
    const text = difference(numbers, decode(output), tolerance);
    return text === undefined ? [] : [`output ${index}: ${text}`];
  });
}

function facts(layer: Layer): unknown[] {
  const last = layer.calls.at(-1);
  const shapes = last === undefined ? [layer.outputShape] : last.outputs.map(({ shape }) => shape);
  return [layer.name, layer.className, shapes.length === 1 ? shapes[0] : shapes, layer.countParams()];
}

function toTensor(fixture: FixtureTensor): { shape: readonly number[]; data: Float32Array | Int32Array } {
  const { shape, data } = decode(fixture);
  return { shape, data: fixture.dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data) };
}

/** The case on a device, as `node scripts/fixtures.mjs` counts it. */
export function runModelCase(one: ModelCase, texts: SummaryTexts | undefined, device: Device): CaseResult {
  const result = { id: one.id, className: one.id.split("/")[0]! };
  try {
    const wrong = [...checkModel(one, texts, device), ...checkRoundTrip(one)];
    return { ...result, status: wrong.length === 0 ? "pass" : "fail", message: wrong.join("; ") };
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    const unsupported = error.code === "unsupported" || error.code === "unknown-name";
    return { ...result, status: unsupported ? "unsupported" : "fail", message: error.message };
  }
}
