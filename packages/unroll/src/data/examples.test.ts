/** The examples in the doc comments of this folder, run. */
import { expect, test } from "vitest";
import { tensor } from "../core/index.ts";
import {
  accuracyScore,
  confusionMatrix,
  lastValue,
  MinMaxScaler,
  meanAbsoluteError,
  normalizationStatistics,
  padSequences,
  parseCsv,
  StandardScaler,
  seasonalNaive,
  splitByTime,
  TextVectorization,
  Tokenizer,
  toCategorical,
  toMatrix,
  windows,
} from "./index.ts";

test("the examples in the doc comments give what they say", () => {
  expect([...parseCsv("day;value\n31.12.2024;1,5\n").numbers("value")]).toEqual([1.5]);
  const prices = parseCsv("date,price\n2024-01-02,185.6\n2024-01-03,184.2\n");
  expect([...prices.numbers("price")]).toEqual([185.6, 184.2]);
  expect(
    toMatrix([
      [1, 2],
      [3, 4],
    ]).shape,
  ).toEqual([2, 2]);
  expect([...new MinMaxScaler().fitTransform([[10], [20], [40]]).data].map((v) => v.toFixed(3))).toEqual([
    "0.000",
    "0.333",
    "1.000",
  ]);
  expect([...new StandardScaler().fitTransform([[1], [2], [3]]).data].map((v) => v.toFixed(4))).toEqual([
    "-1.2247",
    "0.0000",
    "1.2247",
  ]);
  const batch = windows({ data: [1, 2, 3, 4, 5], lookback: 2 }).batch([0, 2]);
  expect(batch).toEqual({
    x: { shape: [2, 2, 1], data: Float32Array.of(1, 2, 3, 4) },
    y: { shape: [2, 1], data: Float32Array.of(3, 5) },
  });
  expect(splitByTime(100, { validation: 0.2, test: 0.1, gap: 5 }).validation).toEqual({ start: 65, end: 85 });
  expect([...lastValue(windows({ data: [1, 2, 3, 4], lookback: 2 })).data]).toEqual([2, 3]);
  expect([...seasonalNaive(windows({ data: [1, 2, 1, 2, 1], lookback: 2 }), 2).data]).toEqual([1, 2, 1]);
  expect([...padSequences([[1, 2, 3], [4]]).data]).toEqual([1, 2, 3, 0, 0, 4]);
  expect(toCategorical([0, 2, 1]).shape).toEqual([3, 3]);
  const tokenizer = new Tokenizer();
  tokenizer.fitOnTexts(["the cat sat", "the dog"]);
  expect(tokenizer.textsToSequences(["the dog"])).toEqual([[1, 4]]);
  const vectorize = new TextVectorization({ outputSequenceLength: 4 });
  vectorize.adapt(["the cat sat", "the dog"]);
  expect([...vectorize.apply(["The cat!"]).data]).toEqual([2, 5, 0, 0]);
  expect(accuracyScore([0, 1, 1, 0], [0, 1, 0, 0])).toBe(0.75);
  expect(confusionMatrix(["up", "down", "up"], ["up", "up", "up"])).toEqual([
    [0, 1],
    [0, 2],
  ]);
  expect(meanAbsoluteError([1, 2, 4], [1, 3, 2])).toBe(1);
  expect([
    ...normalizationStatistics(
      tensor([
        [1, 10],
        [3, 30],
      ]),
    ).mean.data,
  ]).toEqual([2, 20]);
});
