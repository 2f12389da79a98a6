/**
 * What a loss does to every gradient of a model: which numbers it is a mean over, and whether it squares. Found out by what its
 * equation gives for a few numbers, so that it holds for any rule, and a mistake is named only where it can be made.
 */
import { sizeOf } from "../../core/shape.ts";
import { evaluateRow } from "../../equations/evaluate.ts";
import { argument } from "../../equations/expr.ts";
import type { Value } from "../../program/program.ts";
import type { Comparison } from "../../training/comparison.ts";
import type { Forward } from "../../training/forward.ts";
import type { Loss } from "../../training/losses.ts";
import { rowMask } from "../../training/objective.ts";

export interface LossFacts {
  /** Whether the loss of one number is (ŷ − y)². */
  readonly isSquare: boolean;
  /** What is divided by. */
  readonly means: readonly { readonly count: number; readonly over: string }[];
}

/**
 * The facts that hold for the losses of all outputs.
 *
 * @param numbersOf what a value of the forward pass comes to; asked for masks only
 */
export function lossFacts(
  { comparisons, readLosses }: Pick<Forward, "comparisons" | "readLosses">,
  numbersOf: (value: Value) => Float64Array,
): LossFacts {
  const [first, ...others] = readLosses.flatMap((loss, index) =>
    loss === undefined ? [] : [factsOf(loss, comparisons[index]!, numbersOf)],
  );
  if (first === undefined) return { isSquare: false, means: [] };
  return {
    isSquare: [first, ...others].every(({ isSquare }) => isSquare),
    means: first.means.filter(({ count }) => others.every(({ means }) => means.some((mean) => mean.count === count))),
  };
}

function factsOf(loss: Loss, comparison: Comparison, numbersOf: (value: Value) => Float64Array): LossFacts {
  const { shape } = comparison.predictions;
  const of = (targets: readonly number[], predictions: readonly number[]): number =>
    rowLoss(loss, targets, predictions);
  const isSquare = [
    [0.3, 0.6],
    [0.8, -2],
  ].every(([target, prediction]) => isNear(of([target!], [prediction!]), (prediction! - target!) ** 2));
  // A mean over the outputs is the mean of what each of them comes to alone.
  const isMean = isNear(of([0.3, 0.8], [0.6, 0.2]), (of([0.3], [0.6]) + of([0.8], [0.2])) / 2);
  const outputs = shape.at(-1) ?? 1;
  const rowShape = shape.slice(0, -1);
  const mask = rowMask(loss, comparison, rowShape);
  // A mean over rows is one over those that the mask leaves.
  const share = mask === undefined ? 1 : numbersOf(mask).reduce((sum, one) => sum + one, 0) / sizeOf(mask.shape);
  const rows = sizeOf(rowShape) * share;
  const elements = rows * outputs;
  const counted = mask === undefined ? "" : " that count";
  const ofRow = isMean ? [{ count: outputs, over: `the ${outputs} outputs of a row` }] : [];
  const means =
    loss.reduction === "sum"
      ? ofRow
      : [
          ...(isMean
            ? [
                {
                  count: elements,
                  over: mask === undefined ? `${elements} numbers` : `the ${elements} numbers${counted}`,
                },
              ]
            : []),
          { count: rows, over: `the ${rows} rows of predictions${counted}` },
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
