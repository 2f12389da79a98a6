/** What a slip in a count is: it takes the tree of a layer's count and gives it back with the mistake in it. */
import type { CountTree } from "./count-tree.ts";
import type { Outline, Place } from "./outline.ts";
import type { Variant } from "./slip.ts";

/** Every way to make one mistake in the count of a layer. */
export type CountSlip = (place: Place, outline: Outline) => readonly Variant<CountTree>[];

export function variant(
  id: Variant<CountTree>["id"],
  result: CountTree,
  detail: string,
  plausibility: number,
): Variant<CountTree> {
  return { id, result, detail, plausibility };
}
