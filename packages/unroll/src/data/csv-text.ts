/**
 * Bytes to text for the CSV reader, chunk by chunk: byte order marks, encodings, and a limit on what is taken in.
 */
import { UnrollError } from "../core/index.ts";

/** `utf-8` unless a byte order mark says UTF-16; spreadsheets of western Windows write `windows-1252`. */
export type CsvEncoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/**
 * Takes chunks of bytes or of text, gives text without byte order mark.
 *
 * @throws UnrollError `data` for bytes that are no text in the encoding, or more than `maxBytes` (characters, for text).
 */
export class TextInput {
  readonly #name: string;
  readonly #maxBytes: number;
  #encoding: CsvEncoding | undefined;
  #decoder: TextDecoder | undefined;
  /** A first byte alone, until the second tells whether they are a byte order mark. */
  #firstByte: Uint8Array | undefined;
  #taken = 0;
  #isStart = true;

  constructor(name: string, maxBytes: number, encoding: CsvEncoding | undefined) {
    this.#name = name;
    this.#maxBytes = maxBytes;
    this.#encoding = encoding;
  }

  push(chunk: Uint8Array | string): string {
    this.#taken += chunk.length;
    if (this.#taken > this.#maxBytes) {
      throw new UnrollError({
        code: "data",
        path: this.#name,
        expected: `must be at most ${this.#maxBytes} bytes`,
        received: `${this.#taken} bytes or more`,
        hint: "Raise maxBytes, or read it in pieces with readCsvBatches.",
      });
    }
    return this.#withoutMark(typeof chunk === "string" ? chunk : this.#decode(chunk));
  }

  end(): string {
    const rest = this.#firstByte === undefined ? "" : this.#decodeWith(this.#firstByte);
    return this.#withoutMark(rest + this.#run((decoder) => decoder.decode()));
  }

  #decode(chunk: Uint8Array): string {
    if (this.#decoder !== undefined || this.#encoding !== undefined) return this.#decodeWith(chunk);
    const bytes = this.#firstByte === undefined ? chunk : joined(this.#firstByte, chunk);
    if (bytes.length < 2) {
      this.#firstByte = bytes.slice();
      return "";
    }
    this.#firstByte = undefined;
    if (bytes[0] === 0xff && bytes[1] === 0xfe) this.#encoding = "utf-16le";
    else if (bytes[0] === 0xfe && bytes[1] === 0xff) this.#encoding = "utf-16be";
    return this.#decodeWith(bytes);
  }

  #decodeWith(chunk: Uint8Array): string {
    this.#decoder ??= new TextDecoder(this.#encoding ?? "utf-8", { fatal: true, ignoreBOM: true });
    return this.#run((decoder) => decoder.decode(chunk, { stream: true }));
  }

  #run(decode: (decoder: TextDecoder) => string): string {
    if (this.#decoder === undefined) return "";
    try {
      return decode(this.#decoder);
    } catch (cause) {
      throw new UnrollError(
        {
          code: "data",
          path: this.#name,
          expected: `must be text in ${this.#encoding ?? "utf-8"}`,
          received: "bytes that are not",
          hint: 'Pass encoding: "windows-1252" for files of older spreadsheets, or export the data as CSV in UTF-8.',
        },
        { cause },
      );
    }
  }

  #withoutMark(text: string): string {
    if (!this.#isStart || text === "") return text;
    this.#isStart = false;
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
