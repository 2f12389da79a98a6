/** Hands on the latest of what it is given, at once or when so many ms have gone by since the last. */
export class AtMost<T> {
  readonly #every: number;
  readonly #give: (value: T) => void;
  #waiting: { readonly value: T } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(every: number, give: (value: T) => void) {
    this.#every = every;
    this.#give = give;
  }

  take(value: T): void {
    if (this.#timer === undefined) this.#now(value);
    else this.#waiting = { value };
  }

  #now(value: T): void {
    this.#give(value);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const next = this.#waiting;
      this.#waiting = undefined;
      if (next !== undefined) this.#now(next.value);
    }, this.#every);
  }
}
