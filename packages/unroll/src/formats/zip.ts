/**
 * Zip archives in memory: a strict reader over the central directory, and a writer of stored entries.
 * Nothing is ever extracted to a disk. Sizes, ratio and names are judged before an entry takes memory; Zip64 is refused.
 */
import { inflateSync, zipSync } from "fflate";
import { type FileLimits, fileError, formatBytes, quoted } from "./failure.ts";

/** One entry; `read` unpacks it and checks its CRC-32. */
export interface ZipEntry {
  readonly name: string;
  /** Unpacked, in bytes. */
  readonly size: number;
  /** Where its bytes begin in the archive; undefined when they are packed. */
  readonly storedAt: number | undefined;
  /** @throws UnrollError `file` when the entry is damaged. */
  read(): Uint8Array;
}

export interface ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Entries that were left out, with the reason. */
  readonly ignored: readonly string[];
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const ratioFloor = 2 ** 24;

export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5) && bytes[3] === bytes[2]! + 1;
}

/**
 * Reads the central directory only.
 *
 * @throws UnrollError `file` (damaged, duplicate names), `memory` (over a limit), `unsupported` (Zip64, encryption, other methods).
 */
export function openZip(bytes: Uint8Array, where: string, limits: FileLimits): ZipArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view, where);
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  const start = view.getUint32(end + 16, true);
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) throw zip64(where);
  if (view.getUint16(end + 8, true) !== count || view.getUint16(end + 4, true) !== 0) {
    throw fileError("unsupported", where, "an archive split over several files is not read");
  }
  if (start + size > end) throw damaged(where, "its directory lies outside the file");
  if (count > limits.maxEntries) {
    throw fileError("memory", where, `an archive may have ${limits.maxEntries} entries at most`, {
      received: `entries = ${count}`,
    });
  }
  const entries = new Map<string, ZipEntry>();
  const ignored: string[] = [];
  let total = 0;
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== entrySignature)
      throw damaged(where, "its directory is cut short");
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw damaged(where, "its directory is cut short");
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const record = {
      name,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    at = next;
    if (name.endsWith("/")) continue;
    if (leavesArchive(name)) {
      ignored.push(`entry ${quoted(name)}, whose path leads out of the archive`);
      continue;
    }
    if (entries.has(name)) throw damaged(where, `two entries are called ${quoted(name)}`);
    total += record.size;
    checkEntry(record, total, where, limits);
    entries.set(name, {
      name,
      size: record.size,
      get storedAt() {
        return record.method === 0 ? dataStart(bytes, view, record, where) : undefined;
      },
      read: () => readEntry(bytes, view, record, where),
    });
  }
  return { entries, ignored };
}

/** An archive of stored entries with a fixed date, so that equal content gives equal bytes. */
export function writeZip(entries: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return zipSync({ ...entries }, { level: 0, mtime: new Date(1980, 0, 1) });
}

