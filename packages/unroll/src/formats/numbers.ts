/**
 * Numbers as files store them: element types by their NumPy names, and bytes turned into typed arrays and back.
 * Knows no container; shapes and offsets are the containers' business.
 */
import { fileError } from "./failure.ts";

/** Sizes as a file declares them; `checkedCount` checks them before they are used. */
export type StoredShape = readonly number[];

/** What a stored tensor becomes in memory: float16 and bfloat16 widen to float32 (exactly), the rest keep their type. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

const elementTypes = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
} as const;

/** An element type by its NumPy name. */
export type ElementType = keyof typeof elementTypes;

export function isElementType(name: string): name is ElementType {
  return Object.hasOwn(elementTypes, name);
}

/** Bytes that one element takes in a file. */
export function bytesOf(type: ElementType): number {
  return elementTypes[type];
}

/** Number of elements of a shape from a file; throws `file` when a size is not a whole number or the product is beyond 2^53. */
export function checkedCount(shape: StoredShape, where: string): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw fileError("file", where, "every size of a shape must be a whole number, zero or more", {
        received: `shape = [${shape.join(", ")}]`,
      });
    }
    count *= size;
  }
  if (!Number.isSafeInteger(count)) {
    throw fileError("memory", where, "a tensor must have fewer than 2^53 elements", {
      received: `shape = [${shape.join(", ")}]`,
    });
  }
  return count;
}

/** The element type that a typed array is stored as. */
export function elementTypeOf(data: NumberArray): ElementType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof BigUint64Array) return "uint64";
  const sign = data instanceof Int8Array || data instanceof Int16Array || data instanceof Int32Array ? "int" : "uint";
  return `${sign}${(data.BYTES_PER_ELEMENT * 8) as 8 | 16 | 32}`; // typed arrays of whole numbers have 1, 2 or 4 bytes here
}

/** A typed array of a copy of the bytes, which must hold whole elements. */
export function decodeNumbers(bytes: Uint8Array, type: ElementType, bigEndian = false): NumberArray {
  const size = bytesOf(type);
  // Not bytes.slice: Node's Buffer overrides it with a view of the same memory.
  const copy = new Uint8Array(Math.floor(bytes.length / size) * size);
  copy.set(bytes.subarray(0, copy.length));
  if (bigEndian && size > 1) for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse();
  const { buffer } = copy;
  switch (type) {
    case "float16":
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case "bfloat16": {
      const halves = new Uint16Array(buffer);
      const words = new Uint32Array(halves.length);
      for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
      return new Float32Array(words.buffer);
    }
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    case "int8":
      return new Int8Array(buffer);
    case "int16":
      return new Int16Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "int64":
      return new BigInt64Array(buffer);
    case "uint16":
      return new Uint16Array(buffer);
    case "uint32":
      return new Uint32Array(buffer);
    case "uint64":
      return new BigUint64Array(buffer);
    case "uint8":
    case "bool":
      return copy;
  }
}

/**
 * The same without a copy where that can be: the result may be a view of the file's bytes, so nobody may write into it or keep
 * it beyond them. Views need whole elements, little-endian, at an address that is a multiple of their size.
 */
export function viewNumbers(bytes: Uint8Array, type: ElementType, bigEndian = false): NumberArray {
  const aligned = bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0;
  if (type !== "float32" || bigEndian || !aligned || !isLittleEndian) return decodeNumbers(bytes, type, bigEndian);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The little-endian bytes of a typed array; not a copy where the machine is little-endian, as all that run WebAssembly are. */
export function encodeNumbers(data: NumberArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** As float32, rounding where the file holds more; float32 data comes back as it is, NaN bits included. */
export function toFloat32(data: NumberArray): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return Float32Array.from({ length: data.length }, (_, i) => Number(data[i]!));
  return Float32Array.from(data);
}

/** IEEE 754 binary16, from its 16 bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
