import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type NumberArray, readNpy, readNpz, writeNpy, writeNpz } from "./index.ts";
import { bits, errorOf, fixture, fixtureJson } from "./testing.ts";

const { a, half } = fixtureJson<{ a: number[]; half: number[] }>("formats/expected.json");

describe("npy", () => {
  test.each(["plain", "version2", "column_major", "big_endian"])("%s.npy of NumPy reads row-major", (name) => {
    const { shape, data } = readNpy(fixture(`formats/${name}.npy`));
    expect(shape).toEqual([5, 6]);
    expect([...data]).toEqual(a);
  });

  test("float16, int64, bool and a scalar keep their values", () => {
    expect([...readNpy(fixture("formats/float16.npy")).data]).toEqual(half);
    expect(readNpy(fixture("formats/int64.npy")).data).toEqual(BigInt64Array.of(-1n, 2n ** 40n));
    expect(readNpy(fixture("formats/bool.npy"))).toEqual({ shape: [2, 1], data: Uint8Array.of(1, 0) });
    expect(readNpy(fixture("formats/scalar.npy"))).toEqual({ shape: [], data: Float32Array.of(1.5) });
  });

  test("float16 widens exactly at its edges: subnormals, largest, infinities and NaN", () => {
    const halves = [0x0001, 0x8001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000];
    const bytes = writeNpy({ shape: [halves.length], data: Uint16Array.from(halves) });
    bytes.set(new TextEncoder().encode("<f2"), bytes.indexOf(0x3c));
    expect([...readNpy(bytes).data]).toEqual([
      2 ** -24,
      -(2 ** -24),
      1023 * 2 ** -24,
      2 ** -14,
      65504,
      Infinity,
      -Infinity,
      NaN,
      -0,
    ]);
  });

  test("writing gives NumPy's own bytes", () => {
    expect(writeNpy({ shape: [5, 6], data: Float32Array.from(a) })).toEqual(fixture("formats/plain.npy"));
    expect(writeNpy({ shape: [2], data: BigInt64Array.of(-1n, 2n ** 40n) })).toEqual(fixture("formats/int64.npy"));
    expect(writeNpy({ shape: [], data: Float32Array.of(1.5) })).toEqual(fixture("formats/scalar.npy"));
  });

  test("an object array is refused by name and text is refused", async () => {
    const pickle = await errorOf(() => readNpy(fixture("formats/objects.npy"), "objects.npy"));
    expect(pickle.code).toBe("unsupported");
    expect(pickle.message).toBe(
      "objects.npy: an array of Python objects is a pickle, a program that is never run. Received: dtype = '|O'. Save plain numbers: numpy.save(file, array.astype('float32')).",
    );
    expect((await errorOf(() => readNpy(fixture("formats/text.npy")))).code).toBe("unsupported");
  });

  test("a file one byte short says how much is missing", async () => {
    const error = await errorOf(() => readNpy(fixture("formats/plain.npy").subarray(0, -1), "x.npy"));
    expect(error.message).toContain("x.npy: shape [5, 6] of float32 needs 120 bytes. Received: 119 bytes.");
  });

  test("a claimed size takes no memory", async () => {
    const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }";
    const bytes = writeNpy({ shape: [1], data: new Float32Array(1) });
    bytes.set(new TextEncoder().encode(text.padEnd(117)), 10);
    expect((await errorOf(() => readNpy(bytes))).code).toBe("file");
  });
});

const arrays: fc.Arbitrary<NumberArray> = fc.oneof(
  fc.float32Array({ maxLength: 50 }),
  fc.float64Array({ maxLength: 50 }),
  fc.int32Array({ maxLength: 50 }),
  fc.uint8Array({ maxLength: 50 }),
  fc.uint16Array({ maxLength: 50 }),
  fc.bigInt64Array({ maxLength: 50 }),
);

describe("round trips", () => {
  test("npy keeps every bit, type and shape", () => {
    fc.assert(
      fc.property(arrays, (data) => {
        const read = readNpy(writeNpy({ shape: [1, data.length], data }));
        expect(read.shape).toEqual([1, data.length]);
        expect(read.data.constructor).toBe(data.constructor);
        expect(bits(read.data)).toEqual(bits(data));
      }),
    );
  });

  test("npz keeps names and order", () => {
    const name = fc.stringMatching(/^[a-z][a-z/_]{0,10}[a-z]$/).filter((text) => !text.includes("//"));
    fc.assert(
      fc.property(fc.dictionary(name, arrays), (record) => {
        const file = writeNpz(
          Object.fromEntries(Object.entries(record).map(([key, data]) => [key, { shape: [data.length], data }])),
        );
        if (Object.keys(record).length === 0) return;
        const read = readNpz(file);
        expect(read.map(({ path }) => path)).toEqual(Object.keys(record));
        for (const weight of read) expect(bits(weight.read())).toEqual(bits(record[weight.path]!));
      }),
    );
  });
});

test("npz of numpy.savez and savez_compressed reads", () => {
  const list = readNpz(fixture("formats/list.npz"));
  expect(list.map((weight) => [weight.path, ...weight.read()] as unknown[])).toContainEqual(["arr_11", 11, 11]);
  const packed = readNpz(fixture("formats/packed.npz"));
  expect(packed.map(({ path, shape }) => [path, shape])).toEqual([
    ["lstm/kernel", [5, 6]],
    ["dense/bias", [6]],
  ]);
  expect([...packed[0]!.read()]).toEqual(a);
});
