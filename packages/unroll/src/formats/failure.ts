/**
 * How a reader says no: every failure is an UnrollError that names the file, and inside it the entry or layer.
 * Also the limits that keep a stranger's file from taking memory or time.
 */
import { type ErrorCode, UnrollError } from "../core/index.ts";

/** What a file may cost at most; sizes in bytes. All are checked before memory is taken. */
export interface FileLimits {
  /** Of all entries of an archive together, and of all weights together. */
  readonly maxUnpackedBytes: number;
  /** Unpacked size over packed size of one entry; looked at only above 16 MiB. */
  readonly maxRatio: number;
  /** Of one JSON document. */
  readonly maxJsonBytes: number;
  /** Entries of an archive, objects of an HDF5 file, weights of a manifest. */
  readonly maxEntries: number;
}

export const defaultLimits: FileLimits = {
  maxUnpackedBytes: 2 ** 31,
  maxRatio: 100,
  maxJsonBytes: 2 ** 28,
  maxEntries: 100_000,
};

export interface FailureDetails {
  readonly received?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An UnrollError about a file; `where` is the file's name, with `: entry` or `: layer` after it where known. */
export function fileError(
  code: ErrorCode,
  where: string,
  expected: string,
  { received, hint, cause }: FailureDetails = {},
): UnrollError {
  return new UnrollError({ code, path: where, expected, received, hint }, { cause });
}

/** A size for people: `200 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const unit = Math.min(5, Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** unit;
  return `${size >= 100 ? Math.round(size) : Number(size.toPrecision(3))} ${["", "KiB", "MiB", "GiB", "TiB", "PiB"][unit]}`;
}

/** Shortens and quotes text from a file before it goes into a message: no control characters, 80 characters at most. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

/** The same error with some parts of its record replaced. */
export function copyOf(error: UnrollError, parts: Partial<Pick<UnrollError, "path" | "hint">>): UnrollError {
  const { code, path, expected, received, hint } = error;
  return new UnrollError({ code, path, expected, received, hint, ...parts }, { cause: error.cause });
}

/** The same error with the file's name before the place in it. */
export function inFile(file: string, error: UnrollError): UnrollError {
  if (file === "" || error.path.startsWith(file)) return error;
  const isNowhere = error.path === "" || ["modelFromConfig", "layerFromConfig"].includes(error.path);
  return copyOf(error, { path: isNowhere ? file : `${file}: ${error.path}` });
}
