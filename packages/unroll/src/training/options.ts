/**
 * Losses, metrics, optimizers and schedules as a caller may name them: by a name, by an object of this library, or as
 * Keras serializes them. Here are the spelling and the checks that all four share.
 */
import { display } from "../core/display.ts";
import { didYouMean, UnrollError } from "../core/errors.ts";

/** Keras's serialized form. */
export interface KerasObjectLike {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** By a class's name and its options: as Keras serializes it, or in this library's spelling, as layers take it. */
export type NamedLike =
  | { readonly class_name: string; readonly config?: Readonly<Record<string, unknown>> }
  | { readonly className: string; readonly config?: Readonly<Record<string, unknown>> };

export type Options = Readonly<Record<string, unknown>>;

/** A `NamedLike` in Keras's spelling; undefined for anything else, such as this library's own objects. */
export function namedOf(value: unknown): KerasObjectLike | undefined {
  if (typeof value !== "object" || value === null || "kind" in value || "rate" in value) return undefined;
  const { class_name, className, config } = value as Readonly<Record<string, unknown>>; // an object, just seen
  const options = isOptions(config) ? config : {};
  if (typeof class_name === "string") return { class_name, config: options };
  return typeof className === "string" ? { class_name: className, config: kerasConfig(options) } : undefined;
}

function isOptions(value: unknown): value is Options {
  return typeof value === "object" && value !== null;
}

/** from_logits → fromLogits, beta_1 → beta1. */
export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** fromLogits → from_logits, beta1 → beta_1. */
function snakeCaseOption(name: string): string {
  return name.replaceAll(/[A-Z]|[0-9]+/g, (part) => `_${part.toLowerCase()}`);
}

/** A Keras config with this library's spelling, without the fields named in `left`. */
export function camelConfig(config: Options, left: readonly string[] = []): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config)
      .filter(([name]) => !left.includes(name))
      .map(([name, value]) => [camelCase(name), value]),
  );
}

/** A config in Keras's spelling. */
export function kerasConfig(options: Options): Record<string, unknown> {
  const spelt = (name: string): string => (name.includes("_") ? name : snakeCaseOption(name));
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [spelt(name), value]));
}

/**
 * The defaults with the given options put in.
 *
 * @throws UnrollError `option` for a name that is not among the defaults, or a value of another type.
 */
export function withDefaults<D extends Options>(path: string, defaults: D, given: Options): D {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(defaults, name)) {
      throw new UnrollError({
        code: "option",
        path,
        expected: `has no option named ${name}`,
        hint:
          didYouMean(name, Object.keys(defaults)) ?? `Its options are ${Object.keys(defaults).join(", ") || "none"}.`,
      });
    }
    const initial = defaults[name];
    if (typeof initial === typeof value || initial === null || value === null) continue;
    throw new UnrollError({
      code: "option",
      path,
      expected: `${name} must be a ${typeof initial}`,
      received: `${name} = ${display(value)}`,
    });
  }
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...defaults, ...known };
}

/** What `compile` was given where neither a name nor an object of this library is. */
export function noneOf(what: string, given: unknown, example: string): UnrollError {
  const received = typeof given === "object" && given !== null ? `an object with ${keysOf(given)}` : typeof given;
  return new UnrollError({
    code: "option",
    path: "compile",
    expected: `there is no ${what} in this`,
    received,
    hint: `Give a name or ${example}.`,
  });
}

function keysOf(given: object): string {
  return Object.keys(given).slice(0, 5).join(", ") || "nothing in it";
}

/** The error for a name that is none of `known`, with the nearest or, where none is near, all of `listed`. */
export function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  listed: readonly string[] = known,
): UnrollError {
  return new UnrollError({
    code: "unknown-name",
    path: "compile",
    expected: `there is no ${what} named ${name}`,
    hint: didYouMean(name, known) ?? `There are ${listed.join(", ")}.`,
  });
}

interface NamedRule {
  readonly className: string;
  readonly aliases: readonly string[];
}

/**
 * The same for a text that names a loss or metric: function names as Keras writes them, the shortest of each
 * where all are listed ("mse").
 */
export function unknownFunction(
  what: string,
  name: string,
  rules: ReadonlyMap<string, NamedRule>,
  more: readonly string[] = [],
): UnrollError {
  const isFunction = (one: string): boolean => one === one.toLowerCase();
  const listed = [...new Set(rules.values())].flatMap(({ aliases }) =>
    aliases
      .filter(isFunction)
      .sort((a, b) => a.length - b.length)
      .slice(0, 1),
  );
  return unknownName(what, name, [...more, ...[...rules.keys()].filter(isFunction)], [...more, ...listed]);
}

/** @throws UnrollError `option` unless it is a number within the limits. */
export function checkNumber(
  path: string,
  name: string,
  value: unknown,
  {
    least = Number.NEGATIVE_INFINITY,
    most = Number.POSITIVE_INFINITY,
    whole = false,
    above = Number.NEGATIVE_INFINITY,
  } = {},
): void {
  const good =
    typeof value === "number" &&
    value >= least &&
    value <= most &&
    value > above &&
    (!whole || Number.isInteger(value));
  if (good) return;
  const kind = whole ? "a whole number" : "a number";
  const limits = [
    ...(above === Number.NEGATIVE_INFINITY ? [] : [`above ${above}`]),
    ...(least === Number.NEGATIVE_INFINITY ? [] : [`from ${least}`]),
    ...(most === Number.POSITIVE_INFINITY ? [] : [`to ${most}`]),
  ];
  throw new UnrollError({
    code: "option",
    path,
    expected: `${name} must be ${[kind, ...limits].join(" ")}`,
    received: `${name} = ${display(value)}`,
  });
}
