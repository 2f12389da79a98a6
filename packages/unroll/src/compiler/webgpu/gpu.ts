/**
 * The machine's GPU, or what stands for one: navigator.gpu in a page, the package "webgpu" (Dawn) in Node. Asked for once, and
 * again when it was lost. Nothing here is loaded before somebody predicts on the device "webgpu".
 */
import { UnrollError } from "../../core/errors.ts";

export interface Gpu {
  readonly device: GPUDevice;
  /** In the driver's words: vendor, architecture, description. */
  readonly name: string;
  /** The most bytes that a program may take: all of it is one storage buffer. */
  readonly limit: number;
  /** True from when the device went away; what was made with it is gone too. */
  isLost: boolean;
}

let opened: Promise<Gpu> | undefined;
/** Dawn's devices crash when the object that gave them is collected as garbage. */
let entry: GPU | undefined;

/**
 * The GPU, the same for every caller.
 *
 * @throws UnrollError `unsupported` where there is none
 */
export async function openGpu(): Promise<Gpu> {
  opened ??= requestGpu();
  const asked = opened;
  const gpu = await asked.catch((error: unknown) => {
    forget(asked);
    throw error;
  });
  if (!gpu.isLost) return gpu;
  forget(asked);
  return openGpu();
}

/** The next call asks anew, unless another has asked already. */
function forget(asked: Promise<Gpu>): void {
  if (opened === asked) opened = undefined;
}

async function requestGpu(): Promise<Gpu> {
  entry ??= await findEntry();
  const adapter = await entry.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw refused("the browser or driver gives no adapter", "Leave the device out to run in WebAssembly.");
  }
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxStorageBufferBindingSize, maxBufferSize } });
  const { vendor, architecture, description } = adapter.info;
  const gpu: Gpu = {
    device,
    name: [vendor, architecture, description].filter((word) => word !== "").join(", "),
    limit: Math.min(maxStorageBufferBindingSize, maxBufferSize),
    isLost: false,
  };
  device.lost.then(
    () => {
      gpu.isLost = true;
    },
    () => {},
  );
  return gpu;
}

/** The package's version that was tried; package.json names it too. */
const dawnVersion = "0.6.2";

/** What is used of the package. */
interface DawnModule {
  create(flags: readonly string[]): GPU;
}

async function findEntry(): Promise<GPU> {
  if (typeof navigator !== "undefined" && navigator.gpu !== undefined) return navigator.gpu;
  if (typeof process === "undefined" || process.versions?.node === undefined) {
    const isInsecure = typeof isSecureContext !== "undefined" && !isSecureContext;
    throw refused(
      isInsecure ? "a page has WebGPU only over https or on this machine" : "this browser has no WebGPU",
      "Leave the device out to run in WebAssembly.",
    );
  }
  // By a name that no bundler looks for.
  const name = "webgpu";
  let dawn: DawnModule;
  try {
    dawn = (await import(/* @vite-ignore */ name)) as DawnModule;
  } catch (cause) {
    throw refused(
      "Node has WebGPU only by the package webgpu",
      `Run npm install webgpu@${dawnVersion}, or leave the device out to run in WebAssembly.`,
      cause,
    );
  }
  return dawn.create([]);
}

function refused(reason: string, hint: string, cause?: unknown): UnrollError {
  return new UnrollError(
    { code: "unsupported", path: "device", expected: `device "webgpu" needs a GPU: ${reason}`, hint },
    { cause },
  );
}
