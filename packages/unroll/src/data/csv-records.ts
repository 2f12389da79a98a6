/**
 * Cuts CSV text into records, however the text is chunked, and counts the lines that a person sees in an editor.
 * Strict where d3-dsv is lenient: an unclosed quote, text behind a closing quote and control characters are errors.
 * The fields inside a record are taken apart by d3-dsv; what they mean is decided in csv-types.ts.
 */
import { dsvFormat } from "d3-dsv";
import { UnrollError } from "../core/index.ts";

/** One record: its fields, unquoted, and the line on which it begins, counted from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Longest record in characters: stops an unclosed quote from swallowing a whole file. */
const LONGEST_RECORD = 4 * 1024 * 1024;

const QUOTE = 34;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const TAB = 9;
const SPACE = 32;
/** Stands for the line number of a blank line, which is skipped. */
const BLANK = 0;
const FIRST_PRINTABLE = 32;

type State = "field start" | "unquoted" | "quoted" | "after quote";

/**
 * Takes text with `push`, gives back the records complete so far; `end` gives the last one.
 * Blank lines are counted but not returned.
 *
 * @throws UnrollError `data` with the line, for broken quotes, control characters (binary data) and endless records.
 */
export class RecordReader {
  readonly #name: string;
  readonly #delimiter: string;
  readonly #delimiterCode: number;
  readonly #format: ReturnType<typeof dsvFormat>;
  #state: State = "field start";
  /** The beginning of an unfinished record, from earlier chunks. */
  #pieces: string[] = [];
  #pieceLength = 0;
  #line = 1;
  #recordLine = 1;
  #quoteLine = 1;
  /** Something other than spaces was seen in this record. */
  #hasContent = false;
  /** Found behind records that were still good: thrown once those were given out, so that chunks change nothing. */
  #failure: UnrollError | undefined;
  /** The last character was a carriage return, so a line feed belongs to it. */
  #afterReturn = false;

  constructor(delimiter: string, name: string) {
    this.#name = name;
    this.#delimiter = delimiter;
    this.#delimiterCode = delimiter.charCodeAt(0);
    this.#format = dsvFormat(delimiter);
  }

  push(text: string): CsvRecord[] {
    if (this.#failure !== undefined) throw this.#failure;
    const lines: number[] = [];
    const delimiter = this.#delimiterCode;
    let state = this.#state;
    let afterReturn = this.#afterReturn;
    let start = 0;
    let complete = 0;
    for (let i = 0; i < text.length && this.#failure === undefined; i++) {
      const code = text.charCodeAt(i);
      // Most characters change nothing; every special one but the delimiter has a code up to that of the quote.
      if (state === "unquoted" && code > QUOTE && code !== delimiter) continue;
      if (code === LINE_FEED && afterReturn) {
        afterReturn = false;
        // Behind the end of a record it belongs to that record; inside quotes it is part of the field.
        if (state === "field start") {
          complete = i + 1;
          if (i === 0) start = 1;
        }
        continue;
      }
      afterReturn = code === CARRIAGE_RETURN;
      const isNewline = code === LINE_FEED || code === CARRIAGE_RETURN;
      if (isNewline) this.#line++;
      else if (code < FIRST_PRINTABLE && code !== TAB && code !== delimiter)
        this.#failure = this.#controlCharacter(code);
      else if (code !== SPACE && (code !== TAB || code === delimiter)) this.#hasContent = true;

      if (state === "quoted") {
        if (code === QUOTE) state = "after quote";
      } else if (isNewline) {
        if (this.#isTooLong(lines.length === 0 ? i - start : i - complete, lines.length === 0)) break;
        lines.push(this.#hasContent ? this.#recordLine : BLANK);
        this.#hasContent = false;
        complete = i + 1;
        state = "field start";
        this.#recordLine = this.#line;
      } else if (code === delimiter) {
        state = "field start";
      } else if (code === QUOTE && state !== "unquoted") {
        if (state === "field start") this.#quoteLine = this.#line;
        state = "quoted";
      } else if (state === "after quote") {
        this.#failure = this.#textAfterQuote(text[i]!);
      } else {
        state = "unquoted";
      }
    }
    this.#state = state;
    this.#afterReturn = afterReturn;
    const records = lines.length === 0 ? [] : this.#take(this.#pieces.join("") + text.slice(start, complete), lines);
    if (lines.length > 0) {
      this.#pieces = [];
      this.#pieceLength = 0;
    }
    const rest = text.slice(lines.length > 0 ? complete : start);
    if (this.#failure === undefined && rest !== "" && !this.#isTooLong(rest.length, true)) {
      this.#pieces.push(rest);
      this.#pieceLength += rest.length;
    }
    if (this.#failure !== undefined && records.length === 0) throw this.#failure;
    return records;
  }

  /** The last record, where the text does not end in a newline. */
  end(): CsvRecord[] {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === "quoted") {
      throw this.#error(this.#quoteLine, {
        expected: "a field that begins with a double quote must end with one before the file ends",
        received: `an opening quote on line ${this.#quoteLine} and no closing one`,
        hint: 'Close it, or write a quote inside a quoted field twice ("").',
      });
    }
    const text = this.#pieces.join("");
    this.#pieces = [];
    this.#pieceLength = 0;
    return this.#hasContent ? this.#take(text, [this.#recordLine]) : [];
  }

  #take(text: string, lines: readonly number[]): CsvRecord[] {
    const rows = this.#format.parseRows(text);
    const records: CsvRecord[] = [];
    for (let i = 0; i < rows.length; i++) {
      if (lines[i] !== BLANK) records.push({ line: lines[i]!, fields: rows[i]! });
    }
    return records;
  }

  /** Sets the failure when the record at hand is longer than allowed. */
  #isTooLong(length: number, hasPieces: boolean): boolean {
    const total = length + (hasPieces ? this.#pieceLength : 0);
    if (total <= LONGEST_RECORD) return false;
    this.#failure = this.#error(this.#recordLine, {
      expected: `a row must be at most ${LONGEST_RECORD} characters long`,
      received: "a longer one",
      hint: "Look for an opening quote without a closing one.",
    });
    return true;
  }

  #textAfterQuote(character: string): UnrollError {
    return this.#error(this.#line, {
      expected: `after a closing quote only the delimiter ${JSON.stringify(this.#delimiter)} or the end of the line may follow`,
      received: `character = ${JSON.stringify(character)}`,
      hint: 'Write a quote inside a quoted field twice ("").',
    });
  }

  #controlCharacter(code: number): UnrollError {
    return this.#error(this.#line, {
      expected: "must be text without control characters",
      received: `character code = ${code}`,
      hint:
        code === 0
          ? 'This looks like a binary file, or text in UTF-16. Pass encoding: "utf-16le" if it is text, or export the data as CSV in UTF-8.'
          : "This looks like a binary file. Export the data as CSV in UTF-8.",
    });
  }

  #error(line: number, text: { expected: string; received: string; hint: string }): UnrollError {
    return new UnrollError({ code: "data", path: atLine(this.#name, line), ...text });
  }
}

/** `prices.csv, line 17` */
export function atLine(name: string, line: number): string {
  return `${name}, line ${line}`;
}
