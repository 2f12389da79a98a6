/** Dense: activation(x · kernel + bias) on the last axis, whatever stands before it. */
import { letter } from "../equations/expr.ts";
import { map, matmul } from "../program/builder.ts";
import { activate } from "./activations.ts";
import { defineLayer } from "./contract.ts";
import * as fields from "./fields.ts";

const unitsLetter = (units: number) => letter("u", units, "units", "option units");

export const dense = defineLayer({
  className: "Dense",
  doc: "Every output is a weighted sum of all features, through an activation.",
  fields: {
    units: fields.positiveInteger("Size of the output's last axis."),
    activation: fields.activation("Function on the output.", "linear"),
    useBias: fields.boolean("Add a trainable vector.", true),
    kernelInitializer: fields.initializer("First numbers of the kernel.", "glorot_uniform"),
    biasInitializer: fields.initializer("First numbers of the bias.", "zeros"),
    kernelRegularizer: fields.regularizer("Penalty on the kernel."),
    biasRegularizer: fields.regularizer("Penalty on the bias."),
    activityRegularizer: fields.regularizer("Penalty on the output."),
    kernelConstraint: fields.constraint("What the kernel is kept to."),
    biasConstraint: fields.constraint("What the bias is kept to."),
  },
  inputRank: { min: 2 },
  passesMask: true,
  weights(config, [input]) {
    const units = unitsLetter(config.units);
    return [
      {
        name: "kernel",
        shape: [input!.at(-1)!, units],
        initializer: config.kernelInitializer,
        regularizer: config.kernelRegularizer,
        constraint: config.kernelConstraint,
      },
      ...(config.useBias
        ? [
            {
              name: "bias",
              shape: [units],
              initializer: config.biasInitializer,
              regularizer: config.biasRegularizer,
              constraint: config.biasConstraint,
            },
          ]
        : []),
    ];
  },
  outputSizes: (config, [input]) => [[...input!.slice(0, -1), unitsLetter(config.units)]],
  compute({ config, inputs: [x], weights }) {
    const product = matmul(x!, weights.kernel!);
    const sum = weights.bias === undefined ? product : map([product, weights.bias], ([a, b]) => a!.plus(b!));
    return { outputs: [activate(config.activation, sum)] };
  },
});
