/**
 * Writes Protocol Buffers messages: varints, floats, and fields with a length. Writing needs no schema, and this is all
 * that ONNX's messages use; nothing is read here.
 * Source: "Protocol Buffers Documentation: Encoding".
 */

/** One field of a message, ready to be joined with others. */
export type Field = Uint8Array;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** A whole number of any integer type, negative ones in two's complement of 64 bits. */
export function int(field: number, value: number): Field {
  return Uint8Array.from([...varint(tag(field, VARINT)), ...varint(value)]);
}

export function float(field: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return Uint8Array.from([...varint(tag(field, FIXED32)), ...bytes]);
}

export function text(field: number, value: string): Field {
  return bytes(field, new TextEncoder().encode(value));
}

export function bytes(field: number, value: Uint8Array): Field {
  return concatBytes([Uint8Array.from([...varint(tag(field, LENGTH_DELIMITED)), ...varint(value.length)]), value]);
}

/** Whole numbers as one field, without a tag for each. */
export function packedInts(field: number, values: readonly number[]): Field {
  return bytes(field, Uint8Array.from(values.flatMap((value) => varint(value))));
}

/** A message inside another. */
export function message(field: number, fields: readonly Field[]): Field {
  return bytes(field, concatBytes(fields));
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function tag(field: number, kind: number): number {
  return field * 8 + kind;
}

/** Seven bits a byte, lowest first. */
function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const result: number[] = [];
  while (rest >= 128n) {
    result.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  result.push(Number(rest));
  return result;
}
