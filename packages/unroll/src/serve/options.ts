/** What a service can be told, its defaults, and their checks. The command line's flags are these options. */
import { readFile } from "node:fs/promises";
import { UnrollError } from "../core/errors.ts";
import type { Runner } from "./runner.ts";

/** What a stranger can ask of a service at the most. */
export interface ServiceLimits {
  /** Bytes of a request's body. */
  readonly maxBody: number;
  /** Bytes of all bodies that are being read or answered, but for the first 64 KiB of each. */
  readonly maxBodies: number;
  /** Rows of a request. */
  readonly maxRows: number;
  /** Size of an axis that the model leaves open, such as timesteps. */
  readonly maxTimesteps: number;
  /** Predictions that wait or run at the same time. */
  readonly maxConcurrent: number;
  /** Connections at the same time; more are closed at once. */
  readonly maxConnections: number;
  /** Rows of all sessions of a model at the same time. */
  readonly maxSessions: number;
}

/** Options of a service. */
export interface ServiceOptions extends Partial<ServiceLimits> {
  /** `FILE`, `NAME=FILE`, `NAME:VERSION=FILE`; a folder may hold versions `1/`, `2/` ... */
  readonly models: readonly string[];
  /** By default 8501; 0 takes a free one. */
  readonly port?: number;
  /** By default 127.0.0.1, which only this machine reaches. */
  readonly host?: string;
  /** Names in the `Host` of requests that are answered without a token, beside those of this machine and `host`. */
  readonly allowHosts?: readonly string[];
  /** Every request must bring it as `Authorization: Bearer TOKEN`. */
  readonly token?: string;
  /** `NAME:LABEL=VERSION`, for TensorFlow Serving's `/labels/`. */
  readonly labels?: readonly string[];
  /** Most rows that run together, by default 32. */
  readonly batchSize?: number;
  /** Longest time in ms that a request waits for others, by default 0: it joins those that are there. */
  readonly batchWait?: number;
  /**
   * Worker threads of each model; 0 runs predictions in the thread that reads requests. By default that is what a model does whose
   * full batch takes a few ms, and larger ones have a thread of their own.
   */
  readonly threads?: number;
  /** The worker threads' program, where it does not lie beside this library's own files. */
  readonly workerFile?: URL;
  /** Seconds without a call after which a session is forgotten, by default 300. */
  readonly sessionTtl?: number;
  /** Seconds in which a whole request must have arrived, by default 30. */
  readonly requestTimeout?: number;
  /** Seconds that accepted requests have at a stop, by default 10. */
  readonly stopTimeout?: number;
  /** What is logged, by default "info". */
  readonly logLevel?: "debug" | "info" | "warn" | "error" | "silent";
  /** How a model's file becomes something that predicts; by default Unroll's own engine, in `threads` threads. */
  readonly load?: (path: string) => Promise<Runner>;
  /** Where log lines (JSON, one a line) go; by default stderr. */
  readonly log?: (line: string) => void;
}

/** Options that stay undefined where they are not given. */
type OptionalName = "token" | "threads" | "workerFile" | "load";

export type CheckedOptions = Required<Omit<ServiceOptions, OptionalName>> & Pick<ServiceOptions, OptionalName>;

const defaults = {
  port: 8501,
  host: "127.0.0.1",
  allowHosts: [],
  labels: [],
  batchSize: 32,
  batchWait: 0,
  sessionTtl: 300,
  requestTimeout: 30,
  stopTimeout: 10,
  logLevel: "info",
  maxBody: 8 * 2 ** 20,
  maxBodies: 256 * 2 ** 20,
  maxRows: 4096,
  maxTimesteps: 4096,
  maxConcurrent: 256,
  maxConnections: 1024,
  maxSessions: 1000,
} as const satisfies Partial<ServiceOptions>;

/** The smallest and largest value of each number. */
const bounds: Readonly<Partial<Record<keyof ServiceOptions, readonly [number, number]>>> = {
  port: [0, 65535],
  batchSize: [1, 4096],
  batchWait: [0, 10_000],
  threads: [0, 64],
  sessionTtl: [1, 86_400],
  requestTimeout: [1, 3600],
  stopTimeout: [0, 3600],
  maxBody: [1024, 2 ** 30],
  maxBodies: [1024, 2 ** 40],
  maxRows: [1, 1_000_000],
  maxTimesteps: [1, 10_000_000],
  maxConcurrent: [1, 100_000],
  maxConnections: [1, 100_000],
  maxSessions: [1, 1_000_000],
};

/**
 * The options with their defaults.
 *
 * @throws UnrollError `option` for a number out of bounds, no models, or a token that is too short
 */
export function checkServiceOptions(given: ServiceOptions): CheckedOptions {
  const options = { ...defaults, log: (line: string) => void process.stderr.write(line), ...withoutUndefined(given) };
  for (const [name, [least, most]] of Object.entries(bounds)) {
    const value = options[name as keyof typeof bounds]; // its keys
    if (value === undefined) continue;
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) continue;
    throw option(`${name} must be a whole number from ${least} to ${most}`, `${name} = ${value}`);
  }
  if (options.models.length === 0) throw option("needs at least one model", "models = none");
  if (options.token !== undefined && options.token.length < 8) {
    throw option("a token must have at least 8 characters", `${options.token.length} characters`);
  }
  if (options.token !== undefined && !/^[\x21-\x7e]+$/.test(options.token)) {
    throw option(
      "a token must be letters, digits and signs of ASCII, as a header can carry",
      "another character, or a space",
    );
  }
  const { maxBody } = options;
  // A body of the largest size must find room, and so must one whose size is not told.
  if (given.maxBodies === undefined) return { ...options, maxBodies: Math.max(options.maxBodies, maxBody) };
  if (given.maxBodies < maxBody) {
    throw option("maxBodies must be maxBody or more", `maxBodies = ${given.maxBodies}, maxBody = ${maxBody}`);
  }
  return options;
}

/**
 * The token of a file (its first line), or of the variable UNROLL_TOKEN.
 *
 * @throws UnrollError `file`, `option`
 */
export async function readToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) {
    const token = process.env.UNROLL_TOKEN;
    return token === undefined || token === "" ? undefined : token;
  }
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new UnrollError({
      code: "file",
      path: file,
      expected: "the token's file must be readable",
      received: cause.code,
    });
  });
  const [line] = text.split(/\r?\n/);
  // An empty file must not switch the check off.
  if (line === undefined || line.trim() === "") throw option("the token's file must hold a token", "an empty line");
  return line.trim();
}

/**
 * Labels by model: `NAME:LABEL=VERSION`.
 *
 * @throws UnrollError `option`
 */
export function readLabels(words: readonly string[]): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const labels = new Map<string, Map<string, number>>();
  for (const word of words) {
    const match = /^([^:=]+):([^:=]+)=([1-9][0-9]{0,14})$/.exec(word);
    if (match === null) throw option("a label must be NAME:LABEL=VERSION", word);
    const [, name, label, version] = match as unknown as readonly [string, string, string, string]; // three groups
    labels.set(name, (labels.get(name) ?? new Map()).set(label, Number(version)));
  }
  return labels;
}

function withoutUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T; // the same keys, but for those
}

function option(expected: string, received: string): UnrollError {
  return new UnrollError({ code: "option", path: "unroll serve", expected, received });
}
