/**
 * Reads one JavaScript literal as data: objects, lists, texts, numbers, true, false, null; comments and trailing commas are
 * allowed. So a space can be written in a .ts file, which is read and never run.
 */
import { UnrollError } from "../core/errors.ts";

/** Deeper than any space. */
const mostDepth = 20;

/**
 * The literal behind `space =` of a TypeScript or JavaScript file, or behind `export default`.
 *
 * @throws UnrollError `format`, with the line
 */
export function readSpaceSource(text: string, path: string): unknown {
  const start = /\b(?:const|let|var)\s+space\b[^=]*=|\bexport\s+default\b/.exec(text);
  if (start === null) {
    throw new UnrollError({
      code: "format",
      path,
      expected: "the file must say export const space = { ... }",
      received: "no space",
    });
  }
  return new LiteralReader(text, path, start.index + start[0].length).value(0);
}

/**
 * One literal as a whole text, such as JSON.
 *
 * @throws UnrollError `format`, with the line
 */
export function readLiteral(text: string, path: string): unknown {
  return new LiteralReader(text, path, 0).value(0);
}

class LiteralReader {
  readonly #text: string;
  readonly #path: string;
  #at: number;

  constructor(text: string, path: string, at: number) {
    this.#text = text;
    this.#path = path;
    this.#at = at;
  }

  value(depth: number): unknown {
    if (depth > mostDepth) throw this.#fault("fewer lists within lists");
    this.#skip();
    const sign = this.#text[this.#at];
    if (sign === "{") return this.#object(depth);
    if (sign === "[") return this.#list("]", () => this.value(depth + 1));
    if (sign === '"' || sign === "'") return this.#string();
    const word = this.#match(/[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy);
    if (word !== undefined) return Number(word.replaceAll("_", ""));
    const name = this.#match(/(?:true|false|null)\b/y);
    if (name !== undefined) return JSON.parse(name) as unknown;
    throw this.#fault("a list, a range, a text or a number");
  }

  #object(depth: number): Record<string, unknown> {
    const entries = this.#list("}", () => {
      const key =
        this.#text[this.#at] === '"' || this.#text[this.#at] === "'" ? this.#string() : this.#match(/[\w$]+/y);
      if (key === undefined) throw this.#fault("a name");
      this.#skip();
      if (this.#text[this.#at] !== ":") throw this.#fault(`a colon behind ${key}`);
      this.#at++;
      return [key, this.value(depth + 1)] as const;
    });
    const names = entries.map(([name]) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw this.#fault(`${twice} once`);
    // fromEntries makes own properties, whatever their names.
    return Object.fromEntries(entries);
  }

  /** Entries between commas up to the closing sign. */
  #list<Entry>(close: string, read: () => Entry): Entry[] {
    this.#at++;
    const entries: Entry[] = [];
    for (;;) {
      this.#skip();
      if (this.#text[this.#at] === close) break;
      entries.push(read());
      this.#skip();
      if (this.#text[this.#at] === ",") this.#at++;
      else if (this.#text[this.#at] !== close) throw this.#fault(`a comma or ${close}`);
    }
    this.#at++;
    return entries;
  }

  #string(): string {
    const json = this.#match(/"(?:[^"\\\n]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/y);
    if (json !== undefined) return JSON.parse(json) as string;
    const quoted = this.#match(/'[^'\\\n]*'/y);
    if (quoted === undefined) throw this.#fault("a text on one line");
    return quoted.slice(1, -1);
  }

  #skip(): void {
    this.#match(/(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fault(expected: string): UnrollError {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    const rest = this.#text.slice(this.#at, this.#at + 30).split("\n")[0]!;
    return new UnrollError({
      code: "format",
      path: `${this.#path}, line ${line}`,
      expected: `here must be ${expected}`,
      received: rest === "" ? "the end of the line" : rest,
      hint: "A space is data: it is read, not run.",
    });
  }
}
