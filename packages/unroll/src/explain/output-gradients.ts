/**
 * How much a model's prediction depends on each number that it reads: the gradient of the output for the input, through all
 * layers. From the float64 reference; not about a loss (see training/gradients.ts), nor about one cell (input-gradients.ts).
 */

import type { ModelData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import { differentiate } from "../program/differentiate.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import { readExamples, writeModel } from "./by-hand.ts";

/**
 * ∂(sum of the first output's numbers) / ∂x for each input of one example, `[1, ...]` in the input's shape, row-major. Zeros for
 * ids that an embedding reads: they are no numbers that could move a little.
 *
 * @throws UnrollError as `predict` does; `unsupported` for an activation without a gradient
 * @example outputGradients(net, x)[0] // of an input [1, timesteps, features]: how much each number matters
 */
export function outputGradients(model: Model, x: ModelData): Float64Array[] {
  const inputs = readExamples(model, x);
  const { program } = writeModel(model, inputs, 1);
  const results = differentiate(program.results[0]!, program.inputs);
  const { results: gradients } = evaluateProgram(
    { inputs: program.inputs, results, updates: [] },
    inputs.map(({ data }) => data),
  );
  return [...gradients];
}
