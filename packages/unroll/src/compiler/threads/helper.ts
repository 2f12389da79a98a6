/**
 * One worker that runs parts of a batch, seen from the thread that has the work. Work is offered, not sent: what the worker has
 * not begun by the time the other is free is taken back, so a worker that starts slowly or not at all costs next to nothing.
 */
import type { SharedCode } from "../compile.ts";
import { type StartedWorker, startWorker } from "./start.ts";
import { boardWords, lookingTime, type PartMessage, word } from "./worker.ts";

export class Helper {
  #board = newBoard();
  readonly #parts = new Set<number>();
  #worker: StartedWorker | undefined;

  /** Makes a part known, the code whose `run` it is; the first one starts the worker. */
  know(part: number, code: SharedCode): void {
    this.#worker ??= startWorker();
    this.#parts.add(part);
    this.#send({ board: this.#board, part, code });
  }

  /** Forgets a part; the last one ends the worker. */
  forget(part: number): void {
    this.#parts.delete(part);
    if (this.#parts.size > 0) this.#send({ board: this.#board, part });
    else {
      this.#worker?.end();
      this.#worker = undefined;
      // The old worker may look at its own board once more before it ends.
      this.#board = newBoard();
    }
  }

  /** Lets the worker run the part if it comes to it. */
  offer(part: number): void {
    Atomics.store(this.#board, word.job, part);
    this.#signal();
  }

  /** Takes an offer back; false when the worker has begun. */
  takeBack(part: number): boolean {
    return Atomics.compareExchange(this.#board, word.job, part, 0) === part;
  }

  /** Returns when the worker has done what it began. */
  finish(part: number): void {
    const until = performance.now() + lookingTime;
    while (Atomics.load(this.#board, word.job) === -part) {
      if (performance.now() > until) Atomics.wait(this.#board, word.job, -part);
    }
  }

  #send(message: PartMessage): void {
    Atomics.add(this.#board, word.sent, 1);
    this.#worker?.send(message);
    this.#signal();
  }

  #signal(): void {
    Atomics.add(this.#board, word.signal, 1);
    Atomics.notify(this.#board, word.signal);
  }
}

function newBoard(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * boardWords));
}
