/**
 * What nobody sees follows its value when that rests for a moment: steps with every frame change only what is in sight. Paper, and who
 * searches the page, find all of it up to date.
 */
import { flushSync, untrack } from "svelte";
import { on } from "svelte/events";
import { Rested } from "./rested.ts";

/** The value itself while it is seen, else that of the last rest; called while a component is made. */
export function whenSeen<T>(value: () => T, isSeen: () => boolean): { readonly now: T } {
  let last = $state.raw(untrack(value));
  const follow = (): void => {
    last = untrack(value);
  };
  const rested = new Rested(follow);
  $effect(() => {
    value();
    if (isSeen()) rested.forget();
    else rested.later();
  });
  $effect(() => () => rested.forget());
  // Playing may leave it no rest, and paper does not wait.
  $effect(() => on(window, "beforeprint", () => flushSync(follow)));
  return {
    get now() {
      return isSeen() ? value() : last;
    },
  };
}

/** To be attached to what scrolls in and out of sight. */
export function inSight(tell: (isSeen: boolean) => void): (place: Element) => () => void {
  return (place) => {
    const observer = new IntersectionObserver((entries) => tell(entries.at(-1)?.isIntersecting === true));
    observer.observe(place);
    return () => observer.disconnect();
  };
}
