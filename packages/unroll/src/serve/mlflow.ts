/**
 * MLflow's scoring server: `/invocations` with its four JSON forms and CSV, `/ping` and `/version`.
 * Source: MLflow's description of its local inference server. That protocol knows one model; of several, it is the first, or
 * the one that `?model=NAME` names.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { UnrollError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { parseCsv } from "../data/csv.ts";
import { jsonOfTensor, tensorOfJson } from "./json-tensors.ts";
import type { Prediction, Predictor } from "./predictor.ts";
import { bodyBytes, isObject, jsonObject, property, sessionOfHeaders } from "./request-body.ts";
import { answerFor, badRequest, RequestError } from "./request-error.ts";
import type { NamedTensors, Signature } from "./signature.ts";
import { readColumns, readInstances } from "./tensorflow-serving.ts";

interface Query {
  readonly Querystring: { readonly model?: string };
}

export function mlflow(app: FastifyInstance, predictor: Predictor, version: string): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, message, retryAfter } = answerFor(error);
    if (status >= 500) request.log.error({ err: error }, "request failed");
    if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
    const code = status === 404 ? "RESOURCE_DOES_NOT_EXIST" : status < 500 ? "BAD_REQUEST" : "INTERNAL_ERROR";
    return reply.code(status).send({ error_code: code, message });
  });
  for (const address of ["/ping", "/health"]) app.get(address, (_, reply) => reply.type("application/json").send("\n"));
  app.get("/version", (_, reply) => reply.type("text/plain").send(version));
  app.post<Query>("/invocations", async (request, reply) => {
    const { model = predictor.registry.names[0]! } = request.query;
    const choice = { name: String(model) };
    const prediction = await predictor.predict(choice, sessionOfHeaders(request), (signature) =>
      readBody(request, signature, predictor.limits.maxBody),
    );
    return reply.type("application/json").send(responseText(prediction));
  });
}

function readBody(request: FastifyRequest<Query>, signature: Signature, most: number): NamedTensors {
  const bytes = bodyBytes(request);
  const type = (request.headers["content-type"] ?? "application/json").split(";")[0]!.trim().toLowerCase();
  if (type === "text/csv") return readCsv(bytes, signature);
  if (type !== "application/json") {
    throw new RequestError(415, {
      code: "format",
      path: "Content-Type",
      expected: "must be application/json or text/csv",
      received: type.slice(0, 60),
    });
  }
  const body = jsonObject(bytes);
  const keys = ["dataframe_split", "dataframe_records", "instances", "inputs"];
  const given = keys.filter((key) => Object.hasOwn(body, key));
  if (given.length !== 1) {
    throw badRequest("body", `the body must have one of ${keys.join(", ")}`, { received: given.join(", ") || "none" });
  }
  const value = property(body, given[0]!);
  switch (given[0]) {
    case "instances":
      return readInstances(value, "instances", signature, most);
    case "inputs":
      return readColumns(value, "inputs", signature, most);
    case "dataframe_split":
      return readSplit(value, signature, most);
    default:
      return readRecords(value, signature, most);
  }
}

/** `{ columns, data }`, row by row. */
function readSplit(value: unknown, signature: Signature, most: number): NamedTensors {
  const columns = isObject(value) ? property(value, "columns") : undefined;
  const data = isObject(value) ? property(value, "data") : undefined;
  if (!Array.isArray(columns) || !Array.isArray(data)) throw badRequest("dataframe_split", "must be { columns, data }");
  const names = columns.map(String);
  for (const [index, row] of (data as readonly unknown[]).entries()) {
    if (Array.isArray(row) && row.length === names.length) continue;
    throw badRequest(`dataframe_split.data[${index}]`, `every row must have ${names.length} cells, one a column`);
  }
  return readTable(names, data as readonly (readonly unknown[])[], "dataframe_split", signature, most);
}

/** A list of objects, one a row. */
function readRecords(value: unknown, signature: Signature, most: number): NamedTensors {
  if (!Array.isArray(value) || !isObject(value[0])) throw badRequest("dataframe_records", "must be a list of objects");
  const names = Object.keys(value[0]);
  const rows = (value as readonly unknown[]).map((row, index) => {
    if (isObject(row) && Object.keys(row).length === names.length && names.every((name) => Object.hasOwn(row, name))) {
      return names.map((name) => row[name]);
    }
    throw badRequest(`dataframe_records[${index}]`, "every row must have the columns of the first");
  });
  return readTable(names, rows, "dataframe_records", signature, most);
}

function readCsv(bytes: Buffer, signature: Signature): NamedTensors {
  try {
    const table = parseCsv(bytes, { name: "body", header: true, delimiter: "," });
    const [issue] = table.issues;
    if (issue !== undefined)
      throw badRequest(`body, line ${issue.row}, column ${issue.column}`, "every cell must be a number");
    const columns = table.names.map((name) => table.numbers(name));
    const rows = Array.from({ length: table.rows }, (_, row) => columns.map((column) => column[row]!));
    return readTable(table.names, rows, "body", signature, bytes.length);
  } catch (cause) {
    if (cause instanceof RequestError || !(cause instanceof UnrollError)) throw cause;
    throw badRequest("body", cause.message.replace(/\.$/, ""));
  }
}

/**
 * A table as inputs: a column for each input where the names say so, otherwise all columns in their order as the numbers of
 * the only input, timestep by timestep.
 */
function readTable(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  path: string,
  { inputs }: Signature,
  most: number,
): NamedTensors {
  if (rows.length === 0) throw badRequest(path, "needs at least one row");
  if (inputs.every(({ name }) => columns.includes(name)) && columns.length === inputs.length) {
    return new Map(
      columns.map((name, column) => [
        name,
        tensorOfJson(
          rows.map((row) => row[column]),
          `${path}.${name}`,
          most,
        ),
      ]),
    );
  }
  const [input, ...others] = inputs;
  if (others.length > 0) {
    throw badRequest(path, `the model has ${inputs.length} inputs, and each needs a column of its name`, {
      hint: `They are ${inputs.map(({ name }) => name).join(", ")}.`,
    });
  }
  const table = tensorOfJson(rows, path, most);
  return new Map([[input!.name, unfolded(table, input!, path)]]);
}

/** `[rows, columns]` as the input's `[rows, ...]`: one size behind the batch may be open. */
function unfolded({ shape, data }: Tensor, { name, shape: wanted }: Signature["inputs"][number], path: string): Tensor {
  const [rows, columns] = shape as readonly [number, number];
  const inner = wanted.slice(1);
  const known = sizeOf(inner.map((size) => size ?? 1));
  const open = inner.filter((size) => size === null).length;
  if (shape.length === 2 && (open === 0 ? columns === known : open === 1 && columns % known === 0)) {
    return { shape: [rows, ...inner.map((size) => size ?? columns / known)], data };
  }
  const sizes = inner.map((size) => size ?? "any number").join(" × ");
  throw badRequest(path, `${name} takes ${sizes} numbers a row, timestep by timestep`, {
    received: `${columns} columns`,
  });
}

function responseText({ model, outputs }: Prediction): string {
  const texts = outputs.map((output) => jsonOfTensor(output, "null"));
  if (texts.length === 1) return `{"predictions":${texts[0]}}`;
  const names = model.runner.signature.outputs.map(({ name }) => JSON.stringify(name));
  return `{"predictions":{${texts.map((text, index) => `${names[index]}:${text}`).join(",")}}}`;
}
