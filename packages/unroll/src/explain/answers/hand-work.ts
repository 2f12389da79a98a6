/**
 * Hand calculations in code: arithmetic that is printed or stands alone, numbers and shapes that comments claim, names of
 * layers above them. Code is interpreted for its numbers and shapes as formats/python does; nothing is executed.
 */
import type { Shape } from "../../core/shape.ts";
import type { Expression, Statement } from "../../formats/python/ast.ts";
import type { CodeDocument } from "../../formats/python/document.ts";
import { evaluate } from "../../formats/python/evaluate.ts";
import { executeCell } from "../../formats/python/execute.ts";
import { KerasSession } from "../../formats/python/keras-session.ts";
import { layerRules } from "../../formats/python/layer-rules.ts";
import type { Machine } from "../../formats/python/machine.ts";
import { LONGEST_CODE } from "../../formats/python/notebook.ts";
import { parsePython } from "../../formats/python/parse.ts";
import { makeMachine } from "../../formats/python/read.ts";
import { Runtime } from "../../formats/python/runtime.ts";
import { ArrayValue, PyList, Scope } from "../../formats/python/values.ts";
import { type ProseStep, proseLines } from "./prose-work.ts";

interface At {
  readonly line: number;
  /** The line of code or comment. */
  readonly text: string;
}

export type HandWork = At &
  /** A short comment alone on its line: it may name a kind of layer, "gru_2" the second one, or a layer. */
  (
    | {
        readonly kind: "heading";
        readonly words: readonly string[];
        readonly className: string | undefined;
        readonly number: number | undefined;
      }
    | {
        readonly kind: "count";
        readonly value: number;
        readonly claim: number | undefined;
        /** False for a product alone, and where a short comment calls it a part: it may be right as it is. */
        readonly isWhole: boolean;
      }
    | { readonly kind: "shape"; readonly shape: Shape }
    | ({ readonly kind: "sum" } & ProseStep)
    | { readonly kind: "concatenated"; readonly given: Shape; readonly expected: Shape }
  );

/** The hand calculations of each cell, from 1, in reading order. */
export function handWorkOf(document: CodeDocument): { cell: number; work: HandWork[] }[] {
  const machine = makeMachine(new Runtime(new KerasSession("3"), new Map()), layerRules);
  const scope = new Scope();
  return document.cells.flatMap(({ kind, source, firstLine }, index) => {
    if (kind !== "code" || source.length > LONGEST_CODE) return [];
    const lines = source.split("\n");
    const comments = lines.flatMap((text, at) => commentWork(text, firstLine + at));
    const lineAt = (line: number): string => lines[line - firstLine] ?? "";
    const code = parsePython(source, firstLine).flatMap((statement) => {
      executeCell([statement], index + 1, scope, machine);
      return [
        ...arithmeticOf(statement, scope, machine, lineAt),
        ...concatenationOf(statement, scope, lines, firstLine),
      ];
    });
    // A comment above a calculation comes first, one beside it after it.
    const work = [...code, ...comments].sort((a, b) => a.line - b.line || rank(a) - rank(b));
    return [{ cell: index + 1, work }];
  });
}

const rank = ({ kind }: HandWork): number => (kind === "heading" ? 0 : kind === "count" ? 1 : 2);

/** What `print(...)` is given, or the expression that stands alone, where it is arithmetic with a product. */
function arithmeticOf(
  statement: Statement,
  scope: Scope,
  machine: Machine,
  lineAt: (line: number) => string,
): HandWork[] {
  if (statement.kind !== "expression") return [];
  const { value } = statement;
  const isPrint = value.kind === "call" && value.callee.kind === "name" && value.callee.name === "print";
  const candidates = isPrint ? value.args.map((argument) => argument.value) : [value];
  return candidates.filter(isCounting).flatMap((expression): HandWork[] => {
    const number = numberOf(expression, scope, machine);
    if (number === undefined || !Number.isInteger(number) || number <= 0) return [];
    const text = lineAt(expression.line);
    const claim = claimIn(text);
    const isPart = [text, lineAt(expression.line - 1)].some(callsPart);
    const isWhole = !isPart && (claim !== undefined || hasSum(expression));
    return [{ kind: "count", line: expression.line, text, value: number, claim, isWhole }];
  });
}

/** A layer's arrays are added: a product alone is one of them, or no count at all. */
function hasSum(expression: Expression): boolean {
  return (
    expression.kind === "binary" && (expression.operator === "+" || hasSum(expression.left) || hasSum(expression.right))
  );
}

const PART =
  /\b(?:each|every|per|one|single|gates?|bias(?:es)?|kernels?|matri(?:x|ces)|parts?|half|without|only|just)\b/i;
const WHOLE = /\b(?:kernels?|weights?)\b.*\bbias/i;

/** `# recurrent kernel`; a longer comment explains the terms of the whole. */
function callsPart(line: string): boolean {
  const hash = commentStart(line);
  if (hash < 0) return false;
  const words = wordsOf(line.slice(hash + 1));
  const text = words.join(" ");
  return words.length <= MOST_WORDS_OF_HEADING && PART.test(text) && !WHOLE.test(text);
}

const wordsOf = (text: string): string[] => text.split(/[\s:,.]+/).filter((word) => word !== "");

