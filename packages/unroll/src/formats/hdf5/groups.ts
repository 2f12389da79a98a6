/**
 * The links of a group, in its three forms: symbol table (B-tree, old files), link messages (compact), and a heap of links (dense).
 * Only hard links are followed; soft and external ones are listed as `undefined`, so no other file is ever opened.
 * Source: HDF5 File Format Specification 3.0, sections III.A to III.D and IV.A.2.g.
 */
import { Cursor, damaged, type Hdf5Source, step, textOf, undefinedAddress } from "./bytes.ts";
import { findMessage, type Message, messageType } from "./header.ts";
import { readHeapObjects } from "./heap.ts";

/** Names to object header addresses; `undefined` for a link that is not followed. */
export type Links = ReadonlyMap<string, number | undefined>;

export function isGroup(messages: readonly Message[]): boolean {
  return messages.some(
    ({ type }) => type === messageType.symbolTable || type === messageType.linkInfo || type === messageType.link,
  );
}

export function readLinks(source: Hdf5Source, messages: readonly Message[]): Links {
  const links = new Map<string, number | undefined>();
  const table = findMessage(source, messages, messageType.symbolTable);
  if (table) {
    const tree = table.address();
    readSymbolTree(source, tree, localHeap(source, table.address()), links, 0);
  }
  for (const message of messages) {
    if (message.type === messageType.link) readLink(new Cursor(source, message.start, message.end), links);
  }
  const info = findMessage(source, messages, messageType.linkInfo);
  if (info) {
    info.skip(1);
    const flags = info.u8();
    if (flags & 1) info.skip(8);
    const heap = info.address();
    const index = info.address();
    if (heap !== undefinedAddress) {
      for (const object of readHeapObjects(source, heap, index, 4)) readLink(object, links);
    }
  }
  return links;
}

function readLink(cursor: Cursor, links: Map<string, number | undefined>): void {
  step(cursor.source);
  if (cursor.u8() !== 1) throw damaged(cursor.source, "a link has an unknown version");
  const flags = cursor.u8();
  const kind = flags & 8 ? cursor.u8() : 0;
  if (flags & 4) cursor.skip(8);
  if (flags & 16) cursor.skip(1);
  const name = textOf(cursor.slice(cursor.uint(1 << (flags & 3))));
  links.set(name, kind === 0 ? cursor.address() : undefined);
}

/** The data segment of a local heap, where a symbol table keeps its names. */
function localHeap(source: Hdf5Source, address: number): Cursor {
  const heap = new Cursor(source, address);
  heap.signature("HEAP");
  heap.skip(4);
  const size = heap.length();
  heap.length();
  const start = heap.address();
  return new Cursor(source, start, start + size);
}

function readSymbolTree(
  source: Hdf5Source,
  address: number,
  heap: Cursor,
  links: Map<string, number | undefined>,
  depth: number,
): void {
  step(source);
  if (depth > 32) throw damaged(source, "a group's tree is too deep");
  const node = new Cursor(source, address);
  if (source.bytes[address] === 0x53) {
    readSymbols(node, heap, links);
    return;
  }
  node.signature("TREE");
  if (node.u8() !== 0) throw damaged(source, "a group's tree holds something else");
  node.skip(1);
  const count = node.u16();
  node.address();
  node.address();
  for (let i = 0; i < count; i++) {
    node.length();
    readSymbolTree(source, node.address(), heap, links, depth + 1);
  }
}

function readSymbols(node: Cursor, heap: Cursor, links: Map<string, number | undefined>): void {
  const { source } = node;
  node.signature("SNOD");
  node.skip(2);
  const count = node.u16();
  for (let i = 0; i < count; i++) {
    step(source);
    const nameStart = node.uint(source.offsetSize);
    const address = node.address();
    const cache = node.u32();
    node.skip(20);
    const name = textOf(new Cursor(source, heap.at + nameStart, heap.end).slice(heap.end - heap.at - nameStart));
    links.set(name, cache === 2 ? undefined : address);
  }
}
