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
  checkEnds(bytes);
  try {
    return JSON.parse(bytes.toString("utf8")) as JsonObject; // its first character is {
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message.replace(/[^\x20-\x7e]/g, "?").slice(0, 120) : "not JSON";
    throw badRequest("body", "the body must be JSON", { received: problem });
  }
}

/** A body that was cut off, or is something else, is told by its ends, before it costs the time of reading all of it. */
function checkEnds(bytes: Buffer): void {
  let [first, last] = [0, bytes.length - 1];
  while (first <= last && isSpace(bytes[first]!)) first++;
  while (last > first && isSpace(bytes[last]!)) last--;
  if (first > last) throw badRequest("body", "the body must be JSON", { received: "an empty body" });
  const [opening, closing] = [bytes[first]!, bytes[last]!].map((byte) => String.fromCharCode(byte));
  if (opening !== "{") {
    const received = opening === "[" ? "an array" : `${bytes.length} bytes that begin with ${printable(opening!)}`;
    throw badRequest("body", "the body must be a JSON object", { received });
  }
  if (closing !== "}" || first === last) {
    const received = `${bytes.length} bytes that end with ${printable(closing!)}`;
    throw badRequest("body", "the body must be JSON, whole from { to }", { received });
  }
}

/** What JSON takes for space: tab, line feed, carriage return, space. */
function isSpace(byte: number): boolean {
  return byte === 9 || byte === 10 || byte === 13 || byte === 32;
}

function printable(character: string): string {
  return /[!-~]/.test(character) ? character : "something that cannot be printed";
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
