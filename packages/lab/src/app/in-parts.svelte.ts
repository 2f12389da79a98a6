/** A long list, or a long page, is drawn a part at a time, so that the page answers in between. */
import { afterFrame } from "./after-frame.ts";

/** Rows that are drawn in one go: those that can be seen at first. */
const rows = 10;

/** How many of a list's entries to draw now; called while a component is made. */
export function inParts(count: () => number, part = rows): { readonly shown: number } {
  let drawn = $state(part);
  /** Entries of a list of which all were drawn. */
  let whole = 0;
  $effect(() => {
    if (drawn >= count()) {
      whole = count();
      return;
    }
    return afterFrame(() => {
      drawn += part;
    });
  });
  return {
    get shown() {
      // An entry that is added to a list that was there is there at once.
      return count() <= whole + 1 ? count() : Math.min(drawn, count());
    },
  };
}
