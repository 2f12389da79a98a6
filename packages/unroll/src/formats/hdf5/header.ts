/**
 * The superblock and object headers: from an address to a list of messages.
 * Source: HDF5 File Format Specification 3.0, sections II and IV.A.
 */
import { defaultLimits, type FileLimits, fileError } from "../failure.ts";
import { Cursor, damaged, type Hdf5Source, step, undefinedAddress, unsupported } from "./bytes.ts";

/** Message types that we look at. */
export const messageType = {
  dataspace: 1,
  linkInfo: 2,
  datatype: 3,
  fillValueOld: 4,
  fillValue: 5,
  link: 6,
  externalFiles: 7,
  layout: 8,
  filters: 11,
  attribute: 12,
  continuation: 16,
  symbolTable: 17,
  attributeInfo: 21,
} as const;

export interface Message {
  readonly type: number;
  /** Byte range of the message's data. */
  readonly start: number;
  readonly end: number;
}

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Where the superblock begins: byte 0, or 512, 1024, ... behind a user block; -1 when it is no HDF5 file. */
export function findSuperblock(bytes: Uint8Array): number {
  for (let at = 0; at + signature.length <= bytes.length; at = at === 0 ? 512 : at * 2) {
    if (signature.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/**
 * Reads the superblock, versions 0 to 3.
 *
 * @throws UnrollError `format` when there is none, `file` when it is damaged or the file is shorter than it says.
 */
export function openSource(
  bytes: Uint8Array,
  where: string,
  limits: FileLimits = defaultLimits,
): { source: Hdf5Source; root: number } {
  const start = findSuperblock(bytes);
  if (start < 0) throw fileError("format", where, "an HDF5 file begins with \\x89HDF");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A structure takes several bytes, and none is looked at more than a few times.
  const budget = { steps: Math.min(limits.maxEntries * 20, 10_000 + bytes.length) };
  const collections = new Map();
  const unsized: Hdf5Source = {
    bytes,
    view,
    where,
    limits,
    base: 0,
    offsetSize: 8,
    lengthSize: 8,
    budget,
    collections,
  };
  const cursor = new Cursor(unsized, start).skip(8);
  const version = cursor.u8();
  if (version > 3) throw unsupported(unsized, `superblock version ${version}`);
  if (version < 2) cursor.skip(4);
  const offsetSize = cursor.u8();
  const lengthSize = cursor.u8();
  for (const size of [offsetSize, lengthSize]) {
    if (size !== 2 && size !== 4 && size !== 8) throw damaged(unsized, "its addresses must have 2, 4 or 8 bytes");
  }
  cursor.skip(version < 2 ? 9 : 1);
  if (version === 1) cursor.skip(4);
  const fields = new Cursor({ ...unsized, offsetSize, lengthSize }, cursor.at);
  // The stated base address may be stale when a user block was put before the file; the signature's place is what counts.
  fields.address();
  const source: Hdf5Source = { ...unsized, base: start, offsetSize, lengthSize };
  const rest = new Cursor(source, fields.at);
  rest.address();
  const end = rest.address();
  if (version < 2) rest.address();
  if (end !== undefinedAddress && end > bytes.length) {
    throw fileError("file", where, "the HDF5 file is cut off", {
      received: `${bytes.length} of ${end} bytes`,
      hint: "Copy or download it again.",
    });
  }
  if (version < 2) rest.address();
  return { source, root: rest.address() };
}

/** The messages of the object header at an address, continuations included, in file order. */
export function readMessages(source: Hdf5Source, address: number): Message[] {
  step(source);
  const cursor = new Cursor(source, address);
  return source.bytes[cursor.at] === 0x4f ? messagesOfVersion2(cursor) : messagesOfVersion1(cursor);
}

/** The first message of a type, as a cursor over its data. */
export function findMessage(source: Hdf5Source, messages: readonly Message[], type: number): Cursor | undefined {
  const message = messages.find((candidate) => candidate.type === type);
  return message && new Cursor(source, message.start, message.end);
}

function messagesOfVersion1(header: Cursor): Message[] {
  const { source } = header;
  const version = header.u8();
  if (version !== 1) throw damaged(source, "an object header has an unknown version");
  header.skip(1);
  const count = header.u16();
  header.skip(4);
  const size = header.u32();
  header.skip(4);
  const messages: Message[] = [];
  const blocks = [header.inner(Math.min(size, header.left))];
  let seen = 0;
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    while (seen < count && block.left >= 8) {
      step(source);
      seen++;
      const type = block.u16();
      const length = block.u16();
      const flags = block.u8();
      block.skip(3);
      addMessage(source, messages, blocks, type, flags, block.inner(length), 0);
    }
  }
  return messages;
}

function messagesOfVersion2(header: Cursor): Message[] {
  const { source } = header;
  header.signature("OHDR");
  if (header.u8() !== 2) throw damaged(source, "an object header has an unknown version");
  const headerFlags = header.u8();
  if (headerFlags & 32) header.skip(16);
  if (headerFlags & 16) header.skip(4);
  const size = header.uint(1 << (headerFlags & 3));
  const messages: Message[] = [];
  const blocks = [header.inner(size)];
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    while (block.left >= 4) {
      step(source);
      const type = block.u8();
      const length = block.u16();
      const flags = block.u8();
      if (headerFlags & 4) block.skip(2);
      addMessage(source, messages, blocks, type, flags, block.inner(length), 8);
    }
  }
  return messages;
}

/** `frame` is what a continuation block of this version carries around its messages: signature and checksum, 4 bytes each. */
function addMessage(
  source: Hdf5Source,
  messages: Message[],
  blocks: Cursor[],
  type: number,
  flags: number,
  data: Cursor,
  frame: 0 | 8,
): void {
  if (type === messageType.continuation) {
    const address = data.address();
    const length = data.length();
    const block = new Cursor(source, address, address + length);
    if (frame === 8) block.signature("OCHK");
    blocks.push(block.inner(block.left - frame / 2));
  } else if (flags & 2) {
    messages.push(sharedMessage(source, type, data));
  } else {
    messages.push({ type, start: data.at, end: data.end });
  }
}

/** A message kept in another object's header, as a named datatype is. */
function sharedMessage(source: Hdf5Source, type: number, data: Cursor): Message {
  const version = data.u8();
  const kind = data.u8();
  if (version === 1) data.skip(6);
  if (version === 3 && kind === 1) throw unsupported(source, "a shared message heap");
  const found = readMessages(source, data.address()).find((message) => message.type === type);
  if (found === undefined) throw damaged(source, "a shared message is missing");
  return found;
}
