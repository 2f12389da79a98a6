/** What layers with one kernel and one bias have in common: their options in Keras's order, and the bias as an array. */
import type { Expr } from "../equations/expr.ts";
import type { WeightSpec } from "./contract.ts";
import * as fields from "./fields.ts";

export const kernelFields = {
  activation: fields.activation("Function on the output.", "linear"),
  useBias: fields.boolean("Add a trainable vector.", true),
  kernelInitializer: fields.initializer("First numbers of the kernel.", "glorot_uniform"),
  biasInitializer: fields.initializer("First numbers of the bias.", "zeros"),
  kernelRegularizer: fields.regularizer("Penalty on the kernel."),
  biasRegularizer: fields.regularizer("Penalty on the bias."),
  activityRegularizer: fields.regularizer("Penalty on the output."),
  kernelConstraint: fields.constraint("What the kernel is kept to."),
  biasConstraint: fields.constraint("What the bias is kept to."),
};

/** The bias of so many numbers, where the options want one. */
export function biasOf(
  config: Pick<
    fields.ConfigOf<typeof kernelFields>,
    "useBias" | "biasInitializer" | "biasRegularizer" | "biasConstraint"
  >,
  size: Expr,
): WeightSpec[] {
  if (!config.useBias) return [];
  return [
    {
      name: "bias",
      shape: [size],
      initializer: config.biasInitializer,
      regularizer: config.biasRegularizer,
      constraint: config.biasConstraint,
    },
  ];
}
