/** The code of what a link names by a word. */
import { examples } from "./examples.ts";
import { ownCellModels } from "./own-cells.ts";

/** Of an example, or of a cell that Keras does not have; undefined for other words. */
export function codeOfExample(id: string): string | undefined {
  return [...examples, ...ownCellModels].find((one) => one.id === id)?.code;
}
