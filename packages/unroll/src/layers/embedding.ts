/** Embedding: a row of a table for each whole number. With maskZero the number 0 means "no step". */
import { UnrollError } from "../core/errors.ts";
import { stridesOf } from "../core/shape.ts";
import { letter, one } from "../equations/expr.ts";
import { gather, map } from "../program/builder.ts";
import { defineLayer, type Sizes } from "./contract.ts";
import * as fields from "./fields.ts";

export const embedding = defineLayer({
  className: "Embedding",
  doc: "Looks up a trainable vector for each whole number, such as a word's.",
  fields: {
    inputDim: fields.positiveInteger("How many different numbers there are, 0 included."),
    outputDim: fields.positiveInteger("Size of a vector."),
    embeddingsInitializer: fields.initializer("First numbers of the table.", "uniform"),
    embeddingsRegularizer: fields.regularizer("Penalty on the table."),
    activityRegularizer: fields.regularizer("Penalty on the output."),
    embeddingsConstraint: fields.constraint("What the table is kept to."),
    maskZero: fields.boolean("The number 0 is padding: layers that follow skip it.", false),
  },
  weights: (config) => [
    {
      name: "embeddings",
      shape: [
        letter("V", config.inputDim, "vocabulary", "option inputDim"),
        letter("d", config.outputDim, "vector size", "option outputDim"),
      ],
      initializer: config.embeddingsInitializer,
      regularizer: config.embeddingsRegularizer,
      constraint: config.embeddingsConstraint,
    },
  ],
  checkData({ inputDim }, [ids], name) {
    const { shape, data } = ids!;
    const isKnown = (id: number): boolean => id > -1 && id < inputDim;
    const at = data.findIndex((id) => !isKnown(id));
    if (at === -1) return;
    const others = Array.from(data).filter((id) => !isKnown(id)).length - 1;
    const strides = stridesOf(shape);
    const place = shape.map((size, axis) => Math.floor(at / strides[axis]!) % size);
    throw new UnrollError({
      code: "data",
      path: name,
      expected: `every id must be one of the ${inputDim} from 0 to ${inputDim - 1} (inputDim = ${inputDim})`,
      received: `data[${place.join("][")}] = ${data[at]}${others === 0 ? "" : `, and ${others} more`}`,
      hint: idHint(data),
    });
  },
  outputSizes: (config, [input]) => [
    [...idAxes(input!), letter("d", config.outputDim, "vector size", "option outputDim")],
  ],
  compute: ({ config, inputs: [ids], weights }) => ({
    outputs: [gather(weights.embeddings!, ids!)],
    masks: [config.maskZero ? map([ids!], ([id]) => one.minus(id!.equals(0))) : undefined],
  }),
});

/** The ids of a text stand in a row over time: what is the last axis here is no axis of features. */
function idAxes(input: Sizes): Sizes {
  return input.map((size, axis) => {
    const { node } = size;
    if (input.length !== 2 || axis === 0 || node.op !== "symbol") return size;
    return letter("T", node.value ?? null, "timesteps", node.from ?? "");
  });
}

function idHint(data: ArrayLike<number>): string {
  const ids = Array.from(data);
  if (ids.some(Number.isNaN)) return "NaN is no id: fill what is missing in before.";
  if (ids.some((id) => id <= -1)) return "Ids count from 0; −1 often stands for a word that was not found.";
  const largest = ids.reduce((most, id) => Math.max(most, Math.trunc(id)), 0);
  return `The largest id is ${largest}: set inputDim to ${largest + 1}, as 0 counts too.`;
}
