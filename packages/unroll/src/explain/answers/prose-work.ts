/**
 * Hand calculations in prose: `4 × (30 × (30+9) + 30) = 4800`, in Markdown, HTML or LaTeX, counts and shapes that a line
 * claims, and the words beside them. What is only part of a longer calculation is left out; nothing here knows a model.
 */
import type { Shape } from "../../core/shape.ts";
import type { CodeDocument } from "../../formats/python/document.ts";

/** A line that calculates or claims something. */
export interface ProseLine {
  readonly line: number;
  readonly text: string;
  /** Without marks, tags and LaTeX: what is searched for names. */
  readonly words: string;
  /** True for a heading, and for a line that is bold as a whole. */
  readonly isHeading: boolean;
  /** Each step from one side of an equals sign to the other. */
  readonly steps: readonly ProseStep[];
  /** Numbers that are called parameters, and results of calculations as counts are written. */
  readonly counts: readonly number[];
  readonly shapes: readonly Shape[];
}

/** `left = right`: what the left side comes to, and what stands on the right. */
export interface ProseStep {
  readonly expected: number;
  readonly given: number;
  readonly right: boolean;
}

/** Lines longer than this are no calculation. */
const LONGEST_LINE = 2000;

/** A row of a printed table claims nothing by hand. */
const TABLE_ROW = /[│┃━─]|^\s*[\w./-]+ \([A-Za-z]\w*\)\s{2,}|^\s*(?:Total|Trainable|Non-trainable|Optimizer) params/;

/** The prose of a document by cell, from 1. In a text export what stands below a cell's code is its output and prose. */
export function proseOf({ format, cells }: CodeDocument): { cell: number; lines: readonly ProseLine[] }[] {
  return cells.flatMap(({ kind, source, firstLine, outputs }, index) => {
    if (kind === "markdown") return [{ cell: index + 1, lines: proseLines(source, firstLine) }];
    if (format !== "text-export" || outputs.length === 0) return [];
    const below = firstLine + source.split("\n").length;
    return [{ cell: index + 1, lines: proseLines(outputs.join("\n"), below) }];
  });
}

