/**
 * Option kinds. A layer states each option once, with its check, default and words; types, help texts, the lab's controls
 * and tables come from that one statement. In code options are camelCase; files have the same names in Keras's snake_case.
 */
import { display } from "../core/display.ts";
import { badOption, didYouMean, UnrollError } from "../core/errors.ts";
import { type ActivationSpec, checkActivation, type FunctionLayer } from "./activations.ts";
import { checkInitializer, type InitializerLike, type InitializerSpec } from "./initializers.ts";
import {
  type ConstraintSpec,
  checkConstraint,
  checkPenalty,
  checkRegularizer,
  type RegularizerSpec,
} from "./penalties.ts";

export { badOption };

/** What kind of control fits: the lab and the help text read it. */
export type FieldKind =
  | "integer"
  | "integers"
  | "number"
  | "rate"
  | "boolean"
  | "choice"
  | "activation"
  | "initializer"
  | "regularizer"
  | "constraint"
  | "layer"
  | "layers"
  | "any";

/** One option: what is kept in the config is a `T`, what may be given is an `In`. */
export interface Field<T = unknown, In = unknown> {
  readonly kind: FieldKind;
  /** One sentence. */
  readonly doc: string;
  /** Left out: the option must be given. */
  readonly default?: T;
  /** For kind "choice". */
  readonly choices?: readonly (string | null)[];
  /** True: it changes nothing here, and files need it only where it is not the default. */
  readonly ignored?: boolean;
  /** True: Keras's layer has no such option. Configs name it only where it is not the default, files for Keras never. */
  readonly beyondKeras?: boolean;
  /** Another spelling that files of older versions have, in camelCase. */
  readonly alias?: string;
  /** The value as the config keeps it; throws UnrollError `option`. */
  check(value: unknown, where: string, option: string): T;
  /** Carries the type of what may be given; there is no value. */
  readonly given?: In;
}

export type Fields = Readonly<Record<string, Field>>;
export type ConfigOf<F> = { readonly [K in keyof F]: F[K] extends Field<infer T, unknown> ? T : never };
type GivenOf<X> = X extends { readonly given?: infer In } ? Exclude<In, undefined> : never;
type RequiredKeys<F> = { [K in keyof F]: F[K] extends { readonly required: true } ? K : never }[keyof F];
export type OptionsOf<F> = { readonly [K in RequiredKeys<F>]: GivenOf<F[K]> } & {
  readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: GivenOf<F[K]> | undefined;
};
type Required<T, In> = Field<T, In> & { readonly required: true };

/** Whole numbers above this are taken for a mistake (or an attack), not for a size. */
export const largestInteger = 2 ** 31 - 1;

const inputFirst = "Put input({ shape: [...] }) before the first layer; its shape leaves the batch out.";
/** Options that every layer has in Keras 2 and TensorFlow.js, and what stands for them here. */
const insteadOf = new Map([
  ["inputShape", inputFirst],
  ["input_shape", inputFirst],
]);

/**
 * Checks all options and fills in the defaults.
 *
 * @throws UnrollError `unknown-name` for an option that is not in the table, `option` for a missing one or a wrong value.
 */
export function checkOptions<F extends Fields>(
  fields: F,
  given: Readonly<Record<string, unknown>>,
  className: string,
  name: string,
): ConfigOf<F> {
  for (const option of Object.keys(given)) {
    if (!Object.hasOwn(fields, option) && given[option] !== undefined) {
      throw new UnrollError({
        code: "unknown-name",
        path: name === className ? "" : name,
        expected: `${className} has no option named ${option}`,
        received: `${option} = ${display(given[option])}`,
        hint:
          insteadOf.get(option) ??
          didYouMean(option, Object.keys(fields)) ??
          `Its options are ${Object.keys(fields).join(", ") || "none"}.`,
      });
    }
  }
  const config: Record<string, unknown> = {};
  for (const [option, field] of Object.entries(fields)) {
    const value = given[option];
    if (value !== undefined) config[option] = field.check(value, name, option);
    else if ("default" in field) config[option] = field.default;
    else {
      throw new UnrollError({
        code: "option",
        path: name === className ? "" : name,
        expected: `${className} needs the option ${option} (${field.doc.replace(/\.$/, "")})`,
        received: `options = ${Object.keys(given).join(", ") || "none"}`,
        hint: `Give ${option}.`,
      });
    }
  }
  return config as ConfigOf<F>; // every key of F has just been set by its own field
}

