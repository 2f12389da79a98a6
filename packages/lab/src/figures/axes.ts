/** The two axes of a chart that stands alone, with what they are called. */
import type { Box } from "./line-layout.ts";
import { element, label, type Palette } from "./svg.ts";

/** Drawn around the plot of a chart as large as `box`. */
export function axes(
  { width, height, left, right, top, bottom }: Box,
  { xLabel, yLabel }: { readonly xLabel: string; readonly yLabel: string },
  palette: Palette,
): string[] {
  const [end, floor] = [width - right, height - bottom];
  return [
    element("path", { d: `M${left},${top}V${floor}H${end}`, fill: "none", stroke: palette("--edge"), class: "axis" }),
    label(xLabel, (left + end) / 2, height - 8, palette, { "text-anchor": "middle", class: "axis-label" }),
    label(yLabel, 0, 0, palette, {
      "text-anchor": "middle",
      transform: `translate(12 ${(top + floor) / 2}) rotate(-90)`,
      class: "axis-label",
    }),
  ];
}
