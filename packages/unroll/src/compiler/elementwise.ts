/**
 * Elementwise loops: maps without row operators, and copies. Operands and target may lie with any strides.
 */

import type { FunctionBuilder, V128 } from "./assembler.ts";
import { addressOf, broadcastLayout, type Layout } from "./layout.ts";
import { forEachIndex, forEachVector, joinAxes, loadVector, type Place, storeVector } from "./loops.ts";

/**
 * Emits `targets = equations(operands)` for every element; the targets have one shape, to which operands broadcast.
 * `equations` is called once for whole vectors and once for a rest. All operands of an element are read before its targets are
 * written, so a target may lie where an operand lies, element for element.
 */
export function emitElementwise(
  f: FunctionBuilder,
  targets: readonly Layout[],
  operands: readonly Layout[],
  equations: (operands: readonly (() => V128)[]) => readonly V128[],
): void {
  const whole = targets[0]!.shape;
  const layouts = [...targets, ...operands.map((operand) => broadcastLayout(operand, whole))];
  const { shape, strides } = joinAxes(
    whole,
    layouts.map((layout) => layout.strides),
  );
  const size = shape.pop() ?? 1;
  const inner = strides.map((array) => array.pop() ?? 1);
  const starts = layouts.map((layout, i) => ({ base: 0, offset: addressOf(layout), strides: strides[i]! }));
  forEachIndex(f, shape, starts, (at) => {
    const places = at.map((position, i): Place => ({ ...position, stride: inner[i]! }));
    const to = places.slice(0, targets.length);
    const from = places.slice(targets.length);
    // What repeats along the innermost axis is read once, ahead of its loop.
    const repeated = from.map((place) =>
      place.stride === 0 ? f.let(loadVector(f, place, 0, f.machine.lanes)) : undefined,
    );
    forEachVector(f, size, (index, lanes) => {
      const loads = from.map((place, i) => () => repeated[i] ?? loadVector(f, place, index, lanes));
      for (const [i, value] of equations(loads).entries()) storeVector(f, to[i]!, index, lanes, value);
    });
  });
}

/** Emits `target = source`, element by element. */
export function emitCopy(f: FunctionBuilder, target: Layout, source: Layout): void {
  emitElementwise(f, [target], [source], ([load]) => [load!()]);
}

/** Emits `target = value` in every element. */
export function emitFill(f: FunctionBuilder, target: Layout, value: number): void {
  emitElementwise(f, [target], [], () => [f.splat(value)]);
}
