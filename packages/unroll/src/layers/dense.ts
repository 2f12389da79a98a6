/** Dense: activation(x · kernel + bias) on the last axis, whatever stands before it. */
import { letter } from "../equations/expr.ts";
import { map, matmul } from "../program/builder.ts";
import { activate } from "./activations.ts";
import { defineLayer } from "./contract.ts";
import * as fields from "./fields.ts";
import { biasOf, kernelFields } from "./kernel-bias.ts";

const unitsLetter = (units: number) => letter("u", units, "units", "option units");

export const dense = defineLayer({
  className: "Dense",
  doc: "Every output is a weighted sum of all features, through an activation.",
  fields: {
    units: fields.positiveInteger("Size of the output's last axis."),
    ...kernelFields,
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
      ...biasOf(config, units),
    ];
  },
  outputSizes: (config, [input]) => [[...input!.slice(0, -1), unitsLetter(config.units)]],
  compute({ config, inputs: [x], weights }) {
    const product = matmul(x!, weights.kernel!);
    const sum = weights.bias === undefined ? product : map([product, weights.bias], ([a, b]) => a!.plus(b!));
    return { outputs: [activate(config.activation, sum)] };
  },
});
