import { describe, expect, test } from "vitest";
import { tensor } from "../core/index.ts";
import {
  normalizationStatistics,
  padSequences,
  TextVectorization,
  type TextVectorizationOptions,
  Tokenizer,
  timeseriesDatasetFromArray,
  toCategorical,
} from "./index.ts";

describe("TextVectorization", () => {
  test("lowers and strips ASCII only, as TensorFlow does", () => {
    const layer = new TextVectorization();
    layer.adapt(["ÄB, «c»"]);
    expect(layer.getVocabulary({ includeSpecialTokens: false }).sort()).toEqual(["«c»", "Äb"].sort());
  });

  test("takes functions for standardize and split", () => {
    const layer = new TextVectorization({
      standardize: (text) => text.toUpperCase(),
      split: (text) => text.split("-"),
    });
    layer.adapt(["a-b", "b"]);
    expect(layer.getVocabulary()).toEqual(["", "[UNK]", "B", "A"]);
  });

  test("keeps words that are names of object members", () => {
    const layer = new TextVectorization();
    layer.adapt(["constructor __proto__ toString constructor"]);
    expect([...layer.apply(["constructor hasOwnProperty"]).data]).toEqual([2, 1]);
    const tokenizer = new Tokenizer();
    tokenizer.fitOnTexts(["constructor constructor toString"]);
    expect(tokenizer.textsToSequences(["constructor valueOf toString"])).toEqual([[1, 2]]);
  });

  test("makes rows maxTokens wide when told to", () => {
    const layer = new TextVectorization({ outputMode: "count", maxTokens: 6, padToMaxTokens: true });
    layer.adapt(["a b a"]);
    expect(layer.apply(["a a c"])).toEqual({ shape: [1, 6], data: Int32Array.of(1, 2, 0, 0, 0, 0) });
  });

  test("takes pairs only when ngrams is a list", () => {
    const layer = new TextVectorization({ ngrams: [2] });
    layer.adapt(["a b c"]);
    expect(layer.getVocabulary({ includeSpecialTokens: false })).toEqual(["b c", "a b"]);
  });

  test("takes known weights for tfIdf, the unknown word weighing their mean", () => {
    const layer = new TextVectorization({ outputMode: "tfIdf", vocabulary: ["a", "b"], idfWeights: [0.5, 1] });
    expect([...layer.apply(["a a zzz"]).data]).toEqual([0.75, 1, 0]);
  });

  test.each<[TextVectorizationOptions, RegExp]>([
    [{ maxTokens: 1 }, /maxTokens must be a whole number, 2 or more/],
    [{ outputMode: "multi_hot" as "multiHot" }, /outputMode must be one of.*Did you mean multiHot\?/],
    [{ outputMode: "count", outputSequenceLength: 3 }, /outputSequenceLength is for outputMode int only/],
    [{ padToMaxTokens: true }, /padToMaxTokens needs maxTokens/],
    [{ vocabulary: ["a", "a"] }, /none twice.*word = "a"/],
    [{ vocabulary: [] }, /at least one word/],
    [{ vocabulary: ["a", "b"], maxTokens: 3 }, /at most maxTokens = 3 entries/],
    [{ vocabulary: ["a"], outputMode: "tfIdf" }, /idfWeights must have one number per word/],
    [{ ngrams: 0 }, /ngrams must be a whole number, 1 or more/],
    [{ max_tokens: 5 } as object, /Did you mean maxTokens\?/],
  ])("refuses %j", (options, message) => {
    expect(() => new TextVectorization(options)).toThrow(message);
  });

  test("refuses texts before it knows words", () => {
    expect(() => new TextVectorization().apply(["a"])).toThrow(
      "TextVectorization: needs a vocabulary. Call adapt first.",
    );
    expect(() => new TextVectorization({ vocabulary: ["a"] }).adapt(["b"])).toThrow(/must not be adapted/);
  });
});

describe("Tokenizer", () => {
  test("takes texts that are cut into words already", () => {
    const tokenizer = new Tokenizer();
    tokenizer.fitOnTexts([["New York", "a."], ["new york"]]);
    expect([...tokenizer.wordIndex]).toEqual([
      ["new york", 1],
      ["a.", 2],
    ]);
  });

  test("refuses a matrix before it has seen texts, and unknown modes", () => {
    expect(() => new Tokenizer().textsToMatrix(["a"])).toThrow(/must have seen texts/);
    expect(() => new Tokenizer({ numWords: 3 }).textsToMatrix(["a"], "tfidf")).toThrow(/must have seen texts/);
    expect(() => new Tokenizer({ numWords: 3 }).textsToMatrix(["a"], "tf-idf" as "tfidf")).toThrow(
      /Did you mean tfidf\?/,
    );
    expect(() => new Tokenizer({ split: "" })).toThrow(/split must not be empty/);
  });
});

