/** What the engine computes in float32 for the values of a cell, to stand beside the by-hand ones: as verify has it show them. */
import type { ScanRun, WrittenModel } from "unroll/explain/by-hand.ts";
import { probesOf } from "unroll/explain/probes.ts";
import { prepare } from "unroll/layers/run.ts";
import type { ScanStep } from "unroll/program/evaluate-scan.ts";
import { Random, type Tensor } from "./library.ts";
import type { RunNumbers } from "./protocol.ts";

/**
 * @param steps of the by-hand evaluation: masked ones, which the engine leaves out, keep its numbers, rounded
 * @param x what the scan reads, by hand
 */
export function engineNumbers(
  { program, layers }: WrittenModel,
  run: ScanRun,
  steps: readonly ScanStep[],
  x: Float64Array,
  inputs: readonly Tensor[],
): RunNumbers {
  const { scan } = run;
  const owner = layers.find(({ scans }) => scans.includes(run))!; // a run is one of its layer's
  const probe = probesOf(owner)[owner.scans.indexOf(run)]!;
  const [input, ...found] = prepare({ ...program, results: [scan.input, ...probe.values], updates: [] }, "wasm").run(
    inputs.map(({ data }) => data),
    new Random(0),
  );
  const { units } = scan;
  const values: Record<string, Float64Array> = {};
  for (const [index, name] of probe.names.entries()) {
    const rows = Float64Array.from(found[index]!.data);
    for (const [step, { masked, values: byHand }] of steps.entries()) {
      if (masked) rows.set(byHand.get(name)!.map(Math.fround), step * units);
    }
    values[name] = rows;
  }
  const before: Record<string, Float64Array> = {};
  for (const [index, { name }] of scan.cell.states.entries()) {
    const rows = new Float64Array(steps.length * units);
    let state = steps[0]?.statesBefore[index]?.map(Math.fround) ?? new Float64Array(units);
    for (const [step, { masked }] of steps.entries()) {
      rows.set(state, step * units);
      if (!masked) state = values[name]!.slice(step * units, (step + 1) * units);
    }
    before[`${name}Prev`] = rows;
  }
  const features = scan.input.shape[2]!;
  const read = new Float64Array(x.length);
  for (const [step, { timestep }] of steps.entries()) {
    read.set(input!.data.subarray(timestep * features, (timestep + 1) * features), step * features);
  }
  return { x: read, values, before };
}
