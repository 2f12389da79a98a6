/**
 * What a request can be refused for, and the status that says so. The forms in which the protocols write errors are theirs;
 * this file knows none of them.
 */
import { type ErrorRecord, UnrollError } from "../core/errors.ts";

/**
 * A request that is answered with a status of its own. It has no stack: it is thrown for what a stranger sent, as often as
 * they like, nobody reads the stack, and making one would take longer than finding the mistake.
 */
export class RequestError extends UnrollError {
  /** HTTP status, 4xx or 5xx. */
  readonly status: number;
  /** After how many seconds it is worth trying again, where that is so. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    record: ErrorRecord,
    more: { readonly retryAfter?: number; readonly cause?: unknown } = {},
  ) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(record, more.cause === undefined ? undefined : { cause: more.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = "RequestError";
    this.status = status;
    this.retryAfter = more.retryAfter;
  }
}

/** A body that does not say what it should: 400. */
export function badRequest(path: string, expected: string, more: Partial<ErrorRecord> = {}): RequestError {
  return new RequestError(400, { code: "data", path, expected, ...more });
}

/** Something that the service does not have: 404. */
export function notFound(path: string, expected: string, more: Partial<ErrorRecord> = {}): RequestError {
  return new RequestError(404, { code: "unknown-name", path, expected, ...more });
}

/** The service has enough to do: 429 for more than it takes at a time, 503 while it cannot take anything. */
export function tooBusy(status: 429 | 503, expected: string, more: Partial<ErrorRecord> = {}): RequestError {
  return new RequestError(status, { code: "aborted", path: "", expected, ...more }, { retryAfter: 1 });
}

/** What a request is told about a failure, and under which status; whatever nobody foresaw is told as nothing but that. */
export function answerFor(error: unknown): {
  readonly status: number;
  readonly message: string;
  readonly retryAfter?: number;
} {
  if (error instanceof RequestError) {
    const { status, message, retryAfter } = error;
    return { status, message, ...(retryAfter === undefined ? {} : { retryAfter }) };
  }
  // The model's own checks speak of the request's data.
  if (error instanceof UnrollError) return { status: error.code === "memory" ? 413 : 400, message: error.message };
  // The HTTP server's own errors carry a status and a text for the client.
  if (
    error instanceof Error &&
    "statusCode" in error &&
    typeof error.statusCode === "number" &&
    error.statusCode < 500
  ) {
    return { status: error.statusCode, message: error.message };
  }
  return { status: 500, message: "The service failed in a way that it should not; its log says more." };
}
