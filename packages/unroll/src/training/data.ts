/**
 * Data for training and evaluation: inputs, targets and weights as tensors that go together, cut into batches in any order.
 * All checks happen here, before a step is prepared.
 */
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { isTensor, type Tensor, type TensorData, type TensorLike, tensor } from "../core/tensor.ts";
import { type ModelData, readData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import { outputNames } from "./compile.ts";

/** Weights of classes by their index: {0: 0.5, 1: 2}. A class that is not named has weight 1. */
export type ClassWeight = Readonly<Record<number, number>>;

/** Examples with their targets and weights; every tensor's first axis is the examples. */
export interface Examples {
  readonly x: readonly Tensor[];
  /** One for each output. */
  readonly y: readonly Tensor[];
  /** One for each output, or none. */
  readonly sampleWeight: readonly Tensor[];
  readonly count: number;
}

/**
 * Reads data for a model, which is built by it when its input shape is not known.
 *
 * @throws UnrollError `data`, `shape`
 */
export function readExamples(
  model: Model,
  x: ModelData,
  y: ModelData,
  { sampleWeight, classWeight }: { sampleWeight?: ModelData | undefined; classWeight?: ClassWeight | undefined } = {},
): Examples {
  model.buildFor(x);
  const inputs = readData(
    x,
    model.inputs.map(({ shape, node }) => ({ name: node.layer.name, shape })),
    model.name,
  );
  model.graph.checkData(inputs);
  const names = outputNames(model);
  const count = inputs[0]!.shape[0]!;
  if (count === 0) {
    throw new UnrollError({
      code: "data",
      path: model.name,
      expected: "there must be at least one example",
      received: `shape = [${inputs[0]!.shape.join(", ")}]`,
    });
  }
  const targets = readList(y, names, "targets", model.name);
  checkCounts(targets, names, count, "targets", model.name);
  return {
    x: inputs,
    y: targets,
    sampleWeight: readWeights(model, targets, names, count, sampleWeight, classWeight),
    count,
  };
}

function readWeights(
  model: Model,
  targets: readonly Tensor[],
  names: readonly string[],
  count: number,
  sampleWeight: ModelData | undefined,
  classWeight: ClassWeight | undefined,
): readonly Tensor[] {
  const path = model.name;
  if (sampleWeight !== undefined && classWeight !== undefined) {
    throw new UnrollError({
      code: "option",
      path,
      expected: "sampleWeight and classWeight cannot be used together",
      hint: "Multiply the class weights into the sample weights.",
    });
  }
  if (classWeight !== undefined) return [weightsOfClasses(targets, model.outputs[0]!.shape.length, classWeight, path)];
  if (sampleWeight === undefined) return [];
  const given =
    names.length > 1 && (isTensor(sampleWeight) || isFlatNumbers(sampleWeight))
      ? names.map(() => tensor(sampleWeight as TensorLike)) // one for all outputs, just told apart
      : readList(sampleWeight, names, "sampleWeight", path);
  const weights = given.map((weight) =>
    weight.shape.length === 2 && weight.shape[1] === 1 ? { shape: [weight.shape[0]!], data: weight.data } : weight,
  );
  checkCounts(weights, names, count, "sampleWeight", path);
  return weights;
}

/** A list of tensors in the order of the outputs. */
function readList(given: ModelData, names: readonly string[], what: string, path: string): readonly Tensor[] {
  if (given === undefined || given === null) {
    throw new UnrollError({
      code: "data",
      path,
      expected: `${what} are needed: ${names.join(", ")}`,
      received: `${what} = ${String(given)}`,
      hint: what === "targets" ? "Give them behind the inputs: fit(x, y), evaluate(x, y)." : undefined,
    });
  }
  if (typeof given === "object" && !Array.isArray(given) && !isTensor(given) && !ArrayBuffer.isView(given)) {
    const byName = given as Readonly<Record<string, TensorLike>>; // neither a tensor nor a list
    const missing = names.find((name) => byName[name] === undefined);
    if (missing === undefined) return names.map((name) => tensor(byName[name]!));
    throw new UnrollError({
      code: "data",
      path,
      expected: `${what} by name must have ${names.join(", ")}`,
      received: `names = ${Object.keys(byName).join(", ") || "none"}`,
      hint: `Give ${missing}.`,
    });
  }
  const isWrapped = Array.isArray(given) && given.length === 1 && (isTensor(given[0]) || ArrayBuffer.isView(given[0]));
  if (names.length === 1) return [tensor((isWrapped ? given[0] : given) as TensorLike)]; // one tensor
  if (Array.isArray(given) && given.length === names.length) return given.map((one) => tensor(one as TensorLike));
  throw new UnrollError({
    code: "data",
    path,
    expected: `${what} must be a list with one tensor for each output: ${names.join(", ")}`,
    received: Array.isArray(given) ? `a list of ${given.length}` : "a single tensor",
    hint: "Give them in this order, or as an object by these names.",
  });
}

function isFlatNumbers(value: unknown): boolean {
  return ArrayBuffer.isView(value) || (Array.isArray(value) && typeof value[0] === "number");
}

function checkCounts(
  tensors: readonly Tensor[],
  names: readonly string[],
  count: number,
  what: string,
  path: string,
): void {
  for (const [index, { shape }] of tensors.entries()) {
    if (shape[0] === count) continue;
    throw new UnrollError({
      code: "data",
      path,
      expected: `${what} of ${names[index]} must have one entry for each of the ${count} examples`,
      received: `shape = [${shape.join(", ")}]`,
      hint: `Cut the inputs and the ${what} to the same examples; the first axis counts them.`,
    });
  }
}

/**
 * One weight for each class in the targets: the target itself, or the place of the largest entry of a one-hot row. Targets
 * with an axis less than the output's are classes, one for each timestep where there are timesteps.
 */
function weightsOfClasses(targets: readonly Tensor[], outputAxes: number, weights: ClassWeight, path: string): Tensor {
  if (targets.length > 1) {
    throw new UnrollError({
      code: "unsupported",
      path,
      expected: "classWeight works with one output",
      received: `${targets.length} outputs`,
      hint: "Give sampleWeight for each output.",
    });
  }
  checkClassWeights(weights, path);
  const { shape, data } = targets[0]!;
  const inRows = shape.length > 1 && shape.length >= outputAxes;
  const last = inRows ? shape.at(-1)! : 1;
  const rows = data.length / last;
  const result = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const entries = data.subarray(row * last, (row + 1) * last);
    const label = last === 1 ? Math.round(entries[0]!) : entries.indexOf(Math.max(...entries));
    result[row] = weights[label] ?? 1;
  }
  return { shape: inRows ? shape.slice(0, -1) : shape, data: result };
}

