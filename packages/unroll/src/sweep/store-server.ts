/**
 * For tests: a store that speaks as much of S3 as sweeps need, in memory. It calculates every signature by itself, from Amazon's
 * description of Signature Version 4, and fails when it is told to.
 */
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const storeKeys = {
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCY",
};

/** What is signed of a request. */
export interface SignedRequest {
  readonly method: string;
  /** As it was sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Names in alphabetical order. */
  readonly signedHeaders: readonly string[];
  readonly region: string;
  readonly secret: string;
}

/** Source: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)". */
export function signatureOf({ method, url, headers, signedHeaders, region, secret }: SignedRequest): string {
  const { pathname, searchParams } = new URL(url, "http://a");
  const strict = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...searchParams].map(([name, value]) => `${strict(name)}=${strict(value)}`).sort();
  const canonical = [
    method,
    decodeURIComponent(pathname).split("/").map(strict).join("/"),
    query.join("&"),
    ...signedHeaders.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    signedHeaders.join(";"),
    headers["x-amz-content-sha256"],
  ].join("\n");
  const time = headers["x-amz-date"]!;
  const scope = [time.slice(0, 8), region, "s3", "aws4_request"];
  const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), createHash("sha256").update(canonical).digest("hex")];
  const key = scope.reduce<Buffer | string>(
    (made, part) => createHmac("sha256", made).update(part).digest(),
    `AWS4${secret}`,
  );
  return createHmac("sha256", key).update(text.join("\n")).digest("hex");
}

/**
 * `error`: status 500; `slow`: no answer; `cut`: the connection ends before the request is looked at; `lost`: it ends before the
 * answer, but what was asked for is done; `half`: it ends within the answer.
 */
export type Fault = "error" | "slow" | "cut" | "lost" | "half" | undefined;

export interface StoreServer {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** By bucket and key. */
  readonly objects: Map<string, Buffer>;
  /** Method and key of every request that was signed well, in their order. */
  readonly requests: string[];
  /** Asked for each request; by default nothing fails. */
  fault: (method: string, key: string) => Fault;
  /** How far its clock is ahead, ms. */
  clock: number;
  /** False is a store without conditional writes. */
  writesOnce: boolean;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly bytes: Buffer;
}

const nothing: Reply = { status: 0, bytes: Buffer.alloc(0) };

function refusal(status: number, code: string): Reply {
  const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>About ${code}</Message></Error>`;
  return { status, bytes: Buffer.from(text) };
}

export async function startStore(region = "us-east-1"): Promise<StoreServer> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  const http = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => answer(request, response, Buffer.concat(parts)));
  });
  const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const { method = "", url = "" } = request;
    const key = decodeURIComponent(url.slice(1));
    const fault = server.fault(method, key);
    if (fault === "slow") return;
    const { status, bytes } = fault === "cut" ? nothing : replyTo(request, key, body, fault === "error");
    if (fault === "cut" || fault === "lost") {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { "content-length": bytes.length });
    if (fault === "half") response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
    else response.end(bytes);
  };
  const replyTo = (request: IncomingMessage, key: string, body: Buffer, isBroken: boolean): Reply => {
    if (isBroken) return refusal(500, "InternalError");
    const problem = signatureProblem(request, body, { region, now: Date.now() + server.clock });
    if (problem !== undefined) return refusal(403, problem);
    requests.push(`${request.method} ${key}`);
    if (!key.startsWith("bucket/")) return refusal(404, "NoSuchBucket");
    const found = objects.get(key);
    if (request.method !== "PUT")
      return found === undefined ? refusal(404, "NoSuchKey") : { status: 200, bytes: found };
    const isOnce = server.writesOnce && request.headers["if-none-match"] === "*";
    if (isOnce && found !== undefined) return refusal(412, "PreconditionFailed");
    objects.set(key, body);
    return { status: 200, bytes: Buffer.alloc(0) };
  };
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo; // it listens on a port
  const server: StoreServer = {
    endpoint: `http://127.0.0.1:${port}`,
    objects,
    requests,
    fault: () => undefined,
    clock: 0,
    writesOnce: true,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

/** S3's word for what is wrong with a signature. */
function signatureProblem(
  { method = "", url = "", headers }: IncomingMessage,
  body: Buffer,
  { region, now }: { readonly region: string; readonly now: number },
): string | undefined {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=(\S+), Signature=(\w+)$/;
  const [, id, , signedRegion, names, signature] = pattern.exec(headers.authorization ?? "") ?? [];
  if (id === undefined) return "AccessDenied";
  if (id !== storeKeys.AWS_ACCESS_KEY_ID) return "InvalidAccessKeyId";
  if (signedRegion !== region) return "AuthorizationHeaderMalformed";
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  if (texts["x-amz-content-sha256"] !== createHash("sha256").update(body).digest("hex"))
    return "XAmzContentSHA256Mismatch";
  const time = texts["x-amz-date"]?.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z") ?? "";
  // As S3 does: older or newer by a quarter of an hour.
  if (!(Math.abs(Date.parse(time) - now) < 15 * 60_000)) return "RequestTimeTooSkewed";
  const signedHeaders = names!.split(";");
  // Whatever of these is not signed could be changed on the way.
  const mustBe = ["host", "if-none-match", "x-amz-content-sha256", "x-amz-date"].filter((name) => name in texts);
  if (!mustBe.every((name) => signedHeaders.includes(name))) return "AccessDenied";
  const secret = storeKeys.AWS_SECRET_ACCESS_KEY;
  const wanted = signatureOf({ method, url, headers: texts, signedHeaders, region, secret });
  return wanted === signature ? undefined : "SignatureDoesNotMatch";
}
