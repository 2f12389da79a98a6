/**
 * TensorFlow Serving's REST interface: status, metadata and predict, in row and column format.
 * Source: the project's own description of the RESTful API. Regress and classify need signatures that Keras models do not have.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Tensor } from "../core/tensor.ts";
import { jsonOfTensor, stackRows, tensorOfJson } from "./json-tensors.ts";
import type { Prediction, Predictor } from "./predictor.ts";
import type { ModelChoice } from "./registry.ts";
import { bodyBytes, isObject, type JsonObject, jsonObject, property, sessionOfHeaders } from "./request-body.ts";
import { badRequest, RequestError } from "./request-error.ts";
import type { NamedTensors, Port, Signature } from "./signature.ts";

interface Params {
  readonly model: string;
  readonly version?: string;
  readonly label?: string;
}

/**
 * The models' addresses: for reading, and with what may stand before a verb's colon. That colon is written as two, and the name
 * needs a pattern, as the router would otherwise take the verb for a part of it.
 */
const places = [
  ["/v1/models/:model", "/v1/models/:model([^:]+)"],
  ["/v1/models/:model/versions/:version", "/v1/models/:model/versions/:version([0-9]+)"],
  ["/v1/models/:model/labels/:label", "/v1/models/:model/labels/:label([^:]+)"],
] as const;

export function tensorFlowServing(app: FastifyInstance, predictor: Predictor): void {
  for (const [place, named] of places) {
    app.get<{ Params: Params }>(place, ({ params }) => status(predictor, choiceOf(params)));
    app.get<{ Params: Params }>(`${place}/metadata`, ({ params }) => metadata(predictor, choiceOf(params)));
    app.post<{ Params: Params }>(`${named}::predict`, async (request, reply) => {
      const { text } = await predict(predictor, request);
      return reply.type("application/json").send(text);
    });
    for (const verb of ["predict", "classify", "regress"]) {
      // Else the verb would be taken for a part of the model's name.
      app.get(`${named}::${verb}`, (_, reply) => {
        reply.header("allow", "POST");
        throw new RequestError(405, {
          code: "usage",
          path: verb,
          expected: "the request must be a POST with a JSON body",
          received: "GET",
        });
      });
    }
    for (const verb of ["classify", "regress"]) {
      app.post(`${named}::${verb}`, () => {
        throw new RequestError(501, {
          code: "unsupported",
          path: verb,
          expected: "Keras models have no signature for it",
          hint: "Use predict.",
        });
      });
    }
  }
}

function choiceOf({ model, version, label }: Params): ModelChoice {
  return { name: model, version, label };
}

function status({ registry }: Predictor, choice: ModelChoice): JsonObject {
  const { served, broken } = registry.versions(choice.name);
  const isOfAll = choice.version === undefined && choice.label === undefined;
  const isBroken = [...broken.keys()].map(String).includes(choice.version ?? "");
  const wanted = isOfAll ? undefined : isBroken ? Number(choice.version) : registry.find(choice).version;
  const available = served.filter((version) => wanted === undefined || version === wanted);
  const failed = [...broken].filter(([version]) => wanted === undefined || version === wanted);
  const entry = (version: number, state: string, code: string, message: string): JsonObject => ({
    version: String(version),
    state,
    status: { error_code: code, error_message: message },
  });
  return {
    model_version_status: [
      ...available.map((version) => entry(version, "AVAILABLE", "OK", "")),
      ...failed.map(([version, reason]) => entry(version, "END", "INVALID_ARGUMENT", reason)),
    ],
  };
}

function metadata({ registry }: Predictor, choice: ModelChoice): JsonObject {
  const { name, version, runner } = registry.find(choice);
  const ports = (list: readonly Port[]): JsonObject =>
    Object.fromEntries(
      list.map(({ name: port, shape }) => {
        const dim = shape.map((size) => ({ size: String(size ?? -1), name: "" }));
        return [port, { dtype: "DT_FLOAT", tensor_shape: { dim, unknown_rank: false }, name: port }];
      }),
    );
  const { inputs, outputs } = runner.signature;
  const signature = {
    inputs: ports(inputs),
    outputs: ports(outputs),
    method_name: "tensorflow/serving/predict",
    defaults: {},
  };
  return {
    model_spec: { name, signature_name: "", version: String(version) },
    metadata: {
      signature_def: {
        "@type": "type.googleapis.com/tensorflow.serving.SignatureDefMap",
        signature_def: { serving_default: signature },
      },
    },
  };
}

