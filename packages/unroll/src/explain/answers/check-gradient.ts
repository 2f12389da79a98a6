/**
 * Checks a gradient that was worked out by hand: of one weight, or of a named value at one timestep (backpropagation through
 * time), against the backward pass in float64. A wrong one is explained by differentiating with slips put in.
 */
import type { Model } from "../../model/model.ts";
import { findGradient, type GradientQuestion } from "./asked-gradient.ts";
import type { ValueCheck } from "./check-value.ts";
import { findGradientSlips } from "./search-gradients.ts";
import { compareWritten } from "./written-number.ts";

/** Which gradient, and what the learner has for it. */
export interface GradientAnswer extends GradientQuestion {
  /** As written: the number of its decimals says how far it was rounded. */
  readonly value: number | string;
}

/**
 * Says whether a gradient is right within the rounding it is written with, and which slips give it.
 *
 * @throws UnrollError `unknown-name`, `data` where there is no such number, as `gradients` does for the data
 * @example checkGradient(model, { layer: "rnn", array: "recurrent_kernel", index: [0, 0], value: "-0.0312", x, y, loss: "mse" })
 * @example checkGradient(model, { layer: "rnn", name: "h", timestep: 2, unit: 0, value: "0.41", x, y, loss: "mse" })
 */
export function checkGradient(model: Model, answer: GradientAnswer): ValueCheck {
  const numbers = findGradient(model, answer);
  const compared = compareWritten(answer.value, numbers.expected);
  return {
    kind: "gradient",
    layer: numbers.layer,
    name: numbers.name,
    ...compared,
    findings: compared.right ? [] : findGradientSlips(numbers, answer.value),
  };
}
