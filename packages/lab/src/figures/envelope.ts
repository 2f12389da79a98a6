/** A long series as an outline: between its lowest and its highest number in each of a few hundred parts, which is all that a strip has room for. */
import { extent } from "d3-array";
import { scaleLinear } from "d3-scale";
import { area } from "d3-shape";

/** Parts that are told apart. */
const most = 400;

export interface Part {
  readonly low: number;
  readonly high: number;
}

/** `at(step, column)` over all columns, part by part in order of `steps`. */
export function partsOf(steps: number, columns: number, at: (step: number, column: number) => number): readonly Part[] {
  const count = Math.min(most, steps);
  return Array.from({ length: count }, (_, part) => {
    const [first, end] = [Math.floor((part * steps) / count), Math.floor(((part + 1) * steps) / count)];
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let step = first; step < end; step++) {
      for (let column = 0; column < columns; column++) {
        const value = at(step, column);
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return { low, high };
  });
}

/** Its path, 1 wide for each part, between two heights. */
export function envelope(parts: readonly Part[], top: number, bottom: number): string {
  const [low = 0, high = 1] = extent(parts.flatMap((part) => [part.low, part.high]));
  const y = scaleLinear()
    .domain(low === high ? [low - 1, high + 1] : [low, high])
    .range([bottom, top]);
  const path = area<Part>()
    .x((_, index) => index + 0.5)
    .y0(({ low: from }) => y(from))
    .y1(({ high: to }) => y(to));
  return path([...parts]) ?? "";
}
