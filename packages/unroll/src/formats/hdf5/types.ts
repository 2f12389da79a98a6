/**
 * Datatypes and dataspaces: what an element is and how many there are.
 * Source: HDF5 File Format Specification 3.0, sections IV.A.2.b and IV.A.2.d.
 */
import type { ElementType } from "../numbers.ts";
import { type Cursor, damaged } from "./bytes.ts";

/** The kinds of element that model files use; anything else is `other`, with a word for messages. */
export type Datatype =
  | { readonly kind: "number"; readonly type: ElementType; readonly bigEndian: boolean; readonly size: number }
  | { readonly kind: "string"; readonly size: number; readonly padding: number }
  | { readonly kind: "variable-string"; readonly size: number }
  | { readonly kind: "other"; readonly name: string; readonly size: number };

const classNames = [
  "integer",
  "float",
  "time",
  "string",
  "bit field",
  "opaque",
  "compound",
  "reference",
  "enum",
  "sequence",
  "array",
];

export function readDatatype(cursor: Cursor): Datatype {
  const classAndVersion = cursor.u8();
  const bits = cursor.uint(3);
  const size = cursor.u32();
  const bigEndian = (bits & 1) === 1;
  switch (classAndVersion & 15) {
    case 0:
      return integer(size, (bits & 8) !== 0, bigEndian);
    case 1:
      return float(cursor, size, bigEndian);
    case 3:
      return { kind: "string", size, padding: bits & 15 };
    case 8: {
      // h5py keeps bool as an enum over int8.
      const base = readDatatype(cursor);
      return base.kind === "number" && base.size === 1 ? { ...base, type: "bool" } : base;
    }
    case 9:
      if ((bits & 15) === 1) return { kind: "variable-string", size };
  }
  return { kind: "other", name: classNames[classAndVersion & 15] ?? "unknown", size };
}

/** Sizes of a dataspace: `[]` is a scalar, `null` an empty one. */
export function readDataspace(cursor: Cursor): number[] | null {
  const version = cursor.u8();
  const rank = cursor.u8();
  cursor.u8();
  if (version !== 1 && version !== 2) throw damaged(cursor.source, "a dataspace has an unknown version");
  if (rank > 32) throw damaged(cursor.source, "a dataspace has more than 32 axes");
  const kind = cursor.u8();
  if (version === 1) cursor.skip(4);
  else if (kind === 2) return null;
  return Array.from({ length: rank }, () => {
    const size = cursor.length();
    if (!Number.isSafeInteger(size)) throw damaged(cursor.source, "a dataspace has an axis beyond 2^53");
    return size;
  });
}

function integer(size: number, signed: boolean, bigEndian: boolean): Datatype {
  if (size !== 1 && size !== 2 && size !== 4 && size !== 8)
    return { kind: "other", name: `${size}-byte integer`, size };
  return { kind: "number", type: `${signed ? "int" : "uint"}${(size * 8) as 8 | 16 | 32 | 64}`, bigEndian, size }; // size is one of four
}

function float(cursor: Cursor, size: number, bigEndian: boolean): Datatype {
  cursor.skip(5);
  const exponentBits = cursor.u8();
  if (size === 2 && exponentBits === 5) return { kind: "number", type: "float16", bigEndian, size };
  if (size === 2 && exponentBits === 8) return { kind: "number", type: "bfloat16", bigEndian, size };
  if (size === 4 && exponentBits === 8) return { kind: "number", type: "float32", bigEndian, size };
  if (size === 8 && exponentBits === 11) return { kind: "number", type: "float64", bigEndian, size };
  return { kind: "other", name: `${size}-byte float`, size };
}
