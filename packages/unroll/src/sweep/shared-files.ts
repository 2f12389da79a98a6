/**
 * Where a sweep keeps what its workers share: data, plan, checkpoints, models. This folder is one that every worker sees, such
 * as a network drive. An object store takes the same interface: `pull` fetches a file to its local path, `push` uploads it.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

export interface SharedFiles {
  /** The local path of a name such as `checkpoints/t1-f1`. */
  pathOf(name: string): string;
  /** Brings the newest version to the local path, where there is one; makes the folder that it lies in. */
  pull(name: string): Promise<void>;
  /** Makes the file at the local path the one that others pull. */
  push(name: string): Promise<void>;
}

/** A folder is its own local copy. */
export function sharedFolder(folder: string): SharedFiles {
  const root = resolve(folder);
  const pathOf = (name: string): string => join(root, name);
  return {
    pathOf,
    pull: async (name) => void (await mkdir(dirname(pathOf(name)), { recursive: true })),
    push: async () => {},
  };
}

/** Names of what lies in the folder of a sweep. */
export const names = {
  plan: "sweep.json",
  journal: "journal.jsonl",
  results: "results.json",
  data: (file: string) => `data/${file}`,
  checkpoint: (trial: string, part: string) => `checkpoints/${trial}-${part}`,
  model: (trial: string) => `models/${trial}.keras`,
} as const;
