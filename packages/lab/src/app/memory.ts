/** What a row of gradients over time says in words: where the largest is, and how far back nine tenths of them reach. */

export interface MemoryFacts {
  readonly largest: number;
  /** Index of the largest. */
  readonly at: number;
  /** How many of the last entries hold nine tenths of the sum; 0 where all are 0. */
  readonly span: number;
}

/** @param sizes from the first step read to the last, none below 0 */
export function memoryFacts(sizes: readonly number[]): MemoryFacts {
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const sum = sizes.reduce((total, size) => total + size, 0);
  let span = 0;
  for (let held = 0; held < 0.9 * sum && span < sizes.length; span++) held += sizes[sizes.length - 1 - span]!;
  return { largest, at: sizes.indexOf(largest), span };
}
