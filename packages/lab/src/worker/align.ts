/** Puts the layers of several models beside each other: the cheapest way of pairing, by the layers' classes. */

/** What pairing looks at. */
export interface Alignable {
  readonly className: string;
  /** Recurrent layers are taken for kinds of one another. */
  readonly isRecurrent: boolean;
}

/** Rows of one entry a model: the index of its layer, or undefined where it has none. */
export function align(models: readonly (readonly Alignable[])[]): (number | undefined)[][] {
  const [first = [], ...others] = models;
  let rows: (number | undefined)[][] = first.map((_, index) => [index]);
  for (const [at, other] of others.entries()) {
    const shown = rows.map((row) => layerOf(row, models));
    rows = pairs(shown, other).map(([left, right]) => [
      ...(left === undefined ? new Array<undefined>(at + 1).fill(undefined) : rows[left]!),
      right,
    ]);
  }
  return rows;
}

/** The first layer that a row has. */
function layerOf(row: readonly (number | undefined)[], models: readonly (readonly Alignable[])[]): Alignable {
  const model = row.findIndex((index) => index !== undefined);
  return models[model]![row[model]!]!; // a row has a layer of at least one model
}

/** One layer alone on its row costs 1; two that are not alike cost more than both alone. */
const alone = 1;

function costOf(a: Alignable, b: Alignable): number {
  if (a.className === b.className) return 0;
  return a.isRecurrent && b.isRecurrent ? 0.5 : 2 * alone + 1;
}

/** The cheapest pairing of two lists, by the usual table of distances; of equal ones, that which pairs early layers. */
function pairs(
  left: readonly Alignable[],
  right: readonly Alignable[],
): (readonly [number | undefined, number | undefined])[] {
  // costs[i][j]: of pairing what lies behind place i with what lies behind place j.
  const costs = Array.from({ length: left.length + 1 }, (_, i) =>
    Array.from({ length: right.length + 1 }, (_, j) => (left.length - i + right.length - j) * alone),
  );
  const together = (i: number, j: number): number => costOf(left[i]!, right[j]!) + costs[i + 1]![j + 1]!;
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      costs[i]![j] = Math.min(together(i, j), alone + costs[i + 1]![j]!, alone + costs[i]![j + 1]!);
    }
  }
  const found: (readonly [number | undefined, number | undefined])[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const here = costs[i]![j]!;
    if (i < left.length && j < right.length && here === together(i, j)) found.push([i++, j++]);
    else if (i < left.length && here === alone + costs[i + 1]![j]!) found.push([i++, undefined]);
    else found.push([undefined, j++]);
  }
  return found;
}
