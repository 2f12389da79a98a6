/**
 * How a matrix product is cut for the registers: rows into tiles, columns into groups of blocks and these into panels; and how
 * the right-hand matrices are packed so that a panel is read from front to back.
 */
import { type FunctionBuilder, type I32, i32, type V128, v128 } from "./assembler.ts";
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
export function tilesFor(rows: number, relaxed: boolean): { readonly rows: Portion[]; readonly blocks: number } {
  const widths = [0, 8, 4, 3];
  if (rows < 4) return { rows: [{ size: rows, count: 1 }], blocks: widths[rows]! };
  return { rows: splitEvenly(rows, relaxed ? 6 : 5), blocks: 2 };
}

/** Longest run along the inner axis: a panel and the rows of a tile then stay in the first-level cache. */
const innerBlock = 512;

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

/** A part of the inner axis of one of the matrices that are summed up. */
export interface InnerRun {
  /** Which matrix. */
  readonly segment: number;
  readonly start: number;
  readonly count: number;
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
}

export function runsOf({ inner }: PanelShape): InnerRun[] {
  return inner.flatMap((size, segment) => {
    let start = 0;
    return splitEvenly(size, size > 1.5 * innerBlock ? innerBlock : size).flatMap((portion) =>
      Array.from({ length: portion.count }, () => {
        const run = { segment, start, count: portion.size };
        start += portion.size;
        return run;
      }),
    );
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
  /** From the source's address to the first group of this kind, this run and panel. */
  offset(group: Group, run: InnerRun, panel: Panel): number;
  readonly blockStride: number;
  innerStride(panel: Panel): number;
}

/** Packed: [group][run][panel][inner][block][4]. */
export function packedSource(shape: PanelShape): PanelSource & { readonly bytes: number } {
  const innerTotal = shape.inner.reduce((sum, size) => sum + size, 0);
  const groupStride = ({ unitBlocks }: Group): number => 16 * unitBlocks * shape.gates * innerTotal;
  return {
    groupStride,
    offset(group, run, panel) {
      const before = shape.inner.slice(0, run.segment).reduce((sum, size) => sum + size, run.start);
      const columns = group.unitBlocks * shape.gates;
      return 16 * (group.start * shape.gates * innerTotal + before * columns + panel.start * run.count);
    },
    blockStride: 16,
    innerStride: ({ blocks }) => 16 * blocks,
    bytes: shape.groups.reduce((sum, group) => sum + group.count * groupStride(group), 0),
  };
}

/** Read where the matrix lies, row-major with `rowStride` bytes from one inner index to the next. */
export function directSource(rowStride: number): PanelSource {
  return {
    groupStride: ({ unitBlocks }) => 16 * unitBlocks,
    offset: (group, run, panel) => 16 * (group.start + panel.start) + run.start * rowStride,
    blockStride: 16,
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

/** Packs `matrices[segment][gate]`, `columns` wide each, into `target`; columns beyond are zeros. */
export function emitPack(
  f: FunctionBuilder,
  shape: PanelShape,
  columns: number,
  matrices: readonly (readonly Matrix[])[],
  target: I32,
): void {
  const source = packedSource(shape);
  const from = f.i32("from");
  const to = f.i32("to");
  const lastBlock = Math.ceil(columns / 4) - 1;
  for (const group of shape.groups) {
    for (const run of runsOf(shape)) {
      for (const panel of panelsOf(shape, group)) {
        for (let block = 0; block < panel.blocks; block++) {
          const column = panel.start + block;
          const unitBlock = group.start + Math.floor(column / shape.gates);
          const matrix = matrices[run.segment]![column % shape.gates]!;
          const start = run.start * matrix.innerStride + 4 * unitBlock * matrix.columnStride;
          const copy = (groups: number, firstGroup: number): void => {
            const lanes = Math.min(4, columns - 4 * (unitBlock + firstGroup * group.unitBlocks));
            emitCounted(f, groups, (index) => {
              const at = index === undefined ? i32.const(firstGroup) : index;
              f.set(
                from,
                i32.add(i32.add(matrix.address, start), i32.mul(at, 4 * group.unitBlocks * matrix.columnStride)),
              );
              f.set(
                to,
                i32.add(
                  i32.add(target, source.offset(group, run, panel) + 16 * block),
                  i32.mul(at, source.groupStride(group)),
                ),
              );
              emitCounted(f, run.count, () => {
                f.do(v128.store(to, gatherColumns(f, from, matrix.columnStride, lanes)));
                f.increase(from, matrix.innerStride);
                f.increase(to, source.innerStride(panel));
              });
            });
          };
          // Only the matrix's last block can be narrower than four columns.
          const hasLast = unitBlock + (group.count - 1) * group.unitBlocks === lastBlock && columns % 4 !== 0;
          copy(hasLast ? group.count - 1 : group.count, 0);
          if (hasLast) copy(1, group.count - 1);
        }
      }
    }
  }
}

/** `lanes` neighbouring columns, zeros in the other lanes. */
function gatherColumns(f: FunctionBuilder, from: I32, columnStride: number, lanes: number): V128 {
  if (columnStride === 4 && lanes === 4) return v128.load(from);
  const lowest = Math.min(0, 3 * columnStride);
  const start = lowest === 0 ? from : i32.add(from, lowest);
  let value = v128.load32Zero(start, -lowest);
  for (let lane = 1; lane < lanes; lane++)
    value = v128.load32Lane(start, f.let(value), lane, lane * columnStride - lowest);
  return value;
}
