/**
 * The two heaps: the global heap of variable-length strings, and the fractal heap of dense groups and attributes with its B-tree.
 * Source: HDF5 File Format Specification 3.0, sections III.A.2, III.E and III.G.
 */
import { Cursor, damaged, type Hdf5Source, step, undefinedAddress, unsupported } from "./bytes.ts";

/** One object of a global heap collection, as bytes of the file; a collection is gone through once. */
export function readGlobalHeap(source: Hdf5Source, address: number, index: number): Uint8Array {
  let collection = source.collections.get(address);
  if (collection === undefined) {
    collection = readCollection(source, address);
    source.collections.set(address, collection);
  }
  const object = collection.get(index);
  if (object === undefined) throw damaged(source, "a text is missing from its heap");
  return object;
}

function readCollection(source: Hdf5Source, address: number): Map<number, Uint8Array> {
  const head = new Cursor(source, address);
  head.signature("GCOL");
  head.skip(4);
  const cursor = new Cursor(source, head.at, address + head.length());
  cursor.skip(source.lengthSize);
  const objects = new Map<number, Uint8Array>();
  while (cursor.left >= 8 + source.lengthSize) {
    step(source);
    const index = cursor.u16();
    cursor.skip(6);
    const length = cursor.length();
    // Index 0 is the free space at the end.
    if (index === 0) break;
    objects.set(index, cursor.slice(length));
    cursor.skip(Math.min(cursor.left, (8 - (length % 8)) % 8));
  }
  return objects;
}

/** What reading a managed object needs to know of a fractal heap. */
interface FractalHeap {
  readonly source: Hdf5Source;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly tableWidth: number;
  readonly startBlock: number;
  readonly maxDirectBlock: number;
  readonly root: number;
  /** Rows of the root indirect block; 0 when the root is a direct block. */
  readonly rootRows: number;
}

/**
 * All objects that a version 2 B-tree lists, in the index's order; `idOffset` is where a record keeps the heap ID
 * (4 behind a name's hash, 0 for attributes).
 */
export function readHeapObjects(
  source: Hdf5Source,
  heapAddress: number,
  indexAddress: number,
  idOffset: 0 | 4,
): Cursor[] {
  const heap = openFractalHeap(source, heapAddress);
  return readIndex(source, indexAddress).map((record) => {
    record.skip(idOffset);
    const kind = record.u8();
    if (kind & 0x30) throw unsupported(source, "a heap object outside its block");
    const offset = record.uint(heap.offsetBytes);
    return locate(heap, offset, record.uint(heap.lengthBytes));
  });
}

function openFractalHeap(source: Hdf5Source, address: number): FractalHeap {
  step(source);
  const cursor = new Cursor(source, address);
  cursor.signature("FRHP");
  cursor.skip(3);
  const filters = cursor.u16();
  if (filters !== 0) throw unsupported(source, "a compressed heap");
  cursor.skip(1);
  const maxManaged = cursor.u32();
  cursor.skip(2 * source.lengthSize + 2 * source.offsetSize + 8 * source.lengthSize);
  const tableWidth = cursor.u16();
  const startBlock = cursor.length();
  const maxDirectBlock = cursor.length();
  const maxHeapBits = cursor.u16();
  cursor.skip(2);
  const root = cursor.address();
  const rootRows = cursor.u16();
  if (tableWidth === 0 || startBlock === 0 || maxHeapBits > 64) throw damaged(source, "a heap has no size");
  return {
    source,
    offsetBytes: Math.ceil(maxHeapBits / 8),
    lengthBytes: Math.min(
      Math.ceil(Math.log2(maxDirectBlock) / 8),
      Math.floor(Math.log2(Math.max(1, maxManaged)) / 8) + 1,
    ),
    tableWidth,
    startBlock,
    maxDirectBlock,
    root,
    rootRows,
  };
}

/** Goes down from the root block to the direct block that covers `offset`; offsets count the blocks' own headers. */
function locate(heap: FractalHeap, offset: number, length: number): Cursor {
  const { source } = heap;
  let address = heap.root;
  let rows = heap.rootRows;
  let start = 0;
  while (rows > 0) {
    step(source);
    const block = new Cursor(source, address);
    block.signature("FHIB");
    block.skip(1 + source.offsetSize + heap.offsetBytes);
    const first = block.at;
    let row = 0;
    while (row < rows && offset >= start + heap.tableWidth * blockSize(heap, row)) {
      start += heap.tableWidth * blockSize(heap, row);
      row++;
    }
    if (row === rows) throw damaged(source, "a heap object lies outside its heap");
    const size = blockSize(heap, row);
    const column = Math.floor((offset - start) / size);
    start += column * size;
    address = new Cursor(source, first).skip((row * heap.tableWidth + column) * source.offsetSize).address();
    rows = size <= heap.maxDirectBlock ? 0 : Math.log2(size / heap.startBlock / heap.tableWidth) + 1;
  }
  if (address === undefinedAddress) throw damaged(source, "a heap object lies in a block that is not there");
  new Cursor(source, address).signature("FHDB");
  return new Cursor(source, address + offset - start).inner(length);
}

/** Rows 0 and 1 have the starting size; each later row doubles it. */
function blockSize(heap: FractalHeap, row: number): number {
  return heap.startBlock * 2 ** Math.max(0, row - 1);
}

/** The records of a version 2 B-tree, in order. */
function readIndex(source: Hdf5Source, address: number): Cursor[] {
  const header = new Cursor(source, address);
  header.signature("BTHD");
  header.skip(2);
  const nodeSize = header.u32();
  const recordSize = header.u16();
  const depth = header.u16();
  header.skip(2);
  const root = header.address();
  const rootRecords = header.u16();
  if (recordSize === 0 || depth > 16) throw damaged(source, "an index has no records");
  const records: Cursor[] = [];
  if (root === undefinedAddress) return records;
  // What one node of each depth can hold fixes how many bytes the counts beside child pointers take.
  const overhead = 10;
  const capacity = [Math.floor((nodeSize - overhead) / recordSize)];
  const total = [capacity[0]!];
  for (let level = 1; level <= depth; level++) {
    const pointer = source.offsetSize + bytesFor(capacity[0]!) + (level > 1 ? bytesFor(total[level - 1]!) : 0);
    capacity.push(Math.floor((nodeSize - overhead - pointer) / (recordSize + pointer)));
    total.push((capacity[level]! + 1) * total[level - 1]! + capacity[level]!);
  }
  const visit = (at: number, count: number, level: number): void => {
    step(source);
    const node = new Cursor(source, at);
    node.signature(level === 0 ? "BTLF" : "BTIN");
    node.skip(2);
    const own = Array.from({ length: count }, () => node.inner(recordSize));
    if (level === 0) {
      records.push(...own);
      return;
    }
    for (let child = 0; child <= count; child++) {
      const childAddress = node.address();
      const childRecords = node.uint(bytesFor(capacity[0]!));
      if (level > 1) node.skip(bytesFor(total[level - 1]!));
      visit(childAddress, childRecords, level - 1);
      if (child < count) records.push(own[child]!);
    }
  };
  visit(root, rootRecords, depth);
  return records;
}

/** Bytes that hold a number up to `value`. */
function bytesFor(value: number): number {
  return Math.max(1, Math.ceil(Math.log2(value + 1) / 8));
}
