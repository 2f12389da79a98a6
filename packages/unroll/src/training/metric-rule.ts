/**
 * What a metric is: a rule that adds up numbers over batches and turns the totals into its result, and the options it was
 * made with. Most rules are one equation on a row; those that need more (a curve, a result for each class) add up arrays.
 */
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import type { Expr } from "../equations/expr.ts";
import type { Value } from "../program/program.ts";
import type { Comparison, TargetKind } from "./comparison.ts";
import type { LossSymbols } from "./losses.ts";
import { type Options, withDefaults } from "./options.ts";

/** What a metric equation is given. */
export interface MetricSymbols extends LossSymbols {
  /** 0, 1, 2 ... along the row, for "which class". */
  readonly index: Expr;
}

export type MetricOptions = Readonly<Record<string, number | boolean | string | readonly number[] | null>>;
/** Totals by name; `weight` is the sum of the row weights (the number of rows without weights). */
export type Totals = Readonly<Record<string, number>>;

interface MetricFacts {
  /** Keras's class name. */
  readonly className: string;
  /** Keras's names in `compile`; the first is the metric's own name. */
  readonly aliases: readonly string[];
  readonly defaults: MetricOptions;
  /** Which way is better, for callbacks that watch it. */
  readonly better: "lower" | "higher";
  /** Says which option cannot be used. Throws UnrollError `option`. */
  check?(options: MetricOptions): void;
}

/** A metric that is an equation over one row. */
export interface MetricRule extends MetricFacts {
  /** What is done to the targets before the equation sees them, as for losses. */
  readonly targets?: TargetKind | ((options: MetricOptions) => TargetKind);
  /** True where every element counts by itself, so that row weights may also be given for each element. */
  readonly elementwise?: boolean;
  /** True where Keras counts masked timesteps like all others. */
  readonly ignoresMask?: boolean;
  /** Numbers of one row (elementwise: of one element), added up over all. */
  sums(symbols: MetricSymbols, options: MetricOptions): Readonly<Record<string, Expr>>;
  result(totals: Totals): number;
}

/** Arrays that were added up over batches, row-major, by name. */
export type ArrayTotals = Readonly<Record<string, ArrayLike<number>>>;

/** A metric that adds up arrays over batches. As in Keras, masked timesteps count like all others. */
export interface ArrayMetricRule extends MetricFacts {
  /** The arrays of one batch. Throws UnrollError `option` for options that do not fit the shapes. */
  totals(comparison: Comparison, options: MetricOptions): Readonly<Record<string, Value>>;
  /** One number for each label. */
  results(totals: ArrayTotals, options: MetricOptions): readonly number[];
  /** What the results are called behind the metric's name, where there are several: "at_0.3", "class_2". */
  labels(options: MetricOptions, outputs: number): readonly string[] | undefined;
}

/** A metric with its options, ready for `compile`. */
export interface Metric {
  readonly kind: "metric";
  readonly rule: MetricRule | ArrayMetricRule;
  readonly options: MetricOptions;
  /** What it is called in logs. */
  readonly name: string;
}

/** A metric of a rule; also for a rule of the caller's own. Throws UnrollError `option`. */
export function makeMetric(
  rule: MetricRule | ArrayMetricRule,
  options: Options & { readonly name?: string } = {},
): Metric {
  const { name = rule.aliases[0] ?? rule.className.toLowerCase(), ...own } = options;
  const whole = withDefaults(rule.className, rule.defaults, own);
  rule.check?.(whole);
  return { kind: "metric", rule, options: whole, name };
}

export function addsArrays(rule: MetricRule | ArrayMetricRule): rule is ArrayMetricRule {
  return "results" in rule;
}

/** The names under which a metric is reported: its own, or one for each threshold or class. */
export function reportedNames({ rule, options, name }: Metric, outputs: number): readonly string[] {
  const labels = addsArrays(rule) ? rule.labels(options, outputs) : undefined;
  return labels === undefined ? [name] : labels.map((label) => `${name}_${label}`);
}

/** The numbers that go with `reportedNames`. */
export function reportedNumbers({ rule, options }: Metric, totals: ArrayTotals): readonly number[] {
  if (addsArrays(rule)) return rule.results(totals, options);
  return [rule.result(Object.fromEntries(Object.entries(totals).map(([name, array]) => [name, array[0]!])))];
}

/** Metrics divide nothing by nothing to nothing, as Keras's `divide_no_nan` does. */
export const ratio = (above: number, below: number): number => (below === 0 ? 0 : above / below);

/** @throws UnrollError `option` unless the value is among the choices. */
export function checkChoice(path: string, name: string, value: unknown, choices: readonly (string | null)[]): void {
  if (choices.includes(value as string | null)) return;
  throw new UnrollError({
    code: "option",
    path,
    expected: `${name} must be one of ${choices.map(String).join(", ")}`,
    received: `${name} = ${display(value)}`,
  });
}
