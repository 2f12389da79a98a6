/**
 * Forecasts that need no model. A network that does not beat them has learned nothing: report it beside them.
 */
import { UnrollError } from "../core/index.ts";
import { checkWhole } from "./checks.ts";
import type { Matrix } from "./matrix.ts";
import type { WindowView } from "./windows.ts";

/**
 * Predicts, for every window, that the targets stay as they were in the last row of the input.
 * Gives `[count, horizon * outputs]` in float64, to compare with `view.trueTargets()`.
 *
 * @example lastValue(windows({ data: [1, 2, 3, 4], lookback: 2 })).data // [2, 3]
 */
export function lastValue(view: WindowView): Matrix {
  return predictFromRows(view, (_, lastKnown) => lastKnown);
}

/**
 * Predicts the value of one period before, or of as many periods as it takes to reach a row that is already known
 * at the end of the input. It may reach back behind the input into the series. Same shape as lastValue.
 *
 * @throws UnrollError `data` when the first window has no row one period before; `option` for a period below 1.
 * @example seasonalNaive(windows({ data: [1, 2, 1, 2, 1], lookback: 2 }), 2).data // [1, 2, 1]
 */
export function seasonalNaive(view: WindowView, period: number): Matrix {
  checkWhole("seasonalNaive", "period", period, 1);
  return predictFromRows(view, (row, lastKnown) => row - period * Math.ceil((row - lastKnown) / period));
}

function predictFromRows(view: WindowView, sourceRow: (row: number, lastKnown: number) => number): Matrix {
  const { targets, targetColumns, lookback, horizon } = view.frame;
  const width = horizon * targetColumns.length;
  const values = new Float64Array(view.count * width);
  let at = 0;
  for (let i = 0; i < view.count; i++) {
    const lastKnown = view.inputRow(i) + lookback - 1;
    for (let step = 0; step < horizon; step++) {
      const row = view.targetRow(i) + step;
      const from = sourceRow(row, lastKnown);
      if (from < 0) {
        throw new UnrollError({
          code: "data",
          path: "seasonalNaive",
          expected: "the period must not reach before the first row of the series",
          received: `row ${row} would be predicted from row ${from}`,
          hint: "Take a longer lookback, or only later windows with slice.",
        });
      }
      for (const column of targetColumns) values[at++] = targets.data[from * targets.shape[1] + column]!;
    }
  }
  return { shape: [view.count, width], data: values };
}
