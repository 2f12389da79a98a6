/** A chart of lines as a drawing that stands alone: title, legend, both axes with their labels. */
import { axes } from "./axes.ts";
import { type LineSpec, lineLayout, lineSentence, tickText } from "./line-layout.ts";
import { element, label, type Palette, standalone } from "./svg.ts";

const box = { width: 720, height: 360, left: 64, right: 12, top: 8, bottom: 48 };

export function lineFigure(spec: LineSpec, palette: Palette): string {
  const { title, lines, xLabel, yLabel, shade } = spec;
  const layout = lineLayout(spec, box);
  const color = (name: string): string => palette(name.replace(/^var\((.*)\)$/, "$1"));
  const [end, floor] = [box.width - box.right, box.height - box.bottom];
  const body = [
    ...(shade === undefined
      ? []
      : [
          element("rect", {
            x: layout.x(shade.from),
            y: box.top,
            width: Math.max(0, end - layout.x(shade.from)),
            height: floor - box.top,
            fill: palette("--accent"),
            "fill-opacity": 0.08,
          }),
          label(shade.label, layout.x(shade.from) + 6, box.top + 14, palette),
        ]),
    ...layout.yTicks.flatMap((tick) => [
      element("line", { x1: box.left, x2: end, y1: layout.y(tick), y2: layout.y(tick), stroke: palette("--line") }),
      label(tickText(tick), box.left - 8, layout.y(tick) + 4, palette, { "text-anchor": "end" }),
    ]),
    ...layout.xTicks.flatMap((tick) => [
      element("line", { x1: layout.x(tick), x2: layout.x(tick), y1: floor, y2: floor + 5, stroke: palette("--edge") }),
      label(String(tick), layout.x(tick), floor + 19, palette, { "text-anchor": "middle" }),
    ]),
    ...axes(box, { xLabel, yLabel }, palette),
    ...layout.paths.flatMap((d, index) => [
      element("path", {
        d,
        fill: "none",
        stroke: color(lines[index]!.color),
        "stroke-width": lines[index]!.dots ?? 2,
        "stroke-linejoin": "round",
        "stroke-linecap": lines[index]!.dots ? "round" : "butt",
        ...(lines[index]!.dash ? { "stroke-dasharray": "5 4" } : {}),
      }),
      ...(layout.marks[index] === ""
        ? []
        : [
            element("path", {
              d: layout.marks[index]!,
              fill: color(lines[index]!.color),
              stroke: palette("--card"),
              "stroke-width": 1.2,
            }),
          ]),
    ]),
  ];
  return standalone(
    {
      title,
      description: lineSentence(spec, layout.isEmpty),
      legend: lines.map((one) => ({
        label: one.name,
        color: color(one.color),
        kind: one.dash ? "dashed" : "line",
        ...(one.mark === undefined ? {} : { mark: one.mark }),
      })),
      width: box.width,
      height: box.height,
      body,
    },
    palette,
  );
}
