/** Every case of fixtures/keras/preprocessing.json: what Keras itself computed. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { NestedArray, Tensor } from "../core/index.ts";
import {
  type MatrixMode,
  normalizationStatistics,
  normalize,
  type PadOptions,
  padSequences,
  type Sequence,
  TextVectorization,
  type TextVectorizationOptions,
  Tokenizer,
  timeseriesDatasetFromArray,
  toCategorical,
} from "./index.ts";

interface StoredTensor {
  shape: number[];
  dtype: "float32" | "float64" | "int32";
  data?: number[];
  base64?: string;
}
interface KerasCase {
  id: string;
  kind: string;
  options: Record<string, unknown>;
  data: StoredTensor;
  targets: StoredTensor | null;
  batches: [StoredTensor, StoredTensor?][];
  sequences: Sequence[];
  output: StoredTensor;
  x: StoredTensor;
  adapt: unknown;
  texts: string[];
  vocabulary: string[];
  idf_weights?: number[];
  word_index: Record<string, number>;
  word_counts: Record<string, number>;
  back: string[];
  matrix: Record<string, StoredTensor>;
  mean: StoredTensor;
  variance: StoredTensor;
}

const file = new URL("../../../../fixtures/keras/preprocessing.json", import.meta.url);
const { cases, count } = JSON.parse(readFileSync(file, "utf8")) as { cases: KerasCase[]; count: number };
const of = (kind: string) => cases.filter((c) => c.kind === kind).map((c) => [c.id, c] as const);
const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const camelKeys = (options: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name), value]));

function numbers({ data, base64, dtype }: StoredTensor): number[] {
  if (base64 === undefined) return data!;
  const bytes = Uint8Array.from(Buffer.from(base64, "base64")).buffer;
  return [...(dtype === "int32" ? new Int32Array(bytes) : new Float32Array(bytes))];
}

function stored(t: StoredTensor): Tensor {
  return { shape: t.shape, data: t.dtype === "int32" ? Int32Array.from(numbers(t)) : Float32Array.from(numbers(t)) };
}

/** Exactly, shape and type included. */
function expectSame(actual: Tensor, expected: StoredTensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.data).toEqual(stored(expected).data);
}

function expectWithin(actual: ArrayLike<number>, expected: ArrayLike<number>, rtol: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const bound = rtol * Math.max(Math.abs(expected[i]!), 1e-3);
    expect(Math.abs(actual[i]! - expected[i]!), `entry ${i}`).toBeLessThanOrEqual(bound);
  }
}

const KINDS = [
  "timeseries_dataset_from_array",
  "pad_sequences",
  "to_categorical",
  "TextVectorization",
  "Tokenizer",
  "Normalization",
];

test("the fixture holds every case that it says it does", () => {
  expect(cases.length).toBe(count);
  expect(KINDS.flatMap(of).length).toBe(count);
});

describe("timeseriesDatasetFromArray gives Keras's batches", () => {
  test.each(of("timeseries_dataset_from_array"))("%s", (_, c) => {
    const options = camelKeys(c.options) as { sequenceLength: number };
    const dataset = timeseriesDatasetFromArray({
      ...options,
      data: stored(c.data),
      targets: c.targets && stored(c.targets),
    });
    const found = [...dataset];
    expect(found.length).toBe(c.batches.length);
    expect(dataset.batches).toBe(c.batches.length);
    c.batches.forEach(([x, y], i) => {
      expectSame(found[i]!.x, x);
      if (y === undefined) expect(found[i]!.y).toBeUndefined();
      else expectSame(found[i]!.y!, y);
    });
  });
});

describe("padSequences gives Keras's rows", () => {
  test.each(of("pad_sequences"))("%s", (_, c) => {
    expectSame(padSequences(c.sequences, c.options as PadOptions), c.output);
  });
});

describe("toCategorical gives Keras's rows", () => {
  test.each(of("to_categorical"))("%s", (_, c) => {
    expectSame(toCategorical(stored(c.x), c.options.num_classes as number | undefined), c.output);
  });
});

describe("TextVectorization gives Keras's vocabulary and numbers", () => {
  test.each(of("TextVectorization"))("%s", (_, c) => {
    const options = camelKeys(c.options);
    if (typeof options.outputMode === "string") options.outputMode = camel(options.outputMode);
    const layer = new TextVectorization(options as TextVectorizationOptions);
    if (c.adapt !== null) layer.adapt(c.adapt as string[]);
    expect(layer.getVocabulary()).toEqual(c.vocabulary);
    const output = layer.apply(c.texts);
    if (c.idf_weights === undefined) return expectSame(output, c.output);
    // Float32 on both sides, and TensorFlow adds the weights in another order for the mean: two last bits.
    expect(output.shape).toEqual(c.output.shape);
    expectWithin(output.data, numbers(c.output), 2.4e-7);
    expectWithin(layer.idfWeights!, c.idf_weights, 2.4e-7);
  });
});

describe("Tokenizer gives Keras's numbers", () => {
  test.each(of("Tokenizer"))("%s", (_, c) => {
    const tokenizer = new Tokenizer(camelKeys(c.options));
    tokenizer.fitOnTexts(c.adapt as string[]);
    expect(Object.fromEntries(tokenizer.wordIndex)).toEqual(c.word_index);
    expect(Object.fromEntries(tokenizer.wordCounts)).toEqual(c.word_counts);
    const sequences = tokenizer.textsToSequences(c.texts);
    expect(sequences).toEqual(c.sequences as NestedArray);
    expect(tokenizer.sequencesToTexts(sequences)).toEqual(c.back);
    for (const [mode, expected] of Object.entries(c.matrix)) {
      const found = tokenizer.textsToMatrix(c.texts, mode as MatrixMode);
      expect(found.shape).toEqual(expected.shape);
      expectWithin(found.data, numbers(expected), 1e-12);
    }
    const copy = Tokenizer.fromJSON(JSON.parse(JSON.stringify(tokenizer)));
    expect(copy.textsToSequences(c.texts)).toEqual(sequences);
  });
});

describe("normalizationStatistics gives what Normalization.adapt learns", () => {
  test.each(of("Normalization"))("%s", (_, c) => {
    const statistics = normalizationStatistics(stored(c.adapt as StoredTensor), c.options as { axis?: null });
    expect(statistics.mean.shape).toEqual(c.mean.shape);
    expect(statistics.variance.shape).toEqual(c.variance.shape);
    // Keras sums in float32.
    expectWithin(statistics.mean.data, numbers(c.mean), 1e-6);
    expectWithin(statistics.variance.data, numbers(c.variance), 1e-6);
    expectWithin(normalize(stored(c.x), statistics).data, numbers(c.output), 1e-5);
  });
});
