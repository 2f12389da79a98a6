/**
 * safetensors: a JSON header of names, types and offsets, then the numbers.
 * Source: the format section of the safetensors documentation; offsets count from after the header, without overlap or gap.
 */
import type { StoredWeight } from "./container.ts";
import { defaultLimits, type FileLimits, fileError, formatBytes, quoted } from "./failure.ts";
import { isObject, type JsonObject, parseJson, property } from "./json.ts";
import type { NumberTensor } from "./npy.ts";
import { bytesOf, checkedCount, type ElementType, elementTypeOf, encodeNumbers, viewNumbers } from "./numbers.ts";

const types: Readonly<Record<string, ElementType>> = {
  F16: "float16",
  BF16: "bfloat16",
  F32: "float32",
  F64: "float64",
  I8: "int8",
  I16: "int16",
  I32: "int32",
  I64: "int64",
  U8: "uint8",
  U16: "uint16",
  U32: "uint32",
  U64: "uint64",
  BOOL: "bool",
};
const maxHeaderBytes = 100_000_000;

export interface Safetensors {
  /** In the order of the data. */
  readonly weights: readonly StoredWeight[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** True for a length that fits the file, followed by the `{` that the format demands. */
export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || bytes[8] !== 0x7b) return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(maxHeaderBytes);
}

/**
 * Checks every offset against the file; `read` copies one tensor out.
 *
 * @throws UnrollError `file` when damaged, `unsupported` for other element types, `memory` over a limit.
 */
export function readSafetensors(
  bytes: Uint8Array,
  where = "model.safetensors",
  limits: FileLimits = defaultLimits,
): Safetensors {
  if (!isSafetensors(bytes))
    throw fileError("format", where, "a safetensors file begins with its header's length and {");
  const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (start > bytes.length) {
    throw fileError("file", where, `its header must take ${formatBytes(start - 8)}`, {
      received: formatBytes(bytes.length - 8),
      hint: "The file is cut off; save it again.",
    });
  }
  const header = parseJson(bytes.subarray(8, start), `${where}: header`, limits);
  if (!isObject(header)) throw fileError("file", `${where}: header`, "the header must be a JSON object");
  const records = Object.entries(header).filter(([name]) => name !== "__metadata__");
  if (records.length > limits.maxEntries) {
    throw fileError("memory", where, `a file may have ${limits.maxEntries} tensors at most`, {
      received: `tensors = ${records.length}`,
    });
  }
  const tensors = records
    .map(([name, record]) => tensorOf(bytes, start, name, record, where))
    .sort((a, b) => a.begin - b.begin);
  let end = 0;
  for (const { weight, begin, end: next } of tensors) {
    if (begin !== end)
      throw fileError("file", `${where}: ${weight.path}`, "tensors must follow each other without overlap or gap");
    end = next;
  }
  if (start + end !== bytes.length) {
    throw fileError("file", where, `the tensors must fill the file: ${formatBytes(end)}`, {
      received: formatBytes(bytes.length - start),
    });
  }
  const metadata = property(header, "__metadata__");
  return {
    weights: tensors.map(({ weight }) => weight),
    metadata: Object.fromEntries(
      Object.entries(isObject(metadata) ? metadata : {}).flatMap(([key, text]) =>
        typeof text === "string" ? [[key, text]] : [],
      ),
    ),
  };
}

/** Tensors in the given order behind a header padded to a multiple of 8. */
export function writeSafetensors(
  tensors: Readonly<Record<string, NumberTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  let end = 0;
  const header: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [["__metadata__", metadata]];
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const type = elementTypeOf(data);
    const dtype = Object.keys(types).find((key) => types[key] === type)!;
    header.push([name, { dtype, shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + length + end).fill(0x20, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(text, 8);
  let at = 8 + length;
  for (const { data } of Object.values(tensors)) {
    file.set(encodeNumbers(data), at);
    at += data.byteLength;
  }
  return file;
}

function tensorOf(bytes: Uint8Array, start: number, name: string, record: unknown, where: string) {
  const tensor = `${where}: ${quoted(name)}`;
  const fields: JsonObject = isObject(record) ? record : {};
  const { dtype, shape, data_offsets: offsets } = fields;
  if (typeof dtype !== "string" || !isNumbers(shape) || !isNumbers(offsets) || offsets.length !== 2) {
    throw fileError("file", tensor, "a tensor must have dtype, shape and two data_offsets");
  }
  const type = Object.hasOwn(types, dtype) ? types[dtype] : undefined;
  if (type === undefined) {
    throw fileError("unsupported", tensor, `element types are ${Object.keys(types).join(", ")}`, {
      received: `dtype = ${quoted(dtype)}`,
    });
  }
  const needed = checkedCount(shape, tensor) * bytesOf(type);
  const [begin, end] = offsets as [number, number]; // length checked above
  if (!Number.isSafeInteger(begin) || begin < 0 || end - begin !== needed || start + end > bytes.length) {
    throw fileError(
      "file",
      tensor,
      `shape [${shape.join(", ")}] of ${type} needs ${formatBytes(needed)} inside the file`,
      {
        received: `data_offsets = [${begin}, ${end}]`,
        hint: "The file is damaged; save it again.",
      },
    );
  }
  const read = () => viewNumbers(bytes.subarray(start + begin, start + end), type);
  return { begin, end, weight: { path: name, shape, dtype: type, read } satisfies StoredWeight };
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
