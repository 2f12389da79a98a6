/**
 * Reads an .xlsx file back and evaluates its formulas: a spreadsheet program small enough to check ours with. It knows
 * numbers, + - * / and comparisons, references, and the functions below; anything else is an error.
 */
import { strFromU8, unzipSync } from "fflate";

export interface ReadWorkbook {
  /** Names of the files inside. */
  readonly files: readonly string[];
  readonly sheets: readonly string[];
  /** Formulas as written, by "sheet!A1". */
  readonly formulas: ReadonlyMap<string, string>;
  /** The numbers that stand beside formulas, by "sheet!A1": what a program shows that does not calculate. */
  readonly shown: ReadonlyMap<string, number>;
  /** What a cell comes to; text is NaN. */
  numberAt(sheet: string, cell: string): number;
  /** Puts another number into a cell. */
  change(sheet: string, cell: string, value: number): void;
  /** The text of a cell, or undefined. */
  textOf(sheet: string, cell: string): string | undefined;
}

export function readWorkbook(bytes: Uint8Array): ReadWorkbook {
  const files = unzipSync(bytes);
  const xml = (path: string): string => strFromU8(files[path]!);
  const sheets = [...xml("xl/workbook.xml").matchAll(/<sheet [^>]*name="([^"]*)"/g)].map(([, name]) =>
    plainText(name!),
  );
  const strings = [...xml("xl/sharedStrings.xml").matchAll(/<si>([\s\S]*?)<\/si>/g)].map(([, one]) =>
    plainText(one!.replaceAll(/<[^>]*>/g, "")),
  );
  const formulas = new Map<string, string>();
  const shown = new Map<string, number>();
  const numbers = new Map<string, number>();
  const texts = new Map<string, string>();
  sheets.forEach((sheet, index) => {
    const cells = xml(`xl/worksheets/sheet${index + 1}.xml`).matchAll(/<c ([^>]*?)(?:\/>|>([\s\S]*?)<\/c>)/g);
    for (const [, attributes, inner = ""] of cells) {
      const at = `${sheet}!${/r="([A-Z]+\d+)"/.exec(attributes!)![1]}`;
      const formula = /<f>([\s\S]*?)<\/f>/.exec(inner)?.[1];
      const value = /<v>([\s\S]*?)<\/v>/.exec(inner)?.[1];
      if (formula !== undefined) {
        formulas.set(at, plainText(formula));
        if (value !== undefined) shown.set(at, Number(value));
      } else if (value !== undefined && attributes!.includes('t="s"')) texts.set(at, strings[Number(value)]!);
      else if (value !== undefined) numbers.set(at, Number(value));
    }
  });
  let known = new Map<string, number>();
  const numberAt = (sheet: string, cell: string): number => {
    const at = `${sheet}!${cell}`;
    let value = known.get(at);
    if (value === undefined) {
      const formula = formulas.get(at);
      value = formula === undefined ? (numbers.get(at) ?? Number.NaN) : new Parser(formula, sheet, numberAt).read();
      known.set(at, value);
    }
    return value;
  };
  return {
    files: Object.keys(files),
    sheets,
    formulas,
    shown,
    numberAt,
    textOf: (sheet, cell) => texts.get(`${sheet}!${cell}`),
    change(sheet, cell, value) {
      numbers.set(`${sheet}!${cell}`, value);
      known = new Map();
    },
  };
}

const functions: Readonly<Record<string, (...operands: number[]) => number>> = {
  EXP: Math.exp,
  TANH: Math.tanh,
  LN: Math.log,
  SQRT: Math.sqrt,
  ABS: Math.abs,
  INT: Math.floor,
  SIGN: Math.sign,
  MAX: Math.max,
  MIN: Math.min,
  POWER: (a, b) => a ** b,
  IF: (condition, a, b) => (condition !== 0 ? a : b),
};

const token = /\s*('(?:[^']|'')+'!|[A-Z]+\d+(?!\w|\()|[A-Z]+(?=\()|\d+\.?\d*(?:E[+-]?\d+)?|<>|<=|>=|[-+*/()<>=,:])/y;

