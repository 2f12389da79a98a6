/** How the compared models train, as the worker tells it: each run is asked for under a number of its own, which its news carry. */
import type { TrainProgress } from "../worker/protocol.ts";

/** What the worker tells about the run of that number. */
export interface CompareProgress {
  readonly id: number;
  readonly progress: TrainProgress;
}

export class CompareNews {
  readonly #runs = new Map<number, (progress: TrainProgress) => void>();
  #last = 0;

  tell({ id, progress }: CompareProgress): void {
    this.#runs.get(id)?.(progress);
  }

  /** Asks for a run and hears of it until its end; undefined where it could not be started. */
  async follow<T>(
    start: (id: number) => Promise<T | undefined>,
    told: (progress: TrainProgress) => void,
  ): Promise<{ readonly id: number; readonly started: T; readonly end: TrainProgress } | undefined> {
    this.#last += 1;
    const id = this.#last;
    const end = new Promise<TrainProgress>((resolve) => {
      this.#runs.set(id, (progress) => {
        told(progress);
        if (progress.done) resolve(progress);
      });
    });
    try {
      const started = await start(id);
      return started === undefined ? undefined : { id, started, end: await end };
    } finally {
      this.#runs.delete(id);
    }
  }
}
