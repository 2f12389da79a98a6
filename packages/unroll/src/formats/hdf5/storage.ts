/**
 * The numbers of a data set: compact, contiguous or chunked, with gzip, shuffle and fletcher32.
 * Sizes are judged before memory is taken; a chunk that unpacks to more than its size is an error.
 * Source: HDF5 File Format Specification 3.0, sections IV.A.2.i, IV.A.2.l, III.A.1 and VII.
 */
import { unzlibSync } from "fflate";
import { fileError, formatBytes } from "../failure.ts";
import { Cursor, damaged, type Hdf5Source, step, undefinedAddress, unsupported } from "./bytes.ts";
import { findMessage, type Message, messageType } from "./header.ts";

interface Filter {
  readonly id: number;
  readonly parameters: readonly number[];
}

interface Chunk {
  /** Of the chunk's first element, per axis. */
  readonly origin: readonly number[];
  readonly address: number;
  /** Bytes in the file. */
  readonly size: number;
  /** Bit i set: filter i was left out. */
  readonly mask: number;
}

/** All bytes of a data set, row-major, in the file's byte order; `where` names it. @throws UnrollError `file`, `memory`, `unsupported`. */
export function readRaw(
  source: Hdf5Source,
  messages: readonly Message[],
  shape: readonly number[],
  elementSize: number,
): Uint8Array {
  const size = shape.reduce((product, axis) => product * axis, elementSize);
  if (size > source.limits.maxUnpackedBytes) {
    throw fileError(
      "memory",
      source.where,
      `a data set may take ${formatBytes(source.limits.maxUnpackedBytes)} at most`,
      {
        received: `shape = [${shape.join(", ")}]`,
        hint: "Raise limits.maxUnpackedBytes if you trust this file.",
      },
    );
  }
  const layout = findMessage(source, messages, messageType.layout);
  if (layout === undefined) throw damaged(source, "a data set says not where its numbers are");
  if (messages.some(({ type }) => type === messageType.externalFiles))
    throw unsupported(source, "a data set in another file");
  const version = layout.u8();
  if (version < 1 || version > 5) throw unsupported(source, `data layout version ${version}`);
  const old = version < 3;
  const rank = old ? layout.u8() : 0;
  const kind = layout.u8();
  if (old) layout.skip(5);
  if (kind === 0) {
    if (old) layout.skip(4 * rank);
    return layout.slice(need(source, size, old ? layout.u32() : layout.u16()));
  }
  if (kind === 1) {
    const address = layout.address();
    if (address === undefinedAddress) return filled(source, messages, size, elementSize);
    return new Cursor(source, address).slice(size);
  }
  if (kind !== 2) throw unsupported(source, "a virtual data set");
  const filters = readFilters(source, messages);
  const { chunkShape, chunks } =
    old || version === 3
      ? readTreeLayout(source, layout, old ? rank : layout.u8())
      : readIndexedLayout(source, layout, shape, elementSize, filters.length > 0);
  if (chunkShape.length !== shape.length || chunkShape.some((axis) => axis < 1))
    throw damaged(source, "chunks do not fit their data set");
  return assemble(source, messages, { shape, elementSize, size, chunkShape, chunks, filters });
}

/** Zeros, or the fill value that the data set defines. */
function filled(source: Hdf5Source, messages: readonly Message[], size: number, elementSize: number): Uint8Array {
  // A claimed size without data costs memory but no file, so it may not be larger than what a packed file could hold.
  if (size > 2 ** 24 && size > source.bytes.length * source.limits.maxRatio) throw tooSparse(source, size);
  const bytes = new Uint8Array(size);
  const message = findMessage(source, messages, messageType.fillValue);
  if (message === undefined) return bytes;
  const version = message.u8();
  if (version < 3) {
    message.skip(2);
    if (message.u8() === 0) return bytes;
  } else if ((message.u8() & 32) === 0) return bytes;
  if (message.left < 4 || message.u32() !== elementSize) return bytes;
  const value = message.slice(elementSize);
  if (value.some((byte) => byte !== 0)) for (let at = 0; at < size; at += elementSize) bytes.set(value, at);
  return bytes;
}

function need(source: Hdf5Source, size: number, found: number): number {
  if (found < size) throw damaged(source, "a data set has fewer bytes than its shape needs");
  return size;
}

