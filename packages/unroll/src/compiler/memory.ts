/**
 * The plan's linear memory: which buffer lies where. Buffers that are never needed at the same time share addresses.
 */
import { UnrollError } from "../core/errors.ts";
import type { Buffer } from "./layout.ts";

/** WebAssembly's 32-bit address space, less the last page, so that sizes stay 32-bit numbers. */
export const largestMemory = 65535 * 65536;
const pageBytes = 65536;
/** Kernels may read this far behind a buffer. */
export const spareBytes = 64;
const cacheLine = 64;
/** From this size on a buffer starts on a cache line. */
const largeBuffer = 256;

export interface PlannedBuffer extends Buffer {
  address: number;
  /** Lasting buffers keep their contents from run to run. */
  readonly lasting: boolean;
  /** Steps of the run between which the contents matter; -1 = filled before the run. Of temporary buffers only. */
  firstStep: number;
  lastStep: number;
}

export function newBuffer(name: string, bytes: number, lasting: boolean, firstStep: number): PlannedBuffer {
  return { name, bytes, lasting, address: Number.NaN, firstStep, lastStep: firstStep };
}

export interface MemoryPlan {
  /** Bytes of buffers that keep their contents: weights, constants, packed weights. */
  readonly lastingBytes: number;
  /** Bytes that temporary buffers share. */
  readonly temporaryBytes: number;
  readonly pages: number;
}

/**
 * Gives every buffer its address: lasting ones in the given order, then temporary ones, large ones first, each at the lowest
 * address that is free while it is needed.
 *
 * @param vector bytes of a vector: small buffers start at a multiple of it
 * @throws UnrollError `memory` when more than `limit` bytes are needed.
 */
export function placeBuffers(buffers: readonly PlannedBuffer[], limit: number, vector = 16): MemoryPlan {
  const aligned = (address: number, bytes: number): number => {
    const to = bytes >= largeBuffer ? cacheLine : vector;
    return Math.ceil(address / to) * to;
  };
  let end = 0;
  for (const buffer of buffers) {
    if (!buffer.lasting) continue;
    buffer.address = aligned(end, buffer.bytes);
    end = buffer.address + buffer.bytes;
  }
  const start = aligned(end, largeBuffer);
  const placed: PlannedBuffer[] = [];
  let top = start;
  const temporary = buffers.filter((buffer) => !buffer.lasting).sort((a, b) => b.bytes - a.bytes);
  for (const buffer of temporary) {
    let address = start;
    // `placed` is kept sorted by address: the first gap that is large enough is the lowest.
    for (const other of placed) {
      if (other.lastStep < buffer.firstStep || buffer.lastStep < other.firstStep) continue;
      if (aligned(address, buffer.bytes) + buffer.bytes <= other.address) break;
      address = Math.max(address, other.address + other.bytes);
    }
    buffer.address = aligned(address, buffer.bytes);
    const after = placed.findIndex((other) => other.address > buffer.address);
    placed.splice(after < 0 ? placed.length : after, 0, buffer);
    top = Math.max(top, buffer.address + buffer.bytes);
  }
  const needed = top + spareBytes;
  if (needed > limit) {
    const largest = [...buffers].sort((a, b) => b.bytes - a.bytes)[0]!;
    throw new UnrollError({
      code: "memory",
      path: "compile",
      expected: `the program must fit into ${inWords(limit)}`,
      received: `bytes = ${needed} (${inWords(needed)}), of which ${largest.name} takes ${inWords(largest.bytes)}`,
      hint: `Use a smaller batch or fewer timesteps${limit < largestMemory ? ", or raise the limit" : ""}.`,
    });
  }
  return { lastingBytes: start, temporaryBytes: top - start, pages: Math.ceil(needed / pageBytes) };
}

function inWords(bytes: number): string {
  const [unit, size] =
    bytes >= 2 ** 30 ? ["GiB", 2 ** 30] : bytes >= 2 ** 20 ? ["MiB", 2 ** 20] : (["KiB", 2 ** 10] as const);
  return `${Number((bytes / Number(size)).toPrecision(3))} ${unit}`;
}