/** Recursive descent, as the formula is written. */
class Parser {
  readonly #tokens: readonly string[];
  readonly #sheet: string;
  readonly #numberAt: (sheet: string, cell: string) => number;
  #at = 0;

  constructor(formula: string, sheet: string, read: (sheet: string, cell: string) => number) {
    const tokens: string[] = [];
    token.lastIndex = 0;
    while (token.lastIndex < formula.length) {
      const from = token.lastIndex;
      const found = token.exec(formula);
      if (found === null) throw new Error(`cannot read ${formula.slice(from)} of ${formula}`);
      tokens.push(found[1]!);
    }
    this.#tokens = tokens;
    this.#sheet = sheet;
    this.#numberAt = read;
  }

  read(): number {
    const value = this.#comparison();
    if (this.#at < this.#tokens.length) throw new Error(`left over: ${this.#tokens.slice(this.#at).join("")}`);
    return value;
  }

  #take(...wanted: string[]): string | undefined {
    const next = this.#tokens[this.#at];
    if (next === undefined || !wanted.includes(next)) return undefined;
    this.#at++;
    return next;
  }

  #comparison(): number {
    const left = this.#sum();
    const sign = this.#take("<", "<=", "=", "<>", ">", ">=");
    if (sign === undefined) return left;
    const right = this.#sum();
    const results: Readonly<Record<string, boolean>> = {
      "<": left < right,
      "<=": left <= right,
      "=": left === right,
      "<>": left !== right,
      ">": left > right,
      ">=": left >= right,
    };
    return results[sign] === true ? 1 : 0;
  }

  #sum(): number {
    let value = this.#product();
    for (let sign = this.#take("+", "-"); sign !== undefined; sign = this.#take("+", "-")) {
      value += sign === "+" ? this.#product() : -this.#product();
    }
    return value;
  }

  #product(): number {
    let value = this.#factor();
    for (let sign = this.#take("*", "/"); sign !== undefined; sign = this.#take("*", "/")) {
      value = sign === "*" ? value * this.#factor() : value / this.#factor();
    }
    return value;
  }

  #factor(): number {
    if (this.#take("-") !== undefined) return -this.#factor();
    const next = this.#tokens[this.#at++]!;
    if (next === "(") {
      const value = this.#comparison();
      this.#expect(")");
      return value;
    }
    if (/^\d/.test(next)) return Number(next);
    if (/^[A-Z]+$/.test(next)) return this.#call(next);
    const [sheet, cell] = next.endsWith("!") ? [sheetName(next), this.#tokens[this.#at++]!] : [this.#sheet, next];
    return this.#numberAt(sheet, cell);
  }

  #call(name: string): number {
    this.#expect("(");
    if (name === "INDEX") return this.#index();
    const operands = [this.#comparison()];
    while (this.#take(",") !== undefined) operands.push(this.#comparison());
    this.#expect(")");
    const found = functions[name];
    if (found === undefined) throw new Error(`no function ${name}`);
    return found(...operands);
  }

  /** INDEX(column, row) with a range of one column. */
  #index(): number {
    const next = this.#tokens[this.#at++]!;
    const [sheet, first] = next.endsWith("!") ? [sheetName(next), this.#tokens[this.#at++]!] : [this.#sheet, next];
    this.#expect(":");
    const last = this.#tokens[this.#at++]!;
    this.#expect(",");
    const row = Number(first.replace(/\D/g, "")) + this.#comparison() - 1;
    this.#expect(")");
    if (row > Number(last.replace(/\D/g, ""))) throw new Error("INDEX beyond its range");
    return this.#numberAt(sheet, `${first.replace(/\d/g, "")}${row}`);
  }

  #expect(wanted: string): void {
    if (this.#take(wanted) === undefined) throw new Error(`${wanted} expected, not ${this.#tokens[this.#at]}`);
  }
}

function sheetName(token: string): string {
  return token.slice(1, -2).replaceAll("''", "'");
}

function plainText(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
