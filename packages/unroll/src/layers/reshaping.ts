/** Layers that only move values: Flatten, Reshape, Permute, RepeatVector, ZeroPadding1D, Cropping1D, UpSampling1D. */
import { UnrollError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import { constant, type Expr, letter } from "../equations/expr.ts";
import { broadcastTo, pad, reshape, slice, transpose, view } from "../program/builder.ts";
import { defineLayer, type Sizes } from "./contract.ts";
import * as fields from "./fields.ts";
import { shapeOf, sizeValue } from "./sizes.ts";
import { dataFormat } from "./window-fields.ts";
import { valueChannelsLast } from "./windows.ts";

function product(sizes: Sizes): Expr {
  return sizes.length === 0 ? constant(1) : sizes.reduce((result, size) => result.times(size));
}

export const flatten = defineLayer({
  className: "Flatten",
  doc: "All values of an example in one row.",
  fields: {
    dataFormat,
  },
  outputSizes: (_, [input]) => [[input![0]!, product(input!.slice(1))]],
  compute({ config, inputs: [x] }) {
    const last = x!.shape.length > 2 ? valueChannelsLast(x!, config.dataFormat) : x!;
    return { outputs: [reshape(last, [x!.shape[0]!, sizeOf(x!.shape.slice(1))])] };
  },
});

function checkTarget(value: unknown, where: string, option: string): readonly number[] {
  const good = (size: unknown): boolean =>
    typeof size === "number" && Number.isInteger(size) && (size > 0 || size === -1) && size <= fields.largestInteger;
  if (Array.isArray(value) && value.every(good) && value.filter((size) => size === -1).length <= 1) return value;
  throw fields.badOption(where, option, "a list of positive whole numbers; one may be -1 for the rest", value);
}

export const reshapeLayer = defineLayer({
  className: "Reshape",
  doc: "The same values in another shape.",
  fields: { targetShape: fields.requiredAny<readonly number[]>("The new shape without the batch axis.", checkTarget) },
  outputSizes({ targetShape }, [input], _, name) {
    const total = product(input!.slice(1));
    const known = sizeOf(targetShape.filter((size) => size !== -1));
    const count = sizeValue(total);
    if (count !== null && (targetShape.includes(-1) ? count % known !== 0 : count !== known)) {
      throw new UnrollError({
        code: "shape",
        path: name,
        expected: `targetShape must hold the input's ${count} values`,
        received: `targetShape = ${formatShape(targetShape)}, input shape = ${formatShape(shapeOf(input!))}`,
      });
    }
    const size = (value: number, axis: number): Expr =>
      value === -1
        ? known === 1
          ? total
          : total.over(constant(known))
        : letter(`r_${axis + 1}`, value, `size ${axis + 1}`, "option targetShape");
    return [[input![0]!, ...targetShape.map(size)]];
  },
  compute({ config, inputs: [x] }) {
    const [batch, ...rest] = x!.shape as [number, ...number[]];
    const known = sizeOf(config.targetShape.filter((size) => size !== -1));
    return {
      outputs: [reshape(x!, [batch, ...config.targetShape.map((size) => (size === -1 ? sizeOf(rest) / known : size))])],
    };
  },
});

function checkDims(value: unknown, where: string, option: string): readonly number[] {
  if (Array.isArray(value) && [...value].sort((a, b) => a - b).every((axis, index) => axis === index + 1)) return value;
  throw fields.badOption(where, option, "the axes 1, 2, ... in another order (0 is the batch)", value);
}

export const permute = defineLayer({
  className: "Permute",
  doc: "The axes in another order; the batch stays first.",
  fields: { dims: fields.requiredAny<readonly number[]>("Axes counted from 1, for instance [2, 1].", checkDims) },
  inputRank: { min: 2 },
  outputSizes({ dims }, [input], _, name) {
    if (dims.length !== input!.length - 1) {
      throw new UnrollError({
        code: "shape",
        path: name,
        expected: `dims must name each of the input's ${input!.length - 1} axes behind the batch`,
        received: `dims = [${dims}], input shape = ${formatShape(shapeOf(input!))}`,
      });
    }
    return [[input![0]!, ...dims.map((axis) => input![axis]!)]];
  },
  compute: ({ config, inputs: [x] }) => ({ outputs: [transpose(x!, [0, ...config.dims])] }),
});

export const repeatVector = defineLayer({
  className: "RepeatVector",
  doc: "The same vector at each of n timesteps.",
  fields: { n: fields.positiveInteger("How many timesteps.") },
  inputRank: { min: 2, max: 2 },
  outputSizes: ({ n }, [input]) => [[input![0]!, letter("n", n, "repetitions", "option n"), input![1]!]],
  compute({ config, inputs: [x] }) {
    const [batch, features] = x!.shape as [number, number];
    return { outputs: [broadcastTo(reshape(x!, [batch, 1, features]), [batch, config.n, features])] };
  },
});

/** One number for both sides, or two. */
function checkSides(value: unknown, where: string, option: string): readonly number[] {
  const list = Array.isArray(value) ? value : [value, value];
  if (list.length === 2 && list.every((entry) => typeof entry === "number" && Number.isInteger(entry) && entry >= 0)) {
    return list;
  }
  throw fields.badOption(where, option, "a whole number, zero or more, or two of them (before and after)", value);
}

/* @__NO_SIDE_EFFECTS__ */
function sidesField(doc: string): fields.Field<readonly number[], number | readonly number[]> {
  return { kind: "integers", doc, default: [1, 1], check: checkSides };
}

export const zeroPadding1d = defineLayer({
  className: "ZeroPadding1D",
  doc: "Zeros before and after the timesteps.",
  fields: { padding: sidesField("Steps to add: before and after."), dataFormat },
  inputRank: { min: 3, max: 3 },
  outputSizes({ padding: [before, after], dataFormat: format }, [input]) {
    const axis = format === "channels_last" ? 1 : 2;
    const added = letter("p", before! + after!, "steps added", "option padding");
    return [input!.map((size, index) => (index === axis ? size.plus(added) : size))];
  },
  compute({ config: { padding, dataFormat: format }, inputs: [x] }) {
    const axis = format === "channels_last" ? 1 : 2;
    const at = (steps: number): number[] => x!.shape.map((_, index) => (index === axis ? steps : 0));
    return { outputs: [pad(x!, at(padding[0]!), at(padding[1]!))] };
  },
});

export const cropping1d = defineLayer({
  className: "Cropping1D",
  doc: "Cuts timesteps off the ends.",
  fields: { cropping: sidesField("Steps to cut: before and after.") },
  inputRank: { min: 3, max: 3 },
  outputSizes({ cropping: [before, after] }, [input], _, name) {
    const kept = input![1]!.minus(letter("c", before! + after!, "steps cut", "option cropping"));
    if ((sizeValue(kept) ?? 1) <= 0) {
      throw new UnrollError({
        code: "shape",
        path: name,
        expected: `cropping cuts ${before! + after!} steps, all that the input has`,
        received: `input shape = ${formatShape(shapeOf(input!))}`,
      });
    }
    return [[input![0]!, kept, input![2]!]];
  },
  compute: ({ config: { cropping }, inputs: [x] }) => ({
    outputs: [slice(x!, 1, cropping[0]!, x!.shape[1]! - cropping[1]!)],
  }),
});

export const upSampling1d = defineLayer({
  className: "UpSampling1D",
  doc: "Every timestep several times in a row.",
  fields: { size: fields.integer("How many times.", 2) },
  inputRank: { min: 3, max: 3 },
  outputSizes: ({ size }, [input]) => [
    [input![0]!, input![1]!.times(letter("n", size, "repetitions", "option size")), input![2]!],
  ],
  compute({ config: { size }, inputs: [x] }) {
    const [batch, steps, features] = x!.shape as [number, number, number];
    const repeated = view(x!, [batch, steps, size, features], [steps * features, features, 0, 1]);
    return { outputs: [reshape(repeated, [batch, steps * size, features])] };
  },
});
