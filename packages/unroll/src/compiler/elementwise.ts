/**
 * Elementwise loops: maps without row operators, and copies. Operands and target may lie with any strides.
 */

import type { FunctionBuilder, V128 } from "./assembler.ts";
import { addressOf, broadcastLayout, type Layout } from "./layout.ts";
import { forEachFour, forEachIndex, joinAxes, loadFour, type Place, storeFour } from "./loops.ts";

/**
 * Emits `target = equation(operands)` for every element of the target. Operands broadcast. `equation` is called once for whole
 * vectors and once for a rest.
 */
export function emitElementwise(
  f: FunctionBuilder,
  target: Layout,
  operands: readonly Layout[],
  equation: (operands: readonly (() => V128)[]) => V128,
): void {
  const layouts = [target, ...operands.map((operand) => broadcastLayout(operand, target.shape))];
  const { shape, strides } = joinAxes(
    target.shape,
    layouts.map((layout) => layout.strides),
  );
  const size = shape.pop() ?? 1;
  const inner = strides.map((array) => array.pop() ?? 1);
  const arrays = layouts.map((layout, i) => ({ base: 0, offset: addressOf(layout), strides: strides[i]! }));
  forEachIndex(f, shape, arrays, (at) => {
    const [to, ...from] = at.map((position, i) => ({ ...position, stride: inner[i]! })) as [Place, ...Place[]]; // one for each layout, the target first
    // What repeats along the innermost axis is read once, ahead of its loop.
    const repeated = from.map((place) => (place.stride === 0 ? f.let(loadFour(f, place, 0, 4)) : undefined));
    forEachFour(f, size, (index, lanes) => {
      const loads = from.map((place, i) => () => repeated[i] ?? loadFour(f, place, index, lanes));
      storeFour(f, to, index, lanes, equation(loads));
    });
  });
}

/** Emits `target = source`, element by element. */
export function emitCopy(f: FunctionBuilder, target: Layout, source: Layout): void {
  emitElementwise(f, target, [source], ([load]) => load!());
}

/** Emits `target = value` in every element. */
export function emitFill(f: FunctionBuilder, target: Layout, value: number): void {
  emitElementwise(f, target, [], () => f.splat(value));
}
