/**
 * Answers for requests that never become one: broken HTTP, endless headers, and what is not whole in time. Such a client may still be
 * sending. Where a connection is closed while bytes of it are unread, the system drops the answer on its way, so they are read and
 * thrown away for a moment.
 */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

/** ms */
const lingerFor = 500;

const answers: ReadonlyMap<string, readonly [status: number, reason: string]> = new Map([
  ["ERR_HTTP_REQUEST_TIMEOUT", [408, "The request did not arrive whole in time."]],
  ["HPE_HEADER_OVERFLOW", [431, "The headers are longer than the service reads."]],
]);

/** For Node's `clientError`. */
export function answerBroken({ code }: Error & { readonly code?: string }, socket: Socket): void {
  if (code === "ECONNRESET" || socket.destroyed) return;
  // It has been answered, and what it goes on to send is no HTTP either.
  if (!socket.writable) return;
  const [status, reason] = answers.get(code ?? "") ?? [400, "The request is not HTTP, or was cut off."];
  const body = JSON.stringify({ error: reason });
  // Nothing that still comes is read as a request.
  socket.removeAllListeners("data").on("data", () => {});
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), lingerFor);
  socket.once("end", () => socket.destroy()).once("close", () => clearTimeout(timer));
}
