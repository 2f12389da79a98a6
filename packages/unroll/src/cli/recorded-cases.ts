/**
 * Cases recorded from real Keras: JSON of `{ config, weights, inputs, outputs }`, or `{ cases: [...] }` of such, plain or
 * gzipped. Tensors are `{ shape, dtype, data | base64 }`. Only for the command line.
 */
import { gunzipSync } from "node:zlib";
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { modelFromConfig } from "../formats/keras-model.ts";
import { readFileBytes } from "../formats/read-bytes.ts";
import type { FileModel } from "./file-model.ts";

interface RecordedTensor {
  readonly shape: readonly number[];
  readonly dtype?: string;
  readonly data?: readonly number[];
  readonly base64?: string;
}

interface RecordedCase {
  readonly id?: string;
  readonly config: { readonly class_name: string };
  readonly weights?: readonly RecordedTensor[];
  readonly inputs?: readonly RecordedTensor[];
  readonly outputs?: readonly RecordedTensor[];
}

/** Unpacked sizes above this are refused. */
const largestText = 2 ** 28;

/** The models of a file of recorded cases; undefined when the file is none. Throws UnrollError `file`, `format`, `weights`. */
export async function readRecordedCases(file: string): Promise<FileModel[] | undefined> {
  if (!/\.json(\.gz)?$/i.test(file)) return undefined;
  const json = parse(await readFileBytes(file), file);
  const cases = (isRecord(json) && Array.isArray(json.cases) ? json.cases : [json]) as readonly unknown[];
  if (cases.length === 0 || !cases.every(isCase)) return undefined;
  return cases.map((one, index) => readCase(one, one.id ?? `case ${index + 1}`));
}

function readCase(one: RecordedCase, name: string): FileModel {
  const facts = {
    name,
    code: undefined,
    hasWeights: one.weights !== undefined,
    repairs: [],
    inputs: one.inputs?.map((tensor) => decode(tensor, name)),
    outputs: one.outputs?.map((tensor) => decode(tensor, name)),
  };
  try {
    const model = modelFromConfig(one.config);
    if (one.weights !== undefined) model.setWeights(one.weights.map((tensor) => decode(tensor, name)));
    return { ...facts, model, error: undefined };
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    return { ...facts, model: undefined, error };
  }
}

function parse(bytes: Uint8Array, file: string): unknown {
  try {
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: largestText }) : bytes;
    return JSON.parse(new TextDecoder().decode(plain));
  } catch (cause) {
    throw new UnrollError(
      {
        code: "format",
        path: file,
        expected: "the file must be JSON",
        received: cause instanceof Error ? cause.message.slice(0, 100) : undefined,
      },
      { cause },
    );
  }
}

function decode({ shape, dtype = "float32", data, base64 }: RecordedTensor, name: string): Tensor {
  const numbers = base64 === undefined ? (data ?? []) : fromBase64(base64, dtype);
  if (numbers.length === sizeOf(shape)) {
    return { shape, data: /int/.test(dtype) ? Int32Array.from(numbers) : Float32Array.from(numbers) };
  }
  throw new UnrollError({
    code: "data",
    path: name,
    expected: `a tensor of shape [${shape.join(", ")}] needs ${sizeOf(shape)} numbers`,
    received: `${numbers.length} numbers`,
  });
}

function fromBase64(text: string, dtype: string): ArrayLike<number> {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  switch (dtype) {
    case "float64":
      return new Float64Array(bytes.buffer, 0, Math.floor(bytes.length / 8));
    case "int32":
      return new Int32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
    case "uint8":
      return bytes;
    default:
      return new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
  }
}

function isCase(value: unknown): value is RecordedCase {
  if (!isRecord(value) || value.class_name !== undefined || !isRecord(value.config)) return false;
  return typeof value.config.class_name === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
