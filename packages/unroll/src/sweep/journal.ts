/**
 * The journal of a sweep: one JSON line for each result, appended and on the disk before anybody counts on it. The line that
 * a killed process was writing is dropped; of two results of one task the first counts.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { UnrollError } from "../core/errors.ts";
import { systemError } from "../formats/files.ts";
import type { TaskResult } from "./plan.ts";
import type { Records } from "./records.ts";
import { readTaskResult } from "./task-result.ts";

export class Journal implements Records {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #results: Map<string, TaskResult>;

  private constructor(file: FileHandle, path: string, results: Map<string, TaskResult>) {
    this.#file = file;
    this.#path = path;
    this.#results = results;
  }

  /** By task, in the order in which they were recorded. */
  get results(): ReadonlyMap<string, TaskResult> {
    return this.#results;
  }

  /**
   * Opens the journal of a sweep, or begins it.
   *
   * @throws UnrollError `file` for the journal of another sweep, or a line that is not one of a journal
   */
  static async open(path: string, sweep: string): Promise<Journal> {
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return Buffer.alloc(0);
      throw error;
    });
    const whole = bytes.lastIndexOf(10) + 1;
    const [first, ...lines] = bytes.subarray(0, whole).toString("utf8").split("\n").slice(0, -1);
    const torn = bytes.subarray(whole).toString("utf8");
    // Nothing is cut off before it is known whose file it is.
    if (first !== undefined || !JSON.stringify({ sweep }).startsWith(torn)) {
      const found = parse(first ?? torn, path, 1).sweep;
      if (found !== sweep) throw otherSweep(path, String(found), sweep);
    }
    const results = new Map<string, TaskResult>();
    for (const [index, line] of lines.entries()) {
      const result = readTaskResult(parse(line, path, index + 2), `${path}, line ${index + 2}`);
      if (!results.has(result.task)) results.set(result.task, result);
    }
    const file = await open(path, "a");
    try {
      await file.truncate(whole);
      if (first === undefined) await append(file, path, { sweep });
      return new Journal(file, path, results);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** False where the task has a result already; nothing is written then. */
  async record(result: TaskResult): Promise<boolean> {
    if (this.#results.has(result.task)) return false;
    this.#results.set(result.task, result);
    await append(this.#file, this.#path, result);
    return true;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function append(file: FileHandle, path: string, entry: unknown): Promise<void> {
  try {
    await file.appendFile(`${JSON.stringify(entry)}\n`);
    await file.datasync();
  } catch (cause) {
    throw systemError(path, "the journal must be writable", cause);
  }
}

function parse(line: string, path: string, number: number): Record<string, unknown> {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === "object" && entry !== null) return entry as Record<string, unknown>; // any object is one
  } catch {
    // Told below.
  }
  throw new UnrollError({
    code: "file",
    path: `${path}, line ${number}`,
    expected: "every line of a journal must be a JSON object",
    received: line.slice(0, 60),
    hint: "Delete the folder of the sweep to begin anew.",
  });
}

function otherSweep(path: string, found: string, sweep: string): UnrollError {
  return new UnrollError({
    code: "file",
    path,
    expected: `the folder is that of another sweep (${found.slice(0, 12)})`,
    received: `sweep = ${sweep.slice(0, 12)}`,
    hint: "Space, options and data must be the same to go on; otherwise choose another folder.",
  });
}
