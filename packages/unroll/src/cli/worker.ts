/** `unroll worker --queue URL --folder DIR`: trains the trials of a sweep that was begun elsewhere with the same --queue. */
import { availableParallelism } from "node:os";
import { UnrollError } from "../core/errors.ts";
import type { Command } from "./command.ts";
import { printJson } from "./print.ts";

export const worker: Command = {
  name: "worker",
  doc: "train trials of a sweep on a queue",
  positionals: [],
  flags: {
    queue: { kind: "string", value: "URL", doc: "Redis, as the sweep has it" },
    folder: { kind: "string", value: "DIR", doc: "the sweep's folder, shared, or s3:// URL" },
    concurrency: { kind: "whole", value: "N", doc: "trials at a time; by default one a core" },
    "lock-seconds": { kind: "whole", value: "S", doc: "silence after which others take over; 15" },
  },
  examples: ["unroll worker --queue redis://host:6379 --folder /shared/prices.csv.sweep"],
  async run({ flags, terminal }) {
    const { queue, folder, concurrency } = flags as { queue?: string; folder?: string; concurrency?: number }; // of these kinds
    if (queue === undefined || folder === undefined) {
      throw new UnrollError({
        code: "usage",
        path: "unroll worker",
        expected: "needs the queue and the folder of the sweep",
        hint: "Give --queue redis://HOST:PORT and --folder DIR.",
      });
    }
    const { runWorker } = await import("../sweep/queue-worker.ts");
    const stopping = new AbortController();
    const stop = (): void => stopping.abort();
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    const tasks: string[] = [];
    try {
      const seconds = flags["lock-seconds"] as number | undefined; // a whole number
      await runWorker({
        queue,
        folder,
        concurrency: concurrency ?? availableParallelism(),
        ...(seconds === undefined ? {} : { lockDuration: seconds * 1000 }),
        signal: stopping.signal,
        onResult({ task, status }) {
          tasks.push(task);
          terminal.note(`${task} ${status}\n`);
        },
      });
    } finally {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    }
    if (flags.json === true) printJson(terminal, { tasks });
    else terminal.out(`Trained ${tasks.length} tasks.\n`);
    return 0;
  },
};
