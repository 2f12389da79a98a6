/** One bar for each timestep as a drawing that stands alone, and the scale that the page's own bars have too. */

import { max, min } from "d3-array";
import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale";
import { axes } from "./axes.ts";
import { tickText } from "./line-layout.ts";
import { element, label, type Palette, standalone } from "./svg.ts";

/** The smallest share of the largest that a logarithmic bar shows. */
const smallest = 1e-12;

/** From the axis, at `bottom`, to the largest value, below `top`; and the ticks beside it. */
export function barScale(
  values: readonly number[],
  log: boolean,
  [bottom, top]: readonly [number, number],
): { readonly y: ScaleContinuousNumeric<number, number>; readonly ticks: readonly number[] } {
  const largest = max(values) ?? 0;
  if (!log) {
    const y = scaleLinear()
      .domain([0, largest || 1])
      .range([bottom, top])
      .nice();
    return { y, ticks: y.ticks(4) };
  }
  const low = Math.max(min(values.filter((value) => value > 0)) ?? 1, largest * smallest);
  const y = scaleLog()
    .domain([Math.min(low, largest / 10) || 0.1, largest || 1])
    .range([bottom, top])
    .clamp(true)
    .nice();
  // The powers of ten alone.
  const powers = y.ticks(4).filter((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6));
  return { y, ticks: powers.filter((_, index) => index % Math.ceil(powers.length / 6) === 0) };
}

export interface BarsSpec {
  readonly title: string;
  /** What it shows, as a sentence. */
  readonly sentence: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** From 0, in order of processing. */
  readonly timesteps: readonly number[];
  readonly values: readonly number[];
  /** As `var(--name)`. */
  readonly color: string;
  readonly log: boolean;
}

const box = { width: 720, height: 300, left: 64, right: 12, top: 8, bottom: 48 };

export function barsFigure(spec: BarsSpec, palette: Palette): string {
  const { title, sentence, xLabel, yLabel, timesteps, values, log } = spec;
  const [end, floor] = [box.width - box.right, box.height - box.bottom];
  const { y, ticks } = barScale(values, log, [floor, box.top]);
  const slot = (end - box.left) / Math.max(1, timesteps.length);
  const every = Math.max(1, Math.ceil(28 / slot));
  const color = palette(spec.color.replace(/^var\((.*)\)$/, "$1"));
  const body = [
    ...ticks.flatMap((tick) => [
      element("line", { x1: box.left, x2: end, y1: y(tick), y2: y(tick), stroke: palette("--line") }),
      label(tickText(tick), box.left - 8, y(tick) + 4, palette, { "text-anchor": "end" }),
    ]),
    ...values.flatMap((value, index) =>
      value > 0
        ? [
            element("rect", {
              x: box.left + index * slot + slot * 0.1,
              width: slot * 0.8,
              y: y(value),
              height: Math.max(0, floor - y(value)),
              fill: color,
            }),
          ]
        : [],
    ),
    ...timesteps.flatMap((timestep, index) =>
      index % every === 0
        ? [
            label(String(timestep + 1), box.left + (index + 0.5) * slot, floor + 19, palette, {
              "text-anchor": "middle",
            }),
          ]
        : [],
    ),
    ...axes(box, { xLabel, yLabel }, palette),
  ];
  const legend = [{ label: yLabel, color, kind: "box" as const }];
  return standalone({ title, description: sentence, legend, width: box.width, height: box.height, body }, palette);
}
