/** Which term of a count, or letter of an equation, is lit in its formula and in the drawing at once: the pointer's or the keyboard's for a moment, or kept by a press. */

/** Whose it is: the layer whose count a term is in, by its name; the letters of formulas, which no layer's name can be. */
export type LitOwner = string | typeof letterOwner;
export const letterOwner = Symbol("letters");

interface Lit {
  readonly owner: LitOwner;
  /** Its term: an array, or a layer inside; a letter as its formula marks it. */
  readonly term: string;
}

const nothing: Lit = { owner: "", term: "" };

class Terms {
  #passing = $state.raw(nothing);
  #kept = $state.raw(nothing);

  /** The lit term or letter; empty for none. */
  of(owner: LitOwner): string {
    const { owner: whose, term } = this.#passing.term === "" ? this.#kept : this.#passing;
    return whose === owner ? term : "";
  }

  isKept(owner: LitOwner, term: string): boolean {
    return this.#kept.owner === owner && this.#kept.term === term;
  }

  pass(owner: LitOwner, term: string): void {
    this.#passing = { owner, term };
  }

  leave(): void {
    this.#passing = nothing;
  }

  /** Nothing of this owner is lit or kept any more; false where nothing was. */
  clear(owner: LitOwner): boolean {
    const was = [this.#passing, this.#kept].some((one) => one.owner === owner && one.term !== "");
    if (this.#passing.owner === owner) this.#passing = nothing;
    if (this.#kept.owner === owner) this.#kept = nothing;
    return was;
  }

  toggle(owner: LitOwner, term: string): void {
    this.#kept = this.isKept(owner, term) ? nothing : { owner, term };
  }
}

export const lit = new Terms();
