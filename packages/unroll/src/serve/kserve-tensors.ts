/**
 * Tensors of the Open Inference Protocol (KServe V2): in JSON, or as bytes behind the JSON (the binary tensor data extension).
 * Source: the protocol's specification and the extension's document in Triton's repository.
 */
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { bytesOf, decodeNumbers, type ElementType, encodeNumbers, toFloat32 } from "../formats/numbers.ts";
import { checkFinite, flatJson, tensorOfJson } from "./json-tensors.ts";
import { isObject, type JsonObject, property } from "./request-body.ts";
import { badRequest } from "./request-error.ts";
import type { NamedTensors } from "./signature.ts";

const types: Readonly<Record<string, ElementType>> = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  BF16: "bfloat16",
  FP32: "float32",
  FP64: "float64",
};

/**
 * The request's inputs by name; all become float32.
 *
 * @param binary the bytes behind the JSON, which the inputs must use up
 * @throws RequestError 400
 */
export function readInputs(body: JsonObject, binary: Uint8Array, most: number): NamedTensors {
  const inputs = property(body, "inputs");
  if (!Array.isArray(inputs) || inputs.length === 0) throw badRequest("inputs", "must be a list of tensors");
  const tensors = new Map<string, Tensor>();
  let offset = 0;
  for (const [index, input] of (inputs as readonly unknown[]).entries()) {
    const where = `inputs[${index}]`;
    if (!isObject(input)) throw badRequest(where, "must be an object with name, shape, datatype and data");
    const name = property(input, "name");
    if (typeof name !== "string") throw badRequest(where, "needs a name");
    if (tensors.has(name)) throw badRequest(where, "every input may be given once", { received: name.slice(0, 60) });
    const type = elementType(property(input, "datatype"), where);
    const shape = readShape(property(input, "shape"), where, most);
    const size = binarySize(input, where);
    if (size === undefined) {
      tensors.set(name, { shape, data: readJson(property(input, "data"), shape, where, most) });
      continue;
    }
    const bytes = binary.subarray(offset, offset + size);
    if (size !== sizeOf(shape) * bytesOf(type) || bytes.length !== size) {
      throw badRequest(where, `shape [${shape.join(", ")}] needs ${sizeOf(shape) * bytesOf(type)} bytes`, {
        received: `binary_data_size = ${size}, ${bytes.length} bytes in the body`,
      });
    }
    offset += size;
    const data = toFloat32(decodeNumbers(bytes, type));
    checkFinite(data, where);
    tensors.set(name, { shape, data });
  }
  if (offset !== binary.length) {
    throw badRequest("body", "the inputs must use up the bytes behind the JSON", {
      received: `${binary.length} bytes, of which ${offset} are used`,
    });
  }
  return tensors;
}

function elementType(datatype: unknown, where: string): ElementType {
  if (typeof datatype === "string" && Object.hasOwn(types, datatype)) return types[datatype]!;
  throw badRequest(where, `datatype must be one of ${Object.keys(types).join(", ")}`, {
    received: `datatype = ${String(JSON.stringify(datatype)).slice(0, 60)}`,
  });
}

function readShape(shape: unknown, where: string, most: number): readonly number[] {
  const good = Array.isArray(shape) && shape.length > 0 && shape.length <= 8;
  if (good && shape.every((size) => Number.isSafeInteger(size) && size >= 0) && sizeOf(shape) <= most) return shape;
  throw badRequest(where, "shape must be a list of up to 8 sizes that fit the body", {
    received: `shape = ${String(JSON.stringify(shape)).slice(0, 80)}`,
  });
}

function binarySize(input: JsonObject, where: string): number | undefined {
  const parameters = property(input, "parameters");
  if (!isObject(parameters)) return undefined;
  if (property(parameters, "shared_memory_region") !== undefined) {
    throw badRequest(where, "shared memory is not read", { hint: "Send the numbers in the request." });
  }
  const size = property(parameters, "binary_data_size");
  if (size === undefined) return undefined;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw badRequest(where, "binary_data_size must be a whole number of bytes");
  }
  if (property(input, "data") !== undefined) throw badRequest(where, "has either data or binary_data_size");
  return size;
}

/** Nested like the shape, or flat. */
function readJson(data: unknown, shape: readonly number[], where: string, most: number): Float32Array {
  const given = tensorOfJson(booleansAsNumbers(data), `${where}.data`, most);
  const isFlat = given.shape.length === 1 && given.shape[0] === sizeOf(shape);
  if (isFlat || String(given.shape) === String(shape)) return given.data as Float32Array; // JSON's tensors are
  throw badRequest(
    `${where}.data`,
    `must hold the ${sizeOf(shape)} numbers of shape [${shape.join(", ")}], nested so or flat`,
    {
      received: `shape = [${given.shape.join(", ")}]`,
    },
  );
}

/** A flat list of true and false, as BOOL tensors come. */
function booleansAsNumbers(data: unknown): unknown {
  return Array.isArray(data) && typeof data[0] === "boolean"
    ? data.map((value) => (typeof value === "boolean" ? Number(value) : value))
    : data;
}

/** Which outputs a client wants, and which of them in bytes. */
export interface WantedOutput {
  readonly index: number;
  readonly binary: boolean;
}

/** @throws RequestError 400 for an output that there is not */
export function wantedOutputs(body: JsonObject, names: readonly string[]): WantedOutput[] {
  const parameters = property(body, "parameters");
  const allBinary = isObject(parameters) && property(parameters, "binary_data_output") === true;
  const outputs = property(body, "outputs");
  if (outputs === undefined) return names.map((_, index) => ({ index, binary: allBinary }));
  if (!Array.isArray(outputs)) throw badRequest("outputs", "must be a list of outputs");
  const seen = new Set<number>();
  return (outputs as readonly unknown[]).map((output, place) => {
    const where = `outputs[${place}]`;
    if (!isObject(output)) throw badRequest(where, "must be an object with a name");
    const name = property(output, "name");
    const index = names.indexOf(typeof name === "string" ? name : "");
    if (index === -1)
      throw badRequest(where, `the model's outputs are ${names.join(", ")}`, { received: String(name).slice(0, 60) });
    // A short request must not ask for an endless answer.
    if (seen.has(index)) throw badRequest(where, "every output may be asked for once", { received: names[index] });
    seen.add(index);
    const own = property(output, "parameters");
    if (!isObject(own)) return { index, binary: allBinary };
    if (property(own, "shared_memory_region") !== undefined || property(own, "classification") !== undefined) {
      throw badRequest(where, "outputs come as tensors only, in the response");
    }
    const binary = property(own, "binary_data");
    return { index, binary: binary === undefined ? allBinary : binary === true };
  });
}

/** One output as the response's JSON lists it, and its bytes where they follow the JSON. */
export function writeOutput(
  name: string,
  output: Tensor,
  binary: boolean,
): { readonly json: string; readonly bytes?: Uint8Array } {
  const head = `"name":${JSON.stringify(name)},"shape":${JSON.stringify(output.shape)},"datatype":"FP32"`;
  if (!binary) return { json: `{${head},"data":${flatJson(output)}}` };
  const bytes = encodeNumbers(output.data);
  return { json: `{${head},"parameters":{"binary_data_size":${bytes.length}}}`, bytes };
}
