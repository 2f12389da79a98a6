/** What the protocols read from a request in the same way: JSON objects, and the headers that name a session. */
import type { FastifyRequest } from "fastify";
import { badRequest, RequestError } from "./request-error.ts";
import type { SessionUse } from "./sessions.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own property: what a prototype has is nothing that a client sent. */
export function property(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The body's bytes; every content type comes as bytes. Throws RequestError 415 for a compressed one. */
export function bodyBytes({ body, headers }: FastifyRequest): Buffer {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new RequestError(415, {
      code: "unsupported",
      path: "body",
      expected: "a body must not be compressed",
      received: `Content-Encoding = ${encoding.slice(0, 40)}`,
    });
  }
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** Throws RequestError 400 for bytes that are no JSON object. */
export function jsonObject(bytes: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message.replace(/[^\x20-\x7e]/g, "?").slice(0, 120) : "not JSON";
    throw badRequest("body", "the body must be JSON", { received: bytes.length === 0 ? "an empty body" : problem });
  }
  if (isObject(value)) return value;
  throw badRequest("body", "the body must be a JSON object", {
    received: Array.isArray(value) ? "an array" : typeof value,
  });
}

/** An identifier that a client chose. Throws RequestError 400. */
export function sessionId(value: string): string {
  if (/^[\x21-\x7e]{1,200}$/.test(value)) return value;
  throw badRequest("session", "a session's id must be 1 to 200 characters without spaces");
}

/**
 * `Unroll-Session: ID`, with `Unroll-Session-Start: true` at the beginning and `Unroll-Session-End: true` at the end of a stream.
 *
 * @throws RequestError 400
 */
export function sessionOfHeaders({ headers }: FastifyRequest): SessionUse | undefined {
  const id = headers["unroll-session"];
  if (id === undefined) return undefined;
  return {
    id: sessionId(String(id)),
    start: flag("unroll-session-start", headers["unroll-session-start"]),
    end: flag("unroll-session-end", headers["unroll-session-end"]),
  };
}

function flag(name: string, value: string | string[] | undefined): boolean {
  if (value === undefined || value === "false") return false;
  if (value === "true") return true;
  throw badRequest(name, "must be true or false", { received: String(value).slice(0, 40) });
}
