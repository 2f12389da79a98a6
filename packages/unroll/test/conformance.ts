/**
 * What every layer type must keep to, whatever it computes. Options come from the type's own fields; where an option has no
 * sensible value of its kind (a layer inside, a target shape) the table below has one.
 */
// Layers alone do not bring the way back of scans: training does.
import "../src/compiler/scan-gradient.ts";
import { UnrollError } from "../src/core/errors.ts";
import { Random } from "../src/core/random.ts";
import { type Shape, sizeOf } from "../src/core/shape.ts";
import { type KerasObject, layerFromConfig, layerToConfig } from "../src/formats/keras-config.ts";
import type { LayerType } from "../src/layers/contract.ts";
import type { Field } from "../src/layers/fields.ts";
import { Layer, layers } from "../src/layers/index.ts";
import { type Device, prepare } from "../src/layers/run.ts";
import { sizeValue } from "../src/layers/sizes.ts";
import { inputValue, map, reduce, reshape, weightValue } from "../src/program/builder.ts";
import { differentiate } from "../src/program/differentiate.ts";
import { evaluateProgram } from "../src/program/evaluate.ts";
import type { Program, Value } from "../src/program/program.ts";

export type Options = Readonly<Record<string, unknown>>;

/** Units and features, timesteps, and batch of one check. */
export interface Extent {
  readonly size: number;
  readonly timesteps: number;
  readonly batch: number;
}

export const extents: readonly Extent[] = [1, 3, 4, 17].flatMap((size) => [
  { size, timesteps: 5, batch: 2 },
  { size, timesteps: 1, batch: 1 },
]);

/** Values for options that their kind does not give. */
const examples: Readonly<Record<string, (extent: Extent) => Options>> = {
  Bidirectional: ({ size }) => ({ layer: layers.lstm({ units: size, returnSequences: true }) }),
  TimeDistributed: ({ size }) => ({ layer: layers.dense({ units: size }) }),
  RNN: ({ size }) => ({ cell: [layers.gruCell({ units: size }), layers.lstmCell({ units: 2 })] }),
  StackedRNNCells: ({ size }) => ({
    cells: [layers.simpleRNNCell({ units: size }), layers.lstmCell({ units: 3 })],
  }),
  Reshape: () => ({ targetShape: [1, -1] }),
  Permute: () => ({ dims: [2, 1] }),
  Dot: () => ({ axes: 2 }),
  InputLayer: ({ size }) => ({ batchShape: [null, size] }),
};

/** Options that make a layer of this type. */
export function optionsFor(type: LayerType, extent: Extent): Options {
  const own = examples[type.className]?.(extent) ?? {};
  const derived: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(type.fields)) {
    if (name in own || "default" in field) continue;
    derived[name] = valueFor(field, extent, type.className, name);
  }
  return { ...derived, ...own };
}

function valueFor(field: Field, extent: Extent, className: string, name: string): unknown {
  switch (field.kind) {
    case "integer":
      return extent.size;
    case "integers":
      return Math.min(2, extent.timesteps);
    case "number":
    case "rate":
      return 0.5;
    case "activation":
      return "tanh";
    default:
      throw new Error(`${className}.${name}: give the conformance suite an example of this option`);
  }
}

/** Every option of the type once at another value that it takes: booleans turned over, each choice, another activation. */
export function variationsOf(type: LayerType, extent: Extent): readonly Options[] {
  const base = optionsFor(type, extent);
  const all = Object.entries(type.fields).flatMap(([name, field]): Options[] => {
    if (field.kind === "boolean") return [{ ...base, [name]: field.default !== true }];
    if (field.kind === "choice") return (field.choices ?? []).map((value) => ({ ...base, [name]: value }));
    if (field.kind === "activation") return ["relu", "softmax"].map((value) => ({ ...base, [name]: value }));
    if (field.kind === "initializer") return [{ ...base, [name]: "he_normal" }];
    if (field.kind === "regularizer") return [{ ...base, [name]: "l2" }];
    if (field.kind === "constraint") return [{ ...base, [name]: "max_norm" }];
    return [];
  });
  return all.filter((options) => !isUnsupported(type, options));
}

/** Whether the type says that it does not compute this. */
function isUnsupported(type: LayerType, options: Options): boolean {
  try {
    new Layer(type, options);
    return false;
  } catch (error) {
    if (error instanceof UnrollError && error.code === "unsupported") return true;
    throw error;
  }
}

/** Shapes of inputs that a layer of this type takes. */
export function inputShapesFor(type: LayerType, { size, timesteps, batch }: Extent): number[][] {
  const { min, max = Number.POSITIVE_INFINITY } = type.inputRank ?? { min: 2 };
  const rank = Math.max(min, Math.min(3, max));
  const spatial = new Array<number>(rank - 2).fill(timesteps);
  const count = type.inputCount?.min ?? 1;
  return Array.from({ length: count }, () => [batch, ...spatial, size]);
}

/** The layer, built and filled with random numbers that are all different, also where initializers give constants. */
export function makeLayer(type: LayerType, options: Options, shapes: readonly Shape[], seed = 1): Layer {
  const layer = new Layer(type, options);
  layer.build(shapes, new Random(seed));
  const random = new Random(seed + 100);
  for (const variable of layer.variables) {
    // Variances must be positive.
    variable.assign(Float32Array.from({ length: sizeOf(variable.shape) }, () => random.uniform(0.1, 0.9)));
  }
  return layer;
}

export interface Call {
  readonly program: Program;
  readonly outputs: readonly Value[];
}

