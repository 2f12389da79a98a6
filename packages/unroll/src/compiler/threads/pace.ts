/**
 * Whether runs are quicker shared with helpers or alone, found out by trying both. Where all cores are busy a helper that wakes
 * takes time from the thread that wakes it; the numbers of the results do not depend on the answer, only the time does.
 */

/** From this time of a run on, in ms, helpers wake up within it: one run tells what sharing gives. */
const longRun = 2;
/** So many long runs are shared before one is done alone, for that is far slower where cores are free. */
const longRunsFirst = 8;
/** Runs in a row when sharing is tried: the first wakes the helpers, and only those that have just run are still awake. */
const streak = 4;
/** So many runs try both ways in turns at first, while code is still being optimised and helpers start. */
const firstRuns = 4 * streak;
/** Later the slower way is tried again after so many runs. */
const retried = 64;
/** A run counts as at most so many times as long as those before it: another program may have had the core for once. */
const slowest = 2;

export class Pace {
  /** Typical times of late, in ms; 0 = not tried. */
  readonly #times = { shared: 0, alone: 0 };
  #runs = 0;

  /** How the next run should go. */
  next(): "shared" | "alone" {
    const { shared, alone } = this.#times;
    const run = this.#runs++;
    if (shared > longRun) {
      const isTrial = run % retried === longRunsFirst;
      return (alone === 0 || shared <= alone) !== isTrial ? "shared" : "alone";
    }
    if (run < firstRuns) return run % (2 * streak) < streak ? "shared" : "alone";
    if (shared <= alone) return run % retried === 0 ? "alone" : "shared";
    return run % retried < streak ? "shared" : "alone";
  }

  /** Says how long a run took. */
  took(way: "shared" | "alone", ms: number): void {
    const known = this.#times[way];
    // A quick run says what is possible, a slow one little.
    if (known === 0) this.#times[way] = ms;
    else if (ms < known) this.#times[way] = (known + ms) / 2;
    else this.#times[way] = known + (Math.min(ms, slowest * known) - known) / 8;
  }
}
