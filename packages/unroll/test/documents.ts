/**
 * Documents whose code, numbers and commands are run: what README and guide tests share. Code blocks print what their comments
 * say; a number in prose followed by `<!--= expression -->` is that expression; formulas of numbers alone are calculated.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as unroll from "unroll";
import { vi } from "vitest";
import { main } from "../src/cli/main.ts";

const AsyncFunction = (async () => {}).constructor as FunctionConstructor; // it has no name of its own

/** Runs a block whose import line names things of the library; returns what it printed, and what the expressions come to. */
export async function runBlock(block: string, expressions: readonly string[] = []) {
  const names = [...block.matchAll(/import \{([^}]*)\} from "unroll";/g)].map(([, list]) => list).join(",");
  const body = block.replaceAll(/^import .*\n/gm, "");
  const sigma = "const sigmoid = (x) => 1 / (1 + Math.exp(-x)), { tanh, exp } = Math;";
  const code = `const {${names}} = unroll;\nconst values = await (async () => {\n${body}\n${expressions.length > 0 ? `${sigma}return [${expressions.join(",\n")}];` : ""}\n})();\nreturn values;`;
  const print = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    const values: unknown[] = (await new AsyncFunction("unroll", code)(unroll)) ?? [];
    return { lines: print.mock.calls.map((words) => words.map(shown).join(" ")), values };
  } finally {
    print.mockRestore();
  }
}

function shown(what: unknown): string {
  if (typeof what === "string") return what;
  const plain = ArrayBuffer.isView(what) ? [...(what as unknown as Iterable<number>)] : what;
  return JSON.stringify(plain).replaceAll(",", ", ");
}

/** A number in prose and the expression that gives it; `block` is the code before it, in whose scope it stands. */
export interface MarkedNumber {
  readonly written: string;
  readonly expression: string;
  readonly block: number;
}

export interface Fence {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

const fence = /^```(\w+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm;
const marked = /(−?[\d,.]*\d)(?:\*\*)?<!--=([\s\S]*?)-->/g;

export function fencesOf(document: string): Fence[] {
  return [...document.matchAll(fence)].map(([, language, file, text]) => ({ language: language!, file, text: text! }));
}

export function markedNumbers(document: string): MarkedNumber[] {
  let block = -1;
  const found: MarkedNumber[] = [];
  for (const part of document.split(/^(?=```)/m)) {
    if (part.startsWith("```js")) block++;
    const prose = part.startsWith("```") ? part.slice(part.indexOf("\n```") + 4) : part;
    for (const [, written, expression] of prose.matchAll(marked)) {
      found.push({ written: written!, expression: expression!.trim(), block });
    }
  }
  return found;
}

/** Numbers in prose that nothing recalculates: decimals, and whole numbers from 100 on. */
export function unmarkedNumbers(document: string): string[] {
  const prose = document
    .replaceAll(fence, "")
    .replaceAll(/\$\$[\s\S]*?\$\$|\$[^$\n]*\$/g, "")
    .replaceAll(/`[^`\n]*`/g, "")
    .replaceAll(marked, "")
    .replaceAll(/\]\([^)]*\)/g, "]");
  return [...prose.matchAll(/\d[\d,]*\.\d+|\b\d{3,}\b|\d,\d{3}/g)].map(([number]) => number);
}

/** Whether a number as written is the value, rounded to the decimals that are written. */
export function isRounded(written: string, value: number): boolean {
  const plain = written.replaceAll(",", "").replace("−", "-");
  const decimals = plain.split(".")[1]?.length ?? 0;
  return Math.abs(Number(plain) - value) <= 0.5 * 10 ** -decimals + 1e-9;
}

/** The numeric formulas of a document: each as its parts between equals signs. */
export function numericFormulas(document: string): { readonly formula: string; readonly parts: readonly string[] }[] {
  const formulas = [...document.replaceAll(fence, "").matchAll(/\$\$([\s\S]*?)\$\$|\$([^$\n]*)\$/g)];
  return formulas.flatMap(([, display, inline]) =>
    (display ?? inline ?? "")
      .replaceAll(/\\begin\{aligned\}|\\end\{aligned\}|&/g, "")
      .split("\\\\")
      .flatMap((line) => {
        const parts = line.split(/=|\\approx/).map((part) => part.trim());
        const numeric = parts.filter((part) => part !== "" && isNumeric(part));
        return numeric.length > 1 ? [{ formula: line.trim(), parts: numeric }] : [];
      }),
  );
}

function isNumeric(latex: string): boolean {
  return !/[a-zA-Z]/.test(latex.replaceAll(/\\(times|cdot|tanh|sigma|left|right|frac|exp)/g, ""));
}

/** What a formula of numbers comes to. */
export function evaluateLatex(latex: string): number {
  const code = latex
    .replaceAll("{,}", "")
    .replaceAll(/\\left|\\right/g, "")
    .replaceAll(/\\frac\{([^{}]*)\}\{([^{}]*)\}/g, "(($1)/($2))")
    .replaceAll(/\\times|\\cdot/g, "*")
    .replaceAll("\\tanh", "Math.tanh")
    .replaceAll("\\exp", "Math.exp")
    .replaceAll("\\sigma", "sigmoid")
    .replaceAll(/\^\{?(-?\d+)\}?/g, "**$1")
    .replaceAll("[", "(")
    .replaceAll("]", ")");
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  return Function("sigmoid", `"use strict"; return (${code});`)(sigmoid) as number; // a formula of numbers
}

/** Runs the `npx unroll` lines of a block; words that are file names lie in the folder. */
export async function runCommands(block: string, folder: string) {
  const results = [];
  for (const line of block.split("\n")) {
    if (!line.startsWith("npx unroll ")) continue;
    const words = [...line.slice("npx unroll ".length).matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, bare]) => quoted ?? bare!,
    );
    const placed = words.map((word) =>
      /^[\w-]+(\.\w+)+$/.test(word) && !/^[\d.]+$/.test(word) ? join(folder, word) : word,
    );
    let out = "";
    let note = "";
    const terminal = {
      out: (text: string) => {
        out += text;
      },
      note: (text: string) => {
        note += text;
      },
      columns: 80,
      color: false,
      interactive: false,
    };
    const code = await main(placed, terminal);
    results.push({ line, code, out, note });
  }
  return results;
}

/** The files that a document shows, in a folder of their own. */
export function placeFiles(fences: readonly Fence[]): string {
  const folder = mkdtempSync(join(tmpdir(), "unroll-document-"));
  for (const { file, text } of fences) if (file !== undefined) writeFileSync(join(folder, file), text);
  return folder;
}
