/**
 * Runs the layer cases made by real Keras (fixtures/keras/layers.json.gz) and those of other projects (fixtures/golden/):
 * the float64 reference against Keras's float64 numbers, the engine against its float32 numbers.
 */

import { UnrollError } from "../src/core/errors.ts";
import { Random } from "../src/core/random.ts";
import type { Variable } from "../src/core/variable.ts";
import { type KerasObject, layerFromConfig } from "../src/formats/keras-config.ts";
import type { Layer } from "../src/layers/layer.ts";
import { type Device, prepare } from "../src/layers/run.ts";
import { inputValue } from "../src/program/builder.ts";
import { evaluateProgram } from "../src/program/evaluate.ts";
import type { Program, Value } from "../src/program/program.ts";
import { decode, difference, type FixtureTensor, type Numbers, readFixture, type Tolerance } from "./fixture-files.ts";

export interface LayerCase {
  readonly id: string;
  readonly layers: readonly KerasObject[];
  readonly weights: readonly (readonly FixtureTensor[])[];
  readonly calls: readonly CaseCall[];
  readonly kerasVersion?: string;
  readonly tolerance?: Tolerance;
}

interface CaseCall {
  readonly inputs: readonly FixtureTensor[];
  /** One for each input of the last layer; null = none. */
  readonly mask?: readonly (FixtureTensor | null)[];
  readonly initial_state?: readonly FixtureTensor[];
  readonly training?: boolean;
  readonly reset_states?: boolean;
  /** Index into the results, where not all are stated. */
  readonly outputs: readonly (FixtureTensor & { readonly output_index?: number })[];
  readonly outputs64?: readonly FixtureTensor[];
  readonly output_mask?: FixtureTensor;
  readonly weights_after64?: readonly (readonly FixtureTensor[])[];
  readonly weights_after?: readonly (readonly FixtureTensor[])[];
}

export type Engine = Device;
export interface CaseResult {
  readonly id: string;
  /** The class that the case is about. */
  readonly className: string;
  readonly status: "pass" | "fail" | "unsupported";
  readonly message?: string;
}

/** The cases of Keras itself. */
export function kerasLayerCases(): readonly LayerCase[] {
  return readFixture<{ cases: readonly LayerCase[] }>("keras/layers.json.gz").cases;
}

/** Further options and combinations, of which only float32 numbers are known; fixtures/keras/make_more_layers.py. */
export function moreKerasLayerCases(): readonly LayerCase[] {
  const { cases } = readFixture<{ cases: readonly LayerCase[] }>("keras/more-layers.json.gz");
  return cases.map((layerCase) => ({ ...layerCase, tolerance: { rtol: 1e-5, atol: 2e-6 } }));
}

/** Images, volumes and the convolutional LSTM; fixtures/keras/make_image_layers.py. */
export function imageLayerCases(): readonly LayerCase[] {
  const { cases } = readFixture<{ cases: readonly LayerCase[] }>("keras/image-layers.json.gz");
  return cases.map((layerCase) => ({ ...layerCase, tolerance: { rtol: 1e-5, atol: 5e-6 } }));
}

export function runLayerCase(layerCase: LayerCase, engine: Engine): CaseResult {
  return resultOf(layerCase.id, layerCase.layers.at(-1)!.class_name, () => {
    /** States and statistics in float64, which variables would round. */
    const kept = new Map<Variable, Float64Array>();
    const calls = checkCalls(layerCase, engine, kept);
    for (let next = calls.next(); ; ) {
      if (next.done === true) return next.value;
      next = calls.next(run(next.value.program, next.value.inputs, kept, engine));
    }
  });
}

/** As `runLayerCase`, by an engine whose results must be waited for; it assigns the variables that a program updates. */
export async function runLayerCaseBy(
  layerCase: LayerCase,
  engine: (work: CaseProgram) => Promise<readonly Numbers[]>,
): Promise<CaseResult> {
  let outcome: () => string | undefined;
  try {
    const calls = checkCalls(layerCase, "wasm", new Map());
    let next = calls.next();
    while (next.done !== true) next = calls.next(await engine(next.value));
    const message = next.value;
    outcome = () => message;
  } catch (error) {
    outcome = () => {
      throw error;
    };
  }
  return resultOf(layerCase.id, layerCase.layers.at(-1)!.class_name, outcome);
}

/** A call of a case, to be run. */
export interface CaseProgram {
  readonly program: Program;
  readonly inputs: readonly Numbers[];
}

/** Runs a check that returns words for what is wrong; what the library does not know yet counts as unsupported. */
export function resultOf(id: string, className: string, check: () => string | undefined): CaseResult {
  try {
    const message = check();
    return message === undefined ? { id, className, status: "pass" } : { id, className, status: "fail", message };
  } catch (error) {
    const unsupported = error instanceof UnrollError && (error.code === "unsupported" || error.code === "unknown-name");
    const message = error instanceof UnrollError ? error.message : String((error as Error).stack);
    return { id, className, status: unsupported ? "unsupported" : "fail", message };
  }
}

/** Keras keeps a few constants as float32 even in float64: slopes, ReLU's largest value, 1 / √(key features). */
function referenceTolerance(layers: readonly KerasObject[]): Tolerance {
  return /leaky_relu|gelu|LeakyReLU|"ReLU"|MultiHeadAttention/.test(JSON.stringify(layers))
    ? { rtol: 1e-6, atol: 1e-7 }
    : { rtol: 1e-9, atol: 1e-10 };
}

