/** ZeroPadding2D, Cropping2D, UpSampling2D: as their one-dimensional kin, over height and width. */
import { UnrollError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { type Expr, letter } from "../equations/expr.ts";
import { pad, reshape, slice, view } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { defineLayer, type Sizes } from "./contract.ts";
import * as fields from "./fields.ts";
import { shapeOf, sizeValue } from "./sizes.ts";
import { dataFormat } from "./window-fields.ts";
import { channelsBack, channelsLast, type DataFormat, valueChannelsBack, valueChannelsLast } from "./windows.ts";

/** Before and after, of height and of width. */
type Sides = readonly (readonly [number, number])[];

/** One number for all sides, one for each axis, or a pair for each axis. */
/* @__NO_SIDE_EFFECTS__ */
function sidesField(doc: string): fields.Field<Sides, number | readonly (number | readonly number[])[]> {
  const whole = (entry: unknown): entry is number => typeof entry === "number" && Number.isInteger(entry) && entry >= 0;
  return {
    kind: "any",
    doc,
    default: [
      [1, 1],
      [1, 1],
    ],
    check(value, where, option) {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value, value];
      const pairs = list.map((entry) => (Array.isArray(entry) ? entry : [entry, entry]));
      if (pairs.length === 2 && pairs.every((pair) => pair.length === 2 && pair.every(whole))) {
        return pairs as unknown as Sides; // two whole numbers each, as just checked
      }
      throw fields.badOption(where, option, "a whole number, two of them, or two pairs (before and after)", value);
    },
  };
}

/** The sizes with height and width changed. */
function resized(input: Sizes, format: DataFormat, change: (size: Expr, axis: number) => Expr): Sizes {
  const sizes = channelsLast(input, format);
  return channelsBack(
    sizes.map((size, axis) => (axis === 1 || axis === 2 ? change(size, axis - 1) : size)),
    format,
  );
}

/** Works on `[batch, height, width, channels]`, whatever the format. */
function onImage(x: Value, format: DataFormat, change: (image: Value) => Value): Value {
  return valueChannelsBack(change(valueChannelsLast(x, format)), format);
}

const sum = (pair: readonly [number, number]): number => pair[0] + pair[1];

export const zeroPadding2d = defineLayer({
  className: "ZeroPadding2D",
  doc: "Zeros around an image.",
  fields: { padding: sidesField("Rows and columns to add: before and after."), dataFormat },
  inputRank: { min: 4, max: 4 },
  outputSizes: ({ padding, dataFormat: format }, [input]) => [
    resized(input!, format, (size, axis) =>
      size.plus(letter(`p_${axis + 1}`, sum(padding[axis]!), "steps added", "option padding")),
    ),
  ],
  compute: ({ config: { padding, dataFormat: format }, inputs: [x] }) => ({
    outputs: [
      onImage(x!, format, (image) =>
        pad(image, [0, ...padding.map(([before]) => before), 0], [0, ...padding.map(([, after]) => after), 0]),
      ),
    ],
  }),
});

export const cropping2d = defineLayer({
  className: "Cropping2D",
  doc: "Cuts the edges of an image off.",
  fields: { cropping: sidesField("Rows and columns to cut: before and after."), dataFormat },
  inputRank: { min: 4, max: 4 },
  outputSizes({ cropping, dataFormat: format }, [input], _, name) {
    const sizes = resized(input!, format, (size, axis) =>
      size.minus(letter(`c_${axis + 1}`, sum(cropping[axis]!), "steps cut", "option cropping")),
    );
    if (sizes.every((size) => (sizeValue(size) ?? 1) > 0)) return [sizes];
    throw new UnrollError({
      code: "shape",
      path: name,
      expected: "cropping cuts off all that the input has",
      received: `input shape = ${formatShape(shapeOf(input!))}`,
    });
  },
  compute: ({ config: { cropping, dataFormat: format }, inputs: [x] }) => ({
    outputs: [
      onImage(x!, format, (image) => {
        const [[top, bottom], [left, right]] = cropping as readonly [
          readonly [number, number],
          readonly [number, number],
        ]; // as checked
        const rows = slice(image, 1, top, image.shape[1]! - bottom);
        return slice(rows, 2, left, image.shape[2]! - right);
      }),
    ],
  }),
});

export const upSampling2d = defineLayer({
  className: "UpSampling2D",
  doc: "Every row and column several times in a row.",
  fields: {
    size: fields.integers("How many times.", 2, [2, 2]),
    dataFormat,
    interpolation: fields.choice("How new values come about; only nearest is computed.", ["nearest"], "nearest"),
  },
  inputRank: { min: 4, max: 4 },
  outputSizes: ({ size, dataFormat: format }, [input]) => [
    resized(input!, format, (length, axis) =>
      length.times(letter(`n_${axis + 1}`, size[axis]!, "repetitions", "option size")),
    ),
  ],
  compute: ({ config: { size, dataFormat: format }, inputs: [x] }) => ({
    outputs: [
      onImage(x!, format, (image) => {
        const [batch, height, width, channels] = image.shape as [number, number, number, number];
        const [down, across] = size as readonly [number, number]; // as its field checks
        const row = width * channels;
        const repeated = view(
          image,
          [batch, height, down, width, across, channels],
          [height * row, row, 0, channels, 0, 1],
        );
        return reshape(repeated, [batch, height * down, width * across, channels]);
      }),
    ],
  }),
});
