/** Any file as bytes, in Node. Unlike files.ts it sets no bound: what reads the bytes does. */
import { readFile } from "node:fs/promises";
import { UnrollError } from "../core/errors.ts";

/** A file's bytes, or an UnrollError that says why not. */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new UnrollError(
      {
        code: "file",
        path,
        expected: "the file must be readable",
        received: code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : code,
      },
      { cause },
    );
  }
}
