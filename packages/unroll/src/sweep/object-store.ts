/**
 * Objects of a store that speaks S3: read, write, and write once. Every request is signed, bounded in time and size, and tried
 * again where that can help; aws4fetch calculates the signatures. What the objects mean is not known here.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { UnrollError } from "../core/errors.ts";
import type { StorePlace } from "./store-url.ts";

export interface ObjectStore {
  /** The object's bytes; undefined where there is none. */
  read(key: string): Promise<Uint8Array | undefined>;
  has(key: string): Promise<boolean>;
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Writes the object where there is none, and gives what is there then: of several writers the first counts. */
  create(key: string, bytes: Uint8Array): Promise<Uint8Array>;
}

export interface StoreLimits {
  /** Tries of a request, the first included. */
  readonly tries: number;
  /** Before the second try, ms; doubled for each further one, and drawn by chance below that. */
  readonly firstPause: number;
  /** Without a byte sent or received, ms. */
  readonly silence: number;
  /** Of an object. */
  readonly mostBytes: number;
}

const usual: StoreLimits = { tries: 6, firstPause: 250, silence: 30_000, mostBytes: 2 ** 30 };

/**
 * Statuses after which the same request may succeed: it took too long, another writer was at it, too many requests, a fault of
 * the store.
 */
const passing = (status: number): boolean => status === 408 || status === 409 || status === 429 || status >= 500;

interface Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** Throws UnrollError `unsupported` without aws4fetch; its functions `file`, with the store's own reason, and `memory`. */
export async function objectStore(place: StorePlace, limits: Partial<StoreLimits> = {}): Promise<ObjectStore> {
  const { AwsV4Signer } = await import("aws4fetch").catch((cause: unknown) => {
    throw missing(cause);
  });
  const { tries, firstPause, silence, mostBytes } = { ...usual, ...limits };

  const once = async (method: string, key: string, body: Uint8Array | undefined, headers: object): Promise<Answer> => {
    const url = place.base + key.split("/").map(encodeURIComponent).join("/");
    const digest = createHash("sha256")
      .update(body ?? "")
      .digest("hex");
    const { region, keys } = place;
    const signer = new AwsV4Signer({
      url,
      method,
      headers: { ...headers, "x-amz-content-sha256": digest },
      service: "s3",
      region,
      ...keys,
    });
    const signed = await signer.sign();
    const patience = new Patience(silence, body?.length ?? 0);
    try {
      const response = await fetch(signed.url, {
        method,
        headers: signed.headers,
        signal: patience.signal,
        // Another host would need another signature.
        redirect: "manual",
        ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }), // no shared memory is written
      });
      const most = response.ok ? mostBytes : longestReason;
      return { status: response.status, bytes: await bodyOf(response, most, patience, `${place.name}/${key}`) };
    } finally {
      patience.end();
    }
  };

  /** The answer where its status is one of those that are known; otherwise it throws why not. */
  const ask = async (
    method: string,
    key: string,
    known: readonly number[],
    { body, headers = {} }: { readonly body?: Uint8Array; readonly headers?: object } = {},
  ): Promise<Answer> => {
    for (let tried = 1; ; tried++) {
      let failure: { readonly received: string; readonly isPassing: boolean; readonly cause?: unknown };
      try {
        const answer = await once(method, key, body, headers);
        const received = reasonOf(answer);
        // Of a bucket that is not there no object is.
        if (known.includes(answer.status) && !received.includes("NoSuchBucket")) return answer;
        failure = { received, isPassing: passing(answer.status) };
      } catch (cause) {
        if (cause instanceof UnrollError) throw cause;
        failure = { received: connectionReason(cause), isPassing: true, cause };
      }
      if (!failure.isPassing || tried === tries) {
        const times = failure.isPassing ? `, ${tried} times` : "";
        throw storeError(`${place.name}/${key}`, method, `${failure.received}${times}`, failure.cause);
      }
      await sleep(Math.random() * firstPause * 2 ** tried);
    }
  };

  const read = async (key: string): Promise<Uint8Array | undefined> => {
    const { status, bytes } = await ask("GET", key, [200, 404]);
    return status === 200 ? bytes : undefined;
  };
  return {
    read,
    has: async (key) => (await ask("HEAD", key, [200, 404])).status === 200,
    write: async (key, bytes) => void (await ask("PUT", key, [200], { body: bytes })),
    async create(key, bytes) {
      const { status } = await ask("PUT", key, [200, 412], { body: bytes, headers: { "if-none-match": "*" } });
      // It may be there because an answer to ourselves was lost.
      return status === 200 ? bytes : ((await read(key)) ?? bytes);
    },
  };
}

/** Bytes of an error's text that are read. */
const longestReason = 16_384;
/** Bytes in a ms that even a slow line carries. */
const slowest = 100;

/** Ends a request on which nothing moves. A body is sent without a word about how far it is, so it has time by its size. */
class Patience {
  readonly #controller = new AbortController();
  readonly #silence: number;
  #timer: NodeJS.Timeout;

  constructor(silence: number, sent: number) {
    this.#silence = silence;
    this.#timer = this.#start(silence + sent / slowest);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has moved. */
  again(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start(this.#silence);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #start(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(new Error("no answer in time")), milliseconds);
  }
}

async function bodyOf(response: Response, most: number, patience: Patience, path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    patience.again();
    size += part.length;
    if (size > most && response.ok) {
      throw new UnrollError({
        code: "memory",
        path,
        expected: `an object may have ${most} bytes at most`,
        received: `${response.headers.get("content-length") ?? "more"} bytes`,
      });
    }
    if (size > most) break;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The store's own words, which are XML, behind the status. */
function reasonOf({ status, bytes }: Answer): string {
  const text = new TextDecoder().decode(bytes);
  const word = (name: string): string =>
    (new RegExp(`<${name}>([^<]{1,300})</${name}>`).exec(text)?.[1] ?? "").replace(/\s+/g, " ").trim();
  const said = [word("Code"), word("Message")].filter((part) => part !== "").join(", ");
  return `status ${status}${said === "" ? "" : ` (${said})`}`;
}

function connectionReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says "fetch failed", and why in its cause.
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/RequestTimeTooSkewed/, "Set this machine's clock."],
  [
    /InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|status 403/,
    "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the region.",
  ],
  [/PermanentRedirect|AuthorizationHeaderMalformed|status 30/, "Correct the region behind the URL."],
  [/NoSuchBucket/, "Make the bucket first."],
  [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/, "Correct the endpoint behind the URL, or start the store."],
];

function storeError(path: string, method: string, received: string, cause: unknown): UnrollError {
  const hint = hints.find(([pattern]) => pattern.test(received))?.[1];
  return new UnrollError(
    {
      code: "file",
      path,
      expected: `the object must be ${method === "PUT" ? "writable" : "readable"}`,
      received,
      ...(hint === undefined ? {} : { hint }),
    },
    cause === undefined ? undefined : { cause },
  );
}

function missing(cause: unknown): UnrollError {
  return new UnrollError(
    {
      code: "unsupported",
      path: "sweep",
      expected: "an s3:// folder needs the package aws4fetch",
      received: "not installed",
      hint: "Run npm install aws4fetch@1.0.20, or take a folder that all machines see.",
    },
    { cause },
  );
}