interface EntryRecord {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** The end record is within the last 22 + 65535 bytes, before a comment of the length it states. */
function findEnd(view: DataView, where: string): number {
  const last = view.byteLength - 22;
  for (let at = last; at >= Math.max(0, last - 65535); at--) {
    if (view.getUint32(at, true) === endSignature && at + 22 + view.getUint16(at + 20, true) === view.byteLength)
      return at;
  }
  throw damaged(where, "its directory is missing at the end, as when a download stops early");
}

function checkEntry(
  { name, flags, method, packed, size, offset }: EntryRecord,
  total: number,
  where: string,
  limits: FileLimits,
) {
  const entry = `${where}: ${name}`;
  if (packed === 0xffffffff || size === 0xffffffff || offset === 0xffffffff) throw zip64(entry);
  if (flags & 1)
    throw fileError("unsupported", entry, "an encrypted entry is not read", { hint: "Save without a password." });
  if (method !== 0 && method !== 8) {
    throw fileError("unsupported", entry, "entries must be stored or deflated", { received: `method = ${method}` });
  }
  if (method === 0 && packed !== size) throw damaged(entry, "its two sizes differ although it is not packed");
  if (total > limits.maxUnpackedBytes) {
    throw fileError("memory", entry, `an archive may unpack to ${formatBytes(limits.maxUnpackedBytes)} at most`, {
      received: `size so far = ${formatBytes(total)}`,
      hint: "Raise limits.maxUnpackedBytes if you trust this file.",
    });
  }
  if (size > ratioFloor && size > packed * limits.maxRatio) {
    throw fileError("memory", entry, `an entry may unpack to ${limits.maxRatio} times its packed size at most`, {
      received: `packed = ${formatBytes(packed)}, unpacked = ${formatBytes(size)}`,
      hint: "This looks like a decompression bomb. Raise limits.maxRatio if you trust this file.",
    });
  }
}

/** The entry's own header stands before its data. */
function dataStart(bytes: Uint8Array, view: DataView, { name, packed, offset }: EntryRecord, where: string): number {
  const entry = `${where}: ${name}`;
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== localSignature) {
    throw damaged(entry, "the directory points to something else");
  }
  const nameLength = view.getUint16(offset + 26, true);
  const start = offset + 30 + nameLength + view.getUint16(offset + 28, true);
  if (start + packed > bytes.length) throw damaged(entry, "it reaches beyond the end of the file");
  if (new TextDecoder().decode(bytes.subarray(offset + 30, offset + 30 + nameLength)) !== name) {
    throw damaged(entry, "the directory and the entry disagree about its name");
  }
  return start;
}

function readEntry(bytes: Uint8Array, view: DataView, record: EntryRecord, where: string): Uint8Array {
  const { name, method, crc, packed, size } = record;
  const entry = `${where}: ${name}`;
  const start = dataStart(bytes, view, record, where);
  const body = bytes.subarray(start, start + packed);
  let data: Uint8Array;
  try {
    // A stream longer than it claims cannot write past `out`; the checksum then tells.
    data = method === 0 ? body : inflateSync(body, { out: new Uint8Array(size) });
  } catch (cause) {
    throw fileError("file", entry, "its packed data must be a deflate stream", { hint: rewrite, cause });
  }
  if (data.length !== size || crc32(data) !== crc) throw damaged(entry, "its bytes do not match its checksum");
  return data;
}

function leavesArchive(name: string): boolean {
  return /^[/\\]|^[a-zA-Z]:|(^|[/\\])\.\.([/\\]|$)|\0/.test(name);
}

const rewrite = "The file is damaged; copy or save it again.";

function damaged(where: string, reason: string) {
  return fileError("file", where, `the zip archive is damaged: ${reason}`, { hint: rewrite });
}

function zip64(where: string) {
  return fileError("unsupported", where, "archives and entries of 4 GiB and more (Zip64) are not read");
}

let crcTables: readonly Uint32Array[] | undefined;

/** CRC-32 of IEEE 802.3, as zip uses it, four bytes at a time. */
function crc32(bytes: Uint8Array): number {
  crcTables ??= makeCrcTables();
  const [first, second, third, fourth] = crcTables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]; // four are made
  const whole = bytes.length - (bytes.length % 4);
  let crc = 0xffffffff;
  for (let i = 0; i < whole; i += 4) {
    const word = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    crc = fourth[word & 255]! ^ third[(word >>> 8) & 255]! ^ second[(word >>> 16) & 255]! ^ first[word >>> 24]!;
  }
  for (let i = whole; i < bytes.length; i++) crc = (crc >>> 8) ^ first[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}

/** Table k gives what a byte does to the sum k bytes later. */
function makeCrcTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let word = byte;
    for (let bit = 0; bit < 8; bit++) word = word & 1 ? (word >>> 1) ^ 0xedb88320 : word >>> 1;
    return word;
  });
  const tables = [first];
  while (tables.length < 4) tables.push(tables.at(-1)!.map((word) => (word >>> 8) ^ first[word & 255]!));
  return tables;
}
