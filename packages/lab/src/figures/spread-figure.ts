/** Histograms of a layer's arrays: bars for now, an outline for before; on the page and as a drawing that stands alone. */
import { short } from "../app/format.ts";
import { figureWords } from "../words-figures.ts";
import type { ArraySpread } from "../worker/protocol.ts";
import { element, label, type Palette, standalone } from "./svg.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface SpreadLayout {
  readonly bars: readonly { readonly x: number; readonly y: number; readonly width: number; readonly height: number }[];
  readonly outline: string;
  readonly ticks: readonly {
    readonly x: number;
    readonly label: string;
    readonly anchor: "start" | "middle" | "end";
  }[];
}

/** Of one array, in a box whose floor is at its height. */
export function spreadLayout({ low, high, before, now }: ArraySpread, { width, height }: Size): SpreadLayout {
  const most = Math.max(...before, ...now);
  const bin = width / now.length;
  const top = (count: number): number => height - (count / most) * (height - 4);
  const steps = before.map((count, index) => `H${round(index * bin)}V${round(top(count))}H${round((index + 1) * bin)}`);
  const zero = ((0 - low) / (high - low)) * width;
  // 0 is written where the ends leave it room.
  const hasRoom = zero > width * 0.25 && zero < width * 0.75;
  return {
    bars: now.map((count, index) => ({
      x: index * bin,
      y: top(count),
      width: Math.max(0.5, bin - 0.5),
      height: height - top(count),
    })),
    outline: `M0,${height}${steps.join("")}V${height}`,
    ticks: [
      { x: 0, label: short(low, 2), anchor: "start" },
      ...(hasRoom ? [{ x: zero, label: "0", anchor: "middle" as const }] : []),
      { x: width, label: short(high, 2), anchor: "end" },
    ],
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const size: Size = { width: 220, height: 130 };
const between = 30;
const perRow = 3;
/** Above a histogram for its name, and below it for its ticks. */
const above = 20;
const below = 34;

export function spreadFigure(
  title: string,
  arrays: readonly ArraySpread[],
  [before, now]: readonly [string, string],
  palette: Palette,
): string {
  const cell = { width: size.width + between, height: above + size.height + below };
  const body = arrays.map((one, index) => {
    const { bars, outline, ticks } = spreadLayout(one, size);
    const [x, y] = [(index % perRow) * cell.width, Math.floor(index / perRow) * cell.height];
    return element("g", { transform: `translate(${x} ${y + above})` }, [
      label(one.array, 0, -7, palette, { fill: palette("--ink"), "font-weight": 650 }),
      ...bars.map((bar) => element("rect", { ...bar, fill: palette("--accent"), "fill-opacity": 0.45 })),
      element("path", { d: outline, fill: "none", stroke: palette("--ink"), "stroke-width": 1.5 }),
      element("path", { d: `M0,${size.height}H${size.width}`, stroke: palette("--edge"), class: "axis" }),
      ...ticks.map((tick) => label(tick.label, tick.x, size.height + 16, palette, { "text-anchor": tick.anchor })),
    ]);
  });
  const rows = Math.ceil(arrays.length / perRow);
  return standalone(
    {
      title,
      description: arrays
        .map(({ array, low, high }) => figureWords.spread.range(array, short(low, 3), short(high, 3)))
        .join("; "),
      legend: [
        { label: before, color: palette("--ink"), kind: "line" },
        { label: now, color: palette("--accent"), kind: "box" },
      ],
      width: Math.min(arrays.length, perRow) * cell.width - between,
      height: rows * cell.height - 10,
      body,
    },
    palette,
  );
}