async function predict(predictor: Predictor, request: FastifyRequest<{ Params: Params }>): Promise<{ text: string }> {
  let rowFormat = true;
  const most = predictor.limits.maxBody;
  const prediction = await predictor.predict(choiceOf(request.params), sessionOfHeaders(request), (signature) => {
    const body = jsonObject(bodyBytes(request));
    rowFormat = checkBody(body);
    return rowFormat
      ? readInstances(property(body, "instances"), "instances", signature, most)
      : readColumns(property(body, "inputs"), "inputs", signature, most);
  });
  return { text: rowFormat ? rowsText(prediction) : columnsText(prediction) };
}

/** True for the row format. */
function checkBody(body: JsonObject): boolean {
  const signature = property(body, "signature_name");
  if (signature !== undefined && signature !== "" && signature !== "serving_default") {
    throw badRequest("signature_name", 'the only signature is "serving_default"', {
      received: `signature_name = ${JSON.stringify(signature).slice(0, 60)}`,
    });
  }
  const hasRows = Object.hasOwn(body, "instances");
  if (hasRows !== Object.hasOwn(body, "inputs")) return hasRows;
  throw badRequest("body", 'the body must have either "instances" (row by row) or "inputs" (input by input)', {
    received: hasRows ? "both" : `keys = ${Object.keys(body).slice(0, 8).join(", ").slice(0, 120) || "none"}`,
  });
}

/** Row by row: a list of values for the only input, or of objects with a value for each input. */
export function readInstances(rows: unknown, path: string, { inputs }: Signature, most: number): NamedTensors {
  if (!Array.isArray(rows) || rows.length === 0) throw badRequest(path, "must be a list with at least one row");
  if (!isObject(rows[0])) return onlyInput(tensorOfJson(rows, path, most), path, inputs);
  const names = Object.keys(rows[0]);
  const columns = new Map<string, Tensor[]>(names.map((name) => [name, []]));
  for (const [index, row] of (rows as readonly unknown[]).entries()) {
    if (!isObject(row) || Object.keys(row).length !== names.length) {
      throw badRequest(`${path}[${index}]`, "every row must have the names of the first");
    }
    for (const [name, column] of columns) {
      column.push(tensorOfJson(property(row, name), `${path}[${index}].${name.slice(0, 60)}`, most));
    }
  }
  return new Map([...columns].map(([name, column]) => [name, stackRows(column, path)]));
}

/** Input by input: the only input's values, or an object of all inputs' values. */
export function readColumns(value: unknown, path: string, { inputs }: Signature, most: number): NamedTensors {
  if (!isObject(value)) return onlyInput(tensorOfJson(value, path, most), path, inputs);
  return new Map(
    Object.entries(value).map(([name, column]) => [name, tensorOfJson(column, `${path}.${name.slice(0, 60)}`, most)]),
  );
}

function onlyInput(tensor: Tensor, path: string, inputs: readonly Port[]): NamedTensors {
  if (inputs.length === 1) return new Map([[inputs[0]!.name, tensor]]);
  throw badRequest(path, `the model has ${inputs.length} inputs, which must be given by name`, {
    hint: `They are ${inputs.map(({ name }) => name).join(", ")}.`,
  });
}

/** As TensorFlow Serving does, numbers that JSON does not have are written as NaN and Infinity. */
function rowsText({ model, outputs }: Prediction): string {
  const ports = model.runner.signature.outputs;
  if (outputs.length === 1) return `{"predictions":${jsonOfTensor(outputs[0]!, "token")}}`;
  const rows = Array.from({ length: outputs[0]!.shape[0]! }, (_, row) => {
    const entries = outputs.map(({ shape, data }, index) => {
      const width = data.length / shape[0]!;
      const one = { shape: shape.slice(1), data: data.subarray(row * width, (row + 1) * width) };
      return `${JSON.stringify(ports[index]!.name)}:${jsonOfTensor(one, "token")}`;
    });
    return `{${entries.join(",")}}`;
  });
  return `{"predictions":[${rows.join(",")}]}`;
}

function columnsText({ model, outputs }: Prediction): string {
  const texts = outputs.map((output) => jsonOfTensor(output, "token"));
  if (texts.length === 1) return `{"outputs":${texts[0]}}`;
  const named = texts.map((text, index) => `${JSON.stringify(model.runner.signature.outputs[index]!.name)}:${text}`);
  return `{"outputs":{${named.join(",")}}}`;
}
