/** What the screen shows that can be taken away: charts, drawings and tables say so here while they are on the page. */
import type { Palette } from "../figures/svg.ts";
import type { Table } from "./csv.ts";

export interface Shown {
  readonly title: string;
  readonly table?: () => Table;
  /** A whole SVG file. */
  readonly figure?: (palette: Palette) => string | Promise<string>;
}

const offers = new Set<() => readonly Shown[]>();

/** Called while a component is made; holds until it goes. */
export function offer(what: () => readonly Shown[]): void {
  $effect(() => {
    offers.add(what);
    return () => offers.delete(what);
  });
}

export function shownNow(): Shown[] {
  return [...offers].flatMap((what) => what());
}
