/**
 * How a matrix product is cut for the registers: rows into tiles, columns into groups of blocks and these into panels; and how
 * the right-hand matrices are packed so that a panel is read from front to back.
 */
import { type FunctionBuilder, type I32, i32, lanewise, type V128, v128 } from "./assembler.ts";
import { type Machine, vectorBytes } from "./machine.ts";
import { emitCounted } from "./product-loops.ts";

/** Rows of a whole that are handled alike. */
export interface Portion {
  readonly size: number;
  readonly count: number;
}

/** Nearly equal parts, none above `largest`; the larger ones first. 32 in parts of at most 6: two of 6, four of 5. */
export function splitEvenly(total: number, largest: number): Portion[] {
  const parts = Math.ceil(total / largest);
  const size = Math.floor(total / parts);
  const larger = total - size * parts;
  return [
    { size: size + 1, count: larger },
    { size, count: parts - larger },
  ].filter(({ count }) => count > 0);
}

/** Rows that share one pass over a panel: sums of so many rows stay in the first-level cache. */
export const chunkRows = 96;

/** The tile sizes for a number of rows: measured with bench/product-tiles.ts. */
export function tilesFor(
  rows: number,
  { fused, registers }: Machine,
): { readonly rows: Portion[]; readonly blocks: number } {
  const widths = [0, 8, 4, 3];
  if (rows < 4) return { rows: [{ size: rows, count: 1 }], blocks: widths[rows]! };
  return { rows: splitEvenly(rows, fused ? 6 : 5), blocks: registers === 32 ? 4 : 2 };
}

/** Of the first-level cache, what a panel may take so that it stays there with the rows of a tile. */
const panelBytes = 32 * 1024;
/** A longer run gains nothing. */
const mostInner = 512;

/**
 * The longest run along the inner axis, if nothing speaks for another one. Tiles one after the other read the same panel, which
 * then stays in the cache; where there is only one tile, a cut gains nothing.
 */
export function usualRun(machine: Machine, { rows, blocks }: ReturnType<typeof tilesFor>): number {
  const tiles = rows.reduce((sum, { count }) => sum + count, 0);
  return tiles === 1 ? mostInner : Math.min(mostInner, panelBytes / (blocks * vectorBytes(machine)));
}

/** Column blocks of consecutive units that are computed together: for each unit block one column block for each gate. */
export interface Group {
  readonly unitBlocks: number;
  readonly count: number;
  /** The first group's first unit block. */
  readonly start: number;
}

/** Groups for `gates` column blocks a unit block, so that panels are full where possible. */
export function groupsFor(unitBlocks: number, gates: number, panelBlocks: number): Group[] {
  const perGroup = Math.max(
    1,
    panelBlocks % 2 === 0 && gates % 2 === 1 ? Math.ceil(panelBlocks / gates / 2) * 2 : Math.round(panelBlocks / gates),
  );
  const size = Math.min(perGroup, unitBlocks);
  const count = Math.floor(unitBlocks / size);
  const rest = unitBlocks - count * size;
  const groups = [{ unitBlocks: size, count, start: 0 }];
  return rest === 0 ? groups : [...groups, { unitBlocks: rest, count: 1, start: count * size }];
}

/** Equal parts, one after the other, of the inner axis of one of the matrices that are summed up. */
export interface InnerRuns {
  /** Which matrix. */
  readonly segment: number;
  readonly start: number;
  /** Inner indices of one run. */
  readonly length: number;
  readonly times: number;
}

export interface Panel {
  /** The first column block, counted within the group. */
  readonly start: number;
  readonly blocks: number;
}

/** Right-hand matrices of one set of sums, all with the same left-hand vectors. */
export interface PanelShape {
  readonly groups: readonly Group[];
  /** Column blocks a unit block. */
  readonly gates: number;
  /** Inner sizes of the matrices that are added up. */
  readonly inner: readonly number[];
  readonly panelBlocks: number;
  /** The inner axis is cut into runs of about this length. */
  readonly longestRun: number;
}

export function runsOf({ inner, longestRun }: PanelShape): InnerRuns[] {
  return inner.flatMap((size, segment) => {
    let start = 0;
    return splitEvenly(size, size > 1.5 * longestRun ? longestRun : size).map((portion) => {
      const runs = { segment, start, length: portion.size, times: portion.count };
      start += portion.size * portion.count;
      return runs;
    });
  });
}

export function panelsOf({ gates, panelBlocks }: PanelShape, group: Group): Panel[] {
  let start = 0;
  return splitEvenly(group.unitBlocks * gates, panelBlocks).flatMap((portion) =>
    Array.from({ length: portion.count }, () => {
      const panel = { start, blocks: portion.size };
      start += portion.size;
      return panel;
    }),
  );
}

/** Where the panels of a group lie; bytes. */
export interface PanelSource {
  /** From one group to the next of its kind. */
  groupStride(group: Group): number;
  /** From one run to the next of its kind. */
  runStride(group: Group, runs: InnerRuns): number;
  /** From the source's address to the first group of this kind, the first of these runs and the panel. */
  offset(group: Group, runs: InnerRuns, panel: Panel): number;
  readonly blockStride: number;
  innerStride(panel: Panel): number;
}

