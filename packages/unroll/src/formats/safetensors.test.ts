import fc from "fast-check";
import { expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "./index.ts";
import { bits, errorOf } from "./testing.ts";

/** A file made by hand: header text, then data. */
function file(header: unknown, data: Uint8Array = new Uint8Array(8)): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

test("tensors come in the order of their data with type and shape", () => {
  const { weights, metadata } = readSafetensors(
    file(
      {
        b: { dtype: "BF16", shape: [2], data_offsets: [4, 8] },
        __metadata__: { format: "pt" },
        a: { dtype: "F32", shape: [1, 1], data_offsets: [0, 4] },
      },
      Uint8Array.of(0, 0, 0xc0, 0x3f, 0x80, 0x3f, 0x00, 0xc0),
    ),
  );
  expect(weights.map(({ path, shape, dtype }) => ({ path, shape, dtype }))).toEqual([
    { path: "a", shape: [1, 1], dtype: "float32" },
    { path: "b", shape: [2], dtype: "bfloat16" },
  ]);
  expect(weights.map((weight) => [...weight.read()])).toEqual([[1.5], [1, -2]]);
  expect(metadata).toEqual({ format: "pt" });
});

test.each([
  [
    "overlapping tensors",
    { a: { dtype: "F32", shape: [1], data_offsets: [0, 4] }, b: { dtype: "F32", shape: [2], data_offsets: [0, 8] } },
  ],
  ["a gap", { a: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }],
  ["bytes left over", { a: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }],
  ["an end behind the file", { a: { dtype: "F32", shape: [4], data_offsets: [0, 16] } }],
  ["a size that does not fit the shape", { a: { dtype: "F32", shape: [3], data_offsets: [0, 8] } }],
  ["a negative size", { a: { dtype: "F32", shape: [-2], data_offsets: [0, 8] } }],
  ["a product beyond 2^53", { a: { dtype: "F32", shape: [2 ** 40, 2 ** 40], data_offsets: [0, 8] } }],
  ["an unknown type", { a: { dtype: "F8_E4M3", shape: [8], data_offsets: [0, 8] } }],
  ["a header that is no object", '{"a": 1'],
])("%s is an error that names the file", async (_, header) => {
  const error = await errorOf(() => readSafetensors(file(header), "m.safetensors"));
  expect(error.path).toMatch(/^m\.safetensors/);
});

test("a header longer than the file is an error before memory is taken", async () => {
  const bytes = file({});
  new DataView(bytes.buffer).setBigUint64(0, 90_000_000n, true);
  expect((await errorOf(() => readSafetensors(bytes))).message).toContain("its header must take 85.8 MiB");
});

test("what is written reads back bit for bit", () => {
  const tensors = fc.dictionary(
    fc.string({ minLength: 1 }),
    fc.oneof(fc.float32Array(), fc.float64Array(), fc.int32Array(), fc.uint8Array()),
  );
  fc.assert(
    fc.property(tensors, (record) => {
      const given = Object.fromEntries(
        Object.entries(record).map(([name, data]) => [name, { shape: [data.length], data }]),
      );
      delete given.__metadata__;
      const read = readSafetensors(writeSafetensors(given, { made: "here" }));
      expect(read.metadata).toEqual({ made: "here" });
      expect(Object.fromEntries(read.weights.map((weight) => [weight.path, bits(weight.read())]))).toEqual(
        Object.fromEntries(Object.entries(given).map(([name, { data }]) => [name, bits(data)])),
      );
    }),
  );
});
