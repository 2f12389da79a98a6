/** Checks of what a layer is called with: how many inputs, of how many axes. */
import { UnrollError } from "../core/errors.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { LayerType } from "./contract.ts";

/** True for one shape, false for a list of shapes (an empty one has no shapes). */
export function isShape(shape: Shape | readonly Shape[]): shape is Shape {
  return shape.length > 0 && !Array.isArray(shape[0]);
}

const axesByRank: Readonly<Record<number, string>> = {
  2: "[batch, features]",
  3: "[batch, timesteps, features]",
  4: "[batch, height, width, channels]",
};

/** @throws UnrollError `shape` when count, ranks or sizes cannot be. */
export function checkInputs(type: LayerType, name: string, shapes: readonly Shape[]): void {
  checkCount(type, name, shapes);
  for (const shape of shapes) {
    checkRank(type, name, shape);
    const bad = shape.find((size) => size !== null && (!Number.isInteger(size) || size < 0));
    if (bad !== undefined) {
      throw new UnrollError({
        code: "shape",
        path: name,
        expected: "every size of a shape must be a whole number, zero or more, or null",
        received: `shape = ${formatShape(shape)}`,
      });
    }
  }
}

function checkCount(type: LayerType, name: string, shapes: readonly Shape[]): void {
  const { min, max = Number.POSITIVE_INFINITY } = type.inputCount ?? { min: 1, max: 1 };
  if (shapes.length >= min && shapes.length <= max) return;
  const wanted = min === max ? String(min) : max === Number.POSITIVE_INFINITY ? `${min} or more` : `${min} to ${max}`;
  throw new UnrollError({
    code: "graph",
    path: name,
    expected: `${type.className} takes ${wanted} input${wanted === "1" ? "" : "s"}`,
    received: `${shapes.length} inputs: ${shapes.map(formatShape).join(", ")}`,
    hint: max === 1 && shapes.length > 1 ? severalHint(type) : undefined,
  });
}

function severalHint(type: LayerType): string {
  return type.stateSizes === undefined
    ? "Merge them first, for instance with concatenate."
    : "Give states as the option initialState: apply(x, { initialState: [h] }).";
}

function checkRank(type: LayerType, name: string, shape: Shape): void {
  const { min, max = Number.POSITIVE_INFINITY } = type.inputRank ?? { min: 1 };
  if (shape.length >= min && shape.length <= max) return;
  const axes = axesByRank[min];
  const wanted =
    min === max
      ? `${min} axes${axes === undefined ? "" : ` ${axes}`}`
      : `${min} axes or more${max === Number.POSITIVE_INFINITY ? "" : `, up to ${max}`}`;
  throw new UnrollError({
    code: "shape",
    path: name,
    expected: `input must have ${wanted}`,
    received: `shape = ${formatShape(shape)}, ${shape.length} ${shape.length === 1 ? "axis" : "axes"}`,
    hint: rankHint(shape, min),
  });
}

function rankHint(shape: Shape, wanted: number): string | undefined {
  if (wanted === 3 && shape.length === 2) {
    return "A sequence has an axis of timesteps: reshape the data, or set returnSequences: true in the recurrent layer before.";
  }
  if (wanted === 3 && shape.length === 4)
    return "Is there one axis too many? The batch axis is not part of an input's shape.";
  return undefined;
}
