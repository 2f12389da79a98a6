/** Which term of a count, or letter of an equation, is lit in its formula and in the drawing at once: the pointer's or the keyboard's for a moment, or kept by a press. */

interface Lit {
  /** The layer whose count it is; of letters, the Step screen (letters.ts). */
  readonly owner: string;
  /** Its term: an array, or a layer inside; a letter as its formula marks it. */
  readonly term: string;
}

const nothing: Lit = { owner: "", term: "" };

class Terms {
  #passing = $state.raw(nothing);
  #kept = $state.raw(nothing);

  /** The lit term of a layer's count; empty for none. */
  of(owner: string): string {
    const { owner: whose, term } = this.#passing.term === "" ? this.#kept : this.#passing;
    return whose === owner ? term : "";
  }

  isKept(owner: string, term: string): boolean {
    return this.#kept.owner === owner && this.#kept.term === term;
  }

  pass(owner: string, term: string): void {
    this.#passing = { owner, term };
  }

  leave(): void {
    this.#passing = nothing;
  }

  /** Nothing is lit any more; false where nothing was. */
  clear(owner: string): boolean {
    const was = this.of(owner) !== "";
    if (was) [this.#passing, this.#kept] = [nothing, nothing];
    return was;
  }

  toggle(owner: string, term: string): void {
    this.#kept = this.isKept(owner, term) ? nothing : { owner, term };
  }
}

export const lit = new Terms();
