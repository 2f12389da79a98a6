/**
 * One worker that runs parts of a batch, seen from the thread that has the work. Work is offered, not sent: what the worker has
 * not begun by the time the other is free is taken back, so a worker that starts slowly or not at all costs next to nothing.
 */
import { UnrollError } from "../../core/errors.ts";
import type { SharedCode } from "../compile.ts";
import { type StartedWorker, startWorker } from "./start.ts";
import { boardWords, lookingTime, type PartMessage, word } from "./worker.ts";

/** How long this thread sleeps at most, in ms, before it counts what it has waited. */
const slice = 1000;

export class Helper {
  #board = boardOfNobody();
  readonly #parts = new Set<number>();
  #worker: StartedWorker | undefined;

  /** Makes a part known, the code whose `run` it is; the first one starts the worker. */
  know(part: number, code: SharedCode): void {
    if (this.#worker === undefined) this.#startWorker();
    this.#parts.add(part);
    this.#send({ board: this.#board, part, code });
  }

  /** Forgets a part; the last one ends the worker. */
  forget(part: number): void {
    this.#parts.delete(part);
    if (this.#parts.size > 0) this.#send({ board: this.#board, part });
    else this.#endWorker();
  }

  /** Lets the worker run the part if it comes to it. */
  offer(part: number): void {
    Atomics.store(this.#board, word.failed, 0);
    Atomics.store(this.#board, word.job, part);
    this.#signal();
  }

  /** Takes an offer back; false when the worker has begun. */
  takeBack(part: number): boolean {
    return Atomics.compareExchange(this.#board, word.job, part, 0) === part;
  }

  /**
   * Returns when the worker has ended what it began; false where that threw, and must be done again. Nothing tells this thread
   * of a worker's death while it waits, so one that takes longer than its `patience`, in ms, counts as dead. No part is run by
   * others then until it is made known again.
   *
   * @throws UnrollError `aborted`
   */
  finish(part: number, patience: number): boolean {
    const until = performance.now() + lookingTime;
    let waited = 0;
    while (Atomics.load(this.#board, word.job) === -part) {
      if (performance.now() < until) continue;
      if (waited >= patience) {
        this.#endWorker();
        throw noAnswer(patience);
      }
      // Slices are counted, for a clock also runs while the whole process is stopped.
      const ms = Math.min(slice, patience - waited);
      if (Atomics.wait(this.#board, word.job, -part, ms) === "timed-out") waited += ms;
    }
    return Atomics.load(this.#board, word.failed) !== part;
  }

  #startWorker(): void {
    this.#board = new Int32Array(new SharedArrayBuffer(4 * boardWords));
    this.#worker = startWorker();
  }

  #endWorker(): void {
    this.#worker?.end();
    this.#worker = undefined;
    // The old worker may look at its own board once more before it ends.
    this.#board = boardOfNobody();
  }

  #send(message: PartMessage): void {
    // A board counts the messages of its own worker.
    if (this.#worker === undefined) return;
    Atomics.add(this.#board, word.sent, 1);
    this.#worker.send(message);
    this.#signal();
  }

  #signal(): void {
    Atomics.add(this.#board, word.signal, 1);
    Atomics.notify(this.#board, word.signal);
  }
}

/** One that no worker sees: whatever is offered on it is taken back. It needs no shared memory, so it can always be made. */
function boardOfNobody(): Int32Array {
  return new Int32Array(boardWords);
}

function noAnswer(patience: number): UnrollError {
  return new UnrollError({
    code: "aborted",
    path: "threads",
    expected: "a worker must end the part of the batch that it began",
    received: `no answer for ${Math.ceil(patience / 1000)} s`,
    hint: "Something has ended the worker. The next call starts another; threads = 1, as option or by setThreads, needs none.",
  });
}
