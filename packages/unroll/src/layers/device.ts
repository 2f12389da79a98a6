/** Says where layers and models run here, and why: the float32 engine where the place allows WebAssembly, else the float64 reference. */
import { supportsRelaxedSimd } from "../compiler/index.ts";
import { didYouMean, UnrollError } from "../core/errors.ts";
import { defaultThreads, threadsRefusal } from "./threads.ts";

/**
 * Where programs run: the float32 engine in WebAssembly, the same engine as C that the machine's compiler builds (Node only, and
 * only when asked for), the GPU (`predictAsync` alone, and only when asked for), or the float64 reference.
 */
export type Device = (typeof devices)[number];
const devices = ["wasm", "native", "webgpu", "reference"] as const;

export interface DeviceStatus {
  readonly device: Device;
  /** Whether multiply and add may be fused to one rounding. */
  readonly relaxedSimd: boolean;
  /** Threads that a prediction with enough to do uses when it is not told how many. */
  readonly threads: number;
  /** One sentence for people. */
  readonly why: string;
  /** Of the last training step of a model that was trained. */
  readonly training?: TrainingStatus;
}

export interface TrainingStatus {
  readonly threads: number;
  /** One sentence for people. */
  readonly why: string;
}

/** What `predict` and the like take when no device is named. */
export function deviceStatus(): DeviceStatus {
  const refused = refusal();
  if (refused !== undefined) return { device: "reference", relaxedSimd: false, threads: 1, why: refused };
  const relaxedSimd = supportsRelaxedSimd();
  const fused = relaxedSimd ? "with fused multiply and add (relaxed SIMD)" : "without relaxed SIMD";
  const threads = threadsRefusal() === undefined ? defaultThreads() : 1;
  return {
    device: "wasm",
    relaxedSimd,
    threads,
    why: `WebAssembly SIMD in float32, ${fused}${threadsInWords(threads)}.`,
  };
}

function threadsInWords(threads: number): string {
  if (threads > 1) return `, on up to ${threads} threads`;
  return defaultThreads() === 1 ? "" : `, on one thread: ${threadsRefusal()}`;
}

/** @throws UnrollError `option` when there is no such device. */
export function checkDevice(device: string): asserts device is Device {
  if ((devices as readonly string[]).includes(device)) return;
  throw new UnrollError({
    code: "option",
    path: "device",
    expected: `it must be one of ${devices.join(", ")}`,
    received: `device = ${device}`,
    hint: didYouMean(device, devices),
  });
}

let known: Device | undefined;

/** The device of `deviceStatus`, found once. */
export function defaultDevice(): Device {
  known ??= refusal() === undefined ? "wasm" : "reference";
  return known;
}

/** Why the engine cannot run here, or undefined. */
function refusal(): string | undefined {
  if (typeof WebAssembly === "undefined") return "There is no WebAssembly here: only the float64 reference can run.";
  if (!WebAssembly.validate(simdModule)) {
    return "This WebAssembly has no SIMD instructions: only the float64 reference can run.";
  }
  try {
    new WebAssembly.Module(simdModule);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `This place does not allow WebAssembly (${reason}): only the float64 reference can run.`;
  }
}

/** The smallest module with a SIMD instruction: a function that returns sixteen zeros. */
const simdModule = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b],
);
