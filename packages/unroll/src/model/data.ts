/**
 * Checks what a caller gives a model as data, before any memory is taken: how many inputs, of which axes, how many examples.
 */
import { UnrollError } from "../core/errors.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import { isTensor, type Tensor, type TensorLike, tensor } from "../core/tensor.ts";

/** One tensor; for several inputs a list in the order of the inputs, or an object by their names. */
export type ModelData = TensorLike | readonly TensorLike[] | Readonly<Record<string, TensorLike>>;

/** An input as data must fit it. */
export interface InputSpec {
  readonly name: string;
  /** `[batch, ...]`, null = any size. */
  readonly shape: Shape;
}

/**
 * The data as tensors, one an input, each `[examples, ...]`. As Keras does, a missing or an extra last axis of size 1 is
 * added or taken off. Not-a-number values are data.
 *
 * @throws UnrollError `data` for the wrong count or unequal numbers of examples, `shape` for axes that do not fit.
 */
export function readData(data: ModelData, inputs: readonly InputSpec[], model: string): Tensor[] {
  if (data === undefined || data === null) throw noData(inputs, model);
  const given = listOf(data, inputs, model).map((one) => tensor(one));
  const tensors = given.map((one, index) => fitAxes(one, inputs[index]!, model, hintFor(one, index, given, inputs)));
  const examples = tensors[0]!.shape[0];
  const other = tensors.findIndex(({ shape }) => shape[0] !== examples);
  if (other !== -1) {
    throw new UnrollError({
      code: "data",
      path: model,
      expected: "every input needs the same number of examples",
      received: `${inputs[0]!.name} has ${examples}, ${inputs[other]!.name} has ${tensors[other]!.shape[0]}`,
      hint: "Cut them to the same examples; the first axis counts them.",
    });
  }
  return tensors;
}

function noData(inputs: readonly InputSpec[], model: string): UnrollError {
  return new UnrollError({
    code: "data",
    path: model,
    expected: `needs data for ${inputs.map(describe).join(", ")}`,
    received: "nothing",
    hint: "Give an array or a tensor, the examples along its first axis.",
  });
}

/** Throws UnrollError `data` for batches and views, which `fit` takes and a single run does not. */
export function refuseBatches(data: unknown, model: string): void {
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data) && !ArrayBuffer.isView(data);
  const isView = isObject && "batch" in data && typeof data.batch === "function";
  const isIterable = isObject && (Symbol.iterator in data || Symbol.asyncIterator in data);
  if (!isView && !isIterable && typeof data !== "function") return;
  throw new UnrollError({
    code: "data",
    path: model,
    expected: "takes arrays or tensors, one run at a time",
    received: isView ? "a view" : isIterable ? "an iterable" : "a function",
    hint: isView
      ? "view.all().x copies every example, view.batch(indices).x some of them."
      : "Call it for the x of each batch: for await (const { x } of batches) model.predict(x).",
  });
}

function listOf(data: ModelData, inputs: readonly InputSpec[], model: string): readonly TensorLike[] {
  if (isNamed(data)) return byName(data, inputs, model);
  const list = data as readonly TensorLike[]; // a single tensor is told apart below
  const isList = Array.isArray(data) && (data.length === 0 || data.some((entry) => typeof entry === "object"));
  if (inputs.length === 1) {
    return isList && list.length === 1 && isArrayOfNumbers(list[0]) ? [list[0]!] : [data as TensorLike];
  }
  if (isList && list.length === inputs.length) return list;
  throw new UnrollError({
    code: "data",
    path: model,
    expected: `the model has ${inputs.length} ${inputs.length === 1 ? "input" : "inputs"}: ${inputs.map(describe).join(", ")}`,
    received: isList ? `a list of ${list.length}` : "a single tensor",
    hint: "Give a list with one tensor for each input, in this order.",
  });
}

/** A tensor or typed array: for a single input, a list of one such is taken as that one. */
function isArrayOfNumbers(value: unknown): boolean {
  return isTensor(value) || value instanceof Float32Array || value instanceof Int32Array;
}

function isNamed(data: ModelData): data is Readonly<Record<string, TensorLike>> {
  return typeof data === "object" && !Array.isArray(data) && !isArrayOfNumbers(data);
}

function byName(
  data: Readonly<Record<string, TensorLike>>,
  inputs: readonly InputSpec[],
  model: string,
): readonly TensorLike[] {
  const missing = inputs.find(({ name }) => data[name] === undefined);
  if (missing === undefined) return inputs.map(({ name }) => data[name]!);
  throw new UnrollError({
    code: "data",
    path: model,
    expected: `data by name needs ${inputs.map(({ name }) => name).join(", ")}`,
    received: `names = ${Object.keys(data).join(", ") || "none"}`,
    hint: `Give ${missing.name}.`,
  });
}

/** What was most likely meant by data that does not fit. */
function hintFor(
  one: Tensor,
  index: number,
  given: readonly Tensor[],
  inputs: readonly InputSpec[],
): string | undefined {
  const fits = ({ shape }: Tensor, input: InputSpec): boolean =>
    shape.length === input.shape.length &&
    input.shape.every((size, axis) => axis === 0 || size === null || size === shape[axis]);
  const own = inputs[index]!;
  if (fits(one, own)) return undefined;
  const other = inputs.findIndex((input, at) => at !== index && fits(one, input) && fits(given[at]!, own));
  if (other !== -1) {
    return `${own.name} and ${inputs[other]!.name} are swapped: give them in the order ${inputs.map(({ name }) => name).join(", ")}, or by name.`;
  }
  const [batch, timesteps, features] = one.shape as [number, number, number];
  if (one.shape.length === 3 && fits({ ...one, shape: [batch, features, timesteps] }, own)) {
    return "Timesteps and features are swapped: data is [examples, timesteps, features].";
  }
  return undefined;
}

function fitAxes(given: Tensor, input: InputSpec, model: string, likely?: string): Tensor {
  const rank = input.shape.length;
  if (given.shape.length === rank + 1 && given.shape.at(-1) === 1) {
    return fitAxes({ shape: given.shape.slice(0, -1), data: given.data }, input, model, likely);
  }
  if (given.shape.length === rank - 1 && input.shape.at(-1) === 1) {
    return fitAxes({ shape: [...given.shape, 1], data: given.data }, input, model, likely);
  }
  if (given.shape.length !== rank) {
    throw new UnrollError({
      code: "shape",
      path: model,
      expected: `${describe(input)} takes data of ${rank} axes`,
      received: `shape = ${bracketed(given.shape)}`,
      hint:
        likely ??
        (given.shape.length === rank - 1 ? "One example needs a batch axis too: put it into a list." : undefined),
    });
  }
  const axis = input.shape.findIndex((size, at) => at > 0 && size !== null && size !== given.shape[at]);
  if (axis === -1) return given;
  throw new UnrollError({
    code: "shape",
    path: model,
    expected: `${describe(input)} takes ${input.shape[axis]} ${axisName(axis, rank)}`,
    received: `shape = ${bracketed(given.shape)}`,
    hint: likely ?? "Rebuild the model or fix the data.",
  });
}

function axisName(axis: number, rank: number): string {
  if (axis === rank - 1) return "features";
  return rank === 3 && axis === 1 ? "timesteps" : `entries along axis ${axis + 1}`;
}

function describe({ name, shape }: InputSpec): string {
  return `${name} ${formatShape(shape)}`;
}

function bracketed(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
