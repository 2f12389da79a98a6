/**
 * What a document tells of the TensorFlow that ran it, apart from the layout of its tables: printed versions. Only what decides
 * about a default that changed is asked here; the layout itself is read.ts's.
 */
import type { Cell, CodeDocument } from "./document.ts";

const ASKED = /\b([A-Za-z_][\w.]*)\.__version__|\btf\.version\.VERSION/g;
const PRINTED = /\b(\d+)\.(\d+)\.\d+[\w.+-]*/g;
/** As `tensorflow 2.3.0` or `TensorFlow version: 2.3.0` at the beginning of a line. */
const NAMED = /^\W*tensorflow(?: version)?\W{1,4}(\d+)\.\d+\.\d/gim;

/**
 * True where a printed version says that TensorFlow 2 or a later Keras ran the code: there a GRU has `reset_after=True` by
 * itself. Keras apart from TensorFlow (up to 2.3) and `compat.v1` have defaults of their own, whatever TensorFlow is below them.
 */
export function tellsTensorFlow2({ cells }: CodeDocument): boolean {
  const code = cells.filter(({ kind }) => kind === "code");
  const writes = (pattern: RegExp): boolean => code.some(({ source }) => pattern.test(source));
  const ownDefaults = writes(/^\s*(from|import) keras\b/m) || writes(/\bcompat\.v1\b|\bdisable_v2_behavior\b/);
  return code.some((cell) => {
    const named = [...cell.outputs.join("\n").matchAll(NAMED)].some(([, major]) => Number(major) >= 2);
    if (named && !ownDefaults) return true;
    return versionsIn(cell).some(({ module, major, minor }) =>
      module.endsWith("keras") ? major > 2 || (major === 2 && minor >= 4) : isTensorFlow(module, major) && !ownDefaults,
    );
  });
}

function isTensorFlow(module: string, major: number): boolean {
  return (module === "tf" || module === "tensorflow") && major >= 2;
}

/** The versions that a cell asks for and prints, where there are as many numbers as questions. */
function versionsIn({ source, outputs }: Cell): { module: string; major: number; minor: number }[] {
  const asked = [...source.replaceAll(/#.*$/gm, "").matchAll(ASKED)].map(([, module]) => module ?? "tf");
  const printed = [...outputs.join("\n").matchAll(PRINTED)];
  if (asked.length !== printed.length) return [];
  return asked.map((module, at) => ({ module, major: Number(printed[at]![1]), minor: Number(printed[at]![2]) }));
}
