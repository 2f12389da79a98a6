/**
 * Writing HDF5 as h5py does by default: superblock 0, symbol-table groups, contiguous little-endian data, text in a global heap.
 * The oldest layout is the one that every reader takes. Nothing is ever appended to an existing file.
 * Source: HDF5 File Format Specification 3.0, sections II.A, III.A, III.B, III.D, III.E and IV.A.1.a.
 */
import { UnrollError } from "../../core/index.ts";
import {
  bytesOf,
  type ElementType,
  elementTypeOf,
  encodeNumbers,
  type NumberArray,
  type StoredShape,
} from "../numbers.ts";

/** Text is written as variable-length UTF-8, a list of text with one fixed length. */
export type WritableValue = string | readonly string[];

export interface WritableDataset {
  readonly shape: StoredShape;
  readonly data: NumberArray;
  /** As the file should name the type, where it differs from the array's; bool is written as uint8. */
  readonly attributes?: Readonly<Record<string, WritableValue>>;
}

export interface WritableGroup {
  readonly children: ReadonlyMap<string, WritableGroup | WritableDataset>;
  readonly attributes?: Readonly<Record<string, WritableValue>>;
}

/** Attributes at most this large fit an object header, as Keras counts it; longer lists are split by the caller. */
export const attributeLimit = 64512;

const unset = 0xffffffffffffffffn;
const internalK = 16;

/** A group that grows by paths: `set("layers/lstm/vars/0", data)`. */
export class GroupBuilder implements WritableGroup {
  readonly children = new Map<string, GroupBuilder | WritableDataset>();
  readonly attributes: Record<string, WritableValue> = {};

  /** The group at a path, made where missing. */
  group(path: string): GroupBuilder {
    let group: GroupBuilder = this;
    for (const name of path.split("/").filter((part) => part !== "")) {
      let child = group.children.get(name);
      if (!(child instanceof GroupBuilder)) {
        if (child !== undefined) throw taken(path);
        child = new GroupBuilder();
        group.children.set(name, child);
      }
      group = child;
    }
    return group;
  }

  dataset(path: string, dataset: WritableDataset): void {
    const parts = path.split("/").filter((part) => part !== "");
    const name = parts.pop();
    const group = this.group(parts.join("/"));
    if (name === undefined || group.children.has(name)) throw taken(path);
    group.children.set(name, dataset);
  }
}

/** The whole file. @throws UnrollError `weights` when two things want one path. */
export function writeHdf5(root: WritableGroup): Uint8Array {
  const leafK = Math.max(4, Math.ceil(largestGroup(root) / 2));
  const file = new FileBuilder(leafK);
  const address = file.group(root);
  return file.finish(address);
}

function taken(path: string): UnrollError {
  return new UnrollError({
    code: "weights",
    path,
    expected: "every weight needs a name of its own",
    hint: "Rename one of the layers.",
  });
}

function isDataset(object: WritableGroup | WritableDataset): object is WritableDataset {
  return "data" in object;
}

function largestGroup(group: WritableGroup): number {
  let largest = group.children.size;
  for (const child of group.children.values()) if (!isDataset(child)) largest = Math.max(largest, largestGroup(child));
  return largest;
}

/** Bytes that grow; addresses are positions in them, always multiples of 8. */
class FileBuilder {
  readonly leafK: number;
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  /** The superblock comes last into the first 96 bytes. */
  #length = 96;
  readonly #texts: { readonly bytes: Uint8Array; readonly references: number[] }[] = [];

  constructor(leafK: number) {
    this.leafK = leafK;
  }

  /** Takes zeroed space and gives its address. */
  allocate(size: number): number {
    const address = this.#length;
    this.#length = address + align(size);
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return address;
  }

  /** Writes fields at an address: `[bytes, value]` pairs, or text and bytes as they are. */
  put(
    address: number,
    ...fields: readonly (readonly [size: number, value: number | bigint] | Uint8Array | string)[]
  ): number {
    let at = address;
    for (const field of fields) {
      if (typeof field === "string" || field instanceof Uint8Array) {
        const bytes = typeof field === "string" ? new TextEncoder().encode(field) : field;
        this.#bytes.set(bytes, at);
        at += bytes.length;
        continue;
      }
      const [size, value] = field;
      if (size === 1) this.#view.setUint8(at, Number(value));
      else if (size === 2) this.#view.setUint16(at, Number(value), true);
      else if (size === 4) this.#view.setUint32(at, Number(value), true);
      else this.#view.setBigUint64(at, BigInt(value), true);
      at += size;
    }
    return at;
  }

