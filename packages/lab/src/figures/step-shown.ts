/** What can be taken from the Step screen: its cell and its lanes as drawings, its values as a table. */
import type { Table } from "../app/csv.ts";
import type { Shown } from "../app/shown.svelte.ts";
import type { RunView } from "../worker/protocol.ts";
import { cellFigure } from "./cell-figure.ts";
import { lanesFigure } from "./lanes-figure.ts";

export function shownOfStep(run: RunView, t: number, digits: number): Shown[] {
  const step = Math.min(t, run.timesteps.length - 1);
  return [
    {
      title: `Cell of ${run.name} at timestep ${run.timesteps[step]! + 1}`,
      figure: (palette) => cellFigure(run, step, digits, palette),
    },
    {
      title: `Values of ${run.name} over time`,
      figure: (palette) => lanesFigure(run, palette),
      table: () => valuesTable(run),
    },
  ];
}

/** A row for each timestep in order of processing; a column for each input, and each unit of each named value. */
function valuesTable(run: RunView): Table {
  const { name, names, units, features, timesteps, values, x } = run;
  const columns = (base: string, count: number): string[] =>
    Array.from({ length: count }, (_, unit) => `${base}[${unit}]`);
  return {
    title: `Values of ${name} over time`,
    columns: ["timestep", ...columns("x", features), ...names.flatMap((one) => columns(one, units))],
    rows: timesteps.map((timestep, index) => [
      timestep + 1,
      ...x.subarray(index * features, (index + 1) * features),
      ...names.flatMap((one) => [...values[one]!.subarray(index * units, (index + 1) * units)]),
    ]),
  };
}
