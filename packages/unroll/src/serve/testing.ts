/** What the service's tests share: Keras's own files with the predictions that Keras made, and services that end with the test. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { sizeOf } from "../core/shape.ts";
import { type Tensor, toNested } from "../core/tensor.ts";
import { readNpy } from "../formats/npy.ts";
import { toFloat32 } from "../formats/numbers.ts";
import { modelToBytes } from "../formats/save.ts";
import { input, layers } from "../layers/index.ts";
import { type Sequential, sequential } from "../model/sequential.ts";
import type { ServiceOptions } from "./options.ts";
import { type PreparedService, prepareService, type Service, startService } from "./service.ts";

const files = fileURLToPath(new URL("../../../../fixtures/keras/files/", import.meta.url));

/** A file that Keras wrote, such as "gru_after/m.keras". */
export function kerasFile(name: string): string {
  return join(files, name);
}

export function kerasArray(name: string): Tensor {
  const { shape, data } = readNpy(readFileSync(kerasFile(name)));
  return { shape, data: toFloat32(data) };
}

/** The tensor as JSON values. */
export function nested(tensor: Tensor): unknown {
  return toNested(tensor);
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "unroll-serve-"));
}

/** An LSTM(5) and a Dense(2) over sequences of any length with three features. */
export function smallModel(seed = 1): Sequential {
  return sequential({
    name: "small",
    layers: [
      input({ shape: [null, 3], name: "x" }),
      layers.lstm({ units: 5, name: "memory" }),
      layers.dense({ units: 2, name: "out" }),
    ],
    seed,
  });
}

export async function bytesOfModel(model: Sequential): Promise<Uint8Array> {
  return await modelToBytes(model, "keras");
}

/** Seeded-looking numbers between -1 and 1, all different. */
export function wave(shape: readonly number[], phase = 0): Tensor {
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1.7 * i + phase)) };
}

const quiet = { threads: 0, logLevel: "silent", port: 0 } as const;

export async function prepared(options: ServiceOptions): Promise<PreparedService> {
  const service = await prepareService({ ...quiet, ...options });
  onTestFinished(() => service.stop());
  return service;
}

export async function started(options: ServiceOptions): Promise<Service> {
  const service = await startService({ ...quiet, ...options });
  onTestFinished(() => service.stop());
  return service;
}

/** Largest difference of nested numbers from a tensor's. */
export function furthest(values: unknown, wanted: Tensor): number {
  const flat = (values as readonly unknown[]).flat(8) as readonly number[]; // nested numbers, as answers have them
  if (flat.length !== wanted.data.length) return Number.POSITIVE_INFINITY;
  return Math.max(...flat.map((value, i) => Math.abs(value - wanted.data[i]!)));
}