  /** A group: its members, then names, symbols, tree and header. */
  group({ children, attributes }: WritableGroup): number {
    // Readers search by bytes, so the names are sorted by bytes.
    const members = [...children]
      .map(([name, child]) => ({ name, bytes: new TextEncoder().encode(name), child }))
      .sort((a, b) => compareBytes(a.bytes, b.bytes))
      .map(({ bytes, child }) => ({ bytes, address: isDataset(child) ? this.dataset(child) : this.group(child) }));
    const { tree, heap } = this.symbolTable(members);
    const table = new Uint8Array(16);
    new DataView(table.buffer).setBigUint64(0, BigInt(tree), true);
    new DataView(table.buffer).setBigUint64(8, BigInt(heap), true);
    return this.header([{ type: 17, data: table }], attributes);
  }

  dataset({ shape, data, attributes }: WritableDataset): number {
    const body = encodeNumbers(data);
    const address = body.length === 0 ? unset : BigInt(this.allocate(body.length));
    if (body.length > 0) this.put(Number(address), body);
    const layout = new Uint8Array(18);
    layout.set([3, 1]);
    new DataView(layout.buffer).setBigUint64(2, address, true);
    new DataView(layout.buffer).setBigUint64(10, BigInt(body.length), true);
    const messages = [
      { type: 1, data: dataspace(shape) },
      { type: 3, data: numberType(elementTypeOf(data)) },
      // Version 2, space allocated late, fill written if set, no value defined.
      { type: 5, data: Uint8Array.of(2, 2, 2, 0) },
      { type: 8, data: layout },
    ];
    return this.header(messages, attributes);
  }

