/**
 * Which trials go on to more epochs. Both rules follow from the scores alone and not from the order in which they arrive, so
 * that a sweep finds the same on one machine and on many.
 */

/** What is known of a trial in a round: a score, null where it failed, undefined while it is open. */
export type Known = number | null | undefined;

/**
 * Successive halving: when every score of a round is known, the best one of `eta`; at least one.
 *
 * @param scores one for each trial of the round, in the order in which they entered it
 * @returns places in `scores`, best first
 */
export function promoteTogether(scores: readonly Known[], eta: number): number[] {
  if (scores.includes(undefined)) return [];
  return best(scores).slice(0, Math.max(1, Math.floor(scores.length / eta)));
}

/**
 * Asynchronous halving: a trial goes on as soon as it is among the best one of `eta` of the trials that entered the round up
 * to some place, whatever those behind that place do. ASHA takes the trials that have arrived instead of those up to a place;
 * then what is found depends on which machine was faster.
 *
 * Source: Li et al., A System for Massively Parallel Hyperparameter Tuning (2020), algorithm 2.
 *
 * @param scores one for each trial that has entered the round so far, in that order
 * @param isWhole whether no other trial will enter it; then at least one goes on
 * @returns places in `scores`, in the order in which they go on; more scores only add to the end
 */
export function promoteInOrder(scores: readonly Known[], eta: number, isWhole: boolean): number[] {
  const promoted = new Set<number>();
  /** Places with a score, best first; of equal ones the first. */
  const order: number[] = [];
  let seen = 0;
  for (const [place, score] of scores.entries()) {
    if (score === undefined) return [...promoted];
    seen++;
    const most = Math.floor(seen / eta);
    if (score !== null) {
      const rank = rankOf(order, scores, score);
      order.splice(rank, 0, place);
      if (rank < most) promoted.add(place);
    }
    // One more place among the best: it may fall to a trial that was just outside.
    const last = order[most - 1];
    if (last !== undefined) promoted.add(last);
  }
  if (isWhole && promoted.size === 0) return best(scores).slice(0, 1);
  return [...promoted];
}

/** Places that have a score, best first; of equal ones the first. */
function best(scores: readonly Known[]): number[] {
  const places = [...scores.keys()].filter((place) => typeof scores[place] === "number");
  return places.sort((a, b) => scores[a]! - scores[b]! || a - b); // numbers, as the filter says
}

/** How many of the ordered places have a score as good or better. */
function rankOf(order: readonly number[], scores: readonly Known[], score: number): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (scores[order[middle]!]! <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}
