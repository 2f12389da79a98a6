/**
 * What a document tells of the Keras that ran it: the layout of its tables, printed versions, and where there is neither the
 * versions that it installs. Asked for names that Keras gives by itself and for defaults that changed.
 */
import { snakeCase } from "../../layers/naming.ts";
import type { Cell, CodeDocument } from "./document.ts";
import type { KerasVersion } from "./keras-session.ts";
import type { ParsedSummary } from "./summary-text.ts";

const ASKED = /\b([A-Za-z_][\w.]*)\.__version__|\btf\.version\.VERSION/g;
const PRINTED = /\b(\d+)\.(\d+)\.\d+[\w.+-]*/g;
/** As `tensorflow 2.3.0` or `TensorFlow version: 2.3.0` at the beginning of a line. */
const NAMED = /^\W*tensorflow(?: version)?\W{1,4}(\d+)\.\d+\.\d/gim;

/** What a notebook installs: `!pip install tensorflow==2.3`, `%tensorflow_version 2.x`. */
const INSTALLED = /(?<![\w-])(tensorflow|keras)(?:[-_][cg]pu)?(?:\[[^\]]*\])?\s*[=~]==?\s*(\d+)(?:\.(\d+))?/gi;
const CHOSEN = /%tensorflow_version\s+(\d+)\.x/g;

interface Told {
  readonly module: string;
  readonly major: number;
  readonly minor: number;
}

/** Keras 2 and 3 print different tables; names that all start at 1 are standalone Keras's. Without a table, printed or installed versions tell. */
export function versionOf(document: CodeDocument, tables: readonly ParsedSummary[]): KerasVersion {
  if (tables.some((table) => table.style === "keras3")) return "3";
  const imports = (module: RegExp): boolean => codeOf(document).some(({ source }) => module.test(source));
  const standalone = imports(/^\s*(from|import) keras\b/m) && !imports(/^\s*(from|import) tensorflow\b/m);
  if (tables.length === 0) return versionAmong(versionsOf(codeOf(document)), standalone) ?? "3";
  const zero = tables.some((table) => table.rows.some((row) => row.name === snakeCase(row.type)));
  return standalone && !zero ? "2-standalone" : "2";
}

function versionAmong(all: readonly Told[], standalone: boolean): KerasVersion | undefined {
  const keras = all.findLast(({ module }) => module === "keras");
  if (standalone && keras !== undefined) {
    if (keras.major > 2) return "3";
    return keras.major === 2 && keras.minor >= 4 ? "2" : "2-standalone";
  }
  const tensorflow = all.findLast(({ module }) => isTensorFlow(module));
  if (tensorflow === undefined) return undefined;
  // Keras 3 is TensorFlow's since 2.16; before 2 its own Keras was another package than the one of that name.
  if (tensorflow.major === 2) return tensorflow.minor >= 16 ? "3" : "2";
  return standalone ? "2-standalone" : "2";
}

/**
 * True where a printed version says that TensorFlow 2 or a later Keras ran the code, or where none is printed an installed one:
 * there a GRU has `reset_after=True` by itself. Keras apart from TensorFlow (up to 2.3) and `compat.v1` have defaults of their
 * own, whatever TensorFlow is below them.
 */
export function tellsTensorFlow2(document: CodeDocument): boolean {
  const code = codeOf(document);
  const writes = (pattern: RegExp): boolean => code.some(({ source }) => pattern.test(source));
  const ownDefaults = writes(/^\s*(from|import) keras\b/m) || writes(/\bcompat\.v1\b|\bdisable_v2_behavior\b/);
  return versionsOf(code).some(({ module, major, minor }) =>
    isTensorFlow(module) ? major >= 2 && !ownDefaults : major > 2 || (major === 2 && minor >= 4),
  );
}

function codeOf({ cells }: CodeDocument): readonly Cell[] {
  return cells.filter(({ kind }) => kind === "code");
}

/** The versions of Keras and TensorFlow that are printed; where there are none, those that are installed. */
function versionsOf(code: readonly Cell[]): Told[] {
  const printed = code.flatMap((cell) => [...namedIn(cell), ...versionsIn(cell)]).filter(isKerasOrTensorFlow);
  return printed.length > 0 ? printed : installed(code);
}

function isKerasOrTensorFlow({ module }: Told): boolean {
  return isTensorFlow(module) || module.endsWith("keras");
}

function isTensorFlow(module: string): boolean {
  return module === "tf" || module === "tensorflow";
}

/** The versions that cells install; lines that are commented out install nothing. */
function installed(cells: readonly Cell[]): Told[] {
  const lines = cells.flatMap(({ source }) => source.split("\n"));
  return lines.flatMap((line) => {
    const text = MAGIC_LINE.exec(line)?.[1] ?? line.replace(/#.*$/, "");
    const pinned = /\bpip3?\s+install\b/.test(text) ? [...text.matchAll(INSTALLED)] : [];
    return [
      ...pinned.map(([, module, major, minor]) => told(module!.toLowerCase(), major, minor)),
      ...[...text.matchAll(CHOSEN)].map(([, major]) => told("tensorflow", major)),
    ];
  });
}

/** As `blankMagics` leaves it. */
const MAGIC_LINE = /^\s*pass {2}# (.*)$/;

function told(module: string, major = "0", minor = "0"): Told {
  return { module, major: Number(major), minor: Number(minor) };
}

function namedIn({ outputs }: Cell): Told[] {
  return [...outputs.join("\n").matchAll(NAMED)].map(([, major]) => told("tensorflow", major));
}

/** The versions that a cell asks for and prints, where there are as many numbers as questions. */
function versionsIn({ source, outputs }: Cell): Told[] {
  const asked = [...source.replaceAll(/#.*$/gm, "").matchAll(ASKED)].map(([, module]) => module ?? "tf");
  const printed = [...outputs.join("\n").matchAll(PRINTED)];
  if (asked.length !== printed.length) return [];
  return asked.map((module, at) => told(module, printed[at]![1], printed[at]![2]));
}
