/**
 * What a loss does to every gradient of a model: which numbers it is a mean over, and whether it squares. Found out by what its
 * equation gives for a few numbers, so that it holds for any rule, and a mistake is named only where it can be made.
 */
import { sizeOf } from "../../core/shape.ts";
import { evaluateRow } from "../../equations/evaluate.ts";
import { argument } from "../../equations/expr.ts";
import type { Forward } from "../../training/forward.ts";
import type { Loss } from "../../training/losses.ts";

export interface LossFacts {
  /** Whether the loss of one number is (ŷ − y)². */
  readonly isSquare: boolean;
  /** What is divided by. */
  readonly means: readonly { readonly count: number; readonly over: string }[];
}

/** The facts that hold for the losses of all outputs. */
export function lossFacts({ comparisons, readLosses }: Forward): LossFacts {
  const [first, ...others] = readLosses.flatMap((loss, index) =>
    loss === undefined ? [] : [factsOf(loss, comparisons[index]!.predictions.shape)],
  );
  if (first === undefined) return { isSquare: false, means: [] };
  return {
    isSquare: [first, ...others].every(({ isSquare }) => isSquare),
    means: first.means.filter(({ count }) => others.every(({ means }) => means.some((mean) => mean.count === count))),
  };
}

function factsOf(loss: Loss, shape: readonly number[]): LossFacts {
  const of = (targets: readonly number[], predictions: readonly number[]): number =>
    rowLoss(loss, targets, predictions);
  const isSquare = [
    [0.3, 0.6],
    [0.8, -2],
  ].every(([target, prediction]) => isNear(of([target!], [prediction!]), (prediction! - target!) ** 2));
  // A mean over the outputs is the mean of what each of them comes to alone.
  const isMean = isNear(of([0.3, 0.8], [0.6, 0.2]), (of([0.3], [0.6]) + of([0.8], [0.2])) / 2);
  const elements = sizeOf(shape);
  const outputs = shape.at(-1) ?? 1;
  const rows = elements / outputs;
  const ofRow = isMean ? [{ count: outputs, over: `the ${outputs} outputs of a row` }] : [];
  const means =
    loss.reduction === "sum"
      ? ofRow
      : [
          ...(isMean ? [{ count: elements, over: `${elements} numbers` }] : []),
          { count: rows, over: `the ${rows} rows of predictions` },
          ...ofRow,
        ];
  return {
    isSquare,
    means: means.filter(({ count }, index) => count > 1 && means.findIndex((other) => other.count === count) === index),
  };
}

/** The loss of one row. */
function rowLoss({ rule, options }: Loss, targets: readonly number[], predictions: readonly number[]): number {
  const [y, p] = [argument("y"), argument("p")];
  const expr = rule.equation({ y, p, n: targets.length }, options);
  const symbols = new Map([
    [y, Float64Array.from(targets)],
    [p, Float64Array.from(predictions)],
  ]);
  const row = evaluateRow([expr], { width: targets.length, symbols })(expr);
  return typeof row === "number" ? row : row[0]!;
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-9;
}