export function programOf(layer: Layer, shapes: readonly (readonly number[])[], training = false): Call {
  const inputs = shapes.map((shape, index) => inputValue(`x${index}`, shape));
  const updates: Program["updates"][number][] = [];
  const { outputs } = layer.compute(inputs, {
    training,
    onUpdate: (variable, value) => updates.push({ variable, value }),
  });
  return { program: { inputs, results: outputs, updates }, outputs };
}

export function randomInputs(shapes: readonly (readonly number[])[], seed: number): Float32Array[] {
  const random = new Random(seed);
  return shapes.map((shape) => Float32Array.from({ length: sizeOf(shape) }, () => random.normal()));
}

/** Largest difference between engine and reference, relative to numbers above 1. */
export function engineError(layer: Layer, shapes: readonly (readonly number[])[], training = false): number {
  const inputs = randomInputs(shapes, 7);
  const results = (["reference", "wasm"] as Device[]).map((device) => {
    layer.resetStates();
    return prepare(programOf(layer, shapes, training).program, device).run(inputs, new Random(3));
  });
  let worst = 0;
  for (const [index, { data }] of results[0]!.entries()) {
    const other = results[1]![index]!.data;
    for (let i = 0; i < data.length; i++) {
      const error = Math.abs(data[i]! - other[i]!) / Math.max(1, Math.abs(data[i]!));
      if (!(error <= worst) && !Object.is(data[i], other[i])) worst = error;
    }
  }
  return worst;
}

/** The count by the formulas of the arrays, children's included. */
export function countByFormula(layer: Layer, shapes: readonly Shape[]): number {
  const own = layer
    .weightSpecs(shapes)
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * sizeValue(size)!, 1), 0);
  const inside = layer.childShapes(shapes);
  return layer.children.reduce((sum, child, index) => sum + countByFormula(child, inside[index]!), own);
}

/** The layer made again of its own config, by way of JSON text. */
export function roundTrip(layer: Layer): Layer {
  return layerFromConfig(JSON.parse(JSON.stringify(layerToConfig(layer))) as KerasObject); // as layerToConfig made it
}

/** Configs with the layers inside them as configs, for comparing. */
export function plainConfig(layer: Layer): unknown {
  return JSON.parse(JSON.stringify(layerToConfig(layer)));
}

/** The error that `run` throws; fails when it throws another or none. */
export function errorOf(run: () => unknown): UnrollError {
  try {
    run();
  } catch (error) {
    if (error instanceof UnrollError) return error;
    throw error;
  }
  throw new Error("no error was thrown");
}

/** `<where>: <rule>. Received: <name = value>. <what to do>.` */
export const errorText = /^([^\n]+: )?[^\n]+\.( Received: [^\n]+\.)?( [A-Z][^\n]+[.?])?$/;

/** A loss over a layer's outputs with its gradients: results are the loss, then gradients of the inputs, then of the arrays. */
export function gradientProgram(layer: Layer, shapes: readonly (readonly number[])[]): Program {
  const inputs = shapes.map((shape, index) => inputValue(`x${index}`, shape));
  const { outputs } = layer.compute(inputs);
  // Squares with different factors: a loss whose gradient differs from element to element.
  const parts = outputs.map((output, index) => {
    const squares = map([output], ([y]) => y!.plus(0.3 + index).squared());
    return reshape(
      reduce(
        "sum",
        squares,
        output.shape.map((_, axis) => axis),
      ),
      [1],
    );
  });
  const loss = map(parts, (symbols) => symbols.reduce((a, b) => a.plus(b)));
  const weights = layer.variables.filter(({ trainable }) => trainable).map(weightValue);
  return { inputs, results: [loss, ...differentiate(loss, [...inputs, ...weights])], updates: [] };
}

/** Largest error of a few elements of each gradient, against central differences in float64, relative to numbers above 1. */
export function gradientError(layer: Layer, shapes: readonly (readonly number[])[]): number {
  const program = gradientProgram(layer, shapes);
  const inputs = randomInputs(shapes, 11).map((data) => Float64Array.from(data));
  const weights = layer.variables.filter(({ trainable }) => trainable);
  const numbers = new Map(weights.map((variable) => [variable, Float64Array.from(variable.data)]));
  const evaluate = (): readonly Float64Array[] => evaluateProgram(program, inputs, { variables: numbers }).results;
  const gradients = evaluate().slice(1);
  const places = [...inputs, ...numbers.values()];
  const random = new Random(5);
  let worst = 0;
  for (const [index, place] of places.entries()) {
    for (let trial = 0; trial < 3 && place.length > 0; trial++) {
      const at = random.below(place.length);
      const kept = place[at]!;
      const step = 1e-5;
      const lossAt = (value: number): number => {
        place[at] = value;
        return evaluate()[0]![0]!;
      };
      const expected = (lossAt(kept + step) - lossAt(kept - step)) / (2 * step);
      place[at] = kept;
      worst = Math.max(worst, Math.abs(expected - gradients[index]![at]!) / Math.max(1, Math.abs(expected)));
    }
  }
  return worst;
}

/** Largest difference of the engine's gradients from the reference's, relative to numbers above 1. */
export function engineGradientError(layer: Layer, shapes: readonly (readonly number[])[]): number {
  const program = gradientProgram(layer, shapes);
  const inputs = randomInputs(shapes, 11);
  const expected = evaluateProgram(program, inputs).results;
  const found = prepare(program, "wasm").run(inputs, new Random(1));
  return Math.max(
    ...expected.map((numbers, index) =>
      numbers.reduce(
        (worst, number, i) =>
          Math.max(worst, Math.abs(number - found[index]!.data[i]!) / Math.max(1, Math.abs(number))),
        0,
      ),
    ),
  );
}
