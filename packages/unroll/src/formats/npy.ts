/**
 * NumPy's .npy and .npz: ours, because a header and raw numbers need no library.
 * Object arrays are pickles, which are programs, so they are refused by name and never looked into.
 */
import type { StoredWeight } from "./container.ts";
import { defaultLimits, type FileLimits, fileError, formatBytes, quoted } from "./failure.ts";
import {
  bytesOf,
  checkedCount,
  decodeNumbers,
  type ElementType,
  elementTypeOf,
  encodeNumbers,
  type NumberArray,
  type StoredShape,
  viewNumbers,
} from "./numbers.ts";
import { openZip, writeZip, type ZipArchive } from "./zip.ts";

/** An array with its shape; row-major, whatever order the file keeps. */
export interface NumberTensor {
  readonly shape: StoredShape;
  readonly data: NumberArray;
}

interface NpyHeader {
  readonly type: ElementType;
  readonly bigEndian: boolean;
  readonly columnMajor: boolean;
  readonly shape: StoredShape;
  readonly count: number;
  /** Where the numbers begin. */
  readonly start: number;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const kinds: Readonly<Record<string, ElementType>> = {
  f2: "float16",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
};

export function isNpy(bytes: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads format versions 1 to 3, both byte orders, both array orders; float16 becomes float32.
 *
 * @throws UnrollError `file` when damaged, `unsupported` for pickled objects, text and complex numbers.
 */
export function readNpy(bytes: Uint8Array, where = "array.npy"): NumberTensor {
  const header = readHeader(bytes, where);
  return { shape: header.shape, data: readBody(bytes, header, decodeNumbers) };
}

/** A version 1 file, little-endian, row-major, as `numpy.save` writes it. */
export function writeNpy({ shape, data }: NumberTensor): Uint8Array {
  const type = elementTypeOf(data);
  const code = Object.keys(kinds).find((kind) => kinds[kind] === type)!;
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const order = bytesOf(type) === 1 ? "|" : "<";
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const file = new Uint8Array(length + data.byteLength);
  file.set([...magic, 1, 0, (length - 10) & 255, (length - 10) >> 8]);
  file.set(new TextEncoder().encode(`${text.padEnd(length - 11)}\n`), 10);
  file.set(encodeNumbers(data), length);
  return file;
}

/**
 * The arrays of an .npz, in its order, each unpacked when read.
 *
 * @throws UnrollError as `openZip` and `readNpy` do.
 */
export function readNpz(bytes: Uint8Array, where = "arrays.npz", limits: FileLimits = defaultLimits): StoredWeight[] {
  return readNpzEntries(openZip(bytes, where, limits), where);
}

/** The same of an archive that is open. An entry's checksum is looked at once; what was not packed is read as a view. */
export function readNpzEntries(archive: ZipArchive, where: string): StoredWeight[] {
  return [...archive.entries.values()].map((entry) => {
    if (!entry.name.endsWith(".npy")) {
      throw fileError("format", where, "every entry of an .npz must be an .npy", {
        received: `entry = ${quoted(entry.name)}`,
      });
    }
    const bytes = entry.read();
    const header = readHeader(bytes, `${where}: ${entry.name}`);
    // What is packed is unpacked again when it is wanted, so that all of it is never in memory at once.
    const isPacked = entry.storedAt === undefined;
    return {
      path: entry.name.slice(0, -".npy".length),
      shape: header.shape,
      dtype: header.type,
      read: () => readBody(isPacked ? entry.read() : bytes, header),
    };
  });
}

/** An .npz of stored entries; names may contain slashes. */
export function writeNpz(arrays: Readonly<Record<string, NumberTensor>>): Uint8Array {
  return writeZip(Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)])));
}

function readHeader(bytes: Uint8Array, where: string): NpyHeader {
  if (!isNpy(bytes)) throw fileError("format", where, "an .npy file begins with \\x93NUMPY");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3) {
    throw fileError("unsupported", where, ".npy versions 1 to 3 are read", { received: `version = ${version}` });
  }
  const first = version === 1 ? 10 : 12;
  if (bytes.length < first) throw cutOff(where);
  const start = first + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) throw cutOff(where);
  const text = new TextDecoder().decode(bytes.subarray(first, Math.min(start, first + 65536)));
  const descr = /'descr'\s*:\s*('[^']*'|\[)/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined) {
    throw fileError("file", where, "the .npy header must give descr, fortran_order and shape", {
      received: quoted(text.trim()),
    });
  }
  const [, byteOrder, kind] = /^'([<>|=]?)(\w+)'$/.exec(descr) ?? [];
  if (kind?.startsWith("O")) {
    throw fileError("unsupported", where, "an array of Python objects is a pickle, a program that is never run", {
      received: `dtype = ${descr}`,
      hint: "Save plain numbers: numpy.save(file, array.astype('float32')).",
    });
  }
  const type = kind === undefined || !Object.hasOwn(kinds, kind) ? undefined : kinds[kind]!;
  if (type === undefined) {
    throw fileError("unsupported", where, "arrays of float16 to float64, whole numbers and bool are read", {
      received: `dtype = ${quoted(descr)}`,
    });
  }
  const shape = sizes
    .replaceAll("L", "")
    .split(",")
    .filter((size) => size.trim() !== "")
    .map(Number);
  const count = checkedCount(shape, where);
  if (start + count * bytesOf(type) > bytes.length) {
    throw fileError(
      "file",
      where,
      `shape [${shape.join(", ")}] of ${type} needs ${formatBytes(count * bytesOf(type))}`,
      {
        received: formatBytes(bytes.length - start),
        hint: "The file is cut off or damaged; save it again.",
      },
    );
  }
  return { type, bigEndian: byteOrder === ">", columnMajor: order === "True", shape, count, start };
}

function readBody(
  bytes: Uint8Array,
  { type, bigEndian, columnMajor, shape, count, start }: NpyHeader,
  decode = viewNumbers,
): NumberArray {
  const data = decode(bytes.subarray(start, start + count * bytesOf(type)), type, bigEndian);
  return columnMajor && shape.length > 1 ? toRowMajor(data, shape) : data;
}

function toRowMajor(data: NumberArray, shape: StoredShape): NumberArray {
  const result = data.slice();
  const index = new Array<number>(shape.length).fill(0);
  for (let at = 0; at < data.length; at++) {
    let source = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) source = source * shape[axis]! + index[axis]!;
    result[at] = data[source]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return result;
}

function cutOff(where: string) {
  return fileError("file", where, "the .npy header is cut off", { hint: "Save the file again." });
}
