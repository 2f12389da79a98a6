/**
 * The list of metrics, and how the one that is meant is found: by a name, by an object of this library, or as Keras
 * serializes it. `accuracy` by the shapes of the data, as Keras resolves it, is at the end.
 */
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import { spelled } from "../core/spelling.ts";
import { classMetrics } from "./class-metrics.ts";
import { confusionMetrics } from "./confusion-metrics.ts";
import { type ArrayMetricRule, type Metric, type MetricOptions, type MetricRule, makeMetric } from "./metric-rule.ts";
import { camelConfig, type NamedLike, namedOf, noneOf, unknownFunction, unknownName } from "./options.ts";
import { rowMetrics } from "./row-metrics.ts";

const rules: readonly (MetricRule | ArrayMetricRule)[] = [...rowMetrics, ...confusionMetrics, ...classMetrics];

/** Every metric, by Keras's class name and by each name that `compile` takes. */
export const metricRules: ReadonlyMap<string, MetricRule | ArrayMetricRule> = new Map(
  rules.flatMap((rule) => [rule.className, ...rule.aliases].map((name) => [name, rule] as const)),
);

/** What `compile` takes as a metric. */
export type MetricLike = string | Metric | NamedLike;

type MakeMetric = (options?: MetricOptions & { readonly name?: string }) => Metric;

/** Makes metrics: `metrics.precision({ thresholds: 0.7 })`, `metrics.auc()`; names are Keras's class names in camelCase. */
export const metrics: Readonly<Record<string, MakeMetric>> = spelled(
  "metrics",
  Object.fromEntries(
    rules.map((rule) => [
      // AUC → auc, KLDivergence → klDivergence, F1Score → f1Score
      rule.className.replace(/^[A-Z]+(?=[A-Z][a-z]|$)|^[A-Z]/, (start) => start.toLowerCase()),
      (options = {}) => makeMetric(rule, options),
    ]),
  ),
);

/**
 * The metric that is meant; "accuracy" by the shapes, as Keras resolves it: binary when one number is predicted a row,
 * sparse when targets are one class index a row, else categorical.
 *
 * @param outputs size of the predictions' last axis
 * @param targets size of the targets' last axis; undefined where they have an axis less than the predictions
 * @throws UnrollError `unknown-name`, `option`
 */
export function readMetric(given: MetricLike, outputs: number, targets: number | undefined): Metric {
  if (typeof given === "string") {
    const isAccuracy = /^acc(uracy)?$/i.test(given);
    const rule = isAccuracy
      ? accuracyFor(outputs, targets)
      : (metricRules.get(given) ?? metricRules.get(given.toLowerCase()));
    if (rule === undefined) throw unknownFunction("metric", given, metricRules, ["accuracy"]);
    return makeMetric(rule, { name: given });
  }
  if (typeof given === "object" && given !== null && "kind" in given) return given;
  const named = namedOf(given);
  if (named === undefined) throw noneOf("metric", given, "metrics.precision({ thresholds: 0.7 })");
  const rule = metricRules.get(named.class_name);
  if (rule === undefined) throw unknownName("metric", named.class_name, [...metricRules.keys()]);
  const config = Object.entries(camelConfig(named.config, ["fn", "dtype"]));
  const own = Object.fromEntries(config.filter(([name, value]) => name in rule.defaults || !isIdle(name, value)));
  const foreign = Object.keys(own).find((name) => name !== "name" && !(name in rule.defaults));
  if (foreign === undefined) return makeMetric(rule, own);
  throw new UnrollError({
    code: "unsupported",
    path: named.class_name,
    expected: `${foreign} is not supported`,
    received: `${foreign} = ${display(own[foreign])}`,
  });
}

/** Options of Keras that say nothing with these values, or (numLabels) what the shapes say anyway. */
function isIdle(name: string, value: unknown): boolean {
  return value === null || (name === "axis" && value === -1) || name === "numLabels";
}

function accuracyFor(outputs: number, targets: number | undefined): MetricRule | ArrayMetricRule {
  const sparse = targets === undefined || targets === 1;
  const className = outputs === 1 ? "BinaryAccuracy" : sparse ? "SparseCategoricalAccuracy" : "CategoricalAccuracy";
  return metricRules.get(className)!;
}
