/**
 * What a command of the command line is, and the strict reading of its arguments: an unknown flag is an error with a
 * suggestion, never ignored. This file knows no particular command.
 */
import { parseArgs } from "node:util";
import { didYouMean, UnrollError } from "../core/errors.ts";

/** A flag: `--name` alone (boolean), with a text, with a number, or with a whole number such as 1,000. */
export interface Flag {
  readonly kind: "boolean" | "string" | "number" | "whole";
  /** One line for help. */
  readonly doc: string;
  /** How the value is shown in help: FILE, N. */
  readonly value?: string;
  /** The only texts allowed; of a whole number, words that may stand for it. */
  readonly choices?: readonly string[];
  /** Bounds of a whole number; by default from 1. */
  readonly least?: number;
  readonly most?: number;
  /** May be given several times; the value is then a list. */
  readonly many?: boolean;
}

/** Values of the flags by name; absent flags are undefined. */
export type FlagValues = Readonly<Record<string, boolean | string | number | readonly string[] | undefined>>;

/** Where a command writes, and what the terminal can show. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** Progress and remarks; never part of a JSON document. */
  note(text: string): void;
  /** Characters a line; 80 when output is not a terminal. */
  readonly columns: number;
  readonly color: boolean;
  readonly interactive: boolean;
  /** Whether a note can be drawn over with a carriage return. */
  readonly redraws?: boolean;
}

export interface Invocation {
  readonly positionals: readonly string[];
  readonly flags: FlagValues;
  readonly terminal: Terminal;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly doc: string;
  /** Positional arguments as help shows them; a trailing "?" marks an optional one, "..." several. */
  readonly positionals: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** Example calls for help. */
  readonly examples: readonly string[];
  /** Exit code: 0 success, 1 a check failed. Bad input throws UnrollError. */
  run(invocation: Invocation): Promise<0 | 1>;
}

/** Flags that every command takes. */
const commonFlags: Readonly<Record<string, Flag>> = {
  json: { kind: "boolean", doc: "one JSON document on stdout" },
  help: { kind: "boolean", doc: "this text (also -h)" },
};

/**
 * Reads the words behind a command's name.
 *
 * @throws UnrollError `usage` for an unknown flag, a missing value, a value of the wrong kind, too many or too few words.
 */
export function readArguments(command: Command, words: readonly string[]): Pick<Invocation, "positionals" | "flags"> {
  const flags = { ...command.flags, ...commonFlags };
  const { tokens } = parseArgs({
    args: words.map((word) => (word === "-h" ? "--help" : word)),
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { kind }]) => [name, { type: kind === "boolean" ? "boolean" : "string" }]),
    ),
  });
  const values: Record<string, boolean | string | number | string[]> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) throw unknownFlag(command, token.rawName, Object.keys(flags));
    const value = readValue(command, token.rawName, flag, token.value);
    if (flag.many) values[token.name] = [...((values[token.name] as string[] | undefined) ?? []), String(value)];
    else values[token.name] = value;
  }
  if (values.help !== true) checkCount(command, positionals);
  return { positionals, flags: values };
}

function unknownFlag(command: Command, raw: string, known: readonly string[]): UnrollError {
  const nearest = didYouMean(raw, known)?.replace("mean ", "mean --");
  return new UnrollError({
    code: "usage",
    path: `unroll ${command.name}`,
    expected: "every flag must be one that the command has",
    received: raw,
    hint: nearest ?? `See unroll ${command.name} --help.`,
  });
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Digits alone or in groups of three. */
const whole = /^(\d+|\d{1,3}([,_ ]\d{3})+)$/;

function readValue(command: Command, raw: string, flag: Flag, text: string | undefined): boolean | string | number {
  const fail = (expected: string): UnrollError =>
    new UnrollError({
      code: "usage",
      path: `unroll ${command.name}`,
      expected: `${raw} ${expected}`,
      received: text === undefined ? "nothing" : text,
    });
  if (flag.kind === "boolean") {
    if (text !== undefined) throw fail("takes no value");
    return true;
  }
  if (text === undefined) throw fail(`needs a value (${flag.value ?? flag.kind})`);
  if (flag.kind === "number") {
    if (!decimal.test(text) || !Number.isFinite(Number(text))) throw fail("needs a number");
    return Number(text);
  }
  if (flag.kind === "whole") {
    if (flag.choices?.includes(text)) return text;
    const { least = 1, most = Number.MAX_SAFE_INTEGER } = flag;
    const number = whole.test(text) ? Number(text.replaceAll(/[,_ ]/g, "")) : Number.NaN;
    if (number >= least && number <= most) return number;
    const bounds = flag.most === undefined ? `${least} or more` : `from ${least} to ${most}`;
    throw fail(`needs a whole number, ${bounds}${flag.choices === undefined ? "" : `, or ${flag.choices.join(", ")}`}`);
  }
  if (flag.choices !== undefined && !flag.choices.includes(text))
    throw fail(`must be one of ${flag.choices.join(", ")}`);
  return text;
}

function checkCount(command: Command, positionals: readonly string[]): void {
  const least = command.positionals.filter((name) => !name.endsWith("?")).length;
  const most = command.positionals.some((name) => name.includes("..."))
    ? Number.POSITIVE_INFINITY
    : command.positionals.length;
  if (positionals.length >= least && positionals.length <= most) return;
  throw new UnrollError({
    code: "usage",
    path: `unroll ${command.name}`,
    expected: `takes ${command.positionals.map(inWords).join(" ") || "no words"}`,
    received: positionals.length === 0 ? "nothing" : positionals.join(" "),
    hint: `See unroll ${command.name} --help.`,
  });
}

/** `B?` → `[B]`, `MODEL...` → `one MODEL or more`. */
function inWords(positional: string): string {
  return positional.endsWith("...") ? `one ${positional.slice(0, -3)} or more` : showPositional(positional);
}

/** The help text of one command, at most 80 columns wide. */
export function helpFor(command: Command): string {
  const usage = [`unroll ${command.name}`, ...command.positionals.map(showPositional), "[flags]"].join(" ");
  const rows = Object.entries({ ...command.flags, ...commonFlags }).map(([name, flag]) => {
    const value = flag.kind === "boolean" ? "" : ` ${valueText(flag)}`;
    return [`  --${name}${value}`, flag.doc] as const;
  });
  const width = Math.min(32, Math.max(...rows.map(([left]) => left.length)) + 2);
  const flags = rows.map(([left, doc]) =>
    left.length >= width ? `${left}\n${" ".repeat(width)}${doc}` : left.padEnd(width) + doc,
  );
  return [
    `${command.doc}`,
    "",
    `usage: ${usage}`,
    "",
    ...flags,
    "",
    ...(command.examples.length > 0 ? ["examples:", ...command.examples.map((example) => `  ${example}`), ""] : []),
  ].join("\n");
}

function valueText({ kind, choices, value }: Flag): string {
  if (kind === "whole") return [value ?? "N", ...(choices ?? [])].join("|");
  return choices?.join("|") ?? value ?? kind.toUpperCase();
}

function showPositional(name: string): string {
  return name.endsWith("?") ? `[${name.slice(0, -1)}]` : name;
}
