import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultLimits } from "../failure.ts";
import type { NumberArray } from "../numbers.ts";
import { bits, errorOf, fixture, fixtureJson } from "../testing.ts";
import { GroupBuilder, type Hdf5Dataset, type Hdf5Group, openHdf5, writeHdf5 } from "./index.ts";

const { a, half } = fixtureJson<{ a: number[]; half: number[] }>("formats/expected.json");

function dataset(group: Hdf5Group, path: string): Hdf5Dataset {
  const object = group.get(path);
  if (object?.kind !== "dataset") throw new Error(`${path} is no data set`);
  return object;
}

describe.each(["earliest", "v108", "latest"])("a file that h5py wrote with libver=%s", (libver) => {
  const root = openHdf5(fixture(`formats/layouts_${libver}.h5`), "layouts.h5");

  test.each(["plain", "big_endian", "chunked", "gzip", "gzip_shuffle", "one_chunk"])(
    "data/%s holds the numbers in row-major order",
    (name) => {
      const found = dataset(root, `data/${name}`);
      expect([found.shape, found.dtype]).toEqual([[5, 6], "float32"]);
      expect([...found.read()]).toEqual(a);
    },
  );

  test("other element types keep their values", () => {
    expect([...dataset(root, "data/float64").read()]).toEqual(a);
    expect([...dataset(root, "data/float16").read()]).toEqual(half);
    expect(dataset(root, "data/scalar")).toMatchObject({ shape: [], dtype: "int64" });
    expect(dataset(root, "data/scalar").read()).toEqual(BigInt64Array.of(-7n));
    expect(dataset(root, "data/bool")).toMatchObject({ shape: [2], dtype: "bool" });
    expect([...dataset(root, "data/bool").read()]).toEqual([1, 0]);
    expect([...dataset(root, "data/uint8").read()]).toEqual([0, 255]);
    expect([...dataset(root, "data/bfloat16").read()]).toEqual([1, -2]);
    expect([...dataset(root, "data/fill").read()]).toEqual([2.5, 2.5, 2.5]);
    expect([...dataset(root, "data/empty").read()]).toEqual([]);
  });

  test("attributes are text, lists of text and numbers", () => {
    expect(root.attribute("fixed")).toBe("fixed text");
    expect(root.attribute("text")).toBe("text é");
    expect(root.attribute("names")).toEqual(["a", "bcd"]);
    expect(root.attribute("texts")).toEqual(["x", "yé"]);
    expect(root.attribute("empty")).toEqual(new Float64Array(0));
    expect(root.attribute("absent")).toBeUndefined();
    expect(root.get("named")!.attribute("attribute_11")).toBe("value 11");
  });

  test("groups list their members sorted, many or few", () => {
    expect(root.names).toEqual(["data", "many", "named"]);
    const many = root.get("many") as Hdf5Group;
    expect(many.names).toHaveLength(12);
    expect(many.names[1]).toBe("group_1");
    expect(many.names.every((name) => many.get(name)?.kind === "group")).toBe(true);
  });

  test("links are not followed, and no other file is opened", () => {
    expect(root.get("data/soft")).toBeUndefined();
    expect(root.get("data/external")).toBeUndefined();
  });

  test("a claimed size without data is refused before memory is taken", async () => {
    const error = await errorOf(() => dataset(root, "data/huge").read());
    expect(error.code).toBe("memory");
    expect(error.path).toBe("layouts.h5: data/huge");
  });

  test("compression that is not read and text are named", async () => {
    expect((await errorOf(() => dataset(root, "data/lzf").read())).message).toContain(
      "layouts.h5: data/lzf: compression filter 32000 is not read",
    );
    expect((await errorOf(() => dataset(root, "data/text").read())).code).toBe("unsupported");
  });
});

test("a growing data set reads in the old layout and is refused by name in the newest", async () => {
  const old = openHdf5(fixture("formats/layouts_earliest.h5"), "old.h5");
  expect([...dataset(old, "data/growing").read()]).toEqual(a);
  const latest = openHdf5(fixture("formats/layouts_latest.h5"), "new.h5");
  expect((await errorOf(() => dataset(latest, "data/growing").read())).message).toContain("growing size");
});

test("a file behind a user block reads", () => {
  const inner = fixture("formats/layouts_earliest.h5");
  const bytes = new Uint8Array(512 + inner.length);
  bytes.set(inner, 512);
  expect([...dataset(openHdf5(bytes, "x"), "data/gzip").read()]).toEqual(a);
});

test("cutting a file anywhere gives an error that names it, and no other", async () => {
  const whole = fixture("formats/layouts_v108.h5");
  for (let length = 0; length < whole.length; length += 97) {
    const error = await errorOf(() => openHdf5(whole.subarray(0, length), "cut.h5"));
    expect(error.path).toMatch(/^cut\.h5/);
  }
});