  /** All texts go into one heap collection; then the superblock tells where the file ends. */
  finish(root: number): Uint8Array {
    if (this.#texts.length > 0) {
      const used = this.#texts.reduce((sum, { bytes }) => sum + 16 + align(bytes.length), 16);
      const size = Math.max(4096, used + 16);
      const collection = this.allocate(size);
      let at = this.put(collection, "GCOL", [4, 1], [8, size]);
      this.#texts.forEach(({ bytes, references }, i) => {
        this.put(at, [2, i + 1], [2, 1], [4, 0], [8, bytes.length], bytes);
        at += 16 + align(bytes.length);
        for (const reference of references) this.put(reference, [4, bytes.length], [8, collection], [4, i + 1]);
      });
      this.put(at, [8, 0], [8, collection + size - at]);
    }
    this.put(
      0,
      Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, 0),
      [2, this.leafK],
      [2, internalK],
      [4, 0],
      [8, 0],
      [8, unset],
      [8, this.#length],
      [8, unset],
      [8, 0],
      [8, root],
    );
    return this.#bytes.slice(0, this.#length);
  }

  private symbolTable(members: readonly { readonly bytes: Uint8Array; readonly address: number }[]) {
    // Offset 0 of the heap is the empty name, which the tree's first key wants.
    const offsets: number[] = [];
    let size = 8;
    for (const { bytes } of members) {
      offsets.push(size);
      size += align(bytes.length + 1);
    }
    const names = this.allocate(size);
    members.forEach(({ bytes }, i) => {
      this.put(names + offsets[i]!, bytes);
    });
    const heap = this.allocate(32);
    // 1 is how the format says that a heap has no free space.
    this.put(heap, "HEAP", [4, 0], [8, size], [8, 1], [8, names]);
    const tree = this.allocate(24 + 2 * internalK * 16 + 8);
    const at = this.put(
      tree,
      "TREE",
      [1, 0],
      [1, 0],
      [2, members.length === 0 ? 0 : 1],
      [8, unset],
      [8, unset],
      [8, 0],
    );
    if (members.length > 0) {
      const symbols = this.allocate(8 + 2 * this.leafK * 40);
      let entry = this.put(symbols, "SNOD", [1, 1], [1, 0], [2, members.length]);
      members.forEach(({ address }, i) => {
        entry = this.put(entry, [8, offsets[i]!], [8, address], [8, 0], [8, 0], [8, 0]);
      });
      this.put(at, [8, symbols], [8, offsets.at(-1)!]);
    }
    return { tree, heap };
  }

  /** A version 1 object header in one block: each message is padded to a multiple of 8. */
  private header(
    fixed: readonly { readonly type: number; readonly data: Uint8Array }[],
    attributes: Readonly<Record<string, WritableValue>> = {},
  ): number {
    const built = Object.entries(attributes).map(([name, value]) => this.attribute(name, value));
    const messages = [...fixed, ...built.map(({ data }) => ({ type: 12, data }))];
    const size = messages.reduce((sum, { data }) => sum + 8 + align(data.length), 0);
    const address = this.allocate(16 + size);
    let at = this.put(address, [1, 1], [1, 0], [2, messages.length], [4, 1], [4, size], [4, 0]);
    messages.forEach(({ type, data }, i) => {
      this.put(at, [2, type], [2, align(data.length)], [4, 0], data);
      const text = built[i - fixed.length]?.text;
      if (text) this.#texts.push({ bytes: text.bytes, references: [at + 8 + text.at] });
      at += 8 + align(data.length);
    });
    return address;
  }

  /** A version 1 attribute message; the reference to a variable-length text is filled in once the heap has its place. */
  private attribute(
    name: string,
    value: WritableValue,
  ): { data: Uint8Array; text?: { bytes: Uint8Array; at: number } } {
    const label = new TextEncoder().encode(`${name}\0`);
    const single = typeof value === "string";
    const texts = single ? [] : value.map((text) => new TextEncoder().encode(text));
    const width = Math.max(1, ...texts.map((text) => text.length));
    const type = single ? variableText() : fixedText(width);
    const space = dataspace(single ? [] : [texts.length]);
    const start = 8 + align(label.length) + align(type.length) + align(space.length);
    const data = new Uint8Array(start + (single ? 16 : width * texts.length));
    if (data.length > 65528) {
      throw new UnrollError({
        code: "weights",
        path: name,
        expected: "the list of names must fit an HDF5 attribute",
        received: `size = ${data.length} bytes`,
        hint: "Give the layers shorter names.",
      });
    }
    const view = new DataView(data.buffer);
    data[0] = 1;
    view.setUint16(2, label.length, true);
    view.setUint16(4, type.length, true);
    view.setUint16(6, space.length, true);
    data.set(label, 8);
    data.set(type, 8 + align(label.length));
    data.set(space, 8 + align(label.length) + align(type.length));
    texts.forEach((text, i) => {
      data.set(text, start + i * width);
    });
    return single ? { data, text: { bytes: new TextEncoder().encode(value), at: start } } : { data };
  }
}

function align(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** Version 1, sizes only. */
function dataspace(shape: StoredShape): Uint8Array {
  const bytes = new Uint8Array(8 + 8 * shape.length);
  bytes.set([1, shape.length]);
  shape.forEach((size, i) => {
    new DataView(bytes.buffer).setBigUint64(8 + 8 * i, BigInt(size), true);
  });
  return bytes;
}

function numberType(type: ElementType): Uint8Array {
  const size = bytesOf(type);
  if (type === "float32") return Uint8Array.of(0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0);
  if (type === "float64") return Uint8Array.of(0x11, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0);
  const signed = type.startsWith("int") ? 8 : 0;
  return Uint8Array.of(0x10, signed, 0, 0, size, 0, 0, 0, 0, 0, size * 8, 0);
}

/** Zero-padded UTF-8 of one length. */
function fixedText(width: number): Uint8Array {
  const bytes = Uint8Array.of(0x13, 0x11, 0, 0, 0, 0, 0, 0);
  new DataView(bytes.buffer).setUint32(4, width, true);
  return bytes;
}

/** A sequence of 1-byte characters: zero-terminated UTF-8, 16 bytes of length and heap reference. */
function variableText(): Uint8Array {
  return Uint8Array.of(0x19, 0x01, 0x01, 0, 16, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0);
}
