/**
 * Tokenizer after Keras's legacy `keras.preprocessing.text.Tokenizer`: words to numbers by how often they occur.
 * For new models see text-vectorization.ts; this is for notebooks and saved tokenizers.
 */
import { checkOptionNames, UnrollError } from "../core/index.ts";
import { checkChoice, checkElements, checkWhole } from "./checks.ts";
import type { Matrix } from "./matrix.ts";

/** A text, or one that was cut into words already. */
export type TextOrWords = string | readonly string[];
/** What stands for a word in the rows of a tokenizer's matrix. */
export type MatrixMode = "binary" | "count" | "freq" | "tfidf";

/** Options of `Tokenizer`; names and defaults are Keras's. */
export interface TokenizerOptions {
  /** Keep words with numbers below this only, default all; number 0 is never given to a word. */
  readonly numWords?: number | null;
  /** Characters that part words. */
  readonly filters?: string;
  /** Lower case first, default true. */
  readonly lower?: boolean;
  /** What parts words, default a space. */
  readonly split?: string;
  /** Take every character as a word. */
  readonly charLevel?: boolean;
  /** Stands for unknown words, as number 1; default none, unknown words vanish. */
  readonly oovToken?: string | null;
}

const FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n';

/** A tokenizer as plain JSON. */
export interface TokenizerJSON {
  readonly options: TokenizerOptions;
  readonly documentCount: number;
  readonly wordCounts: readonly (readonly [string, number])[];
  readonly wordDocs: readonly (readonly [string, number])[];
}

/**
 * Numbers words from 1 by falling count; words of equal count keep the order in which they came.
 *
 * @throws UnrollError `option` for wrong options.
 * @example const tokenizer = new Tokenizer();
 *          tokenizer.fitOnTexts(["the cat sat", "the dog"]);
 *          tokenizer.textsToSequences(["the dog"]) // [[1, 4]]
 */
export class Tokenizer {
  readonly numWords: number | null;
  readonly oovToken: string | null;
  readonly #filters: string;
  readonly #lower: boolean;
  readonly #split: string;
  readonly #charLevel: boolean;
  #documentCount = 0;
  #wordCounts = new Map<string, number>();
  /** In how many texts a word occurs. */
  #wordDocs = new Map<string, number>();
  #wordIndex = new Map<string, number>();
  #indexWord: string[] = [];

  constructor(options: TokenizerOptions = {}) {
    checkOptionNames("Tokenizer", options, ["numWords", "filters", "lower", "split", "charLevel", "oovToken"]);
    this.numWords = options.numWords ?? null;
    this.oovToken = options.oovToken ?? null;
    this.#filters = options.filters ?? FILTERS;
    this.#lower = options.lower ?? true;
    this.#split = options.split ?? " ";
    this.#charLevel = options.charLevel ?? false;
    if (this.numWords !== null) checkWhole("Tokenizer", "numWords", this.numWords, 1);
    if (this.#split === "") {
      throw new UnrollError({
        code: "option",
        path: "Tokenizer",
        expected: "split must not be empty",
        hint: "Pass charLevel: true to take every character as a word.",
      });
    }
  }

  /** Word → number, from 1. */
  get wordIndex(): ReadonlyMap<string, number> {
    return this.#wordIndex;
  }

  /** Word → how often it occurred, in order of first occurrence. */
  get wordCounts(): ReadonlyMap<string, number> {
    return this.#wordCounts;
  }

  /** Texts seen. */
  get documentCount(): number {
    return this.#documentCount;
  }

  /** Counts words; may be called again with more texts, which renumbers. */
  fitOnTexts(texts: Iterable<TextOrWords>): void {
    for (const text of texts) {
      this.#documentCount++;
      const words = this.#wordsOf(text);
      for (const word of words) this.#wordCounts.set(word, (this.#wordCounts.get(word) ?? 0) + 1);
      for (const word of new Set(words)) this.#wordDocs.set(word, (this.#wordDocs.get(word) ?? 0) + 1);
    }
    this.#number();
  }

  /** One list of numbers per text. Unknown and too rare words become the oovToken's number, or vanish without one. */
  textsToSequences(texts: Iterable<TextOrWords>): number[][] {
    return Array.from(texts, (text) => {
      const sequence: number[] = [];
      for (const word of this.#wordsOf(text)) {
        const index = this.#wordIndex.get(word);
        const kept = index !== undefined && this.#isKept(index) ? index : this.#oovIndex();
        if (kept !== undefined) sequence.push(kept);
      }
      return sequence;
    });
  }

