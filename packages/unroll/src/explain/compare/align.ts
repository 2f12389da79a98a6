/** Pairs the layers of two models: the longest sequence of pairs in order, alike in name and kind. */

/** What pairs are judged by. */
export interface Alike {
  readonly name: string;
  readonly className: string;
}

/** A pair, or a layer that the other model does not have. */
export type Pairing = readonly [left: number | undefined, right: number | undefined];

/** The same name and kind first, then the same kind; a different kind only where the names agree. */
function likeness(left: Alike, right: Alike): number {
  if (left.className === right.className) return left.name === right.name ? 5 : 4;
  return left.name === right.name ? 2 : 0;
}

/** Pairings in order; layers without a partner stand where they are in their model. */
export function alignLayers(left: readonly Alike[], right: readonly Alike[]): Pairing[] {
  // best[i][j]: what the layers from i and j on can reach
  const best = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const pair = likeness(left[i]!, right[j]!);
      const together = pair === 0 ? 0 : pair + best[i + 1]![j + 1]!;
      best[i]![j] = Math.max(together, best[i + 1]![j]!, best[i]![j + 1]!);
    }
  }
  const pairs: Pairing[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const pair = i < left.length && j < right.length ? likeness(left[i]!, right[j]!) : 0;
    if (pair > 0 && best[i]![j] === pair + best[i + 1]![j + 1]!) pairs.push([i++, j++]);
    else if (j >= right.length || (i < left.length && best[i]![j] === best[i + 1]![j]!)) pairs.push([i++, undefined]);
    else pairs.push([undefined, j++]);
  }
  return pairs;
}
