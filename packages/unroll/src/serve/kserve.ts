/**
 * The Open Inference Protocol (KServe V2) over HTTP: health, metadata, infer with the binary tensor data extension, the sequence
 * parameters as Triton has them for streams, and Triton's repository calls for a reload.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { readInputs, type WantedOutput, wantedOutputs, writeOutput } from "./kserve-tensors.ts";
import type { Prediction, Predictor } from "./predictor.ts";
import type { ModelChoice, Reloaded } from "./registry.ts";
import {
  bodyBytes,
  isObject,
  type JsonObject,
  jsonObject,
  property,
  sessionId,
  sessionOfHeaders,
} from "./request-body.ts";
import { badRequest, RequestError } from "./request-error.ts";
import type { SessionUse } from "./sessions.ts";
import type { Port } from "./signature.ts";

interface Params {
  readonly model: string;
  readonly version?: string;
}

export interface KserveHooks {
  readonly version: string;
  /** False while the service stops. */
  readonly isReady: () => boolean;
  readonly reload: (name: string) => Promise<readonly Reloaded[]>;
}

const headerLength = "inference-header-content-length";

export function kserve(app: FastifyInstance, predictor: Predictor, { version, isReady, reload }: KserveHooks): void {
  const { registry } = predictor;
  const extensions = ["binary_tensor_data", "sequence", "model_repository"];
  app.get("/v2", () => ({ name: "unroll", version, extensions }));
  app.get("/v2/health/live", () => ({ live: true }));
  app.get("/v2/health/ready", (_, reply) => {
    const ready = isReady();
    return reply.code(ready ? 200 : 503).send({ ready });
  });
  for (const place of ["/v2/models/:model", "/v2/models/:model/versions/:version"]) {
    app.get<{ Params: Params }>(place, ({ params }) => metadata(predictor, params));
    app.get<{ Params: Params }>(`${place}/ready`, ({ params }, reply) => {
      const { name } = registry.find(choiceOf(params));
      return reply.code(isReady() ? 200 : 503).send({ name, ready: isReady() });
    });
    app.post<{ Params: Params }>(`${place}/infer`, async (request, reply) => {
      const { head, binary } = await infer(predictor, request);
      if (binary.length === 0) return reply.type("application/json").send(head);
      const bytes = Buffer.from(head);
      reply.type("application/octet-stream").header(headerLength, String(bytes.length));
      return reply.send(Buffer.concat([bytes, ...binary]));
    });
  }
  app.post("/v2/repository/index", () =>
    registry.all.map(({ name, version: one }) => ({ name, version: String(one), state: "READY", reason: "" })),
  );
  app.post<{ Params: Params }>("/v2/repository/models/:model/load", async ({ params }) => {
    const failed = (await reload(params.model)).filter(({ reason }) => reason !== undefined);
    if (failed.length === 0) return {};
    throw badRequest(params.model, failed.map(({ version: one, reason }) => `version ${one}: ${reason}`).join("; "));
  });
}

function choiceOf({ model, version }: Params): ModelChoice {
  return { name: model, version };
}

function metadata({ registry }: Predictor, params: Params): JsonObject {
  const { name, runner } = registry.find(choiceOf(params));
  const ports = (list: readonly Port[]): JsonObject[] =>
    list.map((port) => ({ name: port.name, datatype: "FP32", shape: port.shape.map((size) => size ?? -1) }));
  const { inputs, outputs } = runner.signature;
  const versions = registry.versions(name).served.map(String);
  return { name, versions, platform: "unroll_keras", inputs: ports(inputs), outputs: ports(outputs) };
}

/** The response: JSON, and the bytes of those outputs that come behind it. */
async function infer(
  predictor: Predictor,
  request: FastifyRequest<{ Params: Params }>,
): Promise<{ readonly head: string; readonly binary: readonly Uint8Array[] }> {
  const bytes = bodyBytes(request);
  const split = jsonLength(request, bytes);
  let id: unknown;
  let wanted: readonly WantedOutput[] = [];
  // The session stands in the body, so the body's JSON is read before the prediction; its numbers are not.
  const body = jsonObject(bytes.subarray(0, split));
  const session = sessionOf(body) ?? sessionOfHeaders(request);
  const prediction = await predictor.predict(choiceOf(request.params), session, ({ outputs }) => {
    id = property(body, "id");
    if (id !== undefined && typeof id !== "string") throw badRequest("id", "must be a text");
    wanted = wantedOutputs(
      body,
      outputs.map(({ name }) => name),
    );
    return readInputs(body, bytes.subarray(split), predictor.limits.maxBody);
  });
  return response(prediction, id, wanted);
}

function response(
  { model, outputs }: Prediction,
  id: unknown,
  wanted: readonly WantedOutput[],
): { head: string; binary: Uint8Array[] } {
  const names = model.runner.signature.outputs.map(({ name }) => name);
  const written = wanted.map(({ index, binary }) => writeOutput(names[index]!, outputs[index]!, binary));
  const named = `"model_name":${JSON.stringify(model.name)},"model_version":"${model.version}"`;
  const head = `{${named}${id === undefined ? "" : `,"id":${JSON.stringify(id)}`},"outputs":[${written.map(({ json }) => json).join(",")}]}`;
  return { head, binary: written.flatMap(({ bytes }) => bytes ?? []) };
}

/** Where the JSON ends and the tensors' bytes begin. */
function jsonLength({ headers }: FastifyRequest, bytes: Buffer): number {
  const given = headers[headerLength];
  if (given === undefined) return bytes.length;
  const length = /^[0-9]{1,15}$/.test(String(given)) ? Number(given) : Number.NaN;
  if (length <= bytes.length) return length;
  throw new RequestError(400, {
    code: "data",
    path: "Inference-Header-Content-Length",
    expected: "must be the length of the JSON before the tensors' bytes",
    received: `${String(given).slice(0, 40)} of ${bytes.length} bytes`,
  });
}

/** Triton's `sequence_id`, `sequence_start`, `sequence_end`. */
function sessionOf(body: JsonObject): SessionUse | undefined {
  const parameters = property(body, "parameters");
  if (!isObject(parameters)) return undefined;
  const id = property(parameters, "sequence_id");
  if (id === undefined || id === 0 || id === "") return undefined;
  if (typeof id !== "string" && !Number.isSafeInteger(id))
    throw badRequest("sequence_id", "must be a text or a whole number");
  const flag = (name: string): boolean => {
    const value = property(parameters, name);
    if (value === undefined || typeof value === "boolean") return value === true;
    throw badRequest(name, "must be true or false");
  };
  return { id: sessionId(String(id)), start: flag("sequence_start"), end: flag("sequence_end") };
}
