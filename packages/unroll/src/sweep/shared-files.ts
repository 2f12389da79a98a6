/**
 * Where a sweep keeps what its workers share: data, plan, checkpoints, models. It is a folder that every worker sees, such as a
 * network drive, or a prefix in an object store, of whose files there are local copies.
 */
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { writeFile, writing } from "../formats/files.ts";
import { type ObjectStore, objectStore } from "./object-store.ts";
import { isStoreUrl, readStoreUrl } from "./store-url.ts";

/** Where files are, as another thread of this process is told it. */
export interface SharedPlace {
  /** A path, or an s3:// URL. */
  readonly folder: string;
  /** Of the copies of what lies behind a URL. */
  readonly copies?: string;
}

export interface SharedFiles {
  readonly place: SharedPlace;
  /** The store behind the copies; a folder has none. */
  readonly store: ObjectStore | undefined;
  /** The local path of a name such as `checkpoints/t1-f1`. */
  pathOf(name: string): string;
  /** As messages call a file: its path, or its URL without what is behind the question mark. */
  shown(name: string): string;
  /** Brings the newest version to the local path, or takes the copy away where there is none; makes the folder that it lies in. */
  pull(name: string): Promise<void>;
  /** Makes the file at the local path, where there is one, that which others pull. */
  push(name: string): Promise<void>;
  /** Whether others can pull it. */
  has(name: string): Promise<boolean>;
  /** Writes a file where there is none, and gives what is there then. */
  create(name: string, bytes: Uint8Array): Promise<Uint8Array>;
  /** Takes the local copies away. */
  close(): Promise<void>;
}

/**
 * The files of a path or of an s3:// URL.
 *
 * @throws UnrollError `option`, `usage` without keys, `unsupported` without aws4fetch
 */
export async function openShared(place: string | SharedPlace): Promise<SharedFiles> {
  const { folder, copies } = typeof place === "string" ? { folder: place } : place;
  if (!isStoreUrl(folder)) return sharedFolder(folder);
  const store = await objectStore(readStoreUrl(folder, process.env));
  const local = copies ?? (await mkdtemp(join(tmpdir(), "unroll-copies-")));
  return storedFiles(store, { folder, copies: local }, local);
}

/** A folder is its own local copy. */
export function sharedFolder(folder: string): SharedFiles {
  const root = resolve(folder);
  const pathOf = (name: string): string => join(root, name);
  return {
    place: { folder: root },
    store: undefined,
    pathOf,
    shown: (name) => join(folder, name),
    async pull(name) {
      const parent = dirname(pathOf(name));
      await writing("folder", parent, () => mkdir(parent, { recursive: true }));
    },
    push: async () => {},
    has: (name) => isThere(pathOf(name)),
    // One coordinator writes, whoever holds the folder's lock.
    async create(name, bytes) {
      if (await isThere(pathOf(name))) return await readFile(pathOf(name));
      await writeFile(pathOf(name), bytes);
      return bytes;
    },
    close: async () => {},
  };
}

/** Objects of a store, with copies in a folder that belongs to this process alone. */
export function storedFiles(store: ObjectStore, place: SharedPlace, copies: string): SharedFiles {
  const pathOf = (name: string): string => join(copies, name);
  const keep = async (name: string, bytes: Uint8Array): Promise<void> => {
    await mkdir(dirname(pathOf(name)), { recursive: true });
    await writeFile(pathOf(name), bytes);
  };
  return {
    place,
    store,
    pathOf,
    shown: (name) => `${place.folder.replace(/\/*(\?.*)?$/s, "")}/${name}`,
    async pull(name) {
      const bytes = await store.read(name);
      if (bytes !== undefined) return await keep(name, bytes);
      await mkdir(dirname(pathOf(name)), { recursive: true });
      await rm(pathOf(name), { force: true });
    },
    async push(name) {
      if (await isThere(pathOf(name))) await store.write(name, await readFile(pathOf(name)));
    },
    has: (name) => store.has(name),
    async create(name, bytes) {
      const counts = await store.create(name, bytes);
      await keep(name, counts);
      return counts;
    },
    close: () => rm(copies, { recursive: true, force: true }),
  };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Names of what lies in the folder of a sweep. */
export const names = {
  plan: "sweep.json",
  journal: "journal.jsonl",
  results: "results.json",
  lock: "sweep.lock",
  data: (file: string) => `data/${file}`,
  checkpoint: (trial: string, part: string) => `checkpoints/${trial}-${part}`,
  model: (trial: string) => `models/${trial}.keras`,
  /** In a store, the result of a task: an object for each, written once. A folder has them in its journal. */
  record: (task: string) => `records/${task}.json`,
  /** In a store, what shows that it writes nothing twice. */
  once: "written-once",
} as const;
