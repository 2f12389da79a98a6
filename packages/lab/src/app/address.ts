/**
 * The address bar. Changing it costs the browser several ms each time (it tells the history and loads the page's icon anew),
 * so what changes with every frame waits here until it rests.
 */

/** In ms. */
const rest = 200;

export class LateAddress {
  readonly #write: (hash: string) => void;
  #waiting: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(write: (hash: string) => void) {
    this.#write = write;
  }

  /** Writes the hash when no other has come for a while. */
  later(hash: string): void {
    this.#waiting = hash;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.settle(), rest);
  }

  /** Writes at once what waits. */
  settle(): void {
    const hash = this.#waiting;
    this.forget();
    if (hash !== undefined) this.#write(hash);
  }

  /** What waits is never written: something else has moved the page on. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#waiting = undefined;
  }
}
