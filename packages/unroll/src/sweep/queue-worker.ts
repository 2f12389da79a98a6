/**
 * A worker of a queue: takes tasks and trains them in threads of its own, so that this thread is free to tell Redis that it
 * lives. A worker that dies says nothing; its tasks are given to others when their locks run out.
 */
import { stat } from "node:fs/promises";
import { UnrollError } from "../core/errors.ts";
import { readSweepFile, type SweepFile } from "./open-sweep.ts";
import type { TaskResult } from "./plan.ts";
import { connect, forBullmq, loadBullmq, type QueuedTask, queueName } from "./queue.ts";
import { names, openShared, type SharedFiles } from "./shared-files.ts";
import { isStoreUrl } from "./store-url.ts";
import { threadRunner } from "./threads.ts";

export interface WorkerOptions {
  /** A Redis URL. */
  readonly queue: string;
  /** The sweep's folder, as this machine sees it, or its s3:// URL. */
  readonly folder: string;
  /** Tasks at a time, a thread each. */
  readonly concurrency: number;
  /** Until a silent worker's task is given to another, ms. Default 15 s. */
  readonly lockDuration?: number;
  /** Ends the worker; its tasks go to others. */
  readonly signal?: AbortSignal;
  readonly onResult?: (result: TaskResult) => void;
}

/** Between two looks at the folder, ms; a store counts each. */
const lookEvery = { folder: 500, store: 3000 };

/**
 * Works until the sweep of the folder is done or the signal says so; waits for a sweep to begin there.
 *
 * @throws UnrollError `unsupported` without bullmq and ioredis, `option`, `file`, `format`
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { queue: url, folder, concurrency, lockDuration = 15_000, signal, onResult } = options;
  const { Worker } = await loadBullmq();
  await checkFolder(folder);
  const connection = await connect(url);
  const files = await openShared(folder);
  const threads = threadRunner(files.place, concurrency);
  try {
    const sweep = await sweepOf(files, signal);
    if (sweep === undefined) return;
    const worker = new Worker<QueuedTask, TaskResult>(
      queueName(sweep),
      async ({ data }) => {
        // Who waits for the task says whose it is; here the reason is enough.
        const result = await threads.run(data.task, data.timeout).catch((error: unknown) => {
          throw error instanceof UnrollError && error.cause instanceof Error ? error.cause : error;
        });
        onResult?.(result);
        return result;
      },
      {
        connection: forBullmq(connection),
        concurrency,
        lockDuration,
        stalledInterval: lockDuration,
        // Workers may die as often as they like.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
      },
    );
    worker.on("error", () => {});
    // The results are written last.
    while (!signal?.aborted && !(await files.has(names.results))) await pause(files);
    // The threads end below; waiting for them would train to the end what others take up anyway.
    await worker.close(true);
  } finally {
    await threads.close();
    connection.disconnect();
    await files.close();
  }
}

async function checkFolder(folder: string): Promise<void> {
  if (isStoreUrl(folder)) return;
  const facts = await stat(folder).catch(() => undefined);
  if (facts?.isDirectory() !== true) {
    throw new UnrollError({
      code: "file",
      path: folder,
      expected: "--folder must be the folder of the sweep, shared with the machine that began it",
      received: facts === undefined ? "there is no such folder" : "it is a file",
    });
  }
}

async function sweepOf(files: SharedFiles, signal: AbortSignal | undefined): Promise<SweepFile | undefined> {
  for (;;) {
    const sweep = await readSweepFile(files);
    if (sweep !== undefined || signal?.aborted) return sweep;
    await pause(files);
  }
}

async function pause({ store }: SharedFiles): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, store === undefined ? lookEvery.folder : lookEvery.store));
}
