/**
 * TextVectorization after Keras 3's layer of that name: texts to padded numbers, or to counts per word.
 * Lower case and punctuation are those of ASCII, as in TensorFlow's string operations.
 */
import { checkOptionNames, type Tensor, UnrollError } from "../core/index.ts";
import { checkChoice, checkElements, checkWhole } from "./checks.ts";
import { compareText } from "./python-text.ts";

/** What is done to a text before it is split. */
export type Standardize = "lowerAndStripPunctuation" | "lower" | "stripPunctuation" | ((text: string) => string) | null;
/** How a text is cut into tokens. */
export type Split = "whitespace" | "character" | ((text: string) => readonly string[]);
/** What a text becomes: ids, or one number for each word. */
export type TextOutputMode = "int" | "multiHot" | "count" | "tfIdf";

/** Options of `TextVectorization`; names and defaults are Keras's. */
export interface TextVectorizationOptions {
  /** Most entries in the vocabulary, those for padding and unknown words included; default no limit. */
  readonly maxTokens?: number | null;
  /** Default "lowerAndStripPunctuation". */
  readonly standardize?: Standardize;
  /** Default "whitespace". */
  readonly split?: Split;
  /** 2 takes words and pairs of words; [2] pairs only. Default words only. */
  readonly ngrams?: number | readonly number[] | null;
  /** Default "int". */
  readonly outputMode?: TextOutputMode;
  /** Length of every row in mode int; default the longest of the batch. */
  readonly outputSequenceLength?: number | null;
  /** Make rows of counts maxTokens wide even when the vocabulary is smaller. */
  readonly padToMaxTokens?: boolean;
  /** A known vocabulary, with or without the special entries in front; then adapt is not needed. */
  readonly vocabulary?: readonly string[] | null;
  /** For mode tfIdf with a known vocabulary: one weight per word, without special entries. */
  readonly idfWeights?: readonly number[] | null;
}

const PATH = "TextVectorization";
const OPTION_NAMES: readonly (keyof TextVectorizationOptions)[] = [
  "maxTokens",
  "standardize",
  "split",
  "ngrams",
  "outputMode",
  "outputSequenceLength",
  "padToMaxTokens",
  "vocabulary",
  "idfWeights",
];
const PADDING = "";
const UNKNOWN = "[UNK]";
const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;
const ASCII_SPACES = /[ \t\n\v\f\r]+/;

/**
 * Learns a vocabulary with `adapt`, then turns texts into numbers with `apply`. Words are numbered by falling count,
 * equal counts by falling code point; 0 is padding and 1 the unknown word (in the counting modes 0 is unknown).
 *
 * @throws UnrollError `option` for options that do not go together, `data` for a vocabulary with repeated words and
 *   for texts before there is a vocabulary.
 * @example const vectorize = new TextVectorization({ outputSequenceLength: 4 });
 *          vectorize.adapt(["the cat sat", "the dog"]);
 *          vectorize.apply(["The cat!"]).data // [2, 5, 0, 0]
 */
export class TextVectorization {
  readonly #options: TextVectorizationOptions;
  readonly #mode: TextOutputMode;
  readonly #widths: readonly number[] | undefined;
  #words: readonly string[] = [];
  #places = new Map<string, number>();
  /** One per entry in mode tfIdf, the unknown word's first. */
  #idf: Float32Array | undefined;
  #isReady = false;

  constructor(options: TextVectorizationOptions = {}) {
    this.#options = options;
    this.#mode = options.outputMode ?? "int";
    checkOptions(options);
    const { ngrams } = options;
    this.#widths = typeof ngrams === "number" ? Array.from({ length: ngrams }, (_, i) => i + 1) : (ngrams ?? undefined);
    if (options.vocabulary) this.setVocabulary(options.vocabulary, options.idfWeights ?? undefined);
  }

