/**
 * Starts workers, in Node and in pages, and says where that is not possible. A worker never keeps a Node process alive.
 */
import type * as WorkerThreads from "node:worker_threads";
import { nodeProgram, type PartMessage, pageProgram } from "./worker.ts";

export interface StartedWorker {
  send(message: PartMessage): void;
  end(): void;
}

/** Why everything runs on one thread here, or undefined where threads are possible. */
export function threadsRefusal(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") return "this page is not cross-origin isolated";
  if (nodeWorkers() === undefined && typeof Worker === "undefined") return "there are no workers here";
  try {
    // Compared with another number it returns at once, where waiting is allowed.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return undefined;
  } catch {
    return "a page's own thread may not wait for others, a worker may";
  }
}

/** A worker; one that is not allowed or fails to start does nothing and says nothing. */
export function startWorker(): StartedWorker {
  const node = nodeWorkers();
  try {
    return node === undefined ? startInPage() : startInNode(node);
  } catch {
    return { send: () => {}, end: () => {} };
  }
}

function startInNode({ Worker: NodeWorker }: typeof WorkerThreads): StartedWorker {
  // Nothing of the process's own start (loaders, inspectors) belongs into it.
  const worker = new NodeWorker(nodeProgram, { eval: true, execArgv: [], env: {} });
  worker.on("error", () => {});
  worker.unref();
  return {
    send: (message) => worker.postMessage(message),
    end: () => void worker.terminate(),
  };
}

function startInPage(): StartedWorker {
  const address = URL.createObjectURL(new Blob([pageProgram], { type: "text/javascript" }));
  const worker = new Worker(address);
  // A policy that forbids such workers is told here.
  worker.onerror = (event) => event.preventDefault();
  return {
    send: (message) => worker.postMessage(message),
    end: () => {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
}

/** Node's own module, without an import that a browser would stumble over; undefined elsewhere. */
function nodeWorkers(): typeof WorkerThreads | undefined {
  if (typeof process === "undefined" || typeof process.getBuiltinModule !== "function") return undefined;
  return process.getBuiltinModule("node:worker_threads");
}
