/** Starts the worker out of the page itself: the one-file lab has no other files, and file:// would not load them. */
import LabWorker from "../worker/worker.ts?worker&inline";

export function startWorker(): Worker {
  return new LabWorker();
}
