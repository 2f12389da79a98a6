/**
 * Fills gaps of a table that comes piece by piece with the numbers of data/missing.ts, which has it as a whole. A line needs the
 * value behind its gap, so pieces wait until every gap in them has an end.
 */
import { UnrollError } from "../core/errors.ts";
import type { Matrix } from "../data/index.ts";
import type { ForecastSettings } from "./settings.ts";

export interface Piece {
  /** `[rows, columns]`; NaN is missing, and is written over. */
  readonly matrix: Matrix;
  /** Of each row in the file. */
  readonly lines: Uint32Array;
}

export interface GapFiller<P extends Piece> {
  /** Takes the next piece, and gives the oldest ones that are complete by now. */
  take(piece: P): readonly P[];
  /** What is left behind the last one; gaps without an end stay. */
  end(): readonly P[];
}

/** Rows that may wait for the end of a gap: what is held in memory at the most, and a piece more. */
export const mostWaiting = 1_000_000;

/** What is done about gaps in the columns of these names; `skip` lets them be. */
export function gapFiller<P extends Piece>(
  file: string,
  columns: readonly string[],
  missing: ForecastSettings["missing"],
): GapFiller<P> {
  if (missing === "skip") return { take: (piece) => [piece], end: () => [] };
  return missing === "forward" ? carryForward(columns.length) : drawLines(file, columns);
}

/** Repeats the value before a gap, also that of an earlier piece. */
export function carryForward<P extends Piece>(columns: number): GapFiller<P> {
  const last = new Float64Array(columns).fill(Number.NaN);
  return {
    take(piece) {
      const { data } = piece.matrix;
      for (let place = 0; place < data.length; place++) {
        if (Number.isNaN(data[place])) data[place] = last[place % columns]!;
        else last[place % columns] = data[place]!;
      }
      return [piece];
    },
    end: () => [],
  };
}

/** A column's newest known value. */
interface Known {
  /** Counted over all pieces from 0; -1 before the first. */
  row: number;
  value: number;
}

/**
 * Draws a line by row number between the values around a gap.
 *
 * @param columns their names
 * @param most rows that may wait
 * @throws UnrollError `data`, from `take`, for a longer gap
 */
export function drawLines<P extends Piece>(
  file: string,
  columns: readonly string[],
  most: number = mostWaiting,
): GapFiller<P> {
  const waiting: { readonly piece: P; readonly first: number }[] = [];
  const known = columns.map((): Known => ({ row: -1, value: Number.NaN }));
  let rows = 0;

  /** Between the known value of a column and that of a later row. */
  const fill = (column: number, row: number, value: number): void => {
    const before = known[column]!;
    const slope = (value - before.value) / (row - before.row);
    for (const { piece, first } of waiting) {
      const [count, width] = piece.matrix.shape;
      const from = Math.max(before.row + 1, first);
      for (let gap = from; gap < Math.min(row, first + count); gap++) {
        piece.matrix.data[(gap - first) * width + column] = before.value + slope * (gap - before.row);
      }
    }
  };

  const look = ({ matrix: { shape, data } }: P, first: number): void => {
    const [count, width] = shape;
    for (let row = 0; row < count; row++) {
      for (let column = 0; column < width; column++) {
        const value = data[row * width + column]!;
        if (Number.isNaN(value)) continue;
        const before = known[column]!;
        if (before.row >= 0 && before.row < first + row - 1) fill(column, first + row, value);
        before.row = first + row;
        before.value = value;
      }
    }
  };

  return {
    take(piece) {
      const first = rows;
      waiting.push({ piece, first });
      rows += piece.matrix.shape[0];
      look(piece, first);
      // A gap is open behind the last known value; before the first one there is nothing to draw a line from.
      const ends = known.map(({ row }) => (row < 0 ? rows : row + 1));
      const open = Math.min(rows, ...ends);
      const complete: P[] = [];
      while (waiting[0] !== undefined && waiting[0].first + waiting[0].piece.matrix.shape[0] <= open) {
        complete.push(waiting.shift()!.piece);
      }
      if (rows - open > most) throw longGap(file, columns[ends.indexOf(open)]!, waiting, open, most);
      return complete;
    },
    end: () => waiting.splice(0).map(({ piece }) => piece),
  };
}

function longGap(
  file: string,
  column: string,
  waiting: readonly { readonly piece: Piece; readonly first: number }[],
  row: number,
  most: number,
): UnrollError {
  const { piece, first } = waiting.find((one) => row < one.first + one.piece.lines.length)!; // a gap begins in what waits
  return new UnrollError({
    code: "data",
    path: file,
    expected: `a gap that a line fills may have ${most.toLocaleString("en-US")} rows in a file that is read in pieces`,
    received: `no ${column} from line ${piece.lines[row - first]} on`,
    hint: "Fill it in, or cut the file there.",
  });
}
