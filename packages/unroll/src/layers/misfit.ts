/**
 * Lets the code above layers/ say what would make a layer fit where it does not: it is given the layer and what it was called
 * with, and gives the error's hint. Without it errors keep their own hints.
 */
import { UnrollError } from "../core/errors.ts";
import type { Layer } from "./layer.ts";
import type { SymbolicTensor } from "./symbolic.ts";

export type MisfitHint = (layer: Layer, inputs: readonly SymbolicTensor[]) => string | undefined;

let hintFor: MisfitHint | undefined;

/** Fills in the hints; src/index.ts calls it once. */
export function provideMisfitHint(hint: MisfitHint): void {
  hintFor = hint;
}

/** Runs `work`; an error about shapes gets the hint. */
export function withMisfitHint<T>(layer: Layer, inputs: readonly SymbolicTensor[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isShape = error instanceof UnrollError && error.code === "shape";
    const hint = isShape ? hintFor?.(layer, inputs) : undefined;
    if (hint === undefined || !isShape) throw error;
    const { code, path, expected, received } = error;
    throw new UnrollError(
      { code, path, expected, hint, ...(received === undefined ? {} : { received }) },
      { cause: error },
    );
  }
}
