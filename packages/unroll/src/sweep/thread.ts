/** The program of a sweep's worker thread: opens the sweep of a folder and runs tasks of it, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { openSweep } from "./open-sweep.ts";
import { openShared } from "./shared-files.ts";
import type { ThreadAnswer, ThreadQuestion, ThreadStart } from "./threads.ts";
import { runTask } from "./trial.ts";

const port = parentPort!; // this file is run as a thread only
const { place } = workerData as ThreadStart; // threads.ts gives it
const sweep = openShared(place).then(openSweep);
// Whoever asks learns of it.
sweep.catch(() => {});

port.on("message", async ({ task }: ThreadQuestion) => {
  let answer: ThreadAnswer;
  try {
    answer = { result: await runTask(await sweep, task) };
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
});
