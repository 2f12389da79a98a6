/** The values of a cell over time as a drawing: a band of cells for each named value, a row for each unit, time to the right. */
import { short } from "../app/format.ts";
import { fullColour } from "../app/run.ts";
import type { StepWindow } from "../app/step-window.ts";
import { writeUnits } from "../app/units.ts";
import { figureWords } from "../words-figures.ts";
import type { RunView } from "../worker/protocol.ts";
import { element, label, type Palette, standalone } from "./svg.ts";

const words = figureWords.lanes;
const width = 720;
const left = 96;
/** `drawn` are the units and `shown` the steps that the page has. */
export function lanesFigure(run: RunView, drawn: readonly number[], shown: StepWindow, palette: Palette): string {
  const { names, units, values, scene } = run;
  const timesteps = run.timesteps.slice(shown.from, shown.from + shown.count);
  const rows = drawn.length;
  const row = rows > 8 ? 8 : 12;
  const step = (width - left) / timesteps.length;
  // Name, meaning and scale stand beside it, one below the other.
  const band = Math.max(rows * row + 16, 46);
  const colorOf = (share: number): Readonly<Record<string, string | number>> => ({
    fill: palette(share < 0 ? "--negative" : "--positive"),
    "fill-opacity": Math.min(1, Math.abs(share)),
  });
  const bands = names.flatMap((name, at) => {
    const top = at * band;
    // As on the page: each band to its own largest value where 1 would leave it pale or cut it.
    const full = fullColour(values[name]!);
    const cells = timesteps.flatMap((_, t) =>
      drawn.map((unit, place) => {
        const value = values[name]![(shown.from + t) * units + unit]!;
        return element("rect", {
          x: left + t * step,
          y: top + place * row,
          width: Math.max(0.5, step - 0.5),
          height: row - 0.5,
          ...colorOf(value / full),
        });
      }),
    );
    const meaning = scene.nodes.find((node) => node.name === name)?.meaning ?? "";
    return [
      label(name, left - 10, top + 12, palette, { "text-anchor": "end", "font-weight": 650, fill: palette("--ink") }),
      label(meaning, left - 10, top + 25, palette, { "text-anchor": "end", "font-size": 9 }),
      ...(full === 1
        ? []
        : [label(`±${short(full, 3)}`, left - 10, top + 37, palette, { "text-anchor": "end", "font-size": 9 })]),
      element("rect", {
        x: left,
        y: top,
        width: width - left,
        height: rows * row,
        fill: "none",
        stroke: palette("--line"),
      }),
      ...cells,
    ];
  });
  const floor = names.length * band - 8;
  const every = Math.max(1, Math.ceil(timesteps.length / 15));
  const ticks = timesteps.flatMap((timestep, index) =>
    index % every === 0
      ? [label(String(timestep + 1), left + (index + 0.5) * step, floor + 12, palette, { "text-anchor": "middle" })]
      : [],
  );
  return standalone(
    {
      title: words.title(run.name, scene.kind),
      description: words.sentence(
        names.length,
        units,
        rows === units ? "" : writeUnits(drawn, 1).replaceAll(",", ", "),
        run.timesteps.length,
        timesteps.length === run.timesteps.length ? undefined : [timesteps[0]! + 1, timesteps.at(-1)! + 1],
      ),
      legend: [
        { label: words.above, color: palette("--positive"), kind: "box" },
        { label: words.below, color: palette("--negative"), kind: "box" },
      ],
      width,
      height: floor + 34,
      body: [
        ...bands,
        ...ticks,
        label(words.timestep, (left + width) / 2, floor + 30, palette, {
          "text-anchor": "middle",
          class: "axis-label",
        }),
        label(rows < units ? words.someUnits(rows, units) : words.units, 0, 0, palette, {
          "text-anchor": "middle",
          transform: `translate(10 ${floor / 2}) rotate(-90)`,
          class: "axis-label",
        }),
      ],
    },
    palette,
  );
}
