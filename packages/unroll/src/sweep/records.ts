/**
 * The results of a sweep, each recorded once: in a folder as lines of its journal, in an object store as an object for each task,
 * which the store refuses to write twice.
 */
import { UnrollError } from "../core/errors.ts";
import { Journal } from "./journal.ts";
import type { ObjectStore } from "./object-store.ts";
import { nextTasks, type SweepPlan, type TaskResult } from "./plan.ts";
import { names, type SharedFiles } from "./shared-files.ts";
import { readTaskResult } from "./task-result.ts";

export interface Records {
  /** By task. */
  readonly results: ReadonlyMap<string, TaskResult>;
  /** False where the task has a result already, which counts. */
  record(result: TaskResult): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens what has been recorded of a plan, or begins it. Throws UnrollError `file`. */
export async function openRecords(plan: SweepPlan, files: SharedFiles): Promise<Records> {
  const { store } = files;
  return store === undefined
    ? await Journal.open(files.pathOf(names.journal), plan.id)
    : await StoredRecords.open(plan, store, (task) => files.shown(names.record(task)));
}

/** Reads that are asked of a store at the same time. */
const atATime = 16;

class StoredRecords implements Records {
  readonly #store: ObjectStore;
  readonly #shown: (task: string) => string;
  readonly #results = new Map<string, TaskResult>();

  /** The plan says which tasks there can be, so no list is asked for. */
  static async open(plan: SweepPlan, store: ObjectStore, shown: (task: string) => string): Promise<StoredRecords> {
    const records = new StoredRecords(store, shown);
    for (let found = Number.POSITIVE_INFINITY; found > 0; ) {
      const before = records.#results.size;
      const open = nextTasks(plan, records.#results).map(({ id }) => id);
      for (let start = 0; start < open.length; start += atATime) {
        await Promise.all(open.slice(start, start + atATime).map((task) => records.#read(task)));
      }
      found = records.#results.size - before;
    }
    return records;
  }

  private constructor(store: ObjectStore, shown: (task: string) => string) {
    this.#store = store;
    this.#shown = shown;
  }

  get results(): ReadonlyMap<string, TaskResult> {
    return this.#results;
  }

  async record(result: TaskResult): Promise<boolean> {
    if (this.#results.has(result.task)) return false;
    const ours = JSON.stringify(result);
    const counts = await this.#store.create(names.record(result.task), new TextEncoder().encode(ours));
    this.#keep(result.task, counts);
    return new TextDecoder().decode(counts) === ours;
  }

  async close(): Promise<void> {}

  async #read(task: string): Promise<void> {
    const bytes = await this.#store.read(names.record(task));
    if (bytes !== undefined) this.#keep(task, bytes);
  }

  #keep(task: string, bytes: Uint8Array): void {
    const path = this.#shown(task);
    const result = readTaskResult(parse(bytes), path);
    if (result.task !== task) throw otherTask(path, result.task);
    this.#results.set(task, result);
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function otherTask(path: string, received: string): UnrollError {
  return new UnrollError({
    code: "file",
    path,
    expected: "must be the result of the task that it is named by",
    received,
    hint: "Delete it, and the task is trained again.",
  });
}
