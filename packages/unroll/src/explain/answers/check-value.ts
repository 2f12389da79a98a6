/**
 * Checks a value that was worked out by hand: a gate, a state, a layer's output or a prediction, against the by-hand
 * evaluation. A wrong one is explained by evaluating the equations with slips put in.
 */
import type { Model } from "../../model/model.ts";
import { findValue, type ValueQuestion } from "./asked-value.ts";
import { findValueSlips, type ValueFinding } from "./search-values.ts";
import { compareWritten } from "./written-number.ts";

/** Which value, and what the learner has for it. */
export interface ValueAnswer extends ValueQuestion {
  /** As written: the number of its decimals says how far it was rounded. */
  readonly value: number | string;
}

/** What is right or wrong about a value or a gradient, and which slips give it. */
export interface ValueCheck {
  readonly kind: "value" | "gradient";
  readonly layer: string;
  /** "f", "output", "∂L/∂kernel[0, 1]" */
  readonly name: string;
  readonly given: number;
  /** float64, by hand. */
  readonly expected: number;
  /** Right to the decimals that are written. */
  readonly right: boolean;
  /** Significant digits of the answer that agree. */
  readonly digits: number;
  /** Significant digits that are written. */
  readonly written: number;
  /** Ways to a wrong value, the most plausible first; equally plausible ones are all there. */
  readonly findings: readonly ValueFinding[];
}

/**
 * Says whether a value is right within the rounding it is written with, how many digits agree, and which slips give it.
 *
 * @throws UnrollError `unknown-name`, `data` where there is no such value, `shape` when `x` does not fit
 * @example checkValue(model, { layer: "lstm", gate: "f", timestep: 2, unit: 0, value: "0.717", x })
 */
export function checkValue(model: Model, answer: ValueAnswer): ValueCheck {
  const asked = findValue(model, answer);
  const compared = compareWritten(answer.value, asked.expected);
  return {
    kind: "value",
    layer: asked.layer.name,
    name: asked.name,
    ...compared,
    findings: compared.right ? [] : findValueSlips(asked, answer.value),
  };
}
