/**
 * ONNX's messages as plain data, and their bytes. Only the fields that an exported model uses; the numbers are the field
 * numbers of onnx.proto (IR version 8). It knows no layer and no operator.
 */
import { encodeNumbers } from "./numbers.ts";
import { bytes, concatBytes, type Field, float, int, message, packedInts, text } from "./protobuf.ts";

export interface OnnxNode {
  readonly operator: string;
  readonly name: string;
  /** Names of values; "" leaves an optional operand out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: OnnxAttributes;
}

/** An attribute's type follows from the value: whole numbers are ints, `{ float }` floats. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly graph: OnnxGraph };

export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Numbers that are part of the file. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export type OnnxType = "float32" | "int32";

/** An input or output; a string stands for a size that is known at run time only, no shape for any. */
export interface OnnxPort {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape?: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly tensors: readonly OnnxTensor[];
}

/** The operator set and file format that are written: read by ONNX Runtime 1.14 (2023) and later. */
export const onnxOperatorSet = 18;
const irVersion = 8;

/** The bytes of an `.onnx` file. */
export function encodeModel(graph: OnnxGraph, description: string): Uint8Array {
  return concatBytes([
    int(1, irVersion),
    text(2, "unroll"),
    text(6, description),
    message(7, graphFields(graph)),
    message(8, [text(1, ""), int(2, onnxOperatorSet)]),
  ]);
}

function graphFields({ name, nodes, inputs, outputs, tensors }: OnnxGraph): Field[] {
  return [
    ...nodes.map((node) => message(1, nodeFields(node))),
    text(2, name),
    ...tensors.map((tensor) => message(5, tensorFields(tensor))),
    ...inputs.map((port) => message(11, portFields(port))),
    ...outputs.map((port) => message(12, portFields(port))),
  ];
}

function nodeFields({ operator, name, inputs, outputs, attributes }: OnnxNode): Field[] {
  return [
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    text(3, name),
    text(4, operator),
    ...Object.entries(attributes).map(([key, value]) => message(5, [text(1, key), ...attributeFields(value)])),
  ];
}

/** Field 20 is the attribute's type. */
function attributeFields(value: OnnxAttribute): Field[] {
  if (typeof value === "number") return [int(3, value), int(20, 2)];
  if (typeof value === "string") return [text(4, value), int(20, 3)];
  if ("float" in value) return [float(2, value.float), int(20, 1)];
  if ("floats" in value) return [...value.floats.map((number) => float(7, number)), int(20, 6)];
  if ("graph" in value) return [message(6, graphFields(value.graph)), int(20, 5)];
  if (value.length > 0 && typeof value[0] === "string") {
    return [...value.map((item) => text(9, String(item))), int(20, 8)];
  }
  return [packedInts(8, value as readonly number[]), int(20, 7)]; // no strings, as checked above
}

const elementTypes = { float32: 1, int32: 6, int64: 7 } as const;

function tensorFields({ name, shape, data }: OnnxTensor): Field[] {
  const type = data instanceof Float32Array ? "float32" : "int64";
  return [packedInts(1, shape), int(2, elementTypes[type]), text(8, name), bytes(9, encodeNumbers(data))];
}

function portFields({ name, type, shape }: OnnxPort): Field[] {
  const sizes = shape?.map((size) => message(1, [typeof size === "number" ? int(1, size) : text(2, size)]));
  const known = sizes === undefined ? [] : [message(2, sizes)];
  return [text(1, name), message(2, [message(1, [int(1, elementTypes[type]), ...known])])];
}
