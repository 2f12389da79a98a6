/** Whether a model of anybody's can be trained on windows of a series: their shape goes in, the rows ahead come out. */
import { UnrollError } from "../core/errors.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import { inFile } from "../formats/failure.ts";
import type { Model } from "../model/model.ts";

/** Rows that a model's input asks for; undefined where it takes any number. */
export function timestepsOf(model: Model | undefined): number | undefined {
  if (model?.hasGraph !== true) return undefined;
  const { shape } = model.inputs[0]!;
  return shape.length === 3 ? (shape[1] ?? undefined) : undefined;
}

/**
 * Whether windows `[lookback, features]` go in and `[horizon]` comes out; a model without an input shape takes that of the
 * windows.
 *
 * @throws UnrollError `shape`, which says the number to change
 */
export function checkFit(
  model: Model,
  { model: file = model.name }: { readonly model?: string | undefined },
  { lookback, horizon, features }: { readonly lookback: number; readonly horizon: number; readonly features: number },
): void {
  if (!model.hasGraph) {
    try {
      model.build([null, lookback, features]);
    } catch (error) {
      throw error instanceof UnrollError ? inFile(file, error) : error;
    }
  }
  const { inputs, outputs } = model;
  if (inputs.length !== 1 || outputs.length !== 1) {
    throw misfit(file, "the model must have one input and one output", `${inputs.length} and ${outputs.length}`);
  }
  checkInput(file, inputs[0]!.shape, lookback, features);
  checkOutput(file, outputs[0]!.shape, horizon);
}

function checkInput(file: string, shape: Shape, lookback: number, features: number): void {
  const windows = `windows of ${lookback} rows and ${features} features`;
  const received = `its input = ${formatShape(shape)}`;
  if (shape.length !== 3) {
    throw misfit(file, `the model must read ${windows}`, received, `Make its input (None, ${lookback}, ${features}).`);
  }
  const [batch, timesteps, width] = shape;
  if (batch !== null) {
    throw misfit(file, "the model must take any number of examples", received, "Leave its batch size open.");
  }
  if (width !== null && width !== features) {
    const hint = `Name ${width} columns with --features, or make the model's input (None, ${timesteps ?? "None"}, ${features}).`;
    throw misfit(file, `the model must read ${windows}`, received, hint);
  }
  if (timesteps !== null && timesteps !== lookback) {
    const hint = `Give --lookback ${timesteps}, or make the model's input (None, ${lookback}, ${features}).`;
    throw misfit(file, `the model must read ${windows}`, received, hint);
  }
}

function checkOutput(file: string, shape: Shape, horizon: number): void {
  if (shape.length === 2 && shape[1] === horizon) return;
  const hint =
    shape.length === 3
      ? "Its last recurrent layer must not return sequences (return_sequences=False)."
      : `Give --horizon ${shape[1]}, or end the model with Dense(${horizon}).`;
  const one = horizon === 1 ? "one number" : `${horizon} numbers`;
  throw misfit(file, `the model must give ${one} for each window`, `its output = ${formatShape(shape)}`, hint);
}

function misfit(path: string, expected: string, received: string, hint?: string): UnrollError {
  return new UnrollError({ code: "shape", path, expected, received, ...(hint === undefined ? {} : { hint }) });
}
