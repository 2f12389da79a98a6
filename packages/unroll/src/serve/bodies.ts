/**
 * Reads bodies, and bounds the memory that they take: each, and all together. What has come counts, not what a client says will
 * come: otherwise a few slow ones that announce much would keep everybody else out.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { CheckedOptions } from "./options.ts";
import { badRequest, RequestError, tooBusy } from "./request-error.ts";

/** So many bytes of each body do not count, so that small requests are answered also while large ones fill the bound. */
export const uncounted = 64 * 2 ** 10;

/** Every body is read as bytes; what they mean is the protocols' business. */
export function readBodies(
  app: FastifyInstance,
  { maxBody, maxBodies }: Pick<CheckedOptions, "maxBody" | "maxBodies">,
): void {
  let held = 0;
  const counted = new Map<FastifyRequest, number>();
  app.addHook("onRequest", async (request, reply) => {
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    if (length === undefined && encoding === undefined) return;
    counted.set(request, 0);
    // Also when the client goes away.
    reply.raw.once("close", () => {
      held -= counted.get(request)!; // nothing else deletes it
      counted.delete(request);
    });
  });
  /** False where it is more than there is room for. */
  const count = (request: FastifyRequest, size: number): boolean => {
    const before = counted.get(request);
    // Its client is gone.
    if (before === undefined) return true;
    const now = Math.max(0, size - uncounted);
    if (held - before + now > maxBodies) return false;
    held += now - before;
    counted.set(request, now);
    return true;
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (request, payload, done) => {
    if (Number(request.headers["content-length"] ?? 0) > maxBody) {
      done(tooLarge(maxBody));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (error: Error | null): void => {
      payload.off("data", take).off("end", finish).off("error", fail);
      if (error === null) done(null, Buffer.concat(chunks, size));
      else done(error);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBody) end(tooLarge(maxBody));
      else if (!count(request, size)) end(tooBusy(503, `all bodies together may have ${maxBodies} bytes`));
      else chunks.push(chunk);
    };
    const finish = (): void => end(null);
    const fail = (): void => end(badRequest("body", "the body must arrive whole"));
    payload.on("data", take).on("end", finish).on("error", fail);
  });
}

function tooLarge(maxBody: number): RequestError {
  return new RequestError(413, { code: "memory", path: "body", expected: `a body may have ${maxBody} bytes` });
}
