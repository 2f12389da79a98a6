/** The kept runs as the page has them, for what follows them. */
import { freeName, hearRuns, type KeptRun, readRuns, withRun, writeRuns } from "./kept-runs.ts";

class KeptRuns {
  /** The latest last. */
  list = $state.raw<readonly KeptRun[]>(readRuns());

  constructor() {
    hearRuns((list) => {
      this.list = list;
    });
  }

  find(id: string): KeptRun | undefined {
    return this.list.find((one) => one.id === id);
  }

  named(name: string): string {
    return freeName(this.list, name);
  }

  keep(run: KeptRun): void {
    this.#set(withRun(this.list, run));
  }

  forget(id: string): void {
    this.#set(this.list.filter((one) => one.id !== id));
  }

  forgetAll(): void {
    this.#set([]);
  }

  #set(list: readonly KeptRun[]): void {
    this.list = list;
    writeRuns(list);
  }
}

export const keptRuns = new KeptRuns();