/** A key that is no class, or a weight that is no number, would leave every weight at 1 without a word. */
function checkClassWeights(weights: ClassWeight, path: string): void {
  const isRecord =
    typeof weights === "object" && weights !== null && Object.getPrototypeOf(weights) === Object.prototype;
  const entry = isRecord
    ? Object.entries(weights).find(([label, weight]) => !/^\d+$/.test(label) || !Number.isFinite(weight))
    : undefined;
  if (isRecord && entry === undefined) return;
  throw new UnrollError({
    code: "option",
    path,
    expected: "classWeight must be an object of numbers by class index",
    received: entry === undefined ? `classWeight = ${String(weights)}` : `${entry[0]}: ${String(entry[1])}`,
    hint: "For instance { 0: 1, 1: 3 }.",
  });
}

/** Examples `start` to `start + count` of `order` (of all in their order, when left out), copied. */
export function take(examples: Examples, start: number, count: number, order?: Uint32Array): Examples {
  const cut = (one: Tensor): Tensor => ({
    shape: [count, ...one.shape.slice(1)],
    data: takeRows(one, start, count, order),
  });
  return { x: examples.x.map(cut), y: examples.y.map(cut), sampleWeight: examples.sampleWeight.map(cut), count };
}

function takeRows({ shape, data }: Tensor, start: number, count: number, order: Uint32Array | undefined): TensorData {
  const width = sizeOf(shape.slice(1));
  if (order === undefined) return data.subarray(start * width, (start + count) * width);
  const result = data instanceof Int32Array ? new Int32Array(count * width) : new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const row = order[start + i]! * width;
    result.set(data.subarray(row, row + width), i * width);
  }
  return result;
}

/**
 * The last part of the examples for validation, cut off before anything is shuffled: the first ⌊n · (1 − share)⌋ train.
 *
 * @throws UnrollError `option`, `data`
 */
export function splitOff(examples: Examples, share: number, path: string): [training: Examples, validation: Examples] {
  const at = splitPoint(examples.count, share, path);
  return [take(examples, 0, at), take(examples, at, examples.count - at)];
}

/** The first example of the validation part. Throws UnrollError `option` where a part would be empty. */
export function splitPoint(count: number, share: number, path: string): number {
  const at = Math.floor(count * (1 - share));
  if (share > 0 && share < 1 && at > 0 && at < count) return at;
  throw new UnrollError({
    code: "option",
    path,
    expected: "validationSplit must leave examples on both sides",
    received: `validationSplit = ${share} of ${count} examples`,
    hint: "Give a share between 0 and 1, or more examples.",
  });
}

/**
 * The batch size: as asked for, 32 by default. A declared one must be kept to, because stateful layers have one state for
 * each example of it.
 *
 * @throws UnrollError `option`, `data`
 */
export function batchSizeFor(model: Model, given: number | undefined, examples: number, option = "batchSize"): number {
  if (given !== undefined && !(Number.isInteger(given) && given > 0)) {
    throw new UnrollError({
      code: "option",
      path: model.name,
      expected: `${option} must be a positive whole number`,
      received: `${option} = ${given}`,
    });
  }
  const declared = declaredBatch(model);
  if (declared === undefined) return given ?? 32;
  if ((given ?? declared) === declared && examples % declared === 0) return declared;
  throw new UnrollError({
    code: "data",
    path: model.name,
    expected: `the input was declared with batches of ${declared} examples`,
    received: `${examples} examples in batches of ${given ?? declared}`,
    hint: `Give a multiple of ${declared} examples and leave ${option} out.`,
  });
}

/** The first axis that an input was declared with; undefined where any number of examples will do. */
function declaredBatch(model: Model): number | undefined {
  return model.inputs.map(({ shape }) => shape[0]!).find((size) => size !== null);
}

/** For examples that run at once, uncut. Throws UnrollError `data` where batches of another size were declared. */
export function checkOneBatch(model: Model, { count }: Pick<Examples, "count">): void {
  const declared = declaredBatch(model);
  if (declared === undefined || declared === count) return;
  throw new UnrollError({
    code: "data",
    path: model.name,
    expected: `the input was declared with batches of ${declared} examples`,
    received: `a batch of ${count}`,
    hint: `Give ${declared} examples, or declare the input without a batch size.`,
  });
}
