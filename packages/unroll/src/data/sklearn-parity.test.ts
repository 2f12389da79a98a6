/** Every case of fixtures/keras/sklearn.json: what scikit-learn itself computed. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  accuracyScore,
  type ClassScores,
  classificationReport,
  classificationScores,
  confusionMatrix,
  type Label,
  type Matrix,
  MinMaxScaler,
  meanAbsoluteError,
  meanSquaredError,
  type ReportOptions,
  r2Score,
  rootMeanSquaredError,
  StandardScaler,
} from "./index.ts";

interface Numbers {
  shape: number[];
  data: number[];
}
interface SklearnCase {
  id: string;
  kind: string;
  options: Record<string, unknown>;
  fit: Numbers;
  transform: Numbers;
  fit_transformed: Numbers;
  transformed: Numbers;
  inverse: Numbers;
  attributes: Record<string, Numbers>;
  y_true: unknown;
  y_pred: unknown;
  accuracy: number;
  confusion_matrix: number[][];
  report_text: string;
  report_dict: Record<string, number | Record<string, number>>;
  [measure: `${string}_error` | `${string}_score` | `${string}_raw`]: number | number[];
}

const file = new URL("../../../../fixtures/keras/sklearn.json", import.meta.url);
const { cases, count } = JSON.parse(readFileSync(file, "utf8")) as { cases: SklearnCase[]; count: number };
const of = (...kinds: string[]) => cases.filter(({ kind }) => kinds.includes(kind));

function matrix({ shape, data }: Numbers): Matrix {
  return { shape: [shape[0]!, shape[1] ?? 1], data: Float64Array.from(data) };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, rtol = 1e-12): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!), `entry ${i}: ${actual[i]} for ${expected[i]}`).toBeLessThanOrEqual(
      rtol * Math.max(1, Math.abs(expected[i]!)),
    );
  }
}

test("the fixture holds every case that it says it does", () => {
  expect(cases.length).toBe(count);
  expect(of("MinMaxScaler", "StandardScaler", "classification", "regression").length).toBe(count);
});

describe("scalers agree with scikit-learn", () => {
  test.each(of("MinMaxScaler", "StandardScaler").map((c) => [c.id, c] as const))("%s", (_, c) => {
    const { options } = c;
    const scaler =
      c.kind === "MinMaxScaler"
        ? new MinMaxScaler({
            featureRange: options.feature_range as [number, number] | undefined,
            clip: options.clip as boolean | undefined,
          })
        : new StandardScaler({
            withMean: options.with_mean as boolean | undefined,
            withStd: options.with_std as boolean | undefined,
          });
    const transformed = scaler.fit(matrix(c.fit)).transform(matrix(c.transform));
    expectClose(scaler.transform(matrix(c.fit)).data, c.fit_transformed.data);
    expectClose(transformed.data, c.transformed.data);
    expect(transformed.shape).toEqual(c.transformed.shape);
    expectClose(scaler.inverseTransform(transformed).data, c.inverse.data);
    const names: Record<string, string> = {
      data_min_: "dataMin",
      data_max_: "dataMax",
      data_range_: "dataRange",
      scale_: "scale",
      min_: "min",
      mean_: "mean",
      var_: "variance",
    };
    const state = scaler.state as unknown as Record<string, Float64Array>;
    for (const [name, values] of Object.entries(c.attributes)) expectClose(state[names[name]!]!, values.data);
  });
});

describe("classification reports agree with scikit-learn, byte for byte", () => {
  test.each(of("classification").map((c) => [c.id, c] as const))("%s", (_, c) => {
    const [yTrue, yPred] = [c.y_true as Label[], c.y_pred as Label[]];
    const options: ReportOptions = {
      labels: c.options.labels as Label[] | undefined,
      targetNames: c.options.target_names as string[] | undefined,
      digits: c.options.digits as number | undefined,
      zeroDivision: c.options.zero_division as number | undefined,
    };
    expect(classificationReport(yTrue, yPred, options)).toBe(c.report_text);
    expect(confusionMatrix(yTrue, yPred, { labels: options.labels })).toEqual(c.confusion_matrix);
    expectClose([accuracyScore(yTrue, yPred)], [c.accuracy]);
    const scores = classificationScores(yTrue, yPred, options);
    const rows: [string, ClassScores][] = [
      ...scores.classes.map((row): [string, ClassScores] => [row.name, row]),
      ["macro avg", scores.macroAverage],
      ["weighted avg", scores.weightedAverage],
    ];
    if (scores.accuracy === undefined) rows.push(["micro avg", scores.microAverage]);
    else expectClose([scores.accuracy], [c.report_dict.accuracy as number]);
    expect(Object.keys(c.report_dict).length).toBe(rows.length + (scores.accuracy === undefined ? 0 : 1));
    for (const [name, row] of rows) {
      const expected = c.report_dict[name] as Record<string, number>;
      expectClose(
        [row.precision, row.recall, row.f1, row.support],
        [expected.precision!, expected.recall!, expected["f1-score"]!, expected.support!],
      );
    }
  });
});

describe("regression measures agree with scikit-learn", () => {
  const measures = {
    mean_absolute_error: meanAbsoluteError,
    mean_squared_error: meanSquaredError,
    root_mean_squared_error: rootMeanSquaredError,
    r2_score: r2Score,
  } as const;
  test.each(of("regression").map((c) => [c.id, c] as const))("%s", (_, c) => {
    const [yTrue, yPred] = [matrix(c.y_true as Numbers), matrix(c.y_pred as Numbers)];
    const sampleWeight = c.options.sample_weight as number[] | undefined;
    for (const [name, measure] of Object.entries(measures)) {
      expectClose([measure(yTrue, yPred, { sampleWeight })], [c[name as "r2_score"] as number]);
      const raw = c[`${name}_raw` as "r2_score_raw"] as number[] | undefined;
      if (raw !== undefined) expectClose(measure(yTrue, yPred, { multioutput: "rawValues" }), raw);
    }
  });
});
