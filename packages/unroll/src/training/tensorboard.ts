/**
 * TensorBoard's event files: records of length, checksum, data, checksum. Only scalars are written, as Keras's callback
 * does for logs. Source of the record layout: TensorFlow's record_writer; of the messages: event.proto and summary.proto.
 */

/** CRC-32C (Castagnoli) of the bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8)) >>> 0;
  return (crc ^ 0xffffffff) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

/** The checksum as records hold it: turned right by 15 bits, plus a constant. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One record with its checksums. */
export function eventRecord(event: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + event.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(event.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(event, 12);
  view.setUint32(12 + event.length, maskedCrc(event), true);
  return record;
}

/** The first event of a file. `seconds` since 1970. */
export function versionEvent(seconds: number): Uint8Array {
  return message([double(1, seconds), text(3, "brain.Event:2")]);
}

/** Scalars of one step. `seconds` since 1970. */
export function scalarEvent(seconds: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) => nested(1, message([text(1, tag), float(2, value)])));
  return message([double(1, seconds), varintField(2, step), nested(5, message(values))]);
}

function message(fields: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0));
  let at = 0;
  for (const field of fields) {
    bytes.set(field, at);
    at += field.length;
  }
  return bytes;
}

/** Wire types: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
function tag(field: number, wire: 0 | 1 | 2 | 5): Uint8Array {
  return varint(field * 8 + wire);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}

function varintField(field: number, value: number): Uint8Array {
  return message([tag(field, 0), varint(value)]);
}

function double(field: number, value: number): Uint8Array {
  return message([tag(field, 1), new Uint8Array(littleEndian(8, (view) => view.setFloat64(0, value, true)))]);
}

function float(field: number, value: number): Uint8Array {
  return message([tag(field, 5), new Uint8Array(littleEndian(4, (view) => view.setFloat32(0, value, true)))]);
}

function littleEndian(bytes: number, write: (view: DataView) => void): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes);
  write(new DataView(buffer));
  return buffer;
}

function nested(field: number, bytes: Uint8Array): Uint8Array {
  return message([tag(field, 2), varint(bytes.length), bytes]);
}

function text(field: number, value: string): Uint8Array {
  return nested(field, new TextEncoder().encode(value));
}
