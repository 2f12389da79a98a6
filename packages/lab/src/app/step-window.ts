/** Which timesteps of a long series are shown: a window on it, in order of processing from 0. A strip over the whole series moves it. */

export interface StepWindow {
  readonly from: number;
  readonly count: number;
}

/** How many timesteps a window may show; a series that is no longer than the usual window is shown whole. */
const spans = [30, 60, 120, 240];
const usual = 60;

/** A series that needs no window has none to move. */
export function isLong(steps: number): boolean {
  return steps > usual;
}

/** The lengths to choose from for so long a series. */
export function spansOf(steps: number): readonly number[] {
  return [...spans.filter((span) => span < steps), ...(steps <= spans.at(-1)! ? [steps] : [])];
}

/** As a link has it, "120-179". */
export function writeWindow({ from, count }: StepWindow): string {
  return `${from}-${from + count - 1}`;
}

/** The window of a link, moved to where there are timesteps; undefined for what is none. */
export function readWindow(text: string, steps: number): StepWindow | undefined {
  const [, first, last] = /^(\d{1,9})-(\d{1,9})$/.exec(text) ?? [];
  if (first === undefined || Number(last) < Number(first)) return undefined;
  const count = Math.min(Number(last) - Number(first) + 1, spans.at(-1)!, steps);
  return windowFrom(Number(first), count, steps);
}

/** What is shown: the link's window, or of the parts that the series falls into from its start on, the one with the step in it. */
export function shownWindow(text: string, t: number, steps: number): StepWindow {
  if (!isLong(steps)) return { from: 0, count: steps };
  return readWindow(text, steps) ?? windowAround({ from: 0, count: usual }, t, steps);
}

/** A window of that length, as near to the place as there are timesteps. */
export function windowFrom(from: number, count: number, steps: number): StepWindow {
  return { from: Math.max(0, Math.min(steps - count, Math.round(from))), count };
}

/** Moved by whole lengths until the step is in it, so that going on step by step turns it like a page. */
export function windowAround({ from, count }: StepWindow, t: number, steps: number): StepWindow {
  return windowFrom(from + Math.floor((t - from) / count) * count, count, steps);
}

export function holds({ from, count }: StepWindow, t: number): boolean {
  return t >= from && t < from + count;
}

/** As many steps up to one, for what ends there: the window itself where it lies before. */
export function windowUpTo({ from, count }: StepWindow, t: number): StepWindow {
  const end = Math.min(from + count, t + 1);
  const start = Math.max(0, end - count);
  return { from: start, count: end - start };
}
