/** Activations as a layer's option: a Keras name or a function of one's own. The functions themselves are in equations/. */

import { UnrollError } from "../core/errors.ts";
import { apply, type Expr, type NamedFunction } from "../equations/expr.ts";
import { map } from "../program/builder.ts";
import type { Value } from "../program/program.ts";

export type ActivationSpec = string | NamedFunction;

const known: Readonly<Record<string, NamedFunction>> = {
  linear: { name: "linear", symbol: "", latex: "", body: (x: Expr) => x },
  tanh: { name: "tanh", symbol: "tanh", latex: "\\tanh", body: (x: Expr) => x.tanh() },
  sigmoid: { name: "sigmoid", symbol: "σ", latex: "\\sigma", body: (x: Expr) => x.sigmoid() },
  relu: { name: "relu", symbol: "relu", latex: "\\mathrm{relu}", body: (x: Expr) => x.max(0) },
};

export function checkActivation(value: unknown, where: string, option: string): ActivationSpec {
  if (value === null) return "linear";
  if (typeof value === "string" && value in known) return value;
  if (typeof value === "object" && "body" in value) return value as NamedFunction;
  throw new UnrollError({ code: "option", path: where, expected: `${option} must be an activation` });
}

export function activationFunction(spec: ActivationSpec): NamedFunction {
  return typeof spec === "string" ? known[spec]! : spec;
}

/** The activation on every element (softmax: along the last axis). */
export function activate(spec: ActivationSpec, x: Value): Value {
  const fn = activationFunction(spec);
  if (fn.name === "linear") return x;
  return map([x], ([a]) => apply(fn, a!));
}
