/** The time that a task may take: checked here, kept by who has a thread to end (threads.ts). */
import { UnrollError } from "../core/errors.ts";
import type { Task, TaskResult } from "./plan.ts";

/** Seconds; timers of JavaScript count no further. */
export const longestTimeout = 2_000_000;

/** @throws UnrollError `option` */
export function checkTimeout(seconds: number | undefined, threads: number): void {
  if (seconds === undefined) return;
  const received = `trialTimeout = ${seconds}`;
  if (!(seconds > 0 && seconds <= longestTimeout)) {
    const expected = `trialTimeout must be seconds, above 0 and up to ${longestTimeout.toLocaleString("en-US")}`;
    throw new UnrollError({ code: "option", path: "sweep", expected, received });
  }
  if (threads > 0) return;
  throw new UnrollError({
    code: "option",
    path: "sweep",
    expected: "trialTimeout needs threads, for nothing can end a trial in the calling one",
    received: `${received}, threads = 0`,
    hint: "Give threads: 1 or more.",
  });
}

/** What is recorded of a task that was ended. */
export function timedOut({ id }: Task, seconds: number): TaskResult {
  const reason = `it was ended after ${seconds.toLocaleString("en-US")} s, the most that a trial may take here`;
  return { task: id, status: "timed out", reason };
}
