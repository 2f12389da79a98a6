/**
 * The address bar. Changing it costs the browser several ms each time (it tells the history and loads the page's icon anew),
 * so what changes with every frame waits here until it rests.
 */
import { Rested } from "./rested.ts";

export class LateAddress {
  readonly #write: (hash: string) => void;
  #waiting: string | undefined;
  readonly #rested = new Rested(() => this.settle());

  constructor(write: (hash: string) => void) {
    this.#write = write;
  }

  /** Writes the hash when no other has come for a while. */
  later(hash: string): void {
    this.#waiting = hash;
    this.#rested.later();
  }

  /** Writes at once what waits. */
  settle(): void {
    const hash = this.#waiting;
    this.forget();
    if (hash !== undefined) this.#write(hash);
  }

  /** What waits is never written: something else has moved the page on. */
  forget(): void {
    this.#rested.forget();
    this.#waiting = undefined;
  }
}

const kept = "unroll-address";

/** Keeps the address for a reload of this tab: one that has begun no longer asks what the page writes as it goes. */
export function keepForReload(): void {
  try {
    sessionStorage.setItem(kept, location.hash);
  } catch {
    // Without storage it goes back to what the address bar had.
  }
}

/** Brings back the address that was kept, after a reload only. */
export function takeAfterReload(): void {
  try {
    const hash = sessionStorage.getItem(kept);
    sessionStorage.removeItem(kept);
    const [way] = performance.getEntriesByType("navigation");
    const isReload = way !== undefined && "type" in way && way.type === "reload";
    if (isReload && hash !== null && hash !== location.hash) history.replaceState(null, "", hash);
  } catch {
    // Likewise.
  }
}
