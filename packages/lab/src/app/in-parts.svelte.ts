/** A long list, or a long page, is drawn a part at a time, so that the page answers in between. */
import { afterFrame } from "./after-frame.ts";

/** Rows that are drawn in one go: those that can be seen at first. */
const rows = 10;

/** How many of a list's entries to draw now; called while a component is made. */
export function inParts(count: () => number, part = rows): { readonly shown: number } {
  let drawn = $state(part);
  $effect(() => {
    if (drawn >= count()) return;
    return afterFrame(() => {
      drawn += part;
    });
  });
  return {
    get shown() {
      // An entry that is added to a list that was there is there at once.
      return drawn + 1 >= count() ? count() : drawn;
    },
  };
}
