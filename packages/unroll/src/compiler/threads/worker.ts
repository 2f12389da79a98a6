/**
 * The program of a worker that runs parts of a batch, and the words over which it is given work. It is text, so that it runs
 * unchanged from a bundle, from sources and in a page, and needs no file beside the library.
 */

import type { SharedCode } from "../compile.ts";
import { memoryModule } from "../plan.ts";

/** Words of a worker's board, an Int32Array in memory that it shares with the thread that gives it work. */
export const word = {
  /** Grows with each event, so that a worker that is about to wait misses none. */
  signal: 0,
  /** 0 = nothing; n = part n is offered; -n = the worker is running part n. Who changes n to something else has the part. */
  job: 1,
  /** Messages sent to the worker so far. */
  sent: 2,
  /** The part that threw when the worker ran it, or 0. */
  failed: 3,
} as const;
export const boardWords = 4;

/** What a worker is told: to take up a part, which is the function `run` of some code, or to forget it (no code). */
export interface PartMessage {
  readonly board: Int32Array;
  readonly part: number;
  readonly code?: SharedCode;
}

/** How long the thread that gives work looks before it waits, in ms. Waking a thread takes about as long. */
export const lookingTime = 0.02;
/**
 * The same of a worker, which stays awake between two steps of a training in this way: what is done for both parts takes up to
 * this long, and a worker that sleeps is woken late, at times on the very core of the thread that wakes it.
 */
const workerLooks = 0.1;

const serve = `
const runs = new Map();
let received = 0;
function runOf({ module, memory, file, address }) {
  if (module !== undefined) return new WebAssembly.Instance(module, { ${memoryModule}: { memory } }).exports.run;
  const loaded = { exports: {} };
  process.dlopen(loaded, file);
  return () => loaded.exports.run(address);
}
function receive({ board, part, code }) {
  received++;
  runs.delete(part);
  if (code !== undefined) {
    try {
      runs.set(part, runOf(code));
    } catch {} // a part that is not known here is never taken
  }
  // Messages arrive only while this function does not run.
  while (Atomics.load(board, ${word.sent}) === received) {
    const signal = Atomics.load(board, ${word.signal});
    const part = Atomics.load(board, ${word.job});
    const run = runs.get(part);
    if (run !== undefined && Atomics.compareExchange(board, ${word.job}, part, -part) === part) {
      try {
        run();
      } catch {
        Atomics.store(board, ${word.failed}, part); // the other thread runs it again, and tells what is wrong
      }
      Atomics.store(board, ${word.job}, 0);
      Atomics.notify(board, ${word.job});
    }
    const until = performance.now() + ${workerLooks};
    while (Atomics.load(board, ${word.signal}) === signal && performance.now() < until);
    Atomics.wait(board, ${word.signal}, signal);
  }
}
`;

/** The worker's program for Node, as CommonJS. */
export const nodeProgram = `${serve}require("node:worker_threads").parentPort.on("message", receive);`;
/** The worker's program for a page. */
export const pageProgram = `${serve}onmessage = ({ data }) => receive(data);`;
