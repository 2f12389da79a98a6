/** Reads a number of a run by the name that the drawing has for it. */
import type { RunView } from "../worker/protocol.ts";

/** Of an input, a state before the step, or a named value; in a run of gradients, their gradients. */
export function valueAt(run: RunView, name: string, step: number, unit: number): number {
  if (name === "x") return run.x[step * run.features + unit]!;
  return (run.values[name] ?? run.before[name]!)[step * run.units + unit]!;
}
