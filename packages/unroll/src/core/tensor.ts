/**
 * Tensors: a shape and row-major numbers. Plain data; they know no layer and no device.
 */
import { UnrollError } from "./errors.ts";
import { sizeOf } from "./shape.ts";

/** The numbers of a tensor, row-major. */
export type TensorData = Float32Array | Int32Array;

/** Row-major numbers with their shape: `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Nested arrays of equal lengths, down to numbers. */
export type NestedArray = number | readonly NestedArray[];
/** Whatever is accepted where a tensor is. */
export type TensorLike = Tensor | TensorData | NestedArray;

/**
 * Makes a tensor of nested arrays, of flat numbers with a shape, or of a typed array (which is kept, not copied).
 *
 * @throws UnrollError `data` when rows differ in length or the count does not fit the shape.
 * @example tensor([[1, 2], [3, 4]])            // shape [2, 2]
 * @example tensor(new Float32Array(6), [2, 3]) // shape [2, 3]
 */
export function tensor(source: TensorLike, shape?: readonly number[]): Tensor {
  if (isTensor(source)) return shape === undefined ? source : withShape(source.data, shape);
  if (source instanceof Float32Array || source instanceof Int32Array)
    return withShape(source, shape ?? [source.length]);
  const found = shapeOfNested(source);
  const data = new Float32Array(sizeOf(found));
  fill(source, found, 0, data, 0, "data");
  return withShape(data, shape ?? found);
}

/** An Int32 tensor, as Embedding takes it. */
export function intTensor(source: NestedArray, shape?: readonly number[]): Tensor {
  const { shape: found, data } = tensor(source, shape);
  return { shape: found, data: Int32Array.from(data) };
}

/** Whether something is a tensor: a shape and as many numbers of float32 or int32. */
export function isTensor(value: unknown): value is Tensor {
  return (
    typeof value === "object" &&
    value !== null &&
    "shape" in value &&
    Array.isArray(value.shape) &&
    "data" in value &&
    (value.data instanceof Float32Array || value.data instanceof Int32Array)
  );
}

/** Nested arrays of a tensor's numbers; a number when it has no axes. */
export function toNested({ shape, data }: Tensor): NestedArray {
  const build = (axis: number, offset: number, size: number): NestedArray => {
    if (axis === shape.length) return data[offset]!;
    const step = size / shape[axis]!;
    return Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, offset + i * step, step));
  };
  return build(0, 0, data.length);
}

function withShape(data: TensorData, shape: readonly number[]): Tensor {
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) {
      throw new UnrollError({
        code: "data",
        path: "tensor",
        expected: "every size of a shape must be a whole number, zero or more",
        received: `shape = [${shape.join(", ")}]`,
      });
    }
  }
  if (sizeOf(shape) !== data.length) {
    throw new UnrollError({
      code: "data",
      path: "tensor",
      expected: `shape [${shape.join(", ")}] needs ${sizeOf(shape)} numbers`,
      received: `${data.length} numbers`,
    });
  }
  return { shape: [...shape], data };
}

function shapeOfNested(value: NestedArray): number[] {
  const shape: number[] = [];
  let level: NestedArray = value;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = level[0] as NestedArray;
    if (level === undefined) break;
  }
  return shape;
}

function fill(
  value: NestedArray,
  shape: number[],
  axis: number,
  data: Float32Array,
  offset: number,
  path: string,
): void {
  if (axis === shape.length) {
    if (typeof value !== "number") {
      throw new UnrollError({
        code: "data",
        path,
        expected: "nested arrays must hold numbers at equal depth",
        received: Array.isArray(value) ? `an array of ${value.length}` : shown(value),
        hint: hintFor(value),
      });
    }
    data[offset] = value;
    return;
  }
  if (!Array.isArray(value) || value.length !== shape[axis]) {
    throw new UnrollError({
      code: "data",
      path,
      expected: `every row at this depth must have ${shape[axis]} entries, as the first has`,
      received: Array.isArray(value) ? `${value.length} entries` : shown(value),
      hint: Array.isArray(value) ? "Pad or cut the rows to one length." : hintFor(value),
    });
  }
  const step = sizeOf(shape.slice(axis + 1));
  for (let i = 0; i < shape[axis]!; i++) {
    fill(value[i] as NestedArray, shape, axis + 1, data, offset + i * step, `${path}[${i}]`);
  }
}

function shown(value: unknown): string {
  return value === null || value === undefined ? String(value) : `${typeof value} = ${String(value)}`;
}

function hintFor(value: unknown): string {
  if (value === null || value === undefined) {
    return "A number is missing here: fill it in, leave the row out, or write NaN where it is meant to be missing.";
  }
  if (typeof value === "string") return "Text must become numbers first: Number(...), or ids from a tokenizer.";
  return "Give every row the same shape.";
}
