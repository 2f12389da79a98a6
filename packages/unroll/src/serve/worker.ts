/** The program of a model's worker thread: loads one model and answers questions about it, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { type ErrorRecord, UnrollError } from "../core/errors.ts";
import { LoadedModel } from "./runner.ts";
import type { WorkerMessage, WorkerQuestion, WorkerStart } from "./thread-runner.ts";

const port = parentPort!; // this file is run as a thread only
const { path, batchSize } = workerData as WorkerStart; // thread-runner.ts gives it

function recordOf(error: unknown): ErrorRecord | string {
  if (!(error instanceof UnrollError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { code, path: where, expected, received, hint } = error;
  return {
    code,
    path: where,
    expected,
    ...(received === undefined ? {} : { received }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function say(message: WorkerMessage): void {
  port.postMessage(message);
}

try {
  const model = await LoadedModel.load(path, batchSize);
  port.on("message", ({ id, inputs, stream }: WorkerQuestion) => {
    try {
      if (stream === undefined) say({ kind: "outputs", id, outputs: model.run(inputs) });
      else say({ kind: "outputs", id, ...model.step(inputs, stream.state) });
    } catch (error) {
      say({ kind: "error", id, error: recordOf(error) });
    }
  });
  say({ kind: "ready", signature: model.signature });
} catch (error) {
  say({ kind: "error", error: recordOf(error) });
}
