import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type NestedArray, tensor, toNested } from "../core/index.ts";
import {
  type Batch,
  batches,
  type Example,
  type MatrixLike,
  readCsvBatches,
  shuffled,
  streamWindows,
  tableToMatrix,
  windows,
} from "./index.ts";

async function collect<Item>(source: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of source) items.push(item);
  return items;
}
const nested = (list: Batch[]) => list.map(({ x, y }) => (y === undefined ? toNested(x) : [toNested(x), toNested(y)]));

describe("batches", () => {
  test("gathers samples until a batch is full, the last one as it is", async () => {
    const samples = Array.from({ length: 5 }, (_, i) => ({ x: [i, i + 0.5], y: i * 10 }));
    expect(nested(await collect(batches(samples, { batchSize: 2 })))).toEqual([
      [
        [
          [0, 0.5],
          [1, 1.5],
        ],
        [0, 10],
      ],
      [
        [
          [2, 2.5],
          [3, 3.5],
        ],
        [20, 30],
      ],
      [[[4, 4.5]], [40]],
    ]);
    expect((await collect(batches(samples, { batchSize: 2, dropLast: true }))).length).toBe(2);
  });

  test("takes bare tensors and keeps whole numbers whole", async () => {
    const [only] = await collect(batches([Int32Array.of(1, 2), Int32Array.of(3, 4)]));
    expect(only).toEqual({ x: { shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) } });
  });

  test("cuts blocks of any number of rows into equal batches", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 9 })),
        fc.integer({ min: 1, max: 7 }),
        async (sizes, size) => {
          let row = 0;
          const blocks: Example[] = sizes.map((rows) => {
            const values = Array.from({ length: rows }, () => row++);
            return { x: tensor(Float32Array.from(values), [rows, 1]), y: tensor(Float32Array.from(values)) };
          });
          const found = await collect(batches(blocks, { batchSize: size, of: "blocks" }));
          expect(found.flatMap(({ x }) => [...x.data])).toEqual(Array.from({ length: row }, (_, i) => i));
          expect(found.flatMap(({ y }) => [...y!.data])).toEqual(Array.from({ length: row }, (_, i) => i));
          expect(found.slice(0, -1).every(({ x }) => x.shape[0] === size)).toBe(true);
        },
      ),
    );
  });

  test("does not write into a batch that was given out", async () => {
    const found = await collect(batches([[1], [2], [3], [4]], { batchSize: 1 }));
    expect(found.map(({ x }) => x.data[0])).toEqual([1, 2, 3, 4]);
  });

  test("says which sample does not fit", async () => {
    await expect(collect(batches([[1, 2], [3]]))).rejects.toThrow(
      "batches: item 1, x: must have shape [2], as the first sample has. Received: shape = [1].",
    );
    await expect(collect(batches([{ x: 1, y: 1 }, { x: 2 }]))).rejects.toThrow(
      "batches: item 1: all items must have a target, or none. Received: no target.",
    );
    await expect(collect(batches([{ x: 1 }, { x: 2, y: 1 }]))).rejects.toThrow(/Received: a target/);
    await expect(collect(batches([{ x: [1, 2], y: [1] }], { of: "blocks" }))).rejects.toThrow(/same number of samples/);
    await expect(collect(batches([], { batchSize: 0 }))).rejects.toThrow(/batchSize must be a whole number, 1 or more/);
  });
});

describe("shuffled", () => {
  test("gives every sample once, in an order that the seed fixes", async () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    const first = await collect(shuffled(items, { size: 10, seed: 3 }));
    expect(first).not.toEqual(items);
    expect([...first].sort((a, b) => a - b)).toEqual(items);
    expect(await collect(shuffled(items, { size: 10, seed: 3 }))).toEqual(first);
    expect(await collect(shuffled(items, { size: 10, seed: 4 }))).not.toEqual(first);
  });
});

describe("streamWindows", () => {
  test("gives the windows of the whole series, across blocks of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 15 }),
        async (sizes, lookback, horizon, stride) => {
          let row = 0;
          const rows: number[][] = [];
          const blocks = sizes.map((count): MatrixLike => {
            const block = Array.from({ length: count }, () => [row, row++ * 10]);
            rows.push(...block);
            return count === 0 ? { shape: [0, 2], data: new Float64Array() } : block;
          });
          const options = { lookback, horizon, stride, targetColumns: [1] };
          const found = await collect(streamWindows(blocks, options));
          const expected: NestedArray[] = [];
          if (rows.length >= lookback + horizon) {
            const view = windows({ data: rows, ...options });
            for (let i = 0; i < view.count; i++) {
              const { x, y } = view.batch([i]);
              expected.push([(toNested(x) as NestedArray[])[0]!, (toNested(y) as NestedArray[])[0]!]);
            }
          }
          expect(found.map(({ x, y }) => [toNested(x), toNested(y)])).toEqual(expected);
        },
      ),
    );
  });

  test("leaves out windows with a missing value and refuses blocks that differ", async () => {
    const found = await collect(
      streamWindows(
        [
          [1, 2, Number.NaN],
          [4, 5, 6],
        ],
        { lookback: 1 },
      ),
    );
    expect(found.map(({ x, y }) => [x.data[0], y.data[0]])).toEqual([
      [1, 2],
      [4, 5],
      [5, 6],
    ]);
    await expect(collect(streamWindows([[1, 2], [[1, 2]]], { lookback: 5 }))).rejects.toThrow(/must have 1 columns/);
  });
});

test("a CSV stream becomes training batches of windows without being held in memory", async () => {
  async function* file() {
    yield "t,price\n";
    for (let i = 0; i < 100; i++) yield `${i},${i * 2}\n`;
  }
  async function* blocks() {
    for await (const table of readCsvBatches(file(), { rowsPerBatch: 7, sampleRows: 5 })) {
      yield tableToMatrix(table, ["price"]);
    }
  }
  const found = await collect(batches(streamWindows(blocks(), { lookback: 4 }), { batchSize: 32 }));
  expect(found.map(({ x, y }) => [x.shape, y!.shape])).toEqual([
    [
      [32, 4, 1],
      [32, 1],
    ],
    [
      [32, 4, 1],
      [32, 1],
    ],
    [
      [32, 4, 1],
      [32, 1],
    ],
  ]);
  expect([...found[2]!.x.data.slice(-4), found[2]!.y!.data[31]]).toEqual([190, 192, 194, 196, 198]);
});
