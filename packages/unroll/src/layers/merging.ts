/** Layers that make one tensor of several: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot. */
import { UnrollError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import { constant, type Expr, select } from "../equations/expr.ts";
import { broadcastTo, concat, filled, map, matmul, reduce, reshape, transpose } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { defineLayer, type LayerType, type Sizes } from "./contract.ts";
import * as fields from "./fields.ts";
import { shapeOf, sizeValue } from "./sizes.ts";

function misfit(name: string, rule: string, inputs: readonly Sizes[], hint?: string): UnrollError {
  return new UnrollError({
    code: "shape",
    path: name,
    expected: rule,
    received: `shapes = ${inputs.map((sizes) => formatShape(shapeOf(sizes))).join(", ")}`,
    hint,
  });
}

/** Inputs of fewer axes get axes of size 1 behind the batch, as in Keras. */
function widened<T>(sizes: readonly T[], rank: number, filler: T): readonly T[] {
  return [sizes[0]!, ...new Array<T>(rank - sizes.length).fill(filler), ...sizes.slice(1)];
}

function broadcastSizes(inputs: readonly Sizes[], name: string): Sizes {
  const rank = Math.max(...inputs.map((sizes) => sizes.length));
  const wide = inputs.map((sizes) => widened(sizes, rank, constant(1)));
  return wide[0]!.map((_, axis) => {
    let result = wide[0]![axis]!;
    for (const { [axis]: size } of wide.slice(1)) {
      const [a, b] = [sizeValue(result), sizeValue(size!)];
      if (a === 1 || (a === null && b !== null && b !== 1)) result = size!;
      else if (a !== b && b !== 1 && a !== null && b !== null) {
        throw misfit(name, "inputs must have the same shape (or size 1 where they differ)", inputs);
      }
    }
    return result;
  });
}

/** How inputs become one value; a mask is 1 where its input's step counts, and undefined where all do. */
type Join = (values: readonly Expr[], masks: readonly (Expr | undefined)[]) => Expr;

/** A merge of two or more inputs, value by value. */
/* @__NO_SIDE_EFFECTS__ */
function mergeLayer(
  className: string,
  doc: string,
  join: Join,
  { seesMasks = false, most }: { seesMasks?: boolean; most?: number } = {},
): LayerType<Record<never, never>> {
  return defineLayer({
    className,
    doc,
    fields: {},
    inputCount: most === undefined ? { min: 2 } : { min: 2, max: most },
    outputSizes: (_, inputs, __, name) => [broadcastSizes(inputs, name)],
    compute({ inputs, masks }) {
      const rank = Math.max(...inputs.map(({ shape }) => shape.length));
      const wide = inputs.map((x) => (x.shape.length === rank ? x : reshape(x, widened(x.shape, rank, 1))));
      const columns = masks.map((mask, index) => (seesMasks ? columnOf(mask, wide[index]!) : undefined));
      const output = map([...wide, ...columns.filter((column) => column !== undefined)], (symbols) => {
        let next = wide.length;
        return join(
          symbols.slice(0, wide.length),
          columns.map((column) => (column === undefined ? undefined : symbols[next++]!)),
        );
      });
      return { outputs: [output], masks: [anyOf(masks)] };
    },
  });
}

/** A mask `[batch, timesteps]` with axes of size 1 behind, to stand beside its input. */
function columnOf(mask: Value | undefined, { shape }: Value): Value | undefined {
  if (mask === undefined || mask.shape.length >= shape.length) return undefined;
  return reshape(mask, [...mask.shape, ...new Array<number>(shape.length - mask.shape.length).fill(1)]);
}

/** A step counts where any input's step counts; unless all inputs have masks there is none. */
function anyOf(masks: readonly (Value | undefined)[]): Value | undefined {
  const present = masks.filter((mask) => mask !== undefined);
  if (present.length < masks.length) return undefined;
  return map(present, (steps) => steps.reduce((a, b) => a.max(b)));
}

const sum = (values: readonly Expr[]): Expr => values.reduce((a, b) => a.plus(b));

export const add = mergeLayer("Add", "The sum of the inputs.", sum);
/** As in Keras 3, a masked step counts as 1 in a product, and the product is 0 where no input's step counts. */
function productWithMasks(values: readonly Expr[], masks: readonly (Expr | undefined)[]): Expr {
  const one = constant(1);
  const product = values
    .map((value, index) => (masks[index] === undefined ? value : select(masks[index], value, one)))
    .reduce((a, b) => a.times(b));
  const present = masks.filter((mask) => mask !== undefined);
  if (present.length < masks.length) return product;
  return select(
    present.reduce((a, b) => a.max(b)),
    product,
    constant(0),
  );
}

/** As in Keras 3, a masked step takes no part: the value on the other side stands for it. */
/* @__NO_SIDE_EFFECTS__ */
function extremeWithMasks(
  values: readonly Expr[],
  masks: readonly (Expr | undefined)[],
  extreme: (a: Expr, b: Expr) => Expr,
): Expr {
  let [result, mask] = [values[0]!, masks[0]];
  for (const [index, value] of values.entries()) {
    if (index === 0) continue;
    const own = masks[index];
    const other = own === undefined ? value : select(own, value, result);
    if (mask !== undefined) result = select(mask, result, other);
    mask = own === undefined || mask === undefined ? undefined : mask.max(own);
    result = extreme(result, other);
  }
  return result;
}

export const multiply = mergeLayer("Multiply", "The product of the inputs, value by value.", productWithMasks, {
  seesMasks: true,
});
export const average = mergeLayer("Average", "The mean of the inputs.", (values) => sum(values).over(values.length));
export const maximum = mergeLayer(
  "Maximum",
  "The largest of the inputs.",
  (values, masks) => extremeWithMasks(values, masks, (a, b) => a.max(b)),
  { seesMasks: true },
);
export const minimum = mergeLayer(
  "Minimum",
  "The smallest of the inputs.",
  (values, masks) => extremeWithMasks(values, masks, (a, b) => a.min(b)),
  { seesMasks: true },
);
export const subtract = mergeLayer("Subtract", "The first input minus the second.", ([a, b]) => a!.minus(b!), {
  most: 2,
});

export const concatenate = defineLayer({
  className: "Concatenate",
  doc: "The inputs side by side along an axis.",
  fields: { axis: fields.axis("Axis, counted from the end when negative; 0 is the batch.", -1) },
  inputCount: { min: 2 },
  outputSizes({ axis }, inputs, _, name) {
    const rank = inputs[0]!.length;
    const at = axis < 0 ? axis + rank : axis;
    const fits = inputs.every(
      (sizes) =>
        sizes.length === rank &&
        sizes.every((size, i) => {
          const [a, b] = [sizeValue(size), sizeValue(inputs[0]![i]!)];
          return i === at || a === null || b === null || a === b;
        }),
    );
    if (!fits || at < 0 || at >= rank) {
      throw misfit(name, `inputs must have the same shape except along axis ${axis}`, inputs);
    }
    return [
      inputs[0]!.map((size, i) => {
        if (i === at) return inputs.map((sizes) => sizes[at]!).reduce((a, b) => a.plus(b));
        return inputs.map((sizes) => sizes[i]!).find((other) => sizeValue(other) !== null) ?? size;
      }),
    ];
  },
  compute({ config, inputs, masks }) {
    const rank = inputs[0]!.shape.length;
    const axis = config.axis < 0 ? config.axis + rank : config.axis;
    return { outputs: [concat(inputs, axis)], masks: [concatMasks(inputs, masks, axis)] };
  },
});

/** Keras: the masks as wide as their inputs (ones where there is none) side by side; a step counts if any value of it does. */
function concatMasks(inputs: readonly Value[], masks: readonly (Value | undefined)[], axis: number): Value | undefined {
  if (masks.every((mask) => mask === undefined)) return undefined;
  const wide = inputs.map((x, index) => {
    const mask = masks[index];
    if (mask === undefined) return filled(x.shape, 1);
    const missing = x.shape.length - mask.shape.length;
    return missing === 0
      ? mask
      : broadcastTo(reshape(mask, [...mask.shape, ...new Array<number>(missing).fill(1)]), x.shape);
  });
  const all = concat(wide, axis);
  const last = all.shape.length - 1;
  return reshape(reduce("max", all, [last]), all.shape.slice(0, last));
}

type Axes = number | readonly number[];

function checkDotAxes(value: unknown, where: string, option: string): Axes {
  const integer = (entry: unknown): boolean => Number.isInteger(entry) && entry !== 0;
  if (integer(value)) return value as number; // an integer
  if (Array.isArray(value) && value.length === 2 && value.every(integer)) return value;
  throw fields.badOption(where, option, "an axis or two axes, none of them 0 (the batch)", value);
}

/** The summed axis of each input, counted from the front. */
function dotAxes(axes: Axes, ranks: readonly number[]): [number, number] {
  const list = typeof axes === "number" ? [axes, axes] : axes;
  const at = (index: number): number => (list[index]! < 0 ? list[index]! + ranks[index]! : list[index]!);
  return [at(0), at(1)];
}

const without = <T>(list: readonly T[], ...dropped: number[]): T[] => list.filter((_, i) => !dropped.includes(i));

export const dot = defineLayer({
  className: "Dot",
  doc: "Sums of products of two inputs along an axis of each.",
  fields: {
    axes: fields.requiredAny<Axes>("The axis to sum over, or one for each input.", checkDotAxes),
    normalize: fields.boolean("Scale both to length 1 along the axis first: cosine similarity.", false),
  },
  inputCount: { min: 2, max: 2 },
  inputRank: { min: 2 },
  outputSizes({ axes }, inputs, _, name) {
    const [a, b] = inputs as [Sizes, Sizes];
    const [axisA, axisB] = dotAxes(axes, [a.length, b.length]);
    const [sizeA, sizeB] = [a[axisA], b[axisB]].map((size) => (size === undefined ? undefined : sizeValue(size)));
    if (sizeA === undefined || sizeB === undefined || (sizeA !== null && sizeB !== null && sizeA !== sizeB)) {
      throw misfit(name, `axes ${JSON.stringify(axes)} must have the same size in both inputs`, inputs);
    }
    const rest = [...without(a, axisA), ...without(b, 0, axisB)];
    return [rest.length === 1 ? [rest[0]!, constant(1)] : rest];
  },
  compute({ config, inputs }) {
    const [a, b] = inputs as [Value, Value];
    const [axisA, axisB] = dotAxes(config.axes, [a.shape.length, b.shape.length]);
    const rows = rowsAlong(config.normalize ? unitLength(a, axisA) : a, axisA);
    const columns = rowsAlong(config.normalize ? unitLength(b, axisB) : b, axisB);
    const rest = [...without(a.shape, axisA), ...without(b.shape, 0, axisB)];
    const product = matmul(rows, columns, { transposeB: true });
    return { outputs: [reshape(product, rest.length === 1 ? [rest[0]!, 1] : rest)], masks: [undefined] };
  },
});

/** `[batch, everything else, axis]` */
function rowsAlong(x: Value, axis: number): Value {
  const others = without(
    x.shape.map((_, i) => i),
    0,
    axis,
  );
  const turned = axis === x.shape.length - 1 ? x : transpose(x, [0, ...others, axis]);
  return reshape(turned, [x.shape[0]!, sizeOf(others.map((i) => x.shape[i]!)), x.shape[axis]!]);
}

/** Keras's normalize: a vector of zeros stays zero. */
function unitLength(x: Value, axis: number): Value {
  const squares = reduce(
    "sum",
    map([x], ([value]) => value!.squared()),
    [axis],
  );
  return map([x, squares], ([value, square]) => value!.over(square!.sqrt().max(1e-7)));
}
