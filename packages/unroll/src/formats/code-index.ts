/** Where an element of a view or of a broadcast operand lies, as a formula of its place n in the result: `n % 4`. */
import { stridesOf } from "../core/shape.ts";
import { broadcastStrides } from "../program/evaluate-offsets.ts";

interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** The place in the source of element n of an array of that shape, read with those strides. */
export function placeOf(shape: readonly number[], strides: readonly number[], offset: number, n = "n"): string {
  const axes = merged(shape.map((size, axis) => ({ size, stride: strides[axis]! })));
  let inside = 1;
  const terms: string[] = [];
  for (const [i, { size, stride }] of [...axes].reverse().entries()) {
    const isFirst = i === axes.length - 1;
    if (stride !== 0) {
      const whole = inside === 1 ? n : `Math.floor(${n} / ${inside})`;
      const index = isFirst ? whole : `${inside === 1 && !/^\w+$/.test(n) ? `(${n})` : whole} % ${size}`;
      terms.unshift(
        stride === 1 ? index : `${isFirst && (inside > 1 || /^\w+$/.test(n)) ? index : `(${index})`} * ${stride}`,
      );
    }
    inside *= size;
  }
  if (offset !== 0 || terms.length === 0) terms.push(String(offset));
  return terms.join(" + ");
}

/** The place in an operand that is broadcast to a result. */
export function placeOfOperand(operand: readonly number[], shape: readonly number[], n = "n"): string {
  return placeOf(shape, broadcastStrides(operand, stridesOf(operand), shape), 0, n);
}

/** Axes that can be walked as one are one; axes of size 1 are gone. */
function merged(axes: readonly Axis[]): Axis[] {
  const result: Axis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const last = result.at(-1);
    if (last !== undefined && last.stride === axis.stride * axis.size) {
      result[result.length - 1] = { size: last.size * axis.size, stride: axis.stride };
    } else {
      result.push(axis);
    }
  }
  return result;
}
