/**
 * Whether runs are quicker shared with helpers or alone, found out by trying both. Where all cores are busy a helper that wakes
 * takes time from the thread that wakes it; the numbers of the results do not depend on the answer, only the time does.
 */

/** From this time of a run on, in ms, waking helpers cannot matter. */
const longRun = 2;
/** So many runs alternate at first, while code is still being optimised. */
const firstRuns = 16;
/** Later every so many runs the slower way is tried again. */
const retried = 32;

export class Pace {
  /** Typical times of late, in ms; 0 = not tried. */
  readonly #times = { shared: 0, alone: 0 };
  #runs = 0;

  /** How the next run should go. */
  next(): "shared" | "alone" {
    const { shared, alone } = this.#times;
    if (shared > longRun) return "shared";
    const run = this.#runs++;
    if (run < firstRuns) return run % 2 === 0 ? "shared" : "alone";
    const sharedNow = shared <= alone !== (run % retried === 0);
    return sharedNow ? "shared" : "alone";
  }

  /** Says how long a run took. */
  took(way: "shared" | "alone", ms: number): void {
    const known = this.#times[way];
    // One slow run says little, for another program may have had the core; a quick one says what is possible.
    const weight = known === 0 ? 1 : ms < known ? 1 / 2 : 1 / 8;
    this.#times[way] = known + weight * (ms - known);
  }
}
