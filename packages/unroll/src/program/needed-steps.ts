/**
 * How many steps of each scan matter when only the beginning of the results is looked at. Knows which operations keep the axis
 * of timesteps; of everything else all is needed.
 */
import { type Operation, type ScanOperation, sourcesOf, type Value, valuesInOrder } from "./program.ts";

export interface NeededSteps {
  /** Steps of each scan, in order of processing; all where there is none. */
  readonly ofScans: ReadonlyMap<Operation, number>;
  /** Entries of axis 1 of each value; all where there is none. */
  readonly ofValues: ReadonlyMap<Value, number>;
}

/** @param wanted entries of axis 1 of the roots that matter; all where there is none */
export function neededSteps(
  roots: readonly Value[],
  wanted: ReadonlyMap<Value, number>,
  known: { has(value: Value): boolean } = new Set<Value>(),
): NeededSteps {
  const needed = new Map<Value, number>();
  const ofScans = new Map<Operation, number>();
  const all = Number.POSITIVE_INFINITY;
  const need = (value: Value, count: number): void => {
    needed.set(value, Math.max(needed.get(value) ?? 0, count));
  };
  for (const root of roots) need(root, wanted.get(root) ?? all);
  for (const value of valuesInOrder(roots, known).reverse()) {
    if (known.has(value)) continue;
    const { operation } = value;
    const count = needed.get(value) ?? 0;
    if (operation.op === "scan") {
      const steps = value.result === 0 && operation.returnSequences ? count : all;
      ofScans.set(operation, Math.max(ofScans.get(operation) ?? 0, steps));
      for (const source of sourcesOf(operation))
        need(source, source === operation.input ? stepsRead(operation, steps) : all);
    } else {
      for (const source of sourcesOf(operation)) need(source, keepsSteps(value, source) ? count : all);
    }
  }
  return { ofScans: finite(ofScans), ofValues: finite(needed) };
}

function finite<K>(counts: ReadonlyMap<K, number>): Map<K, number> {
  return new Map([...counts].filter(([, count]) => Number.isFinite(count)));
}

/** Entries of the input that so many steps read: from the front, backwards from the end. */
function stepsRead({ backwards }: ScanOperation, steps: number): number {
  return backwards ? Number.POSITIVE_INFINITY : steps;
}

/** Whether entry t of axis 1 comes of entry t of the source's. */
function keepsSteps({ operation, shape }: Value, source: Value): boolean {
  const isAligned = shape.length >= 3 && source.shape.length === shape.length && source.shape[1] === shape[1];
  if (!isAligned) return false;
  if (operation.op === "map") return true;
  if (operation.op !== "product" || shape.length !== 3) return false;
  return source === operation.a && source !== operation.b && !operation.transposeA;
}
