/** The values of a run as a table to take away. */
import type { Table } from "../app/csv.ts";
import { figureWords } from "../words-figures.ts";
import type { RunView } from "../worker/protocol.ts";

/** A row for each timestep in order of processing; a column for each input, and each unit of each named value. */
export function valuesTable(run: RunView, title: string): Table {
  const { names, units, features, timesteps, values, x } = run;
  const columns = (base: string, count: number): string[] =>
    Array.from({ length: count }, (_, unit) => `${base}[${unit}]`);
  return {
    title,
    columns: [figureWords.table.timestep, ...columns("x", features), ...names.flatMap((one) => columns(one, units))],
    rows: timesteps.map((timestep, index) => [
      timestep + 1,
      ...x.subarray(index * features, (index + 1) * features),
      ...names.flatMap((one) => [...values[one]!.subarray(index * units, (index + 1) * units)]),
    ]),
  };
}