function readFilters(source: Hdf5Source, messages: readonly Message[]): Filter[] {
  const pipeline = findMessage(source, messages, messageType.filters);
  if (pipeline === undefined) return [];
  const version = pipeline.u8();
  const count = pipeline.u8();
  if (version === 1) pipeline.skip(6);
  return Array.from({ length: count }, () => {
    const id = pipeline.u16();
    const nameLength = version === 1 || id >= 256 ? pipeline.u16() : 0;
    pipeline.skip(2);
    const parameterCount = pipeline.u16();
    pipeline.skip(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
    const parameters = Array.from({ length: parameterCount }, () => pipeline.u32());
    if (version === 1 && parameterCount % 2 === 1) pipeline.skip(4);
    if (id < 1 || id > 3) {
      throw unsupported(source, `compression filter ${id}`, "Save without it, or with gzip.");
    }
    return { id, parameters };
  });
}

/** Chunks listed in a version 1 B-tree: layout messages up to version 3. */
function readTreeLayout(source: Hdf5Source, layout: Cursor, dimensionality: number) {
  const address = layout.address();
  const chunkShape = Array.from({ length: Math.max(0, dimensionality - 1) }, () => layout.u32());
  const chunks: Chunk[] = [];
  const visit = (at: number, depth: number): void => {
    step(source);
    if (depth > 32) throw damaged(source, "a chunk tree is too deep");
    const node = new Cursor(source, at);
    node.signature("TREE");
    if (node.u8() !== 1) throw damaged(source, "a chunk tree holds something else");
    const level = node.u8();
    const count = node.u16();
    node.address();
    node.address();
    for (let i = 0; i < count; i++) {
      const size = node.u32();
      const mask = node.u32();
      const origin = Array.from({ length: dimensionality }, () => node.uint(8)).slice(0, -1);
      const child = node.address();
      if (level > 0) visit(child, depth + 1);
      else {
        step(source);
        chunks.push({ origin, address: child, size, mask });
      }
    }
  };
  if (address !== undefinedAddress) visit(address, 0);
  return { chunkShape, chunks };
}

/** Chunks of layout versions 4 and 5, for data sets of fixed size: one chunk, chunks in a row, or a fixed array of them. */
function readIndexedLayout(
  source: Hdf5Source,
  layout: Cursor,
  shape: readonly number[],
  elementSize: number,
  filtered: boolean,
) {
  const flags = layout.u8();
  const dimensionality = layout.u8();
  const width = layout.u8();
  const chunkShape = Array.from({ length: dimensionality }, () => layout.uint(width)).slice(0, -1);
  const plainSize = chunkShape.reduce((product, axis) => product * axis, elementSize);
  const counts = shape.map((axis, i) => Math.ceil(axis / Math.max(1, chunkShape[i] ?? 1)));
  const total = counts.reduce((product, count) => product * count, 1);
  const originOf = (index: number): number[] => {
    const origin = new Array<number>(shape.length);
    let rest = index;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      origin[axis] = (rest % counts[axis]!) * (chunkShape[axis] ?? 1);
      rest = Math.floor(rest / counts[axis]!);
    }
    return origin;
  };
  const chunks: Chunk[] = [];
  const add = (address: number, size: number, mask: number): void => {
    step(source);
    chunks.push({ origin: originOf(chunks.length), address, size, mask });
  };
  switch (layout.u8()) {
    case 1: {
      const size = flags & 2 ? layout.length() : plainSize;
      const mask = flags & 2 ? layout.u32() : 0;
      add(layout.address(), size, mask);
      break;
    }
    case 2: {
      const address = layout.address();
      for (let i = 0; i < total; i++) add(address + i * plainSize, plainSize, 0);
      break;
    }
    case 3: {
      layout.skip(1);
      const header = new Cursor(source, layout.address());
      header.signature("FAHD");
      header.skip(2);
      const entrySize = header.u8();
      const pageBits = header.u8();
      const entries = header.length();
      const data = new Cursor(source, header.address());
      data.signature("FADB");
      data.skip(2 + source.offsetSize);
      if (entries > total) throw damaged(source, "a chunk index is longer than its data set");
      const perPage = 2 ** pageBits;
      const paged = entries > perPage;
      if (paged) data.skip(Math.ceil(Math.ceil(entries / perPage) / 8) + 4);
      for (let i = 0; i < entries; i++) {
        if (paged && i > 0 && i % perPage === 0) data.skip(4);
        const address = data.address();
        const size = filtered ? data.uint(entrySize - source.offsetSize - 4) : plainSize;
        add(address, size, filtered ? data.u32() : 0);
      }
      break;
    }
    default:
      throw unsupported(source, "a data set of growing size in the newest layout", "Save it with a fixed shape.");
  }
  return { chunkShape, chunks };
}

