/** How the compared models train, as the worker tells it: to be heard, or to be waited for. */
import type { TrainProgress } from "../worker/protocol.ts";

/** What the worker tells about one of the compared models. */
export interface CompareProgress {
  readonly index: number;
  readonly progress: TrainProgress;
}

export class CompareNews {
  readonly #listeners = new Set<(told: CompareProgress) => void>();

  tell(told: CompareProgress): void {
    for (const listener of this.#listeners) listener(told);
  }

  /** Hears what is told from now on; answers with how to stop hearing. */
  hear(listener: (told: CompareProgress) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the end of the training of the compared model of that index. */
  done(index: number): Promise<TrainProgress> {
    return new Promise((resolve) => {
      const stop = this.hear(({ index: of, progress }) => {
        if (of !== index || !progress.done) return;
        stop();
        resolve(progress);
      });
    });
  }
}
