/** Which models a service is to have: reads `FILE`, `NAME=FILE` and `NAME:VERSION=FILE`, and folders of numbered versions. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { UnrollError } from "../core/errors.ts";

/** A model as it was asked for. */
export interface ModelSpec {
  readonly name: string;
  /** Undefined for a folder of versions, and for a lone file, which is version 1. */
  readonly version: number | undefined;
  readonly path: string;
}

/** One file to load. */
export interface ModelFile {
  readonly name: string;
  readonly version: number;
  readonly path: string;
}

const nameRule = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * `FILE` is named after itself without its ending.
 *
 * @throws UnrollError `usage` for a name or version that cannot stand in an address, and for one given twice
 */
export function readModelSpecs(words: readonly string[]): ModelSpec[] {
  const specs = words.map(readSpec);
  const seen = new Set<string>();
  for (const { name, version } of specs) {
    const key = `${name}:${version ?? 1}`;
    if (seen.has(key))
      throw usage("every model must have its own name and version", key, "Write NAME=FILE, or NAME:VERSION=FILE.");
    seen.add(key);
  }
  return specs;
}

function readSpec(word: string): ModelSpec {
  const match = /^([^=/\\]+)=(.+)$/s.exec(word);
  const path = match === null ? word : match[2]!;
  const [name, version, ...rest] =
    match === null ? [basename(word).replace(/\.[A-Za-z0-9]+$/, "")] : match[1]!.split(":");
  if (!nameRule.test(name!) || rest.length > 0) {
    throw usage("a model's name must be letters, digits, dots, dashes and underscores", name!, "Write NAME=FILE.");
  }
  if (version === undefined) return { name: name!, version: undefined, path };
  if (!isVersion(version)) throw usage("a version must be a whole number from 1", `${name}:${version}`);
  return { name: name!, version: Number(version), path };
}

/** The files that a spec means now: itself, or `1/`, `2/` ... of a folder, each with one model file in it. */
export async function modelFiles({ name, version, path }: ModelSpec): Promise<ModelFile[]> {
  if (version !== undefined || !(await isFolder(path)))
    return [{ name, version: version ?? 1, path: await fileIn(path) }];
  const versions = (await readdir(path)).filter(isVersion).map(Number);
  if (versions.length === 0) return [{ name, version: 1, path: await fileIn(path) }];
  return await Promise.all(
    versions
      .sort((a, b) => a - b)
      .map(async (one) => ({ name, version: one, path: await fileIn(join(path, String(one))) })),
  );
}

/** The model file itself, or the only one of a folder: `model.json` where that is there. */
async function fileIn(path: string): Promise<string> {
  if (!(await isFolder(path))) return path;
  const names = await readdir(path);
  if (names.includes("model.json")) return join(path, "model.json");
  const files = names.filter((one) => /\.(keras|h5|hdf5)$/i.test(one));
  if (files.length === 1) return join(path, files[0]!);
  throw new UnrollError({
    code: "file",
    path,
    expected:
      "a model's folder must hold one model file (.keras, .h5 or model.json), or folders 1, 2 ... with one each",
    received: files.length === 0 ? "none" : `files = ${files.join(", ")}`,
  });
}

/** Throws UnrollError `file` where there is nothing: a folder that is gone is not one without versions. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new UnrollError(
      {
        code: "file",
        path,
        expected: "the model's file or folder must be readable",
        received: code === "ENOENT" ? "there is no such file" : code,
      },
      { cause },
    );
  }
}

function isVersion(text: string): boolean {
  return /^[1-9][0-9]{0,14}$/.test(text);
}

function usage(expected: string, received: string, hint?: string): UnrollError {
  return new UnrollError({
    code: "usage",
    path: "unroll serve",
    expected,
    received,
    ...(hint === undefined ? {} : { hint }),
  });
}
