/**
 * Makes the engine show what a fused kernel keeps to itself: for each named value of a cell, the same scan with that value in
 * the place of its output. The equations, the arrays and the loop over time are those of the prediction.
 */
import { symbol } from "../equations/expr.ts";
import { filled, scan as scanValues } from "../program/builder.ts";
import type { ScanOperation, Value } from "../program/program.ts";
import type { LayerRun } from "./by-hand.ts";

/** A scan with each of its named values as an output sequence, in the order of the equations. */
export interface Probe {
  readonly scan: ScanOperation;
  readonly name: string;
  readonly perSample: number;
  readonly names: readonly string[];
  readonly values: readonly Value[];
}

/** A probe for each scan of a layer's call. */
export function probesOf({ scans }: LayerRun): Probe[] {
  return scans.map(({ scan, name, perSample }) => {
    const names = [...scan.cell.named.keys()];
    return { scan, name, perSample, names, values: names.map((one) => probe(scan, one)) };
  });
}

/** The scan with the named value as its output sequence. */
function probe(scan: ScanOperation, name: string): Value {
  const { op: _, ...shown } = shownScan(scan, name);
  return scanValues({ ...shown, returnSequences: true })[0]!;
}

/** The scan with the named value as the first of its states: that one is put out. */
export function shownScan(scan: ScanOperation, name: string): ScanOperation {
  const { cell } = scan;
  const place = cell.states.findIndex((state) => state.name === name);
  const shown =
    place === -1
      ? { name, previous: symbol(`${name}Shown`, "state", name), next: cell.named.get(name)! } // one of its own names
      : cell.states[place]!;
  const first = place === -1 ? filled([scan.input.shape[0]!, scan.units], 0) : scan.initialStates?.[place];
  const others = <T>(list: readonly T[]): T[] => list.filter((_one, index) => index !== place);
  return {
    ...scan,
    cell: { ...cell, states: [shown, ...others(cell.states)] },
    initialStates: scan.initialStates === undefined ? undefined : [first!, ...others(scan.initialStates)],
    zeroOutputForMask: false,
  };
}
