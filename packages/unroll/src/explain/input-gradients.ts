/**
 * How much a cell's output at one timestep depends on what it read before: the gradient of one unit of the output for every
 * input up to there. From the float64 reference; not about a loss (see traceGradients).
 */
import { sizeOf } from "../core/shape.ts";
import { evaluateScanGradient } from "../program/evaluate-scan-gradient.ts";
import type { ScanOperation, Value } from "../program/program.ts";

/**
 * ∂h_t[unit] / ∂x_k for every step k, `[steps, features]`, for the first example; zeros where k is after t.
 *
 * @param scan the cell over time
 * @param numbersOf the numbers of what the scan reads, as evaluated before
 * @param step t, in order of processing, as are the rows of the answer
 */
export function inputGradients(
  scan: ScanOperation,
  numbersOf: (value: Value) => Float64Array,
  step: number,
  unit: number,
): Float64Array {
  const [batch, timesteps, features] = scan.input.shape as [number, number, number];
  const shape = [batch, timesteps, scan.units];
  const chosen: Value = { id: -1, shape, operation: { op: "input", name: "chosen" }, result: 0 };
  const one = new Float64Array(sizeOf(shape));
  one[step * scan.units + unit] = 1;
  // Every step's output is asked for, also of a layer that hands on the last one alone.
  const sequence: ScanOperation = { ...scan, returnSequences: true };
  const [gradient] = evaluateScanGradient(
    { op: "scanGradient", scan: sequence, outputs: [chosen] },
    (value) => (value === chosen ? one : numbersOf(value)),
    new Set([0]),
  );
  const rows = new Float64Array(timesteps * features);
  for (let k = 0; k < timesteps; k++) {
    const timestep = scan.backwards ? timesteps - 1 - k : k;
    rows.set(gradient!.subarray(timestep * features, (timestep + 1) * features), k * features);
  }
  return rows;
}
