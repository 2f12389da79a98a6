/**
 * Buttons with nothing to do now, at the end of a series or while a run goes on. They are marked `aria-disabled`: one that is
 * disabled while it has the focus would lose it, and whoever goes by keyboard would begin at the top again.
 */

/** A press of them does nothing. */
export function holdIdleButtons(): void {
  // Before any button hears of it, but behind what listens to the whole page.
  document.body.addEventListener(
    "click",
    (event) => {
      if (!(event.target instanceof Element) || event.target.closest("button[aria-disabled='true']") === null) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
}