/** Packed: [group][run][panel][inner][block][lane]. */
export function packedSource(shape: PanelShape, machine: Machine): PanelSource & { readonly bytes: number } {
  const block = vectorBytes(machine);
  const innerTotal = shape.inner.reduce((sum, size) => sum + size, 0);
  const columnsOf = ({ unitBlocks }: Group): number => unitBlocks * shape.gates;
  const groupStride = (group: Group): number => block * columnsOf(group) * innerTotal;
  return {
    groupStride,
    runStride: (group, { length }) => block * columnsOf(group) * length,
    offset(group, runs, panel) {
      const before = shape.inner.slice(0, runs.segment).reduce((sum, size) => sum + size, runs.start);
      const inGroup = before * columnsOf(group) + panel.start * runs.length;
      return block * (group.start * shape.gates * innerTotal + inGroup);
    },
    blockStride: block,
    innerStride: ({ blocks }) => block * blocks,
    bytes: shape.groups.reduce((sum, group) => sum + group.count * groupStride(group), 0),
  };
}

/** Read where the matrix lies, row-major with `rowStride` bytes from one inner index to the next. */
export function directSource(rowStride: number, machine: Machine): PanelSource {
  const block = vectorBytes(machine);
  return {
    groupStride: ({ unitBlocks }) => block * unitBlocks,
    runStride: (_, { length }) => length * rowStride,
    offset: (group, runs, panel) => block * (group.start + panel.start) + runs.start * rowStride,
    blockStride: block,
    innerStride: () => rowStride,
  };
}

/** A matrix of the model as it lies in memory. */
export interface Matrix {
  /** Address of the element at inner index 0 and column 0. */
  readonly address: I32;
  /** In bytes; 4 along columns or anything. */
  readonly innerStride: number;
  readonly columnStride: number;
}

/** Inner indices that are packed for all columns before the next ones: their rows then still lie in the cache. */
const packedAtOnce = 32;

/** Packs `matrices[segment][gate]`, `columns` wide each, into `target`; columns beyond are zeros. */
export function emitPack(
  f: FunctionBuilder,
  shape: PanelShape,
  columns: number,
  matrices: readonly (readonly Matrix[])[],
  target: I32,
): void {
  for (const runs of runsOf(shape)) {
    const run = f.let(i32.const(0), "run");
    emitCounted(f, runs.times, () => {
      let start = 0;
      for (const part of splitEvenly(runs.length, packedAtOnce)) {
        const first = f.let(i32.const(start), "first");
        emitCounted(f, part.count, () => {
          emitPackPart(f, shape, columns, matrices, target, { runs, run, first, length: part.size });
          f.increase(first, part.size);
        });
        start += part.size * part.count;
      }
      f.increase(run, 1);
    });
  }
}

interface PackPart {
  readonly runs: InnerRuns;
  readonly run: I32;
  /** The first inner index, counted within the run, and how many. */
  readonly first: I32;
  readonly length: number;
}

function emitPackPart(
  f: FunctionBuilder,
  shape: PanelShape,
  columns: number,
  matrices: readonly (readonly Matrix[])[],
  target: I32,
  { runs, run, first, length }: PackPart,
): void {
  const { lanes: vectorLanes } = f.machine;
  const source = packedSource(shape, f.machine);
  const lastBlock = Math.ceil(columns / vectorLanes) - 1;
  const from = f.i32("from");
  const to = f.i32("to");
  const inner = f.let(i32.add(i32.add(i32.mul(run, runs.length), first), runs.start), "inner");
  for (const group of shape.groups) {
    const runStart = f.let(i32.add(target, i32.mul(run, source.runStride(group, runs))), "runStart");
    for (const panel of panelsOf(shape, group)) {
      const innerStride = source.innerStride(panel);
      for (let block = 0; block < panel.blocks; block++) {
        const column = panel.start + block;
        const unitBlock = group.start + Math.floor(column / shape.gates);
        const matrix = matrices[runs.segment]![column % shape.gates]!;
        const copy = (groups: number, firstGroup: number): void => {
          const firstBlock = unitBlock + firstGroup * group.unitBlocks;
          const lanes = Math.min(vectorLanes, columns - vectorLanes * firstBlock);
          const fromStart = i32.add(matrix.address, vectorLanes * firstBlock * matrix.columnStride);
          const offset =
            source.offset(group, runs, panel) + source.blockStride * block + firstGroup * source.groupStride(group);
          const groupFrom = f.let(i32.add(fromStart, i32.mul(inner, matrix.innerStride)));
          const groupTo = f.let(i32.add(i32.add(runStart, offset), i32.mul(first, innerStride)));
          emitCounted(f, groups, () => {
            f.set(from, groupFrom);
            f.set(to, groupTo);
            emitCounted(f, length, () => {
              f.do(v128.store(to, gatherColumns(f, from, matrix.columnStride, lanes)));
              f.increase(from, matrix.innerStride);
              f.increase(to, innerStride);
            });
            f.increase(groupFrom, vectorLanes * group.unitBlocks * matrix.columnStride);
            f.increase(groupTo, source.groupStride(group));
          });
        };
        // Only the matrix's last block can be narrower than a vector.
        const hasLast = unitBlock + (group.count - 1) * group.unitBlocks === lastBlock && columns % vectorLanes !== 0;
        copy(hasLast ? group.count - 1 : group.count, 0);
        if (hasLast) copy(1, group.count - 1);
      }
    }
  }
}

/** `lanes` neighbouring columns, zeros in the other lanes. */
function gatherColumns(f: FunctionBuilder, from: I32, columnStride: number, lanes: number): V128 {
  if (columnStride === 4 && lanes === f.machine.lanes) return v128.load(from);
  if (f.machine.target === "c") return lanewise.gather(from, columnStride, lanes);
  const lowest = Math.min(0, 3 * columnStride);
  const start = lowest === 0 ? from : i32.add(from, lowest);
  let value = v128.load32Zero(start, -lowest);
  for (let lane = 1; lane < lanes; lane++)
    value = v128.load32Lane(start, f.let(value), lane, lane * columnStride - lowest);
  return value;
}
