/** Activations as a layer's option: a Keras name, or a function of one's own. The functions themselves are in equations/. */
import { didYouMean, UnrollError } from "../core/errors.ts";
import { activationNamed, activationNames } from "../equations/activations.ts";
import { apply, type NamedFunction } from "../equations/expr.ts";
import { map } from "../program/builder.ts";
import type { Value } from "../program/program.ts";

type Config = Readonly<Record<string, unknown>>;

/** A layer that is a function of each value, for its function: `activation: layers.leakyReLU({ negativeSlope: 0.1 })`. */
export interface FunctionLayer {
  readonly type: { readonly className: string; functionOf?(config: Config, name: string): NamedFunction };
  readonly config: Config;
}

/** The function of a layer that was given. */
export interface LayerFunction extends NamedFunction {
  /** With which files and code write it. */
  readonly layer: FunctionLayer;
}

/** A name, as Keras spells it ("hard_sigmoid"), or a function with a name of its own. */
export type ActivationSpec = string | NamedFunction;

/** The option's value as the config keeps it; null is "linear". Throws UnrollError `option`. */
export function checkActivation(value: unknown, where: string, option: string): ActivationSpec {
  if (value === null) return "linear";
  if (isNamedFunction(value)) return value;
  if (isFunctionLayer(value)) {
    const { type, config } = value;
    const toJSON = () => ({ className: type.className, config });
    return { ...type.functionOf(config, where), layer: { type, config, toJSON } } as LayerFunction;
  }
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

/** Told by its form: layers are made of their options, and so import this file. */
function isFunctionLayer(value: unknown): value is { type: Required<FunctionLayer["type"]>; config: Config } {
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  return typeof type === "object" && type !== null && "functionOf" in type;
}

export function isLayerFunction(value: unknown): value is LayerFunction {
  return isNamedFunction(value) && "layer" in value;
}

export function activationFunction(spec: ActivationSpec): NamedFunction {
  return typeof spec === "string" ? activationNamed(spec) : spec;
}

/** The function on every element (softmax and its like: along the last axis). */
export function activate(spec: ActivationSpec, x: Value): Value {
  const fn = activationFunction(spec);
  return fn.name === "linear" ? x : map([x], ([a]) => apply(fn, a!));
}
