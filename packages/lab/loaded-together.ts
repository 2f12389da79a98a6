/**
 * Which files the worker's code is built into: what it starts with is one, and what its first model adds is one, where the
 * bundler alone would make dozens that always come together. The rest is left to the bundler.
 */
import { fileURLToPath } from "node:url";
import type { Rolldown } from "vite";

type NameOfChunk = Extract<Rolldown.CodeSplittingGroup["name"], (...args: never) => unknown>;

/** What is loaded together: all that a first module imports, but for the parts of the library that it never calls. */
const loads: { name: string; first: string; without?: RegExp }[] = [
  {
    name: "start",
    first: "src/worker/worker.ts",
    without:
      /\/(?:compiler|program)\/|\/layers\/(?!naming|seed|inputs|sizes)|\/model\/(?!abilities|graph-type|summar|cell-text)|core\/variable/,
  },
  { name: "model", first: "../unroll/src/formats/load.ts" },
];

/** The file that a module goes into; undefined where that is left to the bundler. */
export const loadedTogether: NameOfChunk = (id, modules) => {
  const reaches = (from: string, without?: RegExp, seen = new Set<string>()): Set<string> => {
    if (seen.has(from) || without?.test(from)) return seen;
    seen.add(from);
    for (const next of modules.getModuleInfo(from)?.importedIds ?? []) reaches(next, without, seen);
    return seen;
  };
  return loads.find(({ first, without }) => reaches(fileURLToPath(new URL(first, import.meta.url)), without).has(id))
    ?.name;
};