/** Products and sums of numbers and names, nothing else. */
function isCounting(expression: Expression): boolean {
  const operators = new Set<string>();
  const isPlain = (part: Expression): boolean => {
    if (part.kind === "constant") return typeof part.value === "number";
    if (part.kind === "name") return true;
    if (part.kind !== "binary") return false;
    operators.add(part.operator);
    return isPlain(part.left) && isPlain(part.right);
  };
  return isPlain(expression) && operators.has("*") && [...operators].every((one) => "+-*".includes(one));
}

function numberOf(expression: Expression, scope: Scope, machine: Machine): number | undefined {
  machine.rt.startStatement({ cell: machine.rt.at.cell, line: expression.line });
  try {
    const value = evaluate(expression, scope, machine);
    return typeof value === "number" ? value : undefined;
  } catch {
    return undefined; // more than the interpreter follows
  }
}

/** `# answer = 132` */
function claimIn(text: string): number | undefined {
  const claim =
    /#\s*(?:answer|result|total|params|=)?\s*[=:]?\s*([\d,]+)\s*(?:params|parameters|parms|weights)?\s*$/i.exec(text);
  return claim === null ? undefined : Number(claim[1]!.replaceAll(",", ""));
}

/** How texts call the layers, with a number behind it "gru_2". */
export const classes: readonly (readonly [RegExp, string])[] = [
  [/\bsimple[ _]?rnn(?:[ _]?(\d+))?\b/i, "SimpleRNN"],
  [/\bbidirectional(?:[ _]?(\d+))?\b/i, "Bidirectional"],
  [/\bgru(?:[ _]?(\d+))?\b/i, "GRU"],
  [/\blstm(?:[ _]?(\d+))?\b/i, "LSTM"],
  [/\bdense(?:[ _]?(\d+))?\b/i, "Dense"],
  [/\bconv(?:olution(?:al)?|1d)?(?:[ _](\d+))?\b/i, "Conv1D"],
  [/\bembedding(?:[ _]?(\d+))?\b/i, "Embedding"],
];

/** Longer comments speak of more than one layer. */
const MOST_WORDS_OF_HEADING = 5;

function commentWork(line: string, at: number): HandWork[] {
  const hash = commentStart(line);
  if (hash < 0) return [];
  const text = line.slice(hash).replace(/^#+\s*/, "");
  return [...headingIn(text, line, at, hash), ...shapesIn(text, line, at), ...sumsIn(text, line, at)];
}

function headingIn(text: string, line: string, at: number, hash: number): HandWork[] {
  const isAlone = line.slice(0, hash).trim() === "";
  const words = wordsOf(text);
  if (!isAlone || words.length === 0 || words.length > MOST_WORDS_OF_HEADING) return [];
  const named = classes.find(([pattern]) => pattern.test(text));
  const number = named?.[0].exec(text)?.[1];
  const which = number === undefined ? undefined : Number(number);
  return [{ kind: "heading", line: at, text: line, words, className: named?.[1], number: which }];
}

function shapesIn(text: string, line: string, at: number): HandWork[] {
  return [...text.matchAll(/\(\s*none\s*((?:,\s*\d+\s*)+)\)/gi)].map((match) => {
    const sizes = match[1]!.split(",").slice(1).map(Number);
    return { kind: "shape", line: at, text: line, shape: [null, ...sizes] };
  });
}

/** `21 - 2 + 1 = 20`: a calculation of numbers alone, with its result, as in prose. */
function sumsIn(text: string, line: string, at: number): HandWork[] {
  const steps = proseLines(text, at).flatMap((one) => one.steps);
  return steps.map((step) => ({ ...step, kind: "sum", line: at, text: line }));
}

/** Where the comment of a line starts, or -1; a `#` in a text is none. */
function commentStart(line: string): number {
  let quote = "";
  for (const [at, character] of [...line].entries()) {
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === "#") return at;
  }
  return -1;
}

/** Outputs of single steps joined end to end below a comment that promises a row for each step. */
function concatenationOf(statement: Statement, scope: Scope, lines: readonly string[], firstLine: number): HandWork[] {
  if (statement.kind !== "assign" || statement.value.kind !== "call") return [];
  const { callee, args } = statement.value;
  const [first] = args;
  if (callee.kind !== "attribute" || callee.name !== "concatenate" || first?.value.kind !== "name") return [];
  const list = scope.find(first.value.name);
  if (!(list instanceof PyList)) return [];
  const { items } = list;
  const [one] = items;
  const size = one instanceof ArrayValue && one.shape.length === 1 ? one.shape[0] : undefined;
  const alike = items.every((item) => item instanceof ArrayValue && item.shape.length === 1 && item.shape[0] === size);
  if (typeof size !== "number" || items.length < 2 || !alike) return [];
  const above = lines.slice(Math.max(0, statement.line - firstLine - 3), statement.line - firstLine + 1).join("\n");
  if (!/#.*(\b2-?D\b|\(\s*(time_?\s?steps|steps|T)\b)/i.test(above)) return [];
  const text = lines[statement.line - firstLine] ?? "";
  return [
    { kind: "concatenated", line: statement.line, text, given: [items.length * size], expected: [items.length, size] },
  ];
}
