/** Reads a number of a run by the name that the drawing has for it. */
import type { OpenedName, RunView } from "../worker/protocol.ts";
import { valueName } from "./format.ts";

/** Of an input, a state before the step, or a named value; in a run of gradients, their gradients. */
export function valueAt(run: RunView, name: string, step: number, unit: number): number {
  if (name === "x") return run.x[step * run.features + unit]!;
  return (run.values[name] ?? run.before[name]!)[step * run.units + unit]!;
}

/** Where a named number is in the cell of another layer, as the route has it; undefined for one of this cell. */
export function otherPlace(
  runs: readonly RunView[],
  { name, unit, place }: OpenedName,
): { layer: string; t: number; gate: string; unit: number } | undefined {
  const run = runs.find((one) => one.name === place?.layer);
  const t = place === undefined ? -1 : (run?.timesteps.indexOf(place.timestep) ?? -1);
  return run === undefined || t < 0 ? undefined : { layer: run.name, t, gate: valueName(name), unit };
}

/** The size that has the full colour: 1 for values that come near it, else the largest there is. */
export function fullColour(numbers: Float64Array): number {
  let largest = 0;
  for (const value of numbers) largest = Math.max(largest, Math.abs(value));
  return largest === 0 || !Number.isFinite(largest) || (largest >= 0.5 && largest <= 1) ? 1 : largest;
}
