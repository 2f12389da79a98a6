/**
 * Many machines: tasks as BullMQ jobs on Redis. A job has the id of its task, so that it is there once however often it is
 * added; a lost worker's job is taken up by another; and what Redis forgets is added again.
 */
import type { ConnectionOptions, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { UnrollError } from "../core/errors.ts";
import type { SweepFile } from "./open-sweep.ts";
import type { Task, TaskResult } from "./plan.ts";
import { type Runner, taskError } from "./runner.ts";
import { readTaskResult } from "./task-result.ts";

/** ms */
const pollEvery = 250;
/** Tasks that are looked after at a time. */
const width = 200;
/** Tries of a task that fails for another reason than its trial, such as a full disk. */
const attempts = 3;

/** What a worker is given. */
export interface QueuedTask {
  readonly task: Task;
  /** Seconds that it may take. */
  readonly timeout?: number;
}

/** The coordinator's side: gives tasks to the queue and waits for what workers make of them. */
export async function queueRunner(url: string, sweep: SweepFile): Promise<Runner> {
  const { Queue } = await loadBullmq();
  const connection = await connect(url);
  const queue: Queue<QueuedTask, TaskResult> = new Queue(queueName(sweep), { connection: forBullmq(connection) });
  // A lost connection is taken up again; the log of a command line is no place for each try.
  queue.on("error", () => {});
  let isClosed = false;
  return {
    width,
    async run(task, timeout) {
      // What failed in an earlier run of the sweep is tried again: its reason may be gone.
      const before = await queue.getJob(task.id);
      if (await before?.isFailed()) await before?.remove();
      for (;;) {
        const job = await queue.getJob(task.id);
        if (job === undefined) {
          const backoff = { type: "fixed", delay: 1000 };
          // Trials that got further come before those that wait to begin.
          const lifo = task.epochs > sweep.plan.rounds[0]!;
          const job: QueuedTask = { task, ...(timeout === undefined ? {} : { timeout }) };
          await queue.add("task", job, { jobId: task.id, attempts, backoff, lifo });
        } else if (job.finishedOn !== undefined) {
          if (await job.isCompleted()) return readTaskResult(job.returnvalue, `the queue, task ${task.id}`);
          if (await job.isFailed()) throw taskError(task.id, job.failedReason);
        }
        await new Promise((resolve) => setTimeout(resolve, pollEvery));
        if (isClosed) return await new Promise(() => {});
      }
    },
    async close() {
      isClosed = true;
      await queue.close();
      connection.disconnect();
    },
  };
}

/** Seconds that Redis keeps a finished sweep: another that runs the same one may still have to read results there. */
const keptFor = 3600;

/** Lets Redis forget the keys of a sweep that is done, an hour later. Throws as `connect`. */
export async function forgetQueue(url: string, sweep: SweepFile): Promise<void> {
  const connection = await connect(url);
  try {
    // The name has no character that means something in a pattern.
    for await (const keys of connection.scanStream({ match: `bull:${queueName(sweep)}:*`, count: 1000 })) {
      await Promise.all((keys as readonly string[]).map((key) => connection.expire(key, keptFor))); // names of keys
    }
  } finally {
    connection.disconnect();
  }
}

/** One queue for each folder. */
export function queueName({ plan, run }: SweepFile): string {
  return `unroll-sweep-${plan.id.slice(0, 12)}-${run}`;
}

/** Throws UnrollError `unsupported` where the optional packages are missing. */
export async function loadBullmq(): Promise<typeof import("bullmq")> {
  return await import("bullmq").catch((cause: unknown) => {
    throw missing(cause);
  });
}

/**
 * A connection that outlives restarts of Redis.
 *
 * @throws UnrollError `option` for a URL that is none, `unsupported` without ioredis, `file` where nobody answers
 */
export async function connect(url: string): Promise<Redis> {
  const { hostname, port, protocol } = parseUrl(url);
  const { Redis } = await import("ioredis").catch((cause: unknown) => {
    throw missing(cause);
  });
  const probe = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  let reason = "";
  probe.on("error", (error: Error) => {
    reason = error.message;
  });
  try {
    await probe.connect();
    await probe.ping();
  } catch (cause) {
    throw new UnrollError(
      {
        code: "file",
        // Without user and password.
        path: `${protocol}//${hostname}:${port || "6379"}`,
        expected: "the queue must answer",
        received: reason || (cause instanceof Error ? cause.message : String(cause)),
        hint: "Start redis-server there, or correct --queue.",
      },
      { cause },
    );
  } finally {
    probe.disconnect();
  }
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  connection.on("error", () => {});
  return connection;
}

/** BullMQ names the class of its own copy of ioredis. */
export function forBullmq(connection: Redis): ConnectionOptions {
  return connection as unknown as ConnectionOptions; // the same class where both are installed once
}

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && ["redis:", "rediss:"].includes(parsed.protocol) && parsed.hostname !== "") return parsed;
  throw new UnrollError({
    code: "option",
    path: "sweep",
    expected: "the queue must be a URL such as redis://127.0.0.1:6379",
    received: parsed === undefined ? url : `${parsed.protocol}//${parsed.hostname}`,
  });
}

function missing(cause: unknown): UnrollError {
  return new UnrollError(
    {
      code: "unsupported",
      path: "sweep",
      expected: "a queue needs the packages bullmq and ioredis",
      received: "not installed",
      hint: "Run npm install bullmq@6.7.0 ioredis@6.0.0, or leave --queue out.",
    },
    { cause },
  );
}
