/**
 * padSequences and toCategorical after Keras 3.
 */
import { checkOptionNames, sizeOf, type Tensor, type TensorLike, tensor, UnrollError } from "../core/index.ts";
import { checkChoice, checkElements, checkWhole } from "./checks.ts";

/** One sequence: numbers, or equally shaped nested arrays per timestep. */
export type Sequence = readonly SequenceStep[];
/** One timestep of a sequence: a number, or nested arrays of them. */
export type SequenceStep = number | readonly SequenceStep[];

/** Options of `padSequences`, as Keras's `pad_sequences` has them. */
export interface PadOptions {
  /** Length of every row; default the longest sequence. */
  readonly maxlen?: number | null;
  /** Default "int32", which cuts fractions off. */
  readonly dtype?: "int32" | "float32";
  /** Where to add, default "pre": at the front. */
  readonly padding?: "pre" | "post";
  /** Where to cut, default "pre": at the front. */
  readonly truncating?: "pre" | "post";
  /** What to add, default 0. */
  readonly value?: number;
}

/**
 * Sequences of different lengths as one tensor `[sequences, maxlen, …]`, after `keras.utils.pad_sequences`.
 *
 * @throws UnrollError `data` for timesteps of different shapes or numbers that int32 cannot hold, `option` for others.
 * @example padSequences([[1, 2, 3], [4]]).data // [1, 2, 3, 0, 0, 4]
 */
export function padSequences(sequences: readonly Sequence[], options: PadOptions = {}): Tensor {
  checkOptionNames("padSequences", options, ["maxlen", "dtype", "padding", "truncating", "value"]);
  const { dtype = "int32", padding = "pre", truncating = "pre", value = 0 } = options;
  checkChoice("padSequences", "dtype", dtype, ["int32", "float32"]);
  checkChoice("padSequences", "padding", padding, ["pre", "post"]);
  checkChoice("padSequences", "truncating", truncating, ["pre", "post"]);
  if (options.maxlen !== undefined && options.maxlen !== null) {
    checkWhole("padSequences", "maxlen", options.maxlen, 1);
  }
  const maxlen = options.maxlen ?? sequences.reduce((longest, { length }) => Math.max(longest, length), 0);
  const stepShape = shapeOfStep(sequences.find(({ length }) => length > 0)?.[0] ?? 0);
  const stepSize = sizeOf(stepShape);
  const size = sequences.length * maxlen * stepSize;
  checkElements("padSequences", size);
  const data = dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
  if (dtype === "int32") checkInt32(value, "padSequences: value");
  data.fill(value);
  sequences.forEach((sequence, s) => {
    const length = Math.min(sequence.length, maxlen);
    const from = truncating === "pre" ? sequence.length - length : 0;
    const to = padding === "pre" ? maxlen - length : 0;
    for (let t = 0; t < length; t++) {
      const path = `padSequences: sequences[${s}][${from + t}]`;
      writeStep(sequence[from + t]!, stepShape, 0, data, (s * maxlen + to + t) * stepSize, path);
    }
  });
  return { shape: [sequences.length, maxlen, ...stepShape], data };
}

/**
 * One-hot rows `[…, classes]` in float32 of whole numbers `[…]`, after `keras.utils.to_categorical`: a last axis of
 * size 1 is dropped first.
 *
 * @throws UnrollError `data` for numbers that are no class from 0 to numClasses - 1.
 * @example toCategorical([0, 2, 1]).shape // [3, 3]
 */
export function toCategorical(x: TensorLike, numClasses?: number | null): Tensor {
  const { shape, data } = tensor(x);
  const kept = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  let largest = -1;
  for (const value of data) largest = Math.max(largest, value);
  const classes = numClasses ?? largest + 1;
  checkWhole("toCategorical", "numClasses", classes, 0);
  checkElements("toCategorical", data.length * classes);
  const out = new Float32Array(data.length * classes);
  data.forEach((value, i) => {
    if (!Number.isInteger(value) || value < 0 || value >= classes) {
      throw new UnrollError({
        code: "data",
        path: `toCategorical: x[${i}]`,
        expected: `must be a whole number from 0 to ${classes - 1}`,
        received: `value = ${value}`,
        hint: value >= classes ? "Raise numClasses." : undefined,
      });
    }
    out[i * classes + value] = 1;
  });
  return { shape: [...kept, classes], data: out };
}

function shapeOfStep(step: SequenceStep): number[] {
  const shape: number[] = [];
  for (let level: SequenceStep | undefined = step; Array.isArray(level); level = level[0]) shape.push(level.length);
  return shape;
}

function writeStep(
  step: SequenceStep,
  shape: readonly number[],
  axis: number,
  data: Int32Array | Float32Array,
  offset: number,
  path: string,
): void {
  if (axis < shape.length) {
    if (!Array.isArray(step) || step.length !== shape[axis]) throw wrongStep(step, shape, path);
    const size = sizeOf(shape.slice(axis + 1));
    step.forEach((part, i) => {
      writeStep(part, shape, axis + 1, data, offset + i * size, path);
    });
    return;
  }
  if (typeof step !== "number") throw wrongStep(step, shape, path);
  if (data instanceof Int32Array) checkInt32(step, path);
  data[offset] = step;
}

function wrongStep(step: unknown, shape: readonly number[], path: string): UnrollError {
  return new UnrollError({
    code: "data",
    path,
    expected:
      shape.length === 0 ? "must be a number, as the first is" : `must have shape [${shape.join(", ")}], as the first`,
    received: Array.isArray(step) ? `an array of ${step.length}` : `${typeof step} = ${String(step)}`,
  });
}

function checkInt32(value: number, path: string): void {
  if (Math.trunc(value) === (value | 0)) return;
  throw new UnrollError({
    code: "data",
    path,
    expected: "must fit into a 32-bit whole number",
    received: `value = ${value}`,
    hint: 'Pass dtype: "float32".',
  });
}
