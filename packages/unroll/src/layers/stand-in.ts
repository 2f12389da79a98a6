/**
 * A layer whose sizes are known and whose computation is not: Python code that is never run (Lambda, layers of a notebook's
 * own), or a class that is not built here (text vectorisation). It has its row in a summary, and refuses to compute.
 */
import { UnrollError } from "../core/errors.ts";
import { letter } from "../equations/expr.ts";
import { defineLayer, type LayerType, type Sizes, type WeightSpec } from "./contract.ts";
import * as fields from "./fields.ts";
import { checkInitializer } from "./initializers.ts";

const zeros = checkInitializer("zeros", "", "");

/** Shapes of at most this many axes are taken. */
const mostAxes = 16;

const standInFields = {
  params: fields.integer("How many numbers training changes.", 0, { least: 0 }),
  fixedParams: fields.integer("How many numbers it keeps besides.", 0, { least: 0 }),
  outputShapes: fields.requiredAny<readonly (readonly (number | null)[])[]>("One shape for each output.", checkShapes),
  reason: fields.any<string>("Why it cannot compute, as a clause.", "its code is not read", (value, where, option) => {
    if (typeof value === "string") return value;
    throw fields.badOption(where, option, "a text", value);
  }),
};

function checkShapes(value: unknown, where: string, option: string): readonly (readonly (number | null)[])[] {
  const isSize = (size: unknown): boolean =>
    size === null || (Number.isInteger(size) && (size as number) >= 0 && (size as number) <= fields.largestInteger); // a whole number, as just asked
  const isShape = (shape: unknown): boolean =>
    Array.isArray(shape) && shape.length > 0 && shape.length <= mostAxes && shape.every(isSize);
  if (Array.isArray(value) && value.length > 0 && value.every(isShape)) return value;
  throw fields.badOption(where, option, "a list of shapes, batch first", value);
}

/** The type of a stand-in for layers of this class. */
export function standIn(className: string): LayerType {
  const type = defineLayer({
    className,
    doc: "Has the sizes of a layer that cannot be computed here.",
    fields: standInFields,
    inputCount: { min: 0 },
    sizesOnly: true,
    weights: ({ params, fixedParams }) =>
      [arrayOf("numbers", params, true), arrayOf("kept", fixedParams, false)].flat(),
    outputSizes: ({ outputShapes }, inputs) => outputShapes.map((shape) => sizesOf(shape, inputs[0])),
    compute({ name, config }) {
      throw new UnrollError({
        code: "unsupported",
        path: name,
        expected: `this ${className} has sizes only and cannot compute: ${config.reason}`,
        hint: "Write it as layers, or define it with defineLayer.",
      });
    },
  });
  // As every type in the list of layers: what reads it asks the type itself for its options.
  return type as unknown as LayerType;
}

function arrayOf(name: string, count: number, trainable: boolean): WeightSpec[] {
  if (count === 0) return [];
  return [
    {
      name,
      shape: [letter("n", count, "numbers", "what the code or its printed table tells")],
      initializer: zeros,
      trainable,
    },
  ];
}

/** A batch that is None is that of the input. */
function sizesOf(shape: readonly (number | null)[], input: Sizes | undefined): Sizes {
  return shape.map((size, axis) =>
    axis === 0 && size === null && input !== undefined
      ? input[0]!
      : letter(
          axis === 0 ? "B" : `o_${axis}`,
          size,
          axis === 0 ? "batch" : "size",
          "what the code or its printed table tells",
        ),
  );
}
