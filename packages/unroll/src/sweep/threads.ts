/** Worker threads on this machine that train the trials of a folder, one task a thread. */
import { Worker } from "node:worker_threads";
import type { Task, TaskResult } from "./plan.ts";
import { type Runner, taskError } from "./runner.ts";
import type { SharedPlace } from "./shared-files.ts";
import { timedOut } from "./timeout.ts";

export interface ThreadStart {
  readonly place: SharedPlace;
}

export interface ThreadQuestion {
  readonly task: Task;
}

export type ThreadAnswer = { readonly result: TaskResult } | { readonly error: string };

/** A thread that dies on one task so often will die again. */
const mostDeaths = 3;

interface Waiting {
  readonly task: Task;
  /** Seconds. */
  readonly timeout: number | undefined;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (error: Error) => void;
  deaths: number;
}

/** Threads start with the first task. */
export function threadRunner(place: SharedPlace, threads: number): Runner {
  const waiting: Waiting[] = [];
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  let isClosed = false;

  const next = (): void => {
    if (isClosed || waiting.length === 0) return;
    const worker = idle.pop() ?? (all.size < threads ? start() : undefined);
    if (worker === undefined) return;
    const job = waiting.shift()!; // looked at above
    const end = (): void => {
      clearTimeout(timer);
      worker.off("message", answered);
      worker.off("error", failed);
      worker.off("exit", died);
    };
    const answered = (answer: ThreadAnswer): void => {
      end();
      idle.push(worker);
      if ("result" in answer) job.resolve(answer.result);
      else job.reject(taskError(job.task.id, answer.error));
      next();
    };
    let reason = "its thread ended";
    const failed = (error: Error): void => {
      reason = error.message;
    };
    const died = (): void => {
      end();
      all.delete(worker);
      if (isClosed) return;
      job.deaths++;
      if (job.deaths >= mostDeaths) job.reject(taskError(job.task.id, reason));
      else waiting.unshift(job);
      next();
    };
    const { timeout } = job;
    const endLate = (seconds: number): void => {
      end();
      job.resolve(timedOut(job.task, seconds));
      void worker.terminate().finally(() => {
        all.delete(worker);
        next();
      });
    };
    const timer = timeout === undefined ? undefined : setTimeout(() => endLate(timeout), 1000 * timeout);
    worker.on("message", answered);
    worker.on("error", failed);
    worker.on("exit", died);
    const question: ThreadQuestion = { task: job.task };
    worker.postMessage(question);
  };

  const start = (): Worker => {
    const worker = new Worker(builtThread(), { workerData: { place } satisfies ThreadStart });
    // Who asks it something hears more; one that dies while nobody does must not be asked again.
    worker.on("error", () => {});
    worker.once("exit", () => {
      all.delete(worker);
      const index = idle.indexOf(worker);
      if (index >= 0) idle.splice(index, 1);
    });
    all.add(worker);
    return worker;
  };

  return {
    width: threads,
    run: (task, timeout) =>
      new Promise((resolve, reject) => {
        waiting.push({ task, timeout, resolve, reject, deaths: 0 });
        next();
      }),
    async close() {
      isClosed = true;
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}

/** The program lies in the built package; from the sources it is that of the last build. */
function builtThread(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "../../dist/sweep-thread.js" : "./sweep-thread.js", import.meta.url);
}
