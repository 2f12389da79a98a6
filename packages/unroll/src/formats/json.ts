/**
 * JSON from strangers: UTF-8, bounded size and depth, and the NaN and Infinity that Python writes.
 * Nothing is executed and nothing is looked up; Lambda code is refused in keras-config.ts.
 */
import { type FileLimits, fileError, formatBytes } from "./failure.ts";

const maxDepth = 200;

/** A plain object: not an array, not null. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own property, so that a key such as `constructor` never finds something inherited. */
export function property(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** @throws UnrollError `file` when it is not UTF-8 or not JSON, `memory` when it is larger or deeper than allowed. */
export function parseJson(source: Uint8Array | string, where: string, limits: FileLimits): unknown {
  if (source.length > limits.maxJsonBytes) {
    throw fileError("memory", where, `a JSON document may take ${formatBytes(limits.maxJsonBytes)} at most`, {
      received: `size = ${formatBytes(source.length)}`,
      hint: "Raise limits.maxJsonBytes if you trust this file.",
    });
  }
  const value = parse(typeof source === "string" ? source : decodeText(source, where), where);
  checkDepth(value, where);
  return value;
}

/** @throws UnrollError `file` when the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw fileError("file", where, "text must be UTF-8", {
      received: isUtf16 ? "UTF-16" : undefined,
      hint: isUtf16 ? "Save it as UTF-8." : "The file is damaged; copy or save it again.",
      cause,
    });
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    try {
      return JSON.parse(withoutPythonNumbers(text));
    } catch {
      const reason = cause instanceof Error ? cause.message.replaceAll(/\s+/g, " ").slice(0, 160) : "";
      throw fileError("file", where, "the text must be JSON", {
        received: reason,
        hint: "The file is damaged or was cut off; write it again.",
        cause,
      });
    }
  }
}

/** Python's json writes NaN, Infinity and -Infinity as bare words: 1e999 reads as Infinity, NaN becomes null. */
function withoutPythonNumbers(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (token) => {
    if (token.startsWith('"')) return token;
    return token === "NaN" ? "null" : token.replace("Infinity", "1e999");
  });
}

/** Level by level, so that no depth overflows the stack here; later code may recurse. */
function checkDepth(root: unknown, where: string): void {
  let level = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) {
      throw fileError("memory", where, `JSON may be nested ${maxDepth} deep at most`);
    }
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) next.push(inner);
    }
    level = next;
  }
}
