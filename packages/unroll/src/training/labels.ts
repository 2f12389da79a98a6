/** Class indices as targets: whether each is one of the classes that the output predicts. A wrong one would cost nothing. */
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";

export interface Labels {
  /** Name of the output, for errors. */
  readonly output: string;
  readonly classes: number;
  /** An index that the loss leaves out. */
  readonly ignored: number | undefined;
}

/** @throws UnrollError `data` for the first target that is no class of its output */
export function checkLabels(labels: readonly (Labels | undefined)[], targets: readonly Tensor[]): void {
  for (const [index, allowed] of labels.entries()) {
    if (allowed === undefined) continue;
    const { output, classes, ignored } = allowed;
    const { data, shape } = targets[index]!;
    const wrong = data.findIndex(
      (label: number) => !(Number.isInteger(label) && label >= 0 && label < classes) && label !== ignored,
    );
    if (wrong < 0) continue;
    const example = Math.floor((wrong * shape[0]!) / data.length);
    throw new UnrollError({
      code: "data",
      path: output,
      expected: `targets must be class indices from 0 to ${classes - 1}, one for each of its ${classes} units`,
      received: `${data[wrong]} (example ${example} of the batch)`,
      hint: "Give the layer as many units as there are classes, and count classes from 0.",
    });
  }
}