/** What each line of a text calculates and claims, in order. */
export function proseLines(source: string, firstLine: number): ProseLine[] {
  let before = "";
  return source.split("\n").flatMap((text, index): ProseLine[] => {
    if (text.length > LONGEST_LINE || TABLE_ROW.test(text)) return [];
    const words = plainText(text);
    const chains = chainsIn(words, /[-+*/^=(,]\s*$/.test(before));
    if (words.trim() !== "") before = words;
    return [
      {
        line: firstLine + index,
        text,
        words,
        isHeading: /^\s*#/.test(text) || /^\s*\*\*[^*]+\*\*:?\s*$/.test(text),
        steps: chains.flatMap(stepsOf),
        counts: [...countsCalled(words), ...chains.flatMap(countOf)],
        shapes: shapesIn(words),
      },
    ];
  });
}

/** Marks of Markdown, HTML and LaTeX taken away; one sign for each operator, round brackets, no commas in numbers. */
export function plainText(text: string): string {
  return text
    .replace(/^\s*(?:[-+*>]|#+|\d+[.)])\s+/, "")
    .replaceAll(/\bhttps?:\/\/[^\s)]+|~~.*?~~/gi, " ")
    .replaceAll(/<\/?[a-z][^<>]*>/gi, " ")
    .replaceAll(/\\(?:times|cdot|ast)(?![a-z])|[×·⋅∗]|\\\*/gi, " * ")
    .replaceAll(/\\(?:left|right|[bB]igg?[lr]?|q?quad|displaystyle)(?![a-z])|\\[,;:! ]/g, " ")
    .replaceAll(/\\(?:text|mathrm|mathbf|textbf|mathit)\{([^{}]*)\}/g, " $1 ")
    .replaceAll(/\\\\/g, " ; ")
    .replaceAll("{,}", ",")
    .replaceAll("\\_", "_")
    .replaceAll("−", "-")
    .replaceAll(/(?<=[\d)\]])\s*(?:\*\*|\^)\s*(?=[\d(])/g, "^")
    .replaceAll(/\*\*|__|[$`&]/g, " ")
    .replaceAll(/(?<=[1-9]\d*|[)\]])\s*[xX]\s*(?=[\d([])/g, " * ")
    .replaceAll(/(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])/g, (number) => number.replaceAll(",", ""))
    .replaceAll("[", "(")
    .replaceAll("]", ")");
}

/** The sides of equals signs that stand beside each other, or one calculation alone; undefined for what is only a part of one. */
type Chain = readonly (string | undefined)[];

const RUN = /[\d(][\d\s().+*/^=-]*[\d)]/g;
/** A line that says itself that its numbers are rounded or wrong. */
const LOOSE =
  /\b(?:about|around|roughly|approx\w*|nearly|almost|circa|wrong\w*|incorrect\w*|mistake\w*|false|not true)\b/i;
/** What cannot stand before a whole calculation: an operator, a name of something, a word that calculates. */
const OPEN_BEFORE =
  /(?:[-+*/^%.,<>!~≈√∑∏∫…]|\d:|[\p{L}\p{N}_\\})\u00b2\u00b3]|(?:^|[^\p{L}_])(?:\p{L}|[\p{L}\d]*_[\p{L}\d_]*|times|plus|minus|by|over|divided|mod|(?<!\btotal )of|root|log|ln|exp|sin|cos|tanh?|min|max|round|floor|ceil)\s+)$/iu;
const OPEN_AFTER =
  /^(?:[\p{L}_%\\{(]|[.,]\d|\s*[-+*/^%<>!~≈…]|\s*\.\.|\s*\?|:\d|\s*(?:million|thousand|billion|percent|mod|[kmgt]i?b|in (?:binary|hex\w*|octal|base))\b|\s*\p{L}[\p{L}\d_]*\s*[-+*/^(])/iu;

/** What has a number for a name or a version: `RTX 3080`, `tensorflow 2.3`. */
const NUMBERED =
  /^(?:v|version|release|python|tensorflow|tf|keras|torch|pytorch|numpy|pandas|cuda|cudnn|geforce|ryzen|ubuntu|windows|iphone)$/i;

function endsInName(before: string): boolean {
  const word = /(\p{L}[\p{L}\d]*)\s+$/u.exec(before)?.[1];
  return word !== undefined && (NUMBERED.test(word) || (/^[A-Z]{2,4}$/.test(word) && !/^(?:LSTM|GRU|RNN)$/.test(word)));
}

function chainsIn(words: string, continues: boolean): Chain[] {
  if (/\\(?:frac|sqrt|sum|prod)|[=<>!]=/.test(words) || LOOSE.test(words)) return [];
  return [...words.matchAll(RUN)].flatMap((match): Chain[] => {
    const run = match[0];
    if (!/\d\s*[-+*/^(]|\)\s*[-+*/^(]/.test(run)) return [];
    const before = words.slice(0, match.index);
    const after = words.slice(match.index + run.length);
    const isFirst = before.trim() === "";
    const called = run.startsWith("(") && /[\p{L}_]\s*$/u.test(before);
    const cutFirst = called || (isFirst ? continues : OPEN_BEFORE.test(before.replace(/\s+$/, " ").replace(/^ $/, "")));
    const parts: (string | undefined)[] = run.split("=").map((part) => part.trim());
    if (cutFirst || endsInName(before) || /[-+*/^%]\s*$/.test(before)) parts[0] = undefined;
    if (OPEN_AFTER.test(after)) parts[parts.length - 1] = undefined;
    return [balanced(parts)];
  });
}

/** A bracket around the whole chain belongs to the sentence. */
function balanced(parts: Chain): Chain {
  return parts.map((part, index) => {
    if (part === undefined) return undefined;
    const [opened, closed] = openBrackets(part);
    if (opened === 0 && closed === 0) return part;
    if (index === 0 && closed === 0 && /^\(+/.exec(part)?.[0].length === opened) return part.slice(opened);
    const isLast = index === parts.length - 1;
    return isLast && opened === 0 && /\)+$/.exec(part)?.[0].length === closed ? part.slice(0, -closed) : undefined;
  });
}

/** How many brackets stay open, and how many close one that was not opened. */
function openBrackets(part: string): [opened: number, closed: number] {
  let [opened, closed] = [0, 0];
  for (const character of part) {
    if (character === "(") opened++;
    else if (character === ")" && opened > 0) opened--;
    else if (character === ")") closed++;
  }
  return [opened, closed];
}

function stepsOf(chain: Chain): ProseStep[] {
  return chain.slice(1).flatMap((right, index): ProseStep[] => {
    const left = chain[index];
    if (left === undefined || right === undefined || !/[\d)]\s*[-+*/^(]/.test(left)) return [];
    const [expected, given] = [arithmeticValue(left), arithmeticValue(right)];
    if (expected === undefined || given === undefined) return [];
    // "1949-1960 = 12 years" is a range or a date; "5 + 2 = 7 * 3 = 21" goes on from each result.
    const isRange = expected < 0 && given > 0 && /^\d[\d.-]*$/.test(left.replaceAll(" ", ""));
    const goesOn = Number(/^\d+(?:\.\d+)?(?=\s*[-+*/^])/.exec(right)?.[0]) === expected;
    if (isRange || (goesOn && given !== expected)) return [];
    return [{ expected, given, right: isSame(expected, given, left, right) }];
  });
}

/** Right to the decimals that are written, rounded or cut; a division may be rounded up, and a point may part thousands. */
function isSame(expected: number, given: number, left: string, right: string): boolean {
  const distance = Math.abs(expected - given);
  const decimals = /\.(\d+)$/.exec(right)?.[1]?.length ?? 0;
  if (distance <= 0.5 * 10 ** -decimals + 1e-9 * Math.abs(expected) && (decimals > 0 || distance < 1e-6)) return true;
  if (left.includes("/") && distance < 10 ** -decimals) return true;
  if (decimals > 0 && Math.trunc(expected * 10 ** decimals) === Math.round(given * 10 ** decimals)) return true;
  const whole = arithmeticValue(withoutPoints(right));
  return whole !== undefined && (whole === expected || whole === arithmeticValue(withoutPoints(left)));
}

/** Numbers such as 1.000 taken for thousands. */
function withoutPoints(text: string): string {
  return text.replaceAll(/(?<![\d.])[1-9]\d{0,2}(?:\.\d{3})+(?![\d.])/g, (number) => number.replaceAll(".", ""));
}

/** What a product with a sum in brackets comes to, as counts are written. */
function countOf(chain: Chain): number[] {
  const isCount = chain.some((part) => part !== undefined && /\*|\d\s*\(/.test(part) && /\(.*\+.*\)|\+/.test(part));
  const last = chain.at(-1);
  const value = isCount && last !== undefined ? arithmeticValue(last) : undefined;
  return value === undefined || !Number.isInteger(value) || value <= 0 ? [] : [value];
}

/** `132 parameters`, `Params: 132` */
function countsCalled(words: string): number[] {
  const named = /(?<![\d.*+/^-]\s*)(\d+)\s*(?:\(?(?:trainable|learnable|total)\)?\s+)?(?:params?|parameters)\b/gi;
  return [...words.matchAll(named)].map((match) => Number(match[1]));
}

/** `(None, 30, 4)`, also with LaTeX's brackets. */
function shapesIn(words: string): Shape[] {
  return [...words.matchAll(/\(\s*none\s*((?:,\s*\d+\s*)+)\)/gi)].map((match) => [
    null,
    ...match[1]!.split(",").slice(1).map(Number),
  ]);
}

const TOKEN = /\s*(\d+(?:\.\d+)?|[-+*/^()])/y;
const STRENGTH: Readonly<Record<string, number>> = { "+": 1, "-": 1, "*": 2, "/": 2, "^": 3 };

/** Arithmetic of numbers, a number before a bracket multiplying it; undefined for anything else. */
export function arithmeticValue(text: string): number | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const trimmed = text.trim();
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (match === null) return undefined;
    const token = match[1]!;
    const last = tokens.at(-1);
    const endsValue = last !== undefined && /[\d)]$/.test(last);
    if (endsValue && token === "(") tokens.push("*");
    else if (endsValue && /^\d/.test(token)) return undefined; // two numbers side by side
    tokens.push(token);
  }
  let at = 0;
  const operand = (): number => {
    const token = tokens[at++];
    if (token === "-") return -operand();
    if (token !== "(") return token === undefined || STRENGTH[token] !== undefined ? Number.NaN : Number(token);
    const inside = expression(1);
    return tokens[at++] === ")" ? inside : Number.NaN;
  };
  const expression = (least: number): number => {
    let value = operand();
    for (;;) {
      const operator = tokens[at];
      const strength = operator === undefined ? 0 : (STRENGTH[operator] ?? 0);
      if (operator === undefined || strength < least) return value;
      at++;
      const right = expression(operator === "^" ? strength : strength + 1);
      value = calculated(operator, value, right);
    }
  };
  const value = expression(1);
  return at === tokens.length && Number.isFinite(value) ? value : undefined;
}

function calculated(operator: string, left: number, right: number): number {
  if (operator === "+") return left + right;
  if (operator === "-") return left - right;
  if (operator === "*") return left * right;
  return operator === "/" ? left / right : left ** right;
}
