/**
 * Regularizers and constraints as options: what the config keeps and checks. Training reads them beside each array;
 * prediction never does.
 */
import { badOption, didYouMean, UnrollError } from "../core/errors.ts";
import { kerasSpelling } from "./initializers.ts";

/** A penalty on an array or an output, by Keras's class name and options. */
export interface RegularizerSpec {
  readonly className: "L1" | "L2" | "L1L2" | "OrthogonalRegularizer";
  readonly config: Readonly<Record<string, number | string>>;
}

/** What an array is made to be after each step, by Keras's class name and options. */
export interface ConstraintSpec {
  readonly className: "MaxNorm" | "MinMaxNorm" | "NonNeg" | "UnitNorm";
  readonly config: Readonly<Record<string, number | readonly number[]>>;
}

const regularizerDefaults: Readonly<Record<RegularizerSpec["className"], RegularizerSpec["config"]>> = {
  L1: { l1: 0.01 },
  L2: { l2: 0.01 },
  L1L2: { l1: 0, l2: 0 },
  OrthogonalRegularizer: { factor: 0.01, mode: "rows" },
};

const constraintDefaults: Readonly<Record<ConstraintSpec["className"], ConstraintSpec["config"]>> = {
  MaxNorm: { maxValue: 2, axis: 0 },
  MinMaxNorm: { minValue: 0, maxValue: 1, rate: 1, axis: 0 },
  NonNeg: {},
  UnitNorm: { axis: 0 },
};

export function checkRegularizer(value: unknown, where: string, option: string): RegularizerSpec | null {
  const spec = checkSpec(value, where, option, "regularizer", regularizerDefaults, { l1_l2: "L1L2" });
  if (spec === null) return null;
  const defaults = regularizerDefaults[spec.className];
  const config = Object.entries(spec.config).map(([key, entry]) => {
    const check = key === "mode" ? checkMode : checkPenalty;
    return [key, check(entry ?? defaults[key], where, `${key} of ${option}`)] as const;
  });
  return { className: spec.className, config: Object.fromEntries(config) };
}

/** How much a penalty counts, as Keras 3 takes it: neither negative nor infinite. Throws UnrollError `option`. */
export function checkPenalty(value: unknown, where: string, option: string): number {
  if (typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY) return value;
  throw badOption(where, option, "a finite number, 0 or more", value);
}

function checkMode(value: unknown, where: string, option: string): string {
  if (value === "rows" || value === "columns") return value;
  throw badOption(where, option, '"rows" or "columns"', value);
}

export function checkConstraint(value: unknown, where: string, option: string): ConstraintSpec | null {
  return checkSpec(value, where, option, "constraint", constraintDefaults, {
    non_neg: "NonNeg",
    max_norm: "MaxNorm",
    unit_norm: "UnitNorm",
    min_max_norm: "MinMaxNorm",
  });
}

/** A name (Keras accepts "l2" and "L2") or `{ className, config }`, with every option filled in. */
function checkSpec<Name extends string, Value>(
  value: unknown,
  where: string,
  option: string,
  what: string,
  defaults: Readonly<Record<Name, Readonly<Record<string, Value>>>>,
  aliases: Readonly<Record<string, Name>>,
): { readonly className: Name; readonly config: Readonly<Record<string, Value>> } | null {
  if (value === null) return null;
  const given =
    typeof value === "string"
      ? { className: value, config: {} }
      : (value as { className?: unknown; config?: Readonly<Record<string, Value>> }); // read with checks below
  if (typeof given === "object" && given !== null && "class_name" in given) {
    throw kerasSpelling(where, option, given.class_name);
  }
  const names = Object.keys(defaults) as Name[];
  const wanted = String(given.className);
  const alias = Object.hasOwn(aliases, wanted) ? aliases[wanted] : undefined;
  const className = alias ?? names.find((name) => name.toLowerCase() === wanted.toLowerCase());
  if (className === undefined || (typeof value !== "object" && typeof value !== "string")) {
    throw new UnrollError({
      code: "option",
      path: where,
      expected: `${option} must be a ${what}: one of ${names.join(", ")}, or null`,
      received: `${option} = ${wanted}`,
      hint: didYouMean(wanted, names),
    });
  }
  const config: Record<string, Value> = { ...defaults[className] };
  for (const [key, entry] of Object.entries(given.config ?? {})) {
    if (!Object.hasOwn(config, key)) {
      throw new UnrollError({
        code: "option",
        path: where,
        expected: `${option}: ${className} has no option named ${key}`,
        hint: didYouMean(key, Object.keys(config)),
      });
    }
    config[key] = entry;
  }
  return { className, config };
}
