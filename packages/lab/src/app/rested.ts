/**
 * Work for when changes rest. A change only moves the time on: setting a timer anew with every frame costs more than one that finds
 * itself early now and then.
 */
export class Rested {
  readonly #rest: number;
  readonly #work: () => void;
  #due = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param rest in ms */
  constructor(work: () => void, rest = 200) {
    this.#rest = rest;
    this.#work = work;
  }

  /** Something changes: the work waits from now on. */
  later(): void {
    this.#due = performance.now() + this.#rest;
    this.#timer ??= setTimeout(() => this.#look(), this.#rest);
  }

  /** The work that waits is not done. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const left = this.#due - performance.now();
    this.#timer = left >= 1 ? setTimeout(() => this.#look(), left) : undefined;
    if (left < 1) this.#work();
  }
}