  /** Learns the vocabulary, and in mode tfIdf the weights, from all of these texts; forgets the one before. */
  adapt(texts: Iterable<string>): void {
    if (this.#options.vocabulary) {
      throw new UnrollError({
        code: "option",
        path: PATH,
        expected: "must not be adapted when a vocabulary was given",
        hint: "Leave vocabulary out to learn it.",
      });
    }
    const counts = new Map<string, number>();
    const textsWith = new Map<string, number>();
    let textCount = 0;
    for (const text of texts) {
      textCount++;
      const tokens = this.#tokensOf(text);
      for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
      for (const token of new Set(tokens)) textsWith.set(token, (textsWith.get(token) ?? 0) + 1);
    }
    counts.delete(PADDING);
    counts.delete(UNKNOWN);
    const { maxTokens } = this.#options;
    const room = maxTokens ? maxTokens - this.#specials().length : counts.size;
    const words = [...counts]
      .sort((a, b) => b[1] - a[1] || compareText(b[0], a[0]))
      .slice(0, room)
      .map(([word]) => word);
    this.#take(words);
    if (this.#mode === "tfIdf") {
      this.#idf = withUnknown(words.map((word) => Math.log(1 + textCount / (1 + textsWith.get(word)!))));
    }
  }

  /** Takes a known vocabulary, with or without the special entries in front; in mode tfIdf with its weights. */
  setVocabulary(vocabulary: readonly string[], idfWeights?: readonly number[]): void {
    const specials = this.#specials();
    const hasSpecials = specials.every((token, i) => vocabulary[i] === token);
    const words = hasSpecials ? vocabulary.slice(specials.length) : vocabulary;
    checkVocabulary(words, specials.length, this.#options.maxTokens ?? undefined);
    const weights = hasSpecials && idfWeights?.length === vocabulary.length ? idfWeights.slice(1) : idfWeights;
    if ((this.#mode === "tfIdf") !== (weights !== undefined) || (weights && weights.length !== words.length)) {
      throw new UnrollError({
        code: "option",
        path: PATH,
        expected: this.#mode === "tfIdf" ? "idfWeights must have one number per word" : "idfWeights is for tfIdf only",
        received: `${weights?.length ?? "no"} weights, ${words.length} words`,
      });
    }
    this.#take(words);
    if (weights !== undefined) this.#idf = withUnknown(weights);
  }

  /** The words by their numbers; with the special entries in front unless told otherwise. */
  getVocabulary(options: { includeSpecialTokens?: boolean } = {}): string[] {
    return options.includeSpecialTokens === false ? [...this.#words] : [...this.#specials(), ...this.#words];
  }

  /** Weights of mode tfIdf by number, the unknown word's first. */
  get idfWeights(): Float32Array | undefined {
    return this.#idf;
  }

  /**
   * Mode int: int32 `[texts, length]`, padded and cut behind. Counting modes: `[texts, vocabulary]`, int32, for tfIdf float32.
   */
  apply(texts: readonly string[]): Tensor {
    if (!this.#isReady) {
      throw new UnrollError({ code: "data", path: PATH, expected: "needs a vocabulary", hint: "Call adapt first." });
    }
    const unknown = this.#specials().length - 1;
    const rows = texts.map((text) => this.#tokensOf(text).map((token) => this.#places.get(token) ?? unknown));
    return this.#mode === "int" ? this.#padded(rows) : this.#counted(rows);
  }

  #padded(rows: readonly (readonly number[])[]): Tensor {
    const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
    const length = this.#options.outputSequenceLength ?? longest;
    checkElements(PATH, rows.length * length);
    const data = new Int32Array(rows.length * length);
    rows.forEach((row, r) => {
      data.set(row.slice(0, length), r * length);
    });
    return { shape: [rows.length, length], data };
  }

  #counted(rows: readonly (readonly number[])[]): Tensor {
    const { maxTokens, padToMaxTokens } = this.#options;
    const entries = this.#words.length + 1;
    const width = padToMaxTokens ? (maxTokens ?? entries) : entries;
    checkElements(PATH, rows.length * width);
    const data = new Int32Array(rows.length * width);
    rows.forEach((row, r) => {
      for (const place of row) {
        if (this.#mode === "multiHot") data[r * width + place] = 1;
        else data[r * width + place]!++;
      }
    });
    const shape = [rows.length, width];
    const idf = this.#idf;
    if (idf === undefined) return { shape, data };
    return { shape, data: Float32Array.from(data, (count, i) => count * (idf[i % width] ?? 0)) };
  }

  #specials(): readonly string[] {
    return this.#mode === "int" ? [PADDING, UNKNOWN] : [UNKNOWN];
  }

  #take(words: readonly string[]): void {
    this.#words = words;
    const first = this.#specials().length;
    this.#places = new Map(words.map((word, i) => [word, first + i]));
    this.#idf = undefined;
    this.#isReady = true;
  }

  #tokensOf(text: string): readonly string[] {
    const { standardize = "lowerAndStripPunctuation", split = "whitespace" } = this.#options;
    const plain = standardized(text, standardize);
    const words =
      typeof split === "function"
        ? split(plain)
        : split === "character"
          ? [...plain]
          : plain.split(ASCII_SPACES).filter((word) => word !== "");
    return this.#widths === undefined ? words : ngramsOf(words, this.#widths);
  }
}

