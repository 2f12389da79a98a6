/** Runs the gradient cases made by real Keras (fixtures/keras/gradients.json.gz): every trained array and every input. */

import type { Recompute } from "../src/compiler/index.ts";
import { Random } from "../src/core/random.ts";
import type { KerasObject } from "../src/formats/keras-config.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import type { Device } from "../src/layers/run.ts";
import { prepare } from "../src/layers/run.ts";
import { differentiate } from "../src/program/differentiate.ts";
import { evaluateProgram } from "../src/program/evaluate.ts";
import { gradientProgram } from "../src/training/gradients.ts";
import type { LossLike } from "../src/training/losses.ts";
import { decode, difference, type FixtureTensor, type Numbers, readFixture, type Tolerance } from "./fixture-files.ts";
import { type CaseResult, resultOf } from "./fixture-layers.ts";

export interface GradientCase {
  readonly id: string;
  readonly config: KerasObject;
  readonly training: boolean;
  readonly loss: LossLike;
  readonly weights: readonly FixtureTensor[];
  readonly inputs: readonly FixtureTensor[];
  readonly targets: FixtureTensor;
  readonly sample_weight?: FixtureTensor;
  readonly predictions64: FixtureTensor;
  readonly loss64: number;
  readonly gradients64: readonly (FixtureTensor & { readonly path: string })[];
  readonly input_gradients64: readonly (FixtureTensor | null)[];
}

export function gradientCases(): readonly GradientCase[] {
  return readFixture<{ cases: readonly GradientCase[] }>("keras/gradients.json.gz").cases;
}

export function runGradientCase(one: GradientCase, device: Device, recompute: Recompute = "auto"): CaseResult {
  return resultOf(one.id, one.id.split("/")[0]!, () => check(one, device, recompute));
}

/** A fixture's tensor as a model takes it. */
export function toTensor(fixture: FixtureTensor): { shape: readonly number[]; data: Float32Array | Int32Array } {
  const { shape, data } = decode(fixture);
  return { shape, data: fixture.dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data) };
}

function check(one: GradientCase, device: Device, recompute: Recompute): string | undefined {
  const model = modelFromConfig(one.config);
  model.setWeights(one.weights.map(toTensor));
  const written = gradientProgram(model, one.inputs.map(toTensor), toTensor(one.targets), {
    loss: one.loss,
    training: one.training,
    ...(one.sample_weight === undefined ? {} : { sampleWeight: toTensor(one.sample_weight) }),
  });
  const { forward } = written;
  const program = {
    ...written.program,
    results: [...written.program.results, ...forward.outputs, ...differentiate(forward.loss, forward.inputs)],
  };
  const found: Numbers[] =
    device === "reference"
      ? evaluateProgram(program, written.inputs, { random: new Random(1) }).results.map((data, i) => ({
          shape: program.results[i]!.shape,
          data,
        }))
      : prepare(program, device, { recompute })
          .run(written.inputs, new Random(1))
          .map(({ shape, data }) => ({ shape, data: Float64Array.from(data) }));
  const expected: (FixtureTensor | null)[] = [
    { shape: [], dtype: "float64", data: [one.loss64] },
    ...one.gradients64,
    one.predictions64,
    ...one.input_gradients64,
  ];
  if (found.length !== expected.length) return `${found.length} results instead of ${expected.length}`;
  const tolerance = toleranceOf(one, device);
  for (const [index, tensor] of expected.entries()) {
    if (tensor === null) continue;
    const text = difference(found[index]!, decode(tensor), tolerance);
    const name = index === 0 ? "loss" : (one.gradients64[index - 1]?.path ?? `result ${index}`);
    if (text !== undefined) return `${name}: ${text}`;
  }
  return undefined;
}

/** Keras keeps the slope of leaky_relu, a constant of gelu and the factors of regularizers as float32 even in float64. */
function toleranceOf(one: GradientCase, device: Device): Tolerance {
  if (device !== "reference") return { rtol: 1e-3, atol: 1e-5 };
  return /leaky_relu|gelu|"l2":/.test(JSON.stringify(one.config))
    ? { rtol: 1e-6, atol: 1e-7 }
    : { rtol: 1e-8, atol: 1e-10 };
}
