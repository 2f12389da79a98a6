/**
 * A layer called on numbers: builds the program of the one call, keeps it for the next call of the same shapes, and hands
 * masks on from result to result as Keras does.
 */
import { UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { formatShape } from "../core/shape.ts";
import { isTensor, type Tensor, type TensorLike, tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { inputValue } from "../program/builder.ts";
import type { Program, Value } from "../program/program.ts";
import type { ApplyOptions, Layer } from "./layer.ts";
import { type CompiledRun, prepare } from "./run.ts";
import { nextRandom } from "./seed.ts";

/** Prepared calls kept for a layer; the oldest goes first. */
const keptRuns = 8;

/** The masks that results of calls carry. */
const masks = new WeakMap<Tensor, Tensor>();

/** The mask that a result of `layer.apply` carries, `[batch, timesteps]`, or undefined. */
export function maskOf(result: Tensor): Tensor | undefined {
  return masks.get(result);
}

interface Call {
  readonly inputs: readonly Tensor[];
  readonly masks: readonly (Tensor | undefined)[];
  readonly initialStates: readonly Tensor[];
  readonly training: boolean;
  /** Leaves the states of stateful layers as they are. */
  readonly keepsStates: boolean;
}

/** A call's program, ready to run. */
export interface PreparedCall {
  readonly run: CompiledRun;
  readonly outputs: number;
  /** Which outputs carry a mask, in the order of the results behind the outputs. */
  readonly masked: readonly number[];
}

export function applyToTensors(
  layer: Layer,
  inputs: TensorLike | readonly TensorLike[],
  options: ApplyOptions,
): readonly Tensor[] {
  return runCall(layer, readCall(layer, inputs, options), nextRandom());
}

function runCall(layer: Layer, call: Call, random: Random): readonly Tensor[] {
  const { run, outputs, masked } = prepareCall(layer, call);
  layer.type.checkData?.(layer.config, call.inputs, layer.name);
  const present = call.masks.filter((mask) => mask !== undefined);
  const given = [...call.inputs, ...present, ...call.initialStates].map(({ data }) => data);
  const results = run.run(given, random);
  for (const [position, output] of masked.entries()) masks.set(results[output]!, results[outputs + position]!);
  return results.slice(0, outputs);
}

export function maskOfCall(
  layer: Layer,
  inputs: TensorLike | readonly TensorLike[],
  mask: ApplyOptions["mask"],
): Tensor | undefined {
  const call: Call = { ...readCall(layer, inputs, { mask }), keepsStates: true };
  // Nothing is drawn outside training.
  const [first] = runCall(layer, call, new Random(0));
  return maskOf(first!);
}

function readCall(layer: Layer, given: TensorLike | readonly TensorLike[], options: ApplyOptions): Call {
  const inputs = listOf(layer, given).map((input) => tensor(input));
  const givenMask = options.mask;
  const maskList = isList(givenMask) || (inputs.length > 1 && Array.isArray(givenMask)) ? givenMask : [givenMask];
  const state = options.initialState;
  const states = (
    state === undefined ? [] : isList(state) || isListOfRows(state) ? state : [state]
  ) as readonly TensorLike[]; // symbolic ones go with symbolic inputs
  const call: Call = {
    inputs,
    masks: inputs.map((input, index) => {
      const mask = (maskList as readonly (TensorLike | null | undefined)[])[index];
      if (mask !== undefined && mask !== null) return tensor(mask);
      // Keras 3 passes on no mask that an input carries when states are given too.
      return states.length > 0 ? undefined : masks.get(input);
    }),
    initialStates: states.map((entry) => tensor(entry)),
    training: options.training ?? false,
    keepsStates: false,
  };
  checkMasks(layer, call);
  return call;
}

/** Several inputs come as a list of tensors; nested numbers are several inputs only where the layer merges several. */
function listOf(layer: Layer, given: TensorLike | readonly TensorLike[]): readonly TensorLike[] {
  if (isList(given)) return given;
  const several = (layer.type.inputCount?.min ?? 1) > 1;
  return several && Array.isArray(given) ? given : [given as TensorLike]; // a single tensor, as the layer takes one
}

function isList(given: unknown): given is readonly TensorLike[] {
  return (
    Array.isArray(given) &&
    given.length > 0 &&
    given.every(
      (entry) => entry === null || isTensor(entry) || entry instanceof Float32Array || entry instanceof Int32Array,
    )
  );
}

/** `[[[...]], [[...]]]`: states as nested numbers, one matrix each. */
function isListOfRows(given: unknown): boolean {
  return Array.isArray(given) && Array.isArray(given[0]) && Array.isArray(given[0][0]);
}

function checkMasks(layer: Layer, { inputs, masks: given }: Call): void {
  for (const [index, mask] of given.entries()) {
    const { shape } = inputs[index]!;
    if (mask === undefined || mask.shape.every((size, axis) => size === shape[axis])) continue;
    throw new UnrollError({
      code: "shape",
      path: layer.name,
      expected: `the mask must have the first axes of the input, ${formatShape(shape)}`,
      received: `mask shape = ${formatShape(mask.shape)}`,
      hint: "Give one number for each example and timestep: 1 counts, 0 does not.",
    });
  }
}

function prepareCall(layer: Layer, call: Call): PreparedCall {
  const shapes = (tensors: readonly (Tensor | undefined)[]): string => tensors.map((t) => t?.shape ?? "-").join("|");
  const key = [
    shapes(call.inputs),
    shapes(call.masks),
    shapes(call.initialStates),
    call.training,
    call.keepsStates,
  ].join(";");
  const known = layer.runs.get(key);
  if (known !== undefined) return known;
  const inputs = call.inputs.map(({ shape }, index) => inputValue(`input_${index}`, shape));
  const maskValues = call.masks.map((mask, index) =>
    mask === undefined ? undefined : inputValue(`mask_${index}`, mask.shape),
  );
  const states = call.initialStates.map(({ shape }, index) => inputValue(`state_${index}`, shape));
  const updates: { variable: Variable; value: Value }[] = [];
  const result = layer.compute(inputs, {
    masks: maskValues,
    ...(states.length === 0 ? {} : { initialStates: states }),
    training: call.training,
    onUpdate: (variable, value) => {
      if (!call.keepsStates) updates.push({ variable, value });
    },
  });
  const outputMasks = result.masks ?? [];
  const masked = result.outputs.flatMap((_, index) => (outputMasks[index] === undefined ? [] : [index]));
  const program: Program = {
    inputs: [...inputs, ...maskValues.filter((mask) => mask !== undefined), ...states],
    results: [...result.outputs, ...masked.map((index) => outputMasks[index]!)],
    updates,
  };
  const prepared: PreparedCall = { run: prepare(program), outputs: result.outputs.length, masked };
  if (layer.runs.size >= keptRuns) layer.runs.delete(layer.runs.keys().next().value!);
  layer.runs.set(key, prepared);
  return prepared;
}
