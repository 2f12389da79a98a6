/**
 * Bounded reading of an HDF5 file's bytes: every access is checked, every structure costs one step of a budget,
 * so that a damaged file can neither read outside nor run in circles.
 * Written by us because the HDF5 library compiled to WebAssembly can hang or take gigabytes on damaged files and cannot be interrupted.
 */
import { type FileLimits, fileError } from "../failure.ts";

/** An HDF5 address or length that means "not there": all bits set, as any number beyond what JavaScript counts exactly. */
export const undefinedAddress = Number.POSITIVE_INFINITY;

/** The whole file, with what its superblock fixes. */
export interface Hdf5Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The file's name, with the object's path behind it once one is open. */
  readonly where: string;
  readonly limits: FileLimits;
  /** Address 0 of the file; later than byte 0 when a user block comes first. */
  readonly base: number;
  readonly offsetSize: number;
  readonly lengthSize: number;
  readonly budget: { steps: number };
  /** Objects of the global heap collections seen so far, by address and index. */
  readonly collections: Map<number, Map<number, Uint8Array>>;
}

/** @throws UnrollError `file` */
export function damaged(source: { readonly where: string }, reason: string) {
  return fileError("file", source.where, `the HDF5 file is damaged: ${reason}`, {
    hint: "Copy or save the file again.",
  });
}

/** @throws UnrollError `unsupported` */
export function unsupported(source: { readonly where: string }, what: string, hint?: string) {
  return fileError("unsupported", source.where, `${what} is not read from HDF5`, { hint });
}

/** Counts one structure against the budget. */
export function step(source: Hdf5Source): void {
  if (--source.budget.steps < 0) throw damaged(source, "its structures point in circles");
}

/** Reads little-endian fields one after another, inside [start, end) of the file. */
export class Cursor {
  readonly source: Hdf5Source;
  readonly end: number;
  at: number;

  /** `start` and `end` are byte positions; `end` defaults to the end of the file. */
  constructor(source: Hdf5Source, start: number, end = source.bytes.length) {
    if (!(start >= 0 && start <= end && end <= source.bytes.length)) {
      throw damaged(source, "a structure lies outside the file");
    }
    this.source = source;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  skip(count: number): this {
    this.take(count);
    return this;
  }

  u8(): number {
    return this.source.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.source.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.source.view.getUint32(this.take(4), true);
  }

  /** A whole number of 1 to 8 bytes; beyond 2^53 it becomes `undefinedAddress`. */
  uint(size: number): number {
    const start = this.take(size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.source.bytes[start + i]!;
    return Number.isSafeInteger(value) ? value : undefinedAddress;
  }

  /** A position in the file, base added; `undefinedAddress` when all bits are set. */
  address(): number {
    const { bytes, base, offsetSize } = this.source;
    const start = this.at;
    const value = this.uint(offsetSize);
    const unset = bytes.subarray(start, start + offsetSize).every((byte) => byte === 255);
    return unset ? undefinedAddress : value + base;
  }

  length(): number {
    return this.uint(this.source.lengthSize);
  }

  signature(text: string): void {
    const found = String.fromCharCode(...this.slice(4));
    if (found !== text) throw damaged(this.source, `a structure called ${text} is not where it should be`);
  }

  /** A view of the next bytes, not a copy. */
  slice(count: number): Uint8Array {
    const start = this.take(count);
    return this.source.bytes.subarray(start, start + count);
  }

  /** A cursor over the next bytes, which this one skips. */
  inner(count: number): Cursor {
    const start = this.take(count);
    return new Cursor(this.source, start, start + count);
  }

  private take(count: number): number {
    const start = this.at;
    if (!(count >= 0 && count <= this.end - start)) throw damaged(this.source, "a structure is cut off");
    this.at = start + count;
    return start;
  }
}

/** Bytes up to the first zero, as UTF-8; bytes that are not UTF-8 become U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  const zero = bytes.indexOf(0);
  return new TextDecoder().decode(zero < 0 ? bytes : bytes.subarray(0, zero));
}
