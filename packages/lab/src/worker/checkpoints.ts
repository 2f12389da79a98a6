/**
 * Weights of a run at some of its epochs, to go back to: before the first, at even distances, after the best and after the last.
 * How many there are is known from the start, so that memory has a bound.
 */
import type { Model, Tensor } from "./library.ts";
import type { Checkpoint } from "./protocol.ts";

/** At even distances. */
const most = 8;
/** Numbers of all weights that are kept, 64 MB; fewer epochs of a large model. */
const mostNumbers = 16_000_000;
/** Besides those at even distances: before, best, last. */
const always = 3;

export class Checkpoints {
  /** Epochs from one to the next; none where the model is large. */
  readonly every: number;
  readonly #model: Model;
  readonly #kept = new Map<number, readonly Tensor[]>();
  #best: { readonly epoch: number; readonly loss: number } | undefined;

  constructor(model: Model, epochs: number) {
    this.#model = model;
    const room = Math.floor(mostNumbers / Math.max(1, model.countParams())) - always;
    this.every = evenDistance(epochs, Math.min(most, room));
    this.#kept.set(0, model.getWeights());
  }

  /** @param loss on the test part */
  ended(epoch: number, loss: number, isLast: boolean): void {
    const before = this.#best;
    const isBest = loss < (before?.loss ?? Number.POSITIVE_INFINITY);
    if (isBest) {
      this.#best = { epoch, loss };
      if (before !== undefined && !this.#isEven(before.epoch)) this.#kept.delete(before.epoch);
    }
    if (isBest || isLast || this.#isEven(epoch)) this.#keep(epoch);
  }

  /** Ascending, with an epoch that need not be among those kept. */
  list(epoch: number): Checkpoint[] {
    const epochs = [...new Set([...this.#kept.keys(), epoch])].sort((a, b) => a - b);
    return epochs.map((one) => ({ epoch: one, isBest: one === this.#best?.epoch }));
  }

  weights(epoch: number): readonly Tensor[] | undefined {
    return this.#kept.get(epoch);
  }

  #keep(epoch: number): void {
    this.#kept.set(epoch, this.#model.getWeights());
  }

  #isEven(epoch: number): boolean {
    return epoch % this.every === 0;
  }
}

/** 1, 2, 5, 10, 20, 50, …: the least of them that leaves at most so many. */
export function evenDistance(epochs: number, count: number): number {
  if (count < 1) return Number.POSITIVE_INFINITY;
  for (let ten = 1; ; ten *= 10) {
    for (const step of [1, 2, 5]) if (epochs / (step * ten) <= count) return step * ten;
  }
}