function standardized(text: string, standardize: Standardize): string {
  if (typeof standardize === "function") return standardize(text);
  let result = text;
  if (standardize === "lower" || standardize === "lowerAndStripPunctuation") {
    result = result.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }
  if (standardize === "stripPunctuation" || standardize === "lowerAndStripPunctuation") {
    result = result.replace(PUNCTUATION, "");
  }
  return result;
}

/** All runs of the first width, then all of the next. */
function ngramsOf(words: readonly string[], widths: readonly number[]): string[] {
  return widths.flatMap((width) =>
    Array.from({ length: Math.max(0, words.length - width + 1) }, (_, i) => words.slice(i, i + width).join(" ")),
  );
}

/** The unknown word weighs as much as the words do on average. */
function withUnknown(weights: readonly number[]): Float32Array {
  const rounded = Float32Array.from(weights);
  const mean = rounded.reduce((sum, weight) => sum + weight, 0) / rounded.length;
  return Float32Array.of(mean, ...rounded);
}

function checkVocabulary(words: readonly string[], specials: number, maxTokens: number | undefined): void {
  const seen = new Set<string>([PADDING]);
  const repeated = words.find((word) => seen.size === seen.add(word).size);
  const isTooLong = maxTokens !== undefined && words.length + specials > maxTokens;
  if (words.length > 0 && repeated === undefined && !isTooLong) return;
  throw new UnrollError({
    code: "data",
    path: PATH,
    expected: isTooLong
      ? `the vocabulary must have at most maxTokens = ${maxTokens} entries, ${specials} special ones included`
      : "the vocabulary must hold at least one word, none twice, and the special entries only in front",
    received: isTooLong ? `${words.length} words` : words.length === 0 ? "no words" : `word = "${repeated}"`,
  });
}

function checkOptions(options: TextVectorizationOptions): void {
  checkOptionNames(PATH, options, OPTION_NAMES);
  const { maxTokens, standardize, split, ngrams, outputMode = "int", outputSequenceLength, padToMaxTokens } = options;
  if (maxTokens !== undefined && maxTokens !== null) checkWhole(PATH, "maxTokens", maxTokens, 2);
  if (typeof standardize === "string") {
    checkChoice(PATH, "standardize", standardize, ["lowerAndStripPunctuation", "lower", "stripPunctuation"]);
  }
  if (split !== undefined && typeof split !== "function")
    checkChoice(PATH, "split", split, ["whitespace", "character"]);
  checkChoice(PATH, "outputMode", outputMode, ["int", "multiHot", "count", "tfIdf"]);
  for (const width of [ngrams ?? []].flat()) checkWhole(PATH, "ngrams", width, 1);
  if (outputSequenceLength !== undefined && outputSequenceLength !== null) {
    checkWhole(PATH, "outputSequenceLength", outputSequenceLength, 1);
    if (outputMode !== "int") {
      throw new UnrollError({
        code: "option",
        path: PATH,
        expected: "outputSequenceLength is for outputMode int only",
        received: `outputMode = ${outputMode}`,
      });
    }
  }
  if (padToMaxTokens && !maxTokens) {
    throw new UnrollError({ code: "option", path: PATH, expected: "padToMaxTokens needs maxTokens" });
  }
}
