/** Gradients of a loss for every trained array, as numbers: what one training step would start from. */
import { checkOptionNames } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { type Device, prepare } from "../layers/run.ts";
import { nextRandom } from "../layers/seed.ts";
import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import type { Program } from "../program/program.ts";
import { compiledOf, isCompiled, outputNames, trainedVariables } from "./compile.ts";
import { checkOneBatch, readExamples } from "./data.ts";
import { type Forward, forwardOf, gradientsOf, labelsOf, shapesOf } from "./forward.ts";
import { checkLabels } from "./labels.ts";
import type { LossLike } from "./losses.ts";
import { fitted } from "./memory-error.ts";

/** Options of `gradients`. */
export interface GradientOptions {
  /** By default the losses of `compile`. */
  readonly loss?: LossLike;
  /** `[batch]`, or `[batch, timesteps]`. */
  readonly sampleWeight?: ModelData;
  /** Dropout and batch statistics on, as in a training step. Default true. */
  readonly training?: boolean;
  readonly device?: Device;
  readonly random?: Random;
}

const optionNames = ["loss", "sampleWeight", "training", "device", "random"] satisfies (keyof GradientOptions)[];

/**
 * A program whose results are the loss, then the gradients. The loss comes first so that random numbers are drawn in the
 * order in which a program of the loss alone draws them.
 */
export interface GradientProgram {
  readonly program: Program;
  readonly forward: Forward;
  readonly inputs: readonly Tensor["data"][];
}

/**
 * The gradient of the loss over all of `x` as one batch, one tensor for each trained array in `getWeights()` order. Penalties
 * of regularizers count.
 *
 * @throws UnrollError `unbuilt` without a loss, `data`, `shape`, `unknown-name`
 * @example const [dKernel] = gradients(net, x, y, { loss: "mse" });
 */
export function gradients(model: Model, x: ModelData, y: ModelData, options: GradientOptions = {}): Tensor[] {
  checkOptionNames("gradients", options, optionNames);
  const { program, inputs } = gradientProgram(model, x, y, options);
  const batch = program.inputs[0]!.shape[0]!;
  const run = fitted({ path: model.name, batch, recompute: "auto" }, () => prepare(program, options.device));
  return run.run(inputs, options.random ?? nextRandom()).slice(1);
}

export function gradientProgram(
  model: Model,
  x: ModelData,
  y: ModelData,
  { loss, sampleWeight, training = true }: GradientOptions,
): GradientProgram {
  const examples = readExamples(model, x, y, { sampleWeight });
  checkOneBatch(model, examples);
  const outputs =
    loss === undefined
      ? compiledOf(model).outputs
      : outputNames(model).map((name, index) => ({
          name,
          loss,
          lossWeight: isCompiled(model) ? (compiledOf(model).outputs[index]?.lossWeight ?? 1) : 1,
        }));
  const forward = forwardOf(model, outputs, shapesOf(examples.x, examples.y, examples.sampleWeight), training);
  checkLabels(labelsOf(outputs, forward), examples.y);
  return {
    forward,
    program: {
      inputs: [...forward.inputs, ...forward.targets, ...forward.sampleWeights],
      results: [forward.loss, ...gradientsOf(forward.loss, trainedVariables(model))],
      updates: [],
    },
    inputs: [...examples.x, ...examples.y, ...examples.sampleWeight].map(({ data }) => data),
  };
}
