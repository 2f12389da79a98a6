/** What can be undone: states before a change, the newest last. A change after undoing ends what could be redone. */

/** States that are kept. */
const most = 50;

export class UndoStack<T> {
  #before: readonly T[] = [];
  #after: readonly T[] = [];

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  get canRedo(): boolean {
    return this.#after.length > 0;
  }

  /** Notes the state that a change is about to replace. */
  remember(state: T): void {
    this.#before = [...this.#before, state].slice(-most);
    this.#after = [];
  }

  /** The state to go back to, given the one that is left. */
  undo(now: T): T | undefined {
    const state = this.#before.at(-1);
    if (state === undefined) return undefined;
    this.#before = this.#before.slice(0, -1);
    this.#after = [...this.#after, now];
    return state;
  }

  redo(now: T): T | undefined {
    const state = this.#after.at(-1);
    if (state === undefined) return undefined;
    this.#after = this.#after.slice(0, -1);
    this.#before = [...this.#before, now];
    return state;
  }
}
