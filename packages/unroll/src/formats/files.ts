/**
 * The only place that reads and writes files, and only in Node: a file is written whole or not at all.
 * `node:` modules are imported when first needed, so that everything else also runs in a browser.
 */
import { UnrollError } from "../core/errors.ts";
import { copyOf, type FileLimits, fileError, formatBytes } from "./failure.ts";
import { unfinishedEnding } from "./unfinished.ts";

/** Free bytes before those of a file, so that they can be moved to where numbers in them are aligned. */
const room = 8;

/**
 * The bytes, for the caller alone.
 *
 * @throws UnrollError `file` when it cannot be read, `memory` when it is larger than `limits.maxUnpackedBytes`.
 */
export async function readFile(path: string, limits: FileLimits): Promise<Uint8Array> {
  const fs = await import("node:fs/promises");
  try {
    const handle = await fs.open(path, "r");
    try {
      const facts = await handle.stat();
      if (facts.isDirectory()) throw fileError("file", path, "the file must be readable", { received: reasons.EISDIR });
      // A pipe has no size before it is read.
      if (!facts.isFile()) return new Uint8Array(await handle.readFile());
      if (facts.size > limits.maxUnpackedBytes) {
        throw fileError("memory", path, `a file may take ${formatBytes(limits.maxUnpackedBytes)} at most`, {
          received: formatBytes(facts.size),
        });
      }
      const buffer = new Uint8Array(room + facts.size);
      let end = room;
      while (end < buffer.length) {
        const { bytesRead } = await handle.read(buffer, end, buffer.length - end);
        if (bytesRead === 0) break;
        end += bytesRead;
      }
      return buffer.subarray(room, end);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw systemError(path, "the file must be readable", cause);
  }
}

/** A file in the same folder as another, for the shards of model.json. */
export async function besidePath(path: string, name: string): Promise<string> {
  const { dirname, join } = await import("node:path");
  return join(dirname(path), name);
}

/**
 * Runs another kind of writing: appending to the file `path`, or making it as a folder.
 *
 * @throws UnrollError `file`, with what to do
 */
export async function writing<T>(what: "file" | "folder", path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw notWritable(what, path, cause);
  }
}

/**
 * Writes to a temporary file in the same folder and renames it, so that a reader sees the old file or the new one.
 *
 * @throws UnrollError `file`
 */
export async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  await writeFiles(new Map([[path, bytes]]));
}

/**
 * The same for files that belong together, by path: all are written before the first gets its name, in the order given.
 *
 * @throws UnrollError `file`
 */
export async function writeFiles(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const fs = await import("node:fs/promises");
  const written = new Map<string, string>();
  let current = "";
  try {
    for (const [path, bytes] of files) {
      current = path;
      const temporary = `${path}${await unfinishedEnding()}`;
      written.set(path, temporary);
      await fs.writeFile(temporary, bytes, { flag: "wx" });
    }
    for (const [path, temporary] of written) {
      current = path;
      await fs.rename(temporary, path);
    }
  } catch (cause) {
    for (const temporary of written.values()) await fs.rm(temporary, { force: true }).catch(() => {});
    throw notWritable("file", current, cause);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "access is denied",
  EPERM: "access is denied",
  EISDIR: "it is a folder",
  ENOSPC: "the disk is full",
  EROFS: "the disk is read-only",
  ENOTDIR: "a part of its path is a file",
  EEXIST: "there is a file of that name",
};

/** What to do where writing failed. */
const remedies: Readonly<Record<string, string>> = {
  ENOENT: "Make its folder first, or give another path.",
  ENOTDIR: "Give another path.",
  EEXIST: "Give another path.",
  EACCES: "Give a path where you may write.",
  EPERM: "Give a path where you may write.",
  EISDIR: "Give the path of a file.",
  ENOSPC: "Make room, or give a path on another disk.",
  EROFS: "Give a path on another disk.",
};

function notWritable(what: "file" | "folder", path: string, cause: unknown): Error {
  const error = systemError(path, `the ${what} must be writable`, cause);
  const hint = remedies[(cause as { code?: string } | null)?.code ?? ""]; // Node's errors have one
  return error instanceof UnrollError && hint !== undefined ? copyOf(error, { hint }) : error;
}

/** What the system said no with, in words; an error of our own stays as it is. */
export function systemError(path: string, expected: string, cause: unknown): Error {
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  // Errors of our own have a word of ours as code.
  if (code !== undefined && !/^E[A-Z]+$/.test(code) && cause instanceof Error) return cause;
  return fileError("file", path, expected, {
    received: code === undefined ? undefined : (reasons[code] ?? `reason = ${code}`),
    cause,
  });
}
