/**
 * Runs the parts of a batch, the first one here and the others in helpers where they have time. Every part has a memory and an
 * instance of its own in this thread too, so that what no helper has begun is run here.
 */
import type { Compiled, SharedCode } from "../compile.ts";
import { forgetParts, forgotten, type SharedPart, sharePart } from "./helpers.ts";
import { Pace } from "./pace.ts";

/** Puts into a part's memory what it runs on. */
export type Load = (part: number) => void;

/**
 * How long a worker may take for a part, in ms, when one of the same size took `own` here: so much more that only a dead one takes
 * longer, on a busy machine and with the slowest of numbers too.
 */
const patienceFor = (own: number): number => 30_000 + 100 * own;

export class Crew {
  /** The first one is always run here. */
  readonly #parts: readonly Compiled[];
  readonly #shared: readonly SharedPart[];
  readonly #pace = new Pace();
  #helped = 0;
  /** Why it cannot run any more. */
  #lost: unknown;

  /** @param codes where each part's functions are, for helpers */
  constructor(parts: readonly Compiled[], codes: readonly SharedCode[]) {
    this.#parts = parts;
    this.#shared = codes.slice(1).map((code, index) => sharePart(index, code));
    forgotten.register(this, this.#shared, this);
  }

  /** Parts that other threads have run so far. */
  get helped(): number {
    return this.#helped;
  }

  /**
   * Runs every part once.
   *
   * @param again loads a part whose first run ended in an error; it may have written over everything but weights
   * @throws UnrollError `aborted` when a worker has died in the middle of a part; nothing can be run any more then
   */
  run(load: Load, again: Load = load): void {
    if (this.#lost !== undefined) throw this.#lost;
    const start = performance.now();
    const way = this.#pace.next();
    try {
      this.#runParts(way, load, again);
    } catch (error) {
      this.#settle();
      throw error;
    }
    this.#pace.took(way, performance.now() - start);
  }

  /** Runs what workers do not, and waits for them. */
  #runParts(way: "shared" | "alone", load: Load, again: Load): void {
    const parts = this.#parts;
    for (const [index, { helper, id }] of this.#shared.entries()) {
      load(index + 1);
      if (way === "shared") helper.offer(id);
    }
    load(0);
    const start = performance.now();
    parts[0]!.execute();
    const patience = patienceFor(performance.now() - start);
    const begun: number[] = [];
    for (const [index, { helper, id }] of this.#shared.entries()) {
      if (way === "alone" || helper.takeBack(id)) parts[index + 1]!.execute();
      else begun.push(index);
    }
    for (const index of begun) {
      if (this.#finish(this.#shared[index]!, patience)) this.#helped++;
      else {
        again(index + 1);
        parts[index + 1]!.execute();
      }
    }
  }

  #finish({ helper, id }: SharedPart, patience: number): boolean {
    try {
      return helper.finish(id, patience);
    } catch (error) {
      // The worker may be alive after all and write into the part's memory.
      this.#lost = error;
      throw error;
    }
  }

  /** After an error, makes sure that no worker goes on with an offer of this run. */
  #settle(): void {
    for (const shared of this.#shared) {
      if (!shared.helper.takeBack(shared.id)) this.#finish(shared, patienceFor(0));
    }
  }

  /** Lets helpers forget the parts; they cannot be run any more. */
  release(): void {
    forgotten.unregister(this);
    forgetParts(this.#shared);
  }
}
