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
      /\/(?:compiler|program)\/|\/layers\/(?!naming|seed|inputs|sizes)|\/model\/(?!abilities|graph-type|summar|cell-text|call-numbers)|core\/variable/,
  },
  { name: "model", first: "../unroll/src/formats/load.ts" },
];

/** For one build: the file that a module goes into; undefined where that is left to the bundler. */
export function loadedTogether(): NameOfChunk {
  const reached = new Map<string, ReadonlySet<string>>();
  return (id, modules) => {
    const from = (first: string, without?: RegExp): ReadonlySet<string> => {
      const known = reached.get(first);
      if (known !== undefined) return known;
      const found = new Set([fileURLToPath(new URL(first, import.meta.url))]);
      // A set goes on to what is added while it is walked.
      for (const module of found) {
        const imported = modules.getModuleInfo(module)?.importedIds ?? [];
        for (const next of imported) if (without?.test(next) !== true) found.add(next);
      }
      reached.set(first, found);
      return found;
    };
    return loads.find(({ first, without }) => from(first, without).has(id))?.name;
  };
}
