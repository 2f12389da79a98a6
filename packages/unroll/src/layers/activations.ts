/** Activations as a layer's option: a Keras name, or a function of one's own. The functions themselves are in equations/. */
import { didYouMean, UnrollError } from "../core/errors.ts";
import { activationNamed, activationNames } from "../equations/activations.ts";
import { apply, type NamedFunction } from "../equations/expr.ts";
import { map } from "../program/builder.ts";
import type { Value } from "../program/program.ts";

/** A name, as Keras spells it ("hard_sigmoid"), or a function with a name of its own. */
export type ActivationSpec = string | NamedFunction;

/** The option's value as the config keeps it; null is "linear". Throws UnrollError `option`. */
export function checkActivation(value: unknown, where: string, option: string): ActivationSpec {
  if (value === null) return "linear";
  if (isNamedFunction(value)) return value;
  if (typeof value === "string") {
    try {
      return activationNamed(value).name;
    } catch (cause) {
      if (!(cause instanceof UnrollError)) throw cause;
    }
  }
  const received = typeof value === "string" ? JSON.stringify(value) : typeof value;
  throw new UnrollError({
    code: "option",
    path: where,
    expected: `${option} must be an activation`,
    received: `${option} = ${received}`,
    hint:
      (typeof value === "string" ? didYouMean(value, activationNames) : undefined) ??
      `Known are ${activationNames.join(", ")}.`,
  });
}

function isNamedFunction(value: unknown): value is NamedFunction {
  return typeof value === "object" && value !== null && "name" in value && "body" in value;
}

export function activationFunction(spec: ActivationSpec): NamedFunction {
  return typeof spec === "string" ? activationNamed(spec) : spec;
}

/** The function on every element (softmax and its like: along the last axis). */
export function activate(spec: ActivationSpec, x: Value): Value {
  const fn = activationFunction(spec);
  return fn.name === "linear" ? x : map([x], ([a]) => apply(fn, a!));
}
