/** How a stage of a schedule is cut: which sums share a tile, and the groups of units that are computed together. Emits nothing. */
import type { Expr, ProductNode } from "../equations/expr.ts";
import type { Machine } from "./machine.ts";
import {
  chunkRows,
  type Group,
  groupsFor,
  type PanelShape,
  packedSource,
  tilesFor,
  usualRun,
} from "./product-panels.ts";
import type { Accumulation, Stage } from "./schedule.ts";
import { inputsOf } from "./schedule-graph.ts";

/** Sums whose products have the same vectors, so that a tile computes several at once. */
export interface Bundle {
  readonly accumulations: readonly Accumulation[];
  /** One for each product of a sum. */
  readonly vectors: readonly Expr[];
  readonly shape: PanelShape;
}

/** A stage with the sizes of its tiles chosen. */
export interface StagePlan {
  readonly stage: Stage;
  readonly rows: number;
  readonly machine: Machine;
  readonly groups: readonly Group[];
  readonly bundles: readonly Bundle[];
  /** Bytes of scratch that emission needs. */
  readonly scratchBytes: number;
}

export interface StageSizes {
  readonly rows: number;
  readonly machine: Machine;
  /** The length of a product's vector or a reduction's row. */
  innerOf(vector: Expr): number;
  /** Some target has no room for the rest of the last block. */
  readonly exactWidth?: boolean;
  /** See PanelShape. */
  readonly longestRun?: number;
}

export function planStage(stage: Stage, sizes: StageSizes): StagePlan {
  const { rows, machine, innerOf, exactWidth = false } = sizes;
  const { lanes } = machine;
  const chunk = Math.min(rows, chunkRows);
  const tiles = tilesFor(chunk, machine);
  const longestRun = sizes.longestRun ?? usualRun(machine, tiles);
  const bySignature = new Map<string, Accumulation[]>();
  const ids = new Map<Expr, number>();
  for (const accumulation of stage.accumulations) {
    const vectors = vectorsOf(accumulation);
    for (const vector of vectors) if (!ids.has(vector)) ids.set(vector, ids.size);
    const signature = vectors.map((vector) => ids.get(vector)).join(" ");
    bySignature.set(signature, [...(bySignature.get(signature) ?? []), accumulation]);
  }
  const sets = [...bySignature.values()];
  const gates = Math.min(...sets.map((set) => set.length));
  const even = groupsFor(Math.ceil(stage.width / lanes), sets.length === 0 ? 1 : gates, tiles.blocks);
  const groups = exactWidth && stage.width % lanes !== 0 ? withLastApart(even) : even;
  const bundles = sets.map((accumulations): Bundle => {
    const vectors = vectorsOf(accumulations[0]!);
    const inner = vectors.map(innerOf);
    return {
      accumulations,
      vectors,
      shape: { groups, gates: accumulations.length, inner, panelBlocks: tiles.blocks, longestRun },
    };
  });
  const columns = groups[0]!.unitBlocks * stage.accumulations.length;
  const longestRow = Math.max(0, ...stage.reductions.map((expr) => innerOf(inputsOf(expr)[0]!)));
  const sortBytes = 4 * lanes * Math.ceil(longestRow / lanes);
  return { stage, rows, machine, groups, bundles, scratchBytes: Math.max(4 * lanes * columns * chunk, sortBytes) };
}

/** The same groups, with code of its own for the last. */
function withLastApart(groups: readonly Group[]): Group[] {
  const last = groups.at(-1)!;
  if (last.count === 1) return [...groups];
  const start = last.start + (last.count - 1) * last.unitBlocks;
  return [...groups.slice(0, -1), { ...last, count: last.count - 1 }, { ...last, start, count: 1 }];
}

/** Bytes of a bundle's packed matrices. */
export function packedBytes({ shape }: Bundle, machine: Machine): number {
  return packedSource(shape, machine).bytes;
}

function vectorsOf({ products }: Accumulation): Expr[] {
  return products.map((expr) => (expr.node as ProductNode).vector); // an accumulation's products are products
}