describe("padSequences and toCategorical", () => {
  test("make empty tensors of nothing", () => {
    expect(padSequences([])).toEqual({ shape: [0, 0], data: new Int32Array() });
    expect(padSequences([[], []], { maxlen: 2 }).data).toEqual(new Int32Array(4));
    expect(toCategorical(new Int32Array())).toEqual({ shape: [0, 0], data: new Float32Array() });
  });

  test("say what does not fit", () => {
    expect(() => padSequences([[[1, 2]], [[3]]])).toThrow(
      "padSequences: sequences[1][0]: must have shape [2], as the first. Received: an array of 1.",
    );
    expect(() => padSequences([[1, [2]]])).toThrow(/sequences\[0\]\[1\]: must be a number, as the first is/);
    expect(() => padSequences([[2 ** 31]])).toThrow(/32-bit whole number\. Received: value = 2147483648/);
    expect(() => padSequences([[Number.NaN]])).toThrow(/32-bit whole number/);
    expect(() => padSequences([[1]], { maxlen: 0 })).toThrow(/maxlen must be a whole number, 1 or more/);
    expect(() => padSequences([[1]], { maxlen: 2 ** 40 })).toThrow(/at most 536870912 numbers/);
    expect(() => padSequences([[1]], { padding: "front" as "pre" })).toThrow(/padding must be one of pre, post/);
    expect(() => toCategorical([0, 3], 3)).toThrow(
      "toCategorical: x[1]: must be a whole number from 0 to 2. Received: value = 3. Raise numClasses.",
    );
    expect(() => toCategorical([0.5, 1])).toThrow(/Received: value = 0.5/);
    expect(() => toCategorical([-1, 1])).toThrow(/Received: value = -1/);
    expect(() => toCategorical([2 ** 30])).toThrow(/at most 536870912 numbers/);
  });
});

describe("timeseriesDatasetFromArray", () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i);

  test("shuffles by the seed, anew in every pass, and loses no window", () => {
    const starts = (dataset: Iterable<{ x: { data: ArrayLike<number>; shape: readonly number[] } }>) =>
      [...dataset].flatMap(({ x }) => Array.from({ length: x.shape[0]! }, (_, b) => x.data[b * 3]!));
    const make = (seed: number) =>
      timeseriesDatasetFromArray({ data, sequenceLength: 3, batchSize: 4, shuffle: true, seed });
    const dataset = make(5);
    const [first, second] = [starts(dataset), starts(dataset)];
    const inOrder = Array.from({ length: 10 }, (_, i) => i);
    expect([...first].sort((a, b) => a - b)).toEqual(inOrder);
    expect(first).not.toEqual(inOrder);
    expect(second).not.toEqual(first);
    expect(starts(make(5))).toEqual(first);
  });

  test("says which options cannot be", () => {
    const make = (options: object) => () => timeseriesDatasetFromArray({ data, sequenceLength: 3, ...options });
    expect(make({ startIndex: 5, endIndex: 5 })).toThrow(/startIndex must be below endIndex/);
    expect(make({ endIndex: 13 })).toThrow(/endIndex at most 12/);
    expect(make({ samplingRate: 0 })).toThrow(/samplingRate must be a whole number, 1 or more/);
    expect(make({ batchSize: 0 })).toThrow(/batchSize must be a whole number/);
    expect(make({ startIndex: 5, targets: [1, 2, 3, 4, 5, 6] })).toThrow(/targets must reach to timestep 9/);
    expect(make({ sequence_length: 3 })).toThrow(/Did you mean sequenceLength\?/);
  });
});

test("normalizationStatistics averages over all axes but those named", () => {
  const x = tensor([
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 12],
    ],
  ]);
  expect(normalizationStatistics(x).mean).toEqual({ shape: [1, 1, 2], data: Float32Array.of(4, 6) });
  expect(normalizationStatistics(x, { axis: [0, 2] }).mean).toEqual({
    shape: [2, 1, 2],
    data: Float32Array.of(2, 3, 6, 9),
  });
  expect(() => normalizationStatistics(x, { axis: 3 })).toThrow(/axis must be from -3 to 2/);
});
