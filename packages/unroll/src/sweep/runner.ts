/** Who trains: what a sweep asks of threads on this machine and of a queue alike. */
import { UnrollError } from "../core/errors.ts";
import type { Task, TaskResult } from "./plan.ts";

export interface Runner {
  /** Tasks that can be given at the same time; more wait inside. */
  readonly width: number;
  /**
   * Runs a task, however often its worker dies.
   *
   * @param timeout seconds after which it is ended; its result then says so
   * @throws UnrollError `file` where it fails for a reason that is not the trial's, such as a full disk
   */
  run(task: Task, timeout?: number): Promise<TaskResult>;
  /** Stops what runs; promises that are open stay open. */
  close(): Promise<void>;
}

/** The error that a thread or a queue tells as text, which is its cause. */
export function taskError(task: string, reason: string): UnrollError {
  return new UnrollError(
    {
      code: "file",
      path: `task ${task}`,
      expected: "could not be run, which is not the fault of its settings",
      // A message of its own, so it stands behind this one and not inside it.
      hint: `${/[.!?]$/.test(reason) ? reason : `${reason}.`} When that is mended, the same command goes on from here.`,
    },
    { cause: new Error(reason) },
  );
}
