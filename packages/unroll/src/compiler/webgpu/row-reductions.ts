/** Row operators as WGSL: one invocation goes through the row. */
import type { RowOp } from "../../equations/expr.ts";
import type { Lines } from "./wgsl.ts";
import { number } from "./wgsl-math.ts";

/**
 * Writes the loop that reduces a row of `width` elements.
 *
 * @param valueAt writes what gives the element at a counter, and returns its name
 * @returns the name of the result
 */
export function reduceRow(lines: Lines, op: RowOp, width: number, valueAt: (k: string) => string): string {
  if (op === "rowSparsemaxThreshold") return sparsemaxThreshold(lines, width, valueAt);
  const result = lines.name(op);
  lines.add(`var ${result} = ${number(op === "rowSum" ? 0 : Number.NEGATIVE_INFINITY)};`);
  lines.loop(width, (k) => {
    const value = valueAt(k);
    lines.add(op === "rowSum" ? `${result} += ${value};` : `${result} = max(${result}, ${value});`);
  });
  return result;
}

/** See RowOp. The row is taken from large to small, equal elements from the first to the last, without a place to sort it in. */
function sparsemaxThreshold(lines: Lines, width: number, valueAt: (k: string) => string): string {
  const [last, lastAt, running, sum, support] = ["last", "lastAt", "running", "sum", "support"].map((word) =>
    lines.name(word),
  ) as [string, string, string, string, string];
  lines.add(
    `var ${last} = ${number(Number.POSITIVE_INFINITY)};`,
    `var ${lastAt} = -1;`,
    `var ${running} = 0f;`,
    `var ${sum} = 0f;`,
    `var ${support} = 0f;`,
  );
  lines.loop(width, (place) => {
    const next = lines.name("next");
    const nextAt = lines.name("nextAt");
    lines.add(`var ${next} = 0f;`, `var ${nextAt} = -1;`);
    lines.loop(width, (k) => {
      const value = valueAt(k);
      const isLeft = `(${value} < ${last} || (${value} == ${last} && ${k} > ${lastAt}))`;
      lines.block(`if (${isLeft} && (${nextAt} < 0 || ${value} > ${next}))`, () => {
        lines.add(`${next} = ${value};`, `${nextAt} = ${k};`);
      });
    });
    lines.add(`${last} = ${next};`, `${lastAt} = ${nextAt};`, `${running} += ${next};`);
    lines.block(`if (${next} - (${running} - 1f) / f32(${place} + 1) > 0f)`, () => {
      lines.add(`${sum} += ${running};`, `${support} += 1f;`);
    });
  });
  return lines.let(`(${sum} - 1f) / ${support}`, "threshold");
}
