/**
 * Attributes of groups and data sets: text and numbers, kept in the object header or in a heap.
 * Source: HDF5 File Format Specification 3.0, sections IV.A.2.m and IV.A.2.v.
 */
import { decodeNumbers, type NumberArray } from "../numbers.ts";
import { Cursor, damaged, type Hdf5Source, step, textOf, undefinedAddress } from "./bytes.ts";
import { findMessage, type Message, messageType, readMessages } from "./header.ts";
import { readGlobalHeap, readHeapObjects } from "./heap.ts";
import { type Datatype, readDataspace, readDatatype } from "./types.ts";

/** Text, a list of text, or numbers; `undefined` when absent or of a type that model files do not use. */
export type Hdf5Value = string | readonly string[] | NumberArray | undefined;

export function readAttribute(source: Hdf5Source, messages: readonly Message[], name: string): Hdf5Value {
  for (const cursor of attributeMessages(source, messages)) {
    step(source);
    const attribute = openAttribute(cursor);
    if (attribute.name === name) return contentOf(attribute);
  }
  return undefined;
}

interface Attribute {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[] | null;
  readonly data: Cursor;
}

function* attributeMessages(source: Hdf5Source, messages: readonly Message[]): Generator<Cursor> {
  for (const { type, start, end } of messages) {
    if (type === messageType.attribute) yield new Cursor(source, start, end);
  }
  const info = findMessage(source, messages, messageType.attributeInfo);
  if (info === undefined) return;
  info.skip(1);
  if (info.u8() & 1) info.skip(2);
  const heap = info.address();
  const index = info.address();
  if (heap !== undefinedAddress) yield* readHeapObjects(source, heap, index, 0);
}

function openAttribute(cursor: Cursor): Attribute {
  const { source } = cursor;
  const version = cursor.u8();
  if (version < 1 || version > 3) throw damaged(source, "an attribute has an unknown version");
  const flags = cursor.u8();
  const nameSize = cursor.u16();
  const typeSize = cursor.u16();
  const spaceSize = cursor.u16();
  if (version === 3) cursor.skip(1);
  // Version 1 pads name, type and space to multiples of 8.
  const padded = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const name = textOf(cursor.slice(padded(nameSize)));
  const type = cursor.inner(padded(typeSize));
  const space = cursor.inner(padded(spaceSize));
  return {
    name,
    datatype: readDatatype(version > 1 && flags & 1 ? namedDatatype(type) : type),
    shape: readDataspace(space),
    data: cursor,
  };
}

/** A datatype that has a name of its own in the file: the attribute holds only where. */
function namedDatatype(cursor: Cursor): Cursor {
  const { source } = cursor;
  const version = cursor.u8();
  cursor.skip(version === 1 ? 7 : 1);
  const found = findMessage(source, readMessages(source, cursor.address()), messageType.datatype);
  if (found === undefined) throw damaged(source, "a named datatype is missing");
  return found;
}

function contentOf({ datatype, shape, data }: Attribute): Hdf5Value {
  if (shape === null || datatype.kind === "other") return undefined;
  const { source } = data;
  const count = shape.reduce((product, size) => product * size, 1);
  if (count * datatype.size > data.left) throw damaged(source, "an attribute is shorter than its shape needs");
  if (datatype.kind === "number") {
    return decodeNumbers(data.slice(count * datatype.size), datatype.type, datatype.bigEndian);
  }
  if (datatype.size === 0) throw damaged(source, "a text has no size");
  let total = 0;
  const texts = Array.from({ length: count }, () => {
    step(source);
    if (datatype.kind === "string") {
      const text = textOf(data.slice(datatype.size));
      return datatype.padding === 2 ? text.replace(/ +$/, "") : text;
    }
    const length = data.u32();
    const address = data.address();
    const index = data.u32();
    // Texts may share one place in the heap; together they may not outgrow the file by much.
    total += length;
    if (total > 16 * source.bytes.length) throw damaged(source, "its texts are longer than the file");
    return length === 0 || address === undefinedAddress || address === source.base
      ? ""
      : textOf(readGlobalHeap(source, address, index).subarray(0, length));
  });
  return shape.length === 0 ? texts[0]! : texts;
}
