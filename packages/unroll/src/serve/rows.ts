/** Tensors whose first axis counts independent rows: parts of them, and several as one. Knows no model. */
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";

/** `count` rows from `start` on. */
export function someRows({ shape, data }: Tensor, start: number, count: number): Tensor {
  const width = sizeOf(shape.slice(1));
  return { shape: [count, ...shape.slice(1)], data: data.slice(start * width, (start + count) * width) };
}

/** The first rows; more than there are are zeros. */
export function firstRows({ shape, data }: Tensor, rows: number): Tensor {
  const size = rows * sizeOf(shape.slice(1));
  if (size <= data.length) return { shape: [rows, ...shape.slice(1)], data: data.slice(0, size) };
  const longer = data instanceof Int32Array ? new Int32Array(size) : new Float32Array(size);
  longer.set(data);
  return { shape: [rows, ...shape.slice(1)], data: longer };
}

/** Tensors of one shape but for their rows, as one. */
export function joinRows(parts: readonly Tensor[]): Tensor {
  const [first] = parts as readonly [Tensor];
  if (parts.length === 1) return first;
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const size = rows * sizeOf(first.shape.slice(1));
  const data = first.data instanceof Int32Array ? new Int32Array(size) : new Float32Array(size);
  let offset = 0;
  for (const one of parts) {
    data.set(one.data, offset);
    offset += one.data.length;
  }
  return { shape: [rows, ...first.shape.slice(1)], data };
}