  /** Words again, joined by spaces. */
  sequencesToTexts(sequences: Iterable<ArrayLike<number>>): string[] {
    return Array.from(sequences, (sequence) => {
      const words: string[] = [];
      for (const index of Array.from(sequence)) {
        const word = index >= 1 ? this.#indexWord[index - 1] : undefined;
        const kept = word !== undefined && this.#isKept(index) ? word : this.oovToken;
        if (kept !== null) words.push(kept);
      }
      return words.join(" ");
    });
  }

  /** `[texts, numWords]`, or `[texts, words + 1]` without numWords; see sequencesToMatrix. */
  textsToMatrix(texts: Iterable<TextOrWords>, mode: MatrixMode = "binary"): Matrix {
    return this.sequencesToMatrix(this.textsToSequences(texts), mode);
  }

  /**
   * One row per sequence, one column per number: whether it occurs (binary), how often (count), count by length
   * (freq), or `(1 + ln count) · ln(1 + texts / (1 + texts with it))` (tfidf).
   *
   * @throws UnrollError `data` before fitOnTexts, when the width or the texts are not known.
   */
  sequencesToMatrix(sequences: readonly ArrayLike<number>[], mode: MatrixMode = "binary"): Matrix {
    checkChoice("Tokenizer", "mode", mode, ["binary", "count", "freq", "tfidf"]);
    const width = this.numWords ?? (this.#wordIndex.size === 0 ? 0 : this.#wordIndex.size + 1);
    if (width === 0 || (mode === "tfidf" && this.#documentCount === 0)) {
      throw new UnrollError({
        code: "data",
        path: "Tokenizer",
        expected: "must have seen texts before it makes a matrix",
        hint: "Call fitOnTexts first.",
      });
    }
    checkElements("Tokenizer", sequences.length * width);
    const data = new Float64Array(sequences.length * width);
    sequences.forEach((sequence, row) => {
      const cells = data.subarray(row * width, (row + 1) * width);
      for (const index of Array.from(sequence)) if (index >= 0 && index < width) cells[index]!++;
      for (let index = 0; index < width; index++) {
        const count = cells[index]!;
        if (count === 0 || mode === "count") continue;
        if (mode === "binary") cells[index] = 1;
        else if (mode === "freq") cells[index] = count / sequence.length;
        else cells[index] = (1 + Math.log(count)) * this.#inverseDocumentFrequency(index);
      }
    });
    return { shape: [sequences.length, width], data };
  }

  toJSON(): TokenizerJSON {
    return {
      options: {
        numWords: this.numWords,
        filters: this.#filters,
        lower: this.#lower,
        split: this.#split,
        charLevel: this.#charLevel,
        oovToken: this.oovToken,
      },
      documentCount: this.#documentCount,
      wordCounts: [...this.#wordCounts],
      wordDocs: [...this.#wordDocs],
    };
  }

  static fromJSON(json: TokenizerJSON): Tokenizer {
    const tokenizer = new Tokenizer(json.options);
    tokenizer.#documentCount = json.documentCount;
    tokenizer.#wordCounts = new Map(json.wordCounts);
    tokenizer.#wordDocs = new Map(json.wordDocs);
    tokenizer.#number();
    return tokenizer;
  }

  #number(): void {
    const byCount = [...this.#wordCounts].sort((a, b) => b[1] - a[1]).map(([word]) => word);
    this.#indexWord = this.oovToken === null ? byCount : [this.oovToken, ...byCount];
    // A word that equals the oovToken keeps its own, later number, as in Keras.
    this.#wordIndex = new Map(this.#indexWord.map((word, i) => [word, i + 1]));
  }

  #isKept(index: number): boolean {
    return this.numWords === null || index < this.numWords;
  }

  #oovIndex(): number | undefined {
    return this.oovToken === null ? undefined : this.#wordIndex.get(this.oovToken);
  }

  #inverseDocumentFrequency(index: number): number {
    const word = index >= 1 ? this.#indexWord[index - 1] : undefined;
    const texts = word === undefined ? 0 : (this.#wordDocs.get(word) ?? 0);
    return Math.log(1 + this.#documentCount / (1 + texts));
  }

  #wordsOf(text: TextOrWords): readonly string[] {
    if (typeof text !== "string") return this.#lower ? text.map((word) => word.toLowerCase()) : text;
    const cased = this.#lower ? text.toLowerCase() : text;
    if (this.#charLevel) return [...cased];
    let parted = "";
    for (const character of cased) parted += this.#filters.includes(character) ? this.#split : character;
    return parted.split(this.#split).filter((word) => word !== "");
  }
}
