/** Where a command writes a file: checked before any work, so that nothing is lost and nothing is computed in vain. */
import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type ErrorCode, UnrollError } from "../core/errors.ts";

export interface TargetOptions {
  /** Files that are read, or flags that name one; none of them is ever replaced. */
  readonly sources: readonly unknown[];
  /** Whether another file may be replaced. */
  readonly replace: boolean;
}

/** Throws UnrollError `usage` for a file that must not be replaced, `file` where the path cannot be written. */
export async function checkTarget(path: string, { sources, replace }: TargetOptions): Promise<void> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return await checkFolder(path);
  for (const source of sources) {
    if (typeof source !== "string" || !(await isSameFile(source, real))) continue;
    throw failure("usage", path, "the file that is read must not be the one that is written", {
      received: "the same file",
      hint: "Write to another name.",
    });
  }
  if ((await stat(real)).isDirectory()) throw failure("file", path, "must be a file", { received: "it is a folder" });
  // Asked of the mode as well: to some users every file is writable.
  const readOnly = ((await stat(real)).mode & 0o222) === 0;
  if (readOnly || !(await isWritable(real))) {
    throw failure("file", path, "the file must be writable", { received: "it is read-only" });
  }
  if (!replace) {
    throw failure("usage", path, "a file that is there already is kept", {
      hint: "Give --force to replace it, or another name.",
    });
  }
}

/**
 * Files of one command by what names them; what is not written is undefined. Throws UnrollError `usage` where two are the same,
 * of which only the later would be left.
 */
export async function checkDistinct(targets: Readonly<Record<string, string | undefined>>): Promise<void> {
  const seen = new Map<string, string>();
  for (const [name, path] of Object.entries(targets)) {
    if (path === undefined) continue;
    const real = await realTarget(path);
    const other = seen.get(real);
    seen.set(real, name);
    if (other === undefined) continue;
    throw failure("usage", path, `${other} and ${name} must be different files`, {
      received: "the same file",
      hint: "Give one of them another name.",
    });
  }
}

/** Also of a file that is not there yet: the name in its real folder. */
async function realTarget(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  return real ?? join(await realpath(dirname(path)).catch(() => resolve(dirname(path))), basename(path));
}

/** Throws UnrollError `usage` for a page that has another ending: what is written is HTML by any name. */
export function checkPageName(path: string, flag: string): void {
  if (/\.html?$/i.test(path)) return;
  throw new UnrollError({ code: "usage", path: flag, expected: "the file must end in .html", received: path });
}

/** Throws UnrollError `file` for a path that is no folder and cannot become one. Makes none: what is refused leaves nothing behind. */
export async function checkFolderName(path: string): Promise<void> {
  const factsOf = (one: string) => stat(one).catch(() => undefined);
  let at = resolve(path);
  let facts = await factsOf(at);
  while (facts === undefined && dirname(at) !== at) {
    at = dirname(at);
    facts = await factsOf(at);
  }
  if (facts === undefined || facts.isDirectory()) return;
  throw failure("file", path, "must be a folder, or a name for a new one", {
    received: "there is a file on its path",
  });
}

async function checkFolder(path: string): Promise<void> {
  const folder = dirname(path);
  const facts = await stat(folder).catch(() => undefined);
  if (facts === undefined) {
    throw failure("file", path, "its folder must be there", { received: `there is no folder ${folder}` });
  }
  if (!facts.isDirectory()) throw failure("file", path, "its folder must be one", { received: `${folder} is a file` });
  if (!(await isWritable(folder))) {
    throw failure("file", path, "its folder must be writable", { received: `${folder} is read-only` });
  }
}

/** Also where one is another's hard link, which has a path of its own. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path, { bigint: true }).catch(() => undefined)));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function failure(
  code: ErrorCode,
  path: string,
  expected: string,
  more: { readonly received?: string; readonly hint?: string },
): UnrollError {
  return new UnrollError({ code, path, expected, ...more });
}
