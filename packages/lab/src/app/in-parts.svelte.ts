/** A long list is drawn a part at a time, so that the page answers in between. */

/** Rows that are drawn in one go. */
const part = 20;

/** How many of a list's entries to draw now; called while a component is made. */
export function inParts(count: () => number): { readonly shown: number } {
  let shown = $state(part);
  $effect(() => {
    if (shown >= count()) return;
    const timer = setTimeout(() => {
      shown += part;
    });
    return () => clearTimeout(timer);
  });
  return {
    get shown() {
      return shown;
    },
  };
}
