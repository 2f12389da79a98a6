/** Which units of a large layer are drawn: a list in the link, or those around the chosen one. */
import type { RunView } from "../worker/protocol.ts";

/** Units that are drawn at once; the others are in the table. */
export const mostUnits = 16;

/** "3, 17, 40-45" as indices in order, the first 16 of them that there are. `base` is what the first unit is called. */
export function readUnits(text: string, units: number, base: number): number[] {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [, first, last = first] = /^\s*(\d+)(?:\s*[-–]\s*(\d+))?\s*$/.exec(part) ?? [];
    if (first === undefined) continue;
    for (let unit = Number(first); unit <= Math.min(Number(last), units - 1 + base) && found.size < mostUnits; unit++) {
      if (unit >= base) found.add(unit - base);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** The same the other way: what follows on each other is written as a range. */
export function writeUnits(list: readonly number[], base: number): string {
  const ranges: [number, number][] = [];
  for (const unit of list) {
    const last = ranges.at(-1);
    if (last !== undefined && unit === last[1] + 1) last[1] = unit;
    else ranges.push([unit, unit]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from + base}` : `${from + base}-${to + base}`)).join(",");
}

/** Those to draw. The chosen one is always among them. */
export function drawnUnits(text: string, units: number, chosen: number): number[] {
  const list = units > mostUnits ? readUnits(text, units, 0) : [];
  if (list.length === 0) {
    const first = Math.max(0, Math.min(chosen - mostUnits / 2, units - mostUnits));
    return Array.from({ length: Math.min(units, mostUnits) }, (_, index) => first + index);
  }
  if (list.includes(chosen)) return list;
  return [...list.slice(0, mostUnits - 1), chosen].sort((a, b) => a - b);
}

/** The units whose output moves most from one step to the next, anywhere in the run. */
export function mostChanging(run: RunView): number[] {
  const { units } = run;
  const output = run.values[outputOf(run)]!;
  const moves = Array.from({ length: units }, (_, unit) => {
    let most = 0;
    for (let at = units + unit; at < output.length; at += units)
      most = Math.max(most, Math.abs(output[at]! - output[at - units]!));
    return { unit, most };
  });
  return moves
    .sort((a, b) => b.most - a.most || a.unit - b.unit)
    .slice(0, mostUnits)
    .map(({ unit }) => unit)
    .sort((a, b) => a - b);
}

/** The name of what the cell hands on. */
export function outputOf(run: RunView): string {
  return run.scene.nodes.find(({ next }) => next !== undefined)?.next ?? run.names[0]!;
}
