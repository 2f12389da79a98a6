import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { defaultLimits } from "./index.ts";
import { errorOf } from "./testing.ts";
import { openZip, writeZip } from "./zip.ts";

const text = strToU8("some text, some text, some text");
const open = (bytes: Uint8Array, limits = {}) => openZip(bytes, "x.zip", { ...defaultLimits, ...limits });

/** Changes the bytes of the first place where a record with this signature begins. */
function patch(bytes: Uint8Array, signature: number, offset: number, value: number[]): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at + 4 <= copy.length; at++) {
    if (view.getUint32(at, true) === signature) {
      copy.set(value, at + offset);
      return copy;
    }
  }
  throw new Error("no such record");
}
const central = 0x02014b50;

test("stored and deflated entries come back whole", () => {
  for (const level of [0, 9] as const) {
    const { entries } = open(zipSync({ "a/b.txt": text, empty: new Uint8Array(0) }, { level }));
    expect([...entries.keys()]).toEqual(["a/b.txt", "empty"]);
    expect(entries.get("a/b.txt")!.read()).toEqual(text);
    expect(entries.get("empty")!.read()).toHaveLength(0);
  }
});

test("equal content gives equal bytes", () => {
  expect(writeZip({ a: text })).toEqual(writeZip({ a: text }));
});

test("a total over the limit is refused before anything is unpacked", async () => {
  const error = await errorOf(() => open(writeZip({ a: text, b: text }), { maxUnpackedBytes: 40 }));
  expect([error.code, error.path]).toEqual(["memory", "x.zip: b"]);
});

test("an entry that unpacks to more than it claims fails its checksum and takes no more memory than it claims", async () => {
  const bytes = patch(zipSync({ a: new Uint8Array(100_000) }, { level: 9 }), central, 24, [10, 0, 0, 0]);
  expect((await errorOf(() => open(bytes).entries.get("a")!.read())).message).toContain("x.zip: a");
});

test.each([
  ["encrypted", 8, [1, 0], "encrypted"],
  ["packed by another method", 10, [12, 0], "stored or deflated"],
  ["of 4 GiB (Zip64)", 24, [255, 255, 255, 255], "Zip64"],
  ["at another place", 42, [1, 0, 0, 0], "points to something else"],
])("an entry %s is refused", async (_, offset, value, message) => {
  const bytes = patch(zipSync({ a: text }, { level: 9 }), central, offset, value);
  expect((await errorOf(() => open(bytes).entries.get("a")!.read())).message).toContain(message);
});

test("two entries of one name are refused", async () => {
  const bytes = writeZip({ aa: text, ab: text });
  const twice = bytes.map((byte, i) => (byte === 0x62 && bytes[i - 1] === 0x61 ? 0x61 : byte));
  expect((await errorOf(() => open(twice))).message).toContain('two entries are called "aa"');
});

test("entries whose paths lead out are listed and left out", () => {
  const { entries, ignored } = open(
    writeZip({ "../a": text, "/b": text, "c:\\d": text, "x/../../e": text, "f..g": text }),
  );
  expect([...entries.keys()]).toEqual(["f..g"]);
  expect(ignored).toHaveLength(4);
});