test("a claimed size without data is refused even where the limit on sizes allows it", async () => {
  const limits = { ...defaultLimits, maxUnpackedBytes: 2 ** 50 };
  const root = openHdf5(fixture("formats/layouts_earliest.h5"), "x", limits);
  expect((await errorOf(() => dataset(root, "data/huge").read())).message).toContain(
    "may claim 100 times the bytes it has",
  );
});

test("a claimed size of a chunk is refused before memory is taken", async () => {
  const bytes = fixture("formats/layouts_earliest.h5");
  const view = new DataView(bytes.buffer);
  // Every layout message that says: chunks of 2 by 4 elements of 4 bytes.
  for (let at = 0; at + 12 <= bytes.length; at++) {
    if ([2, 4, 4].every((size, i) => view.getUint32(at + 4 * i, true) === size)) view.setUint32(at, 2 ** 28, true);
  }
  const error = await errorOf(() => dataset(openHdf5(bytes, "x"), "data/gzip").read());
  expect(error.message).toContain(
    "x: data/gzip: a data set may claim 100 times the bytes it has at most. Received: claimed = 4 GiB.",
  );
});

test.each([1, 30])("%i trees whose branches meet again in the next one are an error, soon", async (count) => {
  const builder = new GroupBuilder();
  builder.dataset("a", { shape: [1], data: Float32Array.of(1) });
  const plain = writeHdf5(builder);
  const tree = plain.findIndex((_, i) => new TextDecoder().decode(plain.subarray(i, i + 4)) === "TREE");
  const node = plain.slice(tree, tree + 56);
  const bytes = new Uint8Array(plain.length + 56 * count);
  bytes.set(plain);
  const view = new DataView(bytes.buffer);
  const placeOf = (i: number) => (i === 0 ? tree : plain.length + 56 * (i - 1));
  for (let i = 0; i < count; i++) {
    bytes.set(node, placeOf(i));
    view.setUint16(placeOf(i) + 6, 2, true);
    for (const child of [32, 48]) view.setBigUint64(placeOf(i) + child, BigInt(placeOf(count === 1 ? i : i + 1)), true);
  }
  bytes.set(node, placeOf(count));
  const started = performance.now();
  const error = await errorOf(() => openHdf5(bytes, "x.h5").names);
  expect(error.message).toContain("x.h5: the HDF5 file is damaged");
  expect(performance.now() - started).toBeLessThan(5000);
});

describe("writing", () => {
  const data: fc.Arbitrary<NumberArray> = fc.oneof(
    fc.float32Array({ maxLength: 9 }),
    fc.float64Array({ maxLength: 9 }),
    fc.int32Array({ maxLength: 9 }),
    fc.uint8Array({ maxLength: 9 }),
    fc.bigInt64Array({ maxLength: 9 }),
  );
  const path = fc
    .array(fc.constantFrom("a", "b", "c_1", "é", "kernel:0"), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join("/"));

  test("what is written reads back bit for bit, names and text included", () => {
    fc.assert(
      fc.property(
        fc.dictionary(path, data),
        fc.string(),
        fc.array(fc.string().map((text) => text.replaceAll("\0", ""))),
        (tensors, text, texts) => {
          const root = new GroupBuilder();
          const clean = text.replaceAll("\0", "");
          Object.assign(root.attributes, { text: clean, texts });
          const kept: Record<string, NumberArray> = {};
          for (const [name, numbers] of Object.entries(tensors)) {
            try {
              root.dataset(`${name}/data`, { shape: [numbers.length], data: numbers });
              kept[`${name}/data`] = numbers;
            } catch {
              // one path is a group of another
            }
          }
          const read = openHdf5(writeHdf5(root), "written.h5");
          expect(read.attribute("text")).toBe(clean);
          if (texts.length > 0) expect(read.attribute("texts")).toEqual(texts);
          for (const [name, numbers] of Object.entries(kept)) {
            expect(dataset(read, name).read().constructor).toBe(numbers.constructor);
            expect(bits(dataset(read, name).read())).toEqual(bits(numbers));
          }
        },
      ),
    );
  });

  test("a group may have thousands of members and a text may be long", () => {
    const root = new GroupBuilder();
    root.attributes.model_config = "x".repeat(200_000);
    for (let i = 0; i < 3000; i++) root.dataset(`many/x${i}`, { shape: [1], data: Float32Array.of(i) });
    const read = openHdf5(writeHdf5(root), "written.h5");
    expect(read.attribute("model_config")).toHaveLength(200_000);
    expect([...dataset(read, "many/x2999").read()]).toEqual([2999]);
  });
});
