/**
 * Layer, mask, activation and small model cases of other implementations (fixtures/golden/layers.json.gz), in the form
 * that fixture-layers.ts runs; small models are run node by node.
 */

import { Random } from "../src/core/random.ts";
import type { Variable } from "../src/core/variable.ts";
import type { KerasObject } from "../src/formats/keras-config.ts";
import { layerFromConfig } from "../src/formats/keras-config.ts";
import type { Result } from "../src/layers/contract.ts";
import { prepare } from "../src/layers/run.ts";
import { inputValue } from "../src/program/builder.ts";
import { evaluateProgram } from "../src/program/evaluate.ts";
import type { Program, Value } from "../src/program/program.ts";
import { decode, difference, type FixtureTensor, type Numbers, readFixture, type Tolerance } from "./fixture-files.ts";
import { type CaseResult, type Engine, type LayerCase, resultOf, runLayerCase } from "./fixture-layers.ts";

interface GoldenNode extends KerasObject {
  readonly name: string;
  readonly inbound: readonly string[];
  readonly weights: readonly FixtureTensor[];
}

interface GoldenCase {
  readonly id: string;
  readonly kind: "layer" | "model" | "mask" | "activation";
  readonly layer?: KerasObject;
  readonly model?: {
    readonly inputs: readonly string[];
    readonly nodes: readonly GoldenNode[];
    readonly output: string;
  };
  readonly input: FixtureTensor | readonly FixtureTensor[];
  readonly initial_state?: readonly FixtureTensor[];
  readonly mask?: FixtureTensor;
  readonly warmup_calls?: number;
  readonly weights?: readonly FixtureTensor[];
  readonly expected: FixtureTensor | readonly (FixtureTensor & { readonly output_index: number })[];
  readonly tolerance: Tolerance;
}

export function goldenLayerCases(): readonly GoldenCase[] {
  return readFixture<{ cases: readonly GoldenCase[] }>("golden/layers.json.gz").cases;
}

export function runGoldenCase(golden: GoldenCase, engine: Engine): CaseResult {
  if (golden.kind !== "model") return runLayerCase(asLayerCase(golden), engine);
  const last = golden.model!.nodes.at(-1)!.class_name;
  return resultOf(golden.id, last, () => runModel(golden, engine));
}

/** The sources round to a few digits; float32 adds its own rounding. */
function toleranceOf({ tolerance }: GoldenCase): Tolerance {
  return { rtol: tolerance.rtol, atol: tolerance.atol + 2e-6 };
}

/** The golden files write the form of hard_sigmoid beside it; here the version says it. */
function withoutForm(object: KerasObject): { object: KerasObject; keras2: boolean } {
  const text = JSON.stringify(object);
  const plain = JSON.parse(text, (key, value) => (key === "hard_sigmoid_form" ? undefined : value)) as KerasObject; // as it was
  const slope = (plain.config.argument as { alpha?: number } | undefined)?.alpha; // a function called with an argument
  const called = slope === undefined ? plain : { class_name: "ReLU", config: { negative_slope: slope } };
  return { object: called, keras2: text.includes("clip(0.2") };
}

/** A layer, mask or activation case in the form of Keras's; models have none. */
export function asLayerCase(golden: GoldenCase): LayerCase {
  const { object, keras2 } = withoutForm(golden.layer!);
  const inputs = "shape" in golden.input ? [golden.input] : golden.input;
  const isMask = golden.kind === "mask";
  const outputs = "shape" in golden.expected ? [{ ...golden.expected, output_index: 0 }] : golden.expected;
  const call = {
    inputs,
    ...(golden.mask === undefined ? {} : { mask: [golden.mask] }),
    ...(golden.initial_state === undefined ? {} : { initial_state: golden.initial_state }),
    outputs: isMask ? [] : outputs,
    ...(isMask ? { output_mask: golden.expected as FixtureTensor } : {}), // one tensor for masks
  };
  const warmup = { ...call, outputs: [] };
  return {
    id: golden.id,
    layers: [object],
    weights: [golden.weights ?? []],
    calls: [...new Array<typeof call>(golden.warmup_calls ?? 0).fill(warmup), call],
    tolerance: toleranceOf(golden),
    ...(keras2 ? { kerasVersion: "2.0.0" } : {}),
  };
}

function runModel(golden: GoldenCase, engine: Engine): string | undefined {
  const given = ("shape" in golden.input ? [golden.input] : golden.input).map(decode);
  const model = golden.model!;
  const inputs = given.map(({ shape }, index) => inputValue(`input_${index}`, shape));
  const results = new Map<string, Result>(model.inputs.map((name, index) => [name, { outputs: [inputs[index]!] }]));
  const updates: { variable: Variable; value: Value }[] = [];
  for (const node of model.nodes) {
    const { object, keras2 } = withoutForm({ class_name: node.class_name, config: node.config });
    const layer = layerFromConfig(object, keras2 ? { kerasVersion: "2.0.0" } : {});
    const sources = node.inbound.map((name) => results.get(name)!);
    const values = sources.map(({ outputs }) => outputs[0]!);
    layer.build(values.map(({ shape }) => shape));
    layer.setWeights(
      node.weights.map((weight) => ({ shape: weight.shape, data: Float32Array.from(decode(weight).data) })),
    );
    results.set(
      node.name,
      layer.compute(values, {
        masks: sources.map(({ masks }) => masks?.[0]),
        onUpdate: (variable, value) => updates.push({ variable, value }),
      }),
    );
  }
  const program: Program = { inputs, results: [results.get(model.output)!.outputs[0]!], updates };
  const found = runProgram(program, given, engine, golden.warmup_calls ?? 0);
  return difference(found, decode(golden.expected as FixtureTensor), toleranceOf(golden)); // models state one tensor
}

function runProgram(program: Program, given: readonly Numbers[], engine: Engine, warmups: number): Numbers {
  const data = given.map((numbers) => numbers.data);
  const { shape } = program.results[0]!;
  if (engine !== "reference") {
    const prepared = prepare(program, engine);
    const inputs = data.map((numbers) => Float32Array.from(numbers));
    for (let call = 0; call < warmups; call++) prepared.run(inputs, new Random(1));
    return { shape, data: Float64Array.from(prepared.run(inputs, new Random(1))[0]!.data) };
  }
  const kept = new Map<Variable, Float64Array>();
  for (let call = 0; ; call++) {
    const evaluation = evaluateProgram(program, data, { random: new Random(1), variables: kept });
    if (call === warmups) return { shape, data: evaluation.results[0]! };
    for (const { variable, value } of program.updates) kept.set(variable, evaluation.valueOf(value));
  }
}
