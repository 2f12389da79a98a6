/** Embedding: a row of a table for each whole number. With maskZero the number 0 means "no step". */
import { UnrollError } from "../core/errors.ts";
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
  checkData(config, [ids], name) {
    const at = ids!.data.findIndex((id) => !(id > -1 && id < config.inputDim));
    if (at === -1) return;
    throw new UnrollError({
      code: "data",
      path: name,
      expected: `every number must be one of the ${config.inputDim} from 0 to ${config.inputDim - 1} (inputDim = ${config.inputDim})`,
      received: `number ${at + 1} = ${ids!.data[at]}`,
      hint: "Set inputDim to the largest number + 1.",
    });
  },
  outputSizes: (config, [input]) => [[...input!, letter("d", config.outputDim, "vector size", "option outputDim")]],
  compute: ({ config, inputs: [ids], weights }) => ({
    outputs: [gather(weights.embeddings!, ids!)],
    masks: [config.maskZero ? map([ids!], ([id]) => one.minus(id!.equals(0))) : undefined],
  }),
});