/** Gives each call's program, is given its results, and returns words for the first thing that is wrong. */
function* checkCalls(
  layerCase: LayerCase,
  engine: Engine,
  kept: Map<Variable, Float64Array>,
): Generator<CaseProgram, string | undefined, readonly Numbers[]> {
  const options = layerCase.kerasVersion === undefined ? {} : { kerasVersion: layerCase.kerasVersion };
  const layers = layerCase.layers.map((object) => layerFromConfig(object, options));
  const tolerance =
    layerCase.tolerance ?? (engine !== "reference" ? { rtol: 2e-4, atol: 2e-5 } : referenceTolerance(layerCase.layers));
  for (const [index, call] of layerCase.calls.entries()) {
    const { program, masked } = programOf(layers, call, layerCase.weights);
    if (call.reset_states) {
      layers.at(-1)!.resetStates();
      kept.clear();
    }
    const given = [...call.inputs, ...(call.mask ?? []), ...(call.initial_state ?? [])];
    const inputs = given.filter((tensor) => tensor !== null).map(decode);
    const results = yield { program, inputs };
    const expected = (engine !== "reference" ? call.outputs : (call.outputs64 ?? call.outputs)).map(decode);
    const count = program.results.length - (masked ? 1 : 0);
    const complete = call.outputs.length > 0 && call.outputs[0]!.output_index === undefined;
    if (complete && count !== expected.length) {
      return `call ${index}: ${count} outputs instead of ${expected.length}`;
    }
    for (const [output, numbers] of expected.entries()) {
      const position = call.outputs[output]!.output_index ?? output;
      const found = difference(results[position]!, numbers, tolerance);
      if (found !== undefined) return `call ${index}, output ${position}: ${found}`;
    }
    if ((call.output_mask !== undefined) !== masked && complete) {
      return `call ${index}: ${masked ? "a" : "no"} mask on the output`;
    }
    if (call.output_mask !== undefined) {
      const found = difference(results.at(-1)!, decode(call.output_mask), { rtol: 0, atol: 0 });
      if (found !== undefined) return `call ${index}, mask: ${found}`;
    }
    const after = checkWeightsAfter(layers, call, kept, engine, tolerance);
    if (after !== undefined) return `call ${index}, ${after}`;
  }
  return undefined;
}

function checkWeightsAfter(
  layers: readonly Layer[],
  call: CaseCall,
  kept: ReadonlyMap<Variable, Float64Array>,
  engine: Engine,
  tolerance: Tolerance,
): string | undefined {
  for (const [position, weights] of (call.weights_after64 ?? call.weights_after ?? []).entries()) {
    for (const [index, variable] of layers[position]!.variables.entries()) {
      const data = engine === "reference" ? (kept.get(variable) ?? variable.data) : variable.data;
      const numbers = { shape: variable.shape, data: Float64Array.from(data) };
      const found = difference(numbers, decode(weights[index]!), tolerance);
      if (found !== undefined) return `${variable.name} after the call: ${found}`;
    }
  }
  return undefined;
}

/** One call of the chain as a program: the outputs of the last layer, then its output's mask where it has one. */
function programOf(
  layers: readonly Layer[],
  call: CaseCall,
  weights: LayerCase["weights"],
): { program: Program; masked: boolean } {
  const inputs = call.inputs.map(({ shape }, index) => inputValue(`input_${index}`, shape));
  const masks = (call.mask ?? []).map((mask, index) =>
    mask === null ? undefined : inputValue(`mask_${index}`, mask.shape),
  );
  const initialStates = (call.initial_state ?? []).map(({ shape }, index) => inputValue(`state_${index}`, shape));
  const updates: { variable: Variable; value: Value }[] = [];
  let values: readonly Value[] = inputs;
  let carried: readonly (Value | undefined)[] = [];
  for (const [index, layer] of layers.entries()) {
    const last = index === layers.length - 1;
    if (!layer.built) {
      layer.build(values.map(({ shape }) => shape));
      const given = weights[index]!.map((weight) => ({ shape: weight.shape, data: toFloat32(decode(weight)) }));
      if (given.length > 0) layer.setWeights(given);
    }
    const result = layer.compute(values, {
      masks: last && masks.length > 0 ? masks : carried,
      ...(last && initialStates.length > 0 ? { initialStates } : {}),
      training: call.training ?? false,
      onUpdate: (variable, value) => updates.push({ variable, value }),
    });
    values = result.outputs;
    carried = result.masks ?? [];
  }
  const mask = carried[0];
  return {
    program: {
      inputs: [...inputs, ...masks.filter((mask) => mask !== undefined), ...initialStates],
      results: [...values, ...(mask === undefined ? [] : [mask])],
      updates,
    },
    masked: mask !== undefined,
  };
}

export function toFloat32({ data }: Numbers): Float32Array {
  return Float32Array.from(data);
}

function run(
  program: Program,
  inputs: readonly Numbers[],
  kept: Map<Variable, Float64Array>,
  engine: Engine,
): readonly Numbers[] {
  const random = new Random(1);
  if (engine !== "reference") {
    const results = prepare(program, engine).run(inputs.map(toFloat32), random);
    return results.map(({ shape, data }) => ({ shape, data: Float64Array.from(data) }));
  }
  const evaluation = evaluateProgram(
    program,
    inputs.map(({ data }) => data),
    { random, variables: kept },
  );
  for (const { variable, value } of program.updates) kept.set(variable, evaluation.valueOf(value));
  return evaluation.results.map((data, index) => ({ shape: program.results[index]!.shape, data }));
}
