import { describe, expect, it } from "vitest";
import { Random } from "../core/random.ts";
import { fillMissing, tableOf, tableToMatrix } from "../data/index.ts";
import { carryForward, drawLines, type GapFiller, type Piece } from "./fill-pieces.ts";

const columns = ["a", "b", "c"];

/** Rows of three columns of which a share is missing, cut into pieces of up to `longest` rows. */
function pieces(random: Random, count: number, share: number, longest: number): { whole: Piece; cut: Piece[] } {
  const data = Float64Array.from({ length: 3 * count }, () =>
    random.uniform(0, 1) < share ? Number.NaN : random.uniform(-9, 9),
  );
  const piece = (from: number, to: number): Piece => ({
    matrix: { shape: [to - from, 3], data: data.slice(3 * from, 3 * to) },
    lines: Uint32Array.from({ length: to - from }, (_, row) => from + row + 2),
  });
  const cut: Piece[] = [];
  for (let from = 0; from < count; ) {
    const to = Math.min(count, from + 1 + random.below(longest));
    cut.push(piece(from, to));
    from = to;
  }
  return { whole: piece(0, count), cut };
}

function filledAtOnce({ matrix: { shape, data } }: Piece, method: "forward" | "linear"): Float64Array {
  const table = tableOf(
    Object.fromEntries(columns.map((name, c) => [name, Array.from({ length: shape[0] }, (_, r) => data[3 * r + c]!)])),
  );
  return tableToMatrix(fillMissing(table, { method }).table, columns).data;
}

function filledInPieces(filler: GapFiller<Piece>, cut: readonly Piece[]): { numbers: number[]; lines: number[] } {
  const given = [...cut.flatMap((piece) => filler.take(piece)), ...filler.end()];
  return {
    numbers: given.flatMap(({ matrix }) => [...matrix.data]),
    lines: given.flatMap(({ lines }) => [...lines]),
  };
}

describe("gaps filled piece by piece", () => {
  it.each(["forward", "linear"] as const)("have the bits of %s over the whole table, however it is cut", (method) => {
    const random = new Random(4);
    for (let run = 0; run < 200; run++) {
      const { whole, cut } = pieces(random, 1 + random.below(40), random.uniform(0, 1), 1 + random.below(8));
      const filler = method === "forward" ? carryForward<Piece>(3) : drawLines<Piece>("f.csv", columns);
      const { numbers, lines } = filledInPieces(filler, cut);
      expect(numbers).toEqual([...filledAtOnce(whole, method)]);
      expect(lines).toEqual([...whole.lines]);
    }
  });

  it("wait for the end of a gap and no longer", () => {
    const filler = drawLines<Piece>("f.csv", ["a"]);
    const piece = (...values: number[]): Piece => ({
      matrix: { shape: [values.length, 1], data: Float64Array.from(values) },
      lines: new Uint32Array(values.length),
    });
    const nan = Number.NaN;
    // Nothing stands before the first value that a line could begin at.
    expect(filler.take(piece(nan, nan))).toHaveLength(1);
    expect(filler.take(piece(nan, 1))).toHaveLength(1);
    expect(filler.take(piece(2, nan))).toHaveLength(0);
    expect(filler.take(piece(nan, nan))).toHaveLength(0);
    const given = filler.take(piece(6, 7, nan));
    expect(given.map(({ matrix }) => [...matrix.data])).toEqual([
      [2, 3],
      [4, 5],
    ]);
    expect(filler.end().map(({ matrix }) => [...matrix.data])).toEqual([[6, 7, nan]]);
  });

  it("are refused where they are longer than what may wait, with their place", () => {
    const filler = drawLines<Piece>("f.csv", ["a", "b"], 5);
    const row = (line: number, b: number): Piece => ({
      matrix: { shape: [1, 2], data: Float64Array.of(1, b) },
      lines: Uint32Array.of(line),
    });
    filler.take(row(2, 1));
    for (let line = 3; line < 8; line++) filler.take(row(line, Number.NaN));
    expect(() => filler.take(row(8, Number.NaN))).toThrow(
      "f.csv: a gap that a line fills may have 5 rows in a file that is read in pieces. Received: no b from line 3 on. Fill it in, or cut the file there.",
    );
  });
});