function checkInteger(value: unknown, where: string, option: string, least: number): number {
  const rule = least === 1 ? "a positive whole number" : `a whole number, ${least} or more`;
  if (typeof value !== "number") throw badOption(where, option, rule, value);
  if (!Number.isInteger(value) || value < least) throw badOption(where, option, rule, value);
  if (value > largestInteger) throw badOption(where, option, `${rule} below 2^31`, value, "Give a smaller number.");
  return value;
}

/** A positive whole number that must be given. */
/* @__NO_SIDE_EFFECTS__ */
export function positiveInteger(doc: string): Required<number, number> {
  return {
    kind: "integer",
    doc,
    required: true,
    check: (value, where, option) => checkInteger(value, where, option, 1),
  };
}

/** A whole number with a default. */
/* @__NO_SIDE_EFFECTS__ */
export function integer(doc: string, defaultValue: number, { least = 1 } = {}): Field<number, number> {
  return {
    kind: "integer",
    doc,
    default: defaultValue,
    check: (value, where, option) => checkInteger(value, where, option, least),
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function optionalInteger(doc: string, { least = 1 } = {}): Field<number | null, number | null> {
  return {
    kind: "integer",
    doc,
    default: null,
    check: (value, where, option) => (value === null ? null : checkInteger(value, where, option, least)),
  };
}

/** One whole number for each of `count` axes; a single number stands for all. */
/* @__NO_SIDE_EFFECTS__ */
export function integers(
  doc: string,
  count: number,
  defaultValue: readonly number[],
  { least = 1 } = {},
): Field<readonly number[], number | readonly number[]> {
  return { kind: "integers", doc, default: defaultValue, check: checkIntegers(count, least) };
}

/* @__NO_SIDE_EFFECTS__ */
export function requiredIntegers(
  doc: string,
  count: number,
  { least = 1 } = {},
): Required<readonly number[], number | readonly number[]> {
  return { kind: "integers", doc, required: true, check: checkIntegers(count, least) };
}

/* @__NO_SIDE_EFFECTS__ */
export function optionalIntegers(
  doc: string,
  count: number,
): Field<readonly number[] | null, number | readonly number[] | null> {
  const check = checkIntegers(count, 1);
  return {
    kind: "integers",
    doc,
    default: null,
    check: (value, where, option) => (value === null ? null : check(value, where, option)),
  };
}

/* @__NO_SIDE_EFFECTS__ */
function checkIntegers(count: number, least: number): Field<readonly number[]>["check"] {
  return (value, where, option) => {
    const list = Array.isArray(value) ? value : new Array(count).fill(value);
    if (list.length !== count) {
      throw badOption(where, option, count === 1 ? "one whole number" : `${count} whole numbers`, value);
    }
    return list.map((entry) => checkInteger(entry, where, option, least));
  };
}

/** Any number. */
/* @__NO_SIDE_EFFECTS__ */
export function number(
  doc: string,
  defaultValue: number,
  { least = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY } = {},
): Field<number, number> {
  return {
    kind: "number",
    doc,
    default: defaultValue,
    check(value, where, option) {
      if (typeof value !== "number" || Number.isNaN(value) || value < least || value <= above) {
        const bound =
          least > Number.NEGATIVE_INFINITY
            ? `, ${least} or more`
            : above > Number.NEGATIVE_INFINITY
              ? ` above ${above}`
              : "";
        throw badOption(where, option, `a number${bound}`, value);
      }
      return value;
    },
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function requiredNumber(doc: string): Required<number, number> {
  const { check } = number(doc, 0);
  return { kind: "number", doc, required: true, check };
}

/** A number or null. */
/* @__NO_SIDE_EFFECTS__ */
export function optionalNumber(
  doc: string,
  bounds: { readonly least?: number } = {},
): Field<number | null, number | null> {
  const { check } = number(doc, 0, bounds);
  return {
    kind: "number",
    doc,
    default: null,
    check: (value, where, option) => (value === null ? null : check(value, where, option)),
  };
}

function checkRate(value: unknown, where: string, option: string): number {
  if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
    throw badOption(where, option, "a share between 0 and 1", value);
  }
  return value;
}

/** The share of values to drop, 0 to 1. */
/* @__NO_SIDE_EFFECTS__ */
export function rate(doc: string, defaultValue: number): Field<number, number> {
  return { kind: "rate", doc, default: defaultValue, check: checkRate };
}

/* @__NO_SIDE_EFFECTS__ */
export function requiredRate(doc: string): Required<number, number> {
  return { kind: "rate", doc, required: true, check: checkRate };
}

/* @__NO_SIDE_EFFECTS__ */
export function boolean(doc: string, defaultValue: boolean): Field<boolean, boolean> {
  return {
    kind: "boolean",
    doc,
    default: defaultValue,
    check(value, where, option) {
      if (typeof value !== "boolean") throw badOption(where, option, "true or false", value);
      return value;
    },
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function choice<const C extends string | null>(
  doc: string,
  choices: readonly C[],
  defaultValue: C,
): Field<C, C> {
  return {
    kind: "choice",
    doc,
    default: defaultValue,
    choices,
    check(value, where, option) {
      const found = choices.find((known) => known === value);
      if (found === undefined) {
        const names = choices.filter((known): known is C & string => known !== null);
        throw badOption(
          where,
          option,
          `one of ${choices.map(display).join(", ")}`,
          value,
          typeof value === "string" ? didYouMean(value, names) : undefined,
        );
      }
      return found;
    },
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function activation(
  doc: string,
  defaultValue: string,
): Field<ActivationSpec, ActivationSpec | FunctionLayer | null> {
  return { kind: "activation", doc, default: defaultValue, check: checkActivation };
}

/* @__NO_SIDE_EFFECTS__ */
export function requiredActivation(doc: string): Required<ActivationSpec, ActivationSpec | FunctionLayer | null> {
  return { kind: "activation", doc, required: true, check: checkActivation };
}

/* @__NO_SIDE_EFFECTS__ */
export function initializer(doc: string, defaultValue: string): Field<InitializerSpec, InitializerLike> {
  return {
    kind: "initializer",
    doc,
    default: checkInitializer(defaultValue, "", ""),
    check: checkInitializer,
  };
}

/** How much a penalty counts; 0 is none. */
/* @__NO_SIDE_EFFECTS__ */
export function penalty(doc: string): Field<number, number> {
  return { kind: "number", doc, default: 0, check: checkPenalty };
}

/* @__NO_SIDE_EFFECTS__ */
export function regularizer(doc: string): Field<RegularizerSpec | null, RegularizerSpec | string | null> {
  return { kind: "regularizer", doc, default: null, check: checkRegularizer };
}

/* @__NO_SIDE_EFFECTS__ */
export function constraint(doc: string): Field<ConstraintSpec | null, ConstraintSpec | string | null> {
  return { kind: "constraint", doc, default: null, check: checkConstraint };
}

/** A value that the layer's own check looks at. */
export function any<T>(doc: string, defaultValue: T, check: Field<T>["check"]): Field<T, T> {
  return { kind: "any", doc, default: defaultValue, check };
}

export function requiredAny<T>(doc: string, check: Field<T>["check"]): Required<T, T> {
  return { kind: "any", doc, required: true, check };
}

/** An option that Keras takes and that changes nothing here; kept for files. */
/* @__NO_SIDE_EFFECTS__ */
export function ignored<T>(doc: string, defaultValue: T): Field<T, T> {
  return { kind: "any", doc, default: defaultValue, ignored: true, check: (value) => value as T }; // nothing reads it
}

/** Which axis, counted from the end when negative. */
/* @__NO_SIDE_EFFECTS__ */
export function axis(doc: string, defaultValue: number): Field<number, number> {
  return {
    kind: "integer",
    doc,
    default: defaultValue,
    check(value, where, option) {
      const single = Array.isArray(value) && value.length === 1 ? value[0] : value;
      if (typeof single !== "number" || !Number.isInteger(single))
        throw badOption(where, option, "a whole number", value);
      return single;
    },
  };
}