interface ChunkedData {
  readonly shape: readonly number[];
  readonly elementSize: number;
  readonly size: number;
  readonly chunkShape: readonly number[];
  readonly chunks: readonly Chunk[];
  readonly filters: readonly Filter[];
}

function assemble(source: Hdf5Source, messages: readonly Message[], data: ChunkedData): Uint8Array {
  const { shape, elementSize, size, chunkShape, chunks, filters } = data;
  const chunkSize = chunkShape.reduce((product, axis) => product * axis, elementSize);
  const stored = chunks.reduce((sum, chunk) => sum + chunk.size, 0);
  if (chunkSize > 2 ** 24 && chunkSize > stored * source.limits.maxRatio) throw tooSparse(source, chunkSize);
  const result = filled(source, messages, size, elementSize);
  let work = 0;
  for (const chunk of chunks) {
    if (chunk.address === undefinedAddress) continue;
    // Overlapping chunks are no error in themselves, but a file may not make us unpack the same place again and again.
    work += chunkSize;
    if (work > 64 * size + 2 ** 26) throw damaged(source, "its chunks cover a data set many times");
    const packed = new Cursor(source, chunk.address).slice(chunk.size);
    const bytes = unpack(source, packed, filters, chunk.mask, chunkSize);
    place(bytes, chunk.origin, chunkShape, result, shape, elementSize);
  }
  return result;
}

/** Undoes the filters, last one first. */
function unpack(
  source: Hdf5Source,
  packed: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  chunkSize: number,
): Uint8Array {
  let bytes = packed;
  for (let i = filters.length - 1; i >= 0; i--) {
    if ((mask >> i) & 1) continue;
    const { id, parameters } = filters[i]!;
    if (id === 1) {
      try {
        bytes = unzlibSync(bytes, { out: new Uint8Array(chunkSize + 4) });
      } catch (cause) {
        throw fileError("file", source.where, "a gzip chunk must unpack", {
          hint: "Copy or save the file again.",
          cause,
        });
      }
    } else if (id === 2) {
      bytes = unshuffle(bytes, parameters[0] ?? 1);
    } else {
      if (bytes.length < 4) throw damaged(source, "a chunk has no checksum");
      bytes = bytes.subarray(0, bytes.length - 4);
    }
  }
  if (bytes.length < chunkSize) throw damaged(source, "a chunk is shorter than it should be");
  return bytes;
}

/** Shuffle keeps all first bytes of the elements, then all second bytes, and so on; what is left over stays at the end. */
function unshuffle(bytes: Uint8Array, elementSize: number): Uint8Array {
  const count = Math.floor(bytes.length / Math.max(1, elementSize));
  if (elementSize <= 1 || count <= 1) return bytes;
  const result = Uint8Array.from(bytes);
  for (let part = 0; part < elementSize; part++) {
    for (let i = 0; i < count; i++) result[i * elementSize + part] = bytes[part * count + i]!;
  }
  return result;
}

/** Copies the part of a chunk that lies inside the data set, one run along the last axis at a time. */
function place(
  chunk: Uint8Array,
  origin: readonly number[],
  chunkShape: readonly number[],
  result: Uint8Array,
  shape: readonly number[],
  elementSize: number,
): void {
  const copy = (axis: number, from: number, to: number): void => {
    const length = Math.min(chunkShape[axis]!, shape[axis]! - origin[axis]!);
    if (axis === shape.length - 1) {
      const start = (to * shape[axis]! + origin[axis]!) * elementSize;
      if (length > 0) {
        const run = from * chunkShape[axis]! * elementSize;
        result.set(chunk.subarray(run, run + length * elementSize), start);
      }
      return;
    }
    for (let i = 0; i < length; i++)
      copy(axis + 1, from * chunkShape[axis]! + i, to * shape[axis]! + origin[axis]! + i);
  };
  if (origin.every((start, axis) => start < shape[axis]!)) copy(0, 0, 0);
}

function tooSparse(source: Hdf5Source, size: number) {
  return fileError(
    "memory",
    source.where,
    `a data set may claim ${source.limits.maxRatio} times the bytes it has at most`,
    {
      received: `claimed = ${formatBytes(size)}`,
      hint: "This looks like a decompression bomb. Raise limits.maxRatio if you trust this file.",
    },
  );
}
