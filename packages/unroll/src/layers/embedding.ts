/** Embedding: a row of a table for each whole number. With maskZero the number 0 means "no step". */
import { letter, one } from "../equations/expr.ts";
import { gather, map } from "../program/builder.ts";
import { defineLayer } from "./contract.ts";
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
  outputSizes: (config, [input]) => [[...input!, letter("d", config.outputDim, "vector size", "option outputDim")]],
  compute: ({ config, inputs: [ids], weights }) => ({
    outputs: [gather(weights.embeddings!, ids!)],
    masks: [config.maskZero ? map([ids!], ([id]) => one.minus(id!.equals(0))) : undefined],
  }),
});
