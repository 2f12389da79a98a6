/** Turns for others: timers, signals and the page wait while a loop of batches runs. */

/** Longest time without a turn for others, ms. */
const longest = 30;

/** A function to await after each batch; it gives way when it is time. */
export function makeBreath(): () => Promise<void> {
  let last = 0;
  return async () => {
    if (performance.now() - last < longest) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    last = performance.now();
  };
}
