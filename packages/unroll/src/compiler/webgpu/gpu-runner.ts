/** A GPU plan brought to life: its buffer, its compiled shaders, and one submission a run. It knows bytes and no program. */
import { UnrollError } from "../../core/errors.ts";
import type { Gpu } from "./gpu.ts";
import type { GpuPlan } from "./gpu-plan.ts";
import type { Dispatch } from "./wgsl.ts";

// The numbers of WebGPU's flags; their names are globals that Node lacks.
const usage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, storage: 0x80 } as const;
const visibleToCompute = 0x4;
const readMode = 0x1;
/** A buffer has some bytes even where a plan needs none. */
const leastBytes = 16;

/** A shader compiled, with its workgroups. */
interface Call {
  readonly pipeline: GPUComputePipeline;
  readonly workgroups: Dispatch["workgroups"];
}

/** Numbers for the buffer, from a byte on. */
export interface Write {
  readonly address: number;
  readonly numbers: Float32Array;
}

export interface GpuRunner {
  /**
   * Writes, computes (what follows new weights too, with `prepare`), and gives the plan's reads, one behind the other.
   * A run must have ended before the next begins.
   *
   * @throws UnrollError `aborted` when the GPU goes away
   */
  run(writes: readonly Write[], options: { readonly prepare: boolean }): Promise<Float32Array>;
  /** Gives the memory back. */
  release(): void;
}

/**
 * Compiles a plan's shaders and takes its memory.
 *
 * @throws UnrollError `memory` when the GPU has less
 */
export async function openRunner(plan: GpuPlan, gpu: Gpu): Promise<GpuRunner> {
  const { device } = gpu;
  const layout = device.createBindGroupLayout({
    entries: [{ binding: 0, visibility: visibleToCompute, buffer: { type: "storage" } }],
  });
  const readBytes = plan.reads.reduce((sum, { bytes }) => sum + bytes, 0);
  device.pushErrorScope("out-of-memory");
  const memory = device.createBuffer({
    size: Math.max(leastBytes, plan.bytes),
    usage: usage.storage | usage.copySource | usage.copyTarget,
  });
  const staging = device.createBuffer({
    size: Math.max(leastBytes, readBytes),
    usage: usage.mapRead | usage.copyTarget,
  });
  const failure = device.popErrorScope();
  const compile = compiler(device, layout);
  const [cause, prepare, run] = await Promise.all([failure, compile(plan.prepare), compile(plan.run)]);
  if (cause !== null) throw noMemory(plan.bytes, cause);
  for (const { address, value } of plan.constants) {
    device.queue.writeBuffer(memory, address, new Float32Array([value]));
  }
  const bindings = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: memory } }] });

  const encode = (calls: readonly Call[]): GPUCommandBuffer => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, bindings);
    for (const { pipeline, workgroups } of calls) {
      pass.setPipeline(pipeline);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    let end = 0;
    for (const { address, bytes } of plan.reads) {
      if (bytes > 0) encoder.copyBufferToBuffer(memory, address, staging, end, bytes);
      end += bytes;
    }
    return encoder.finish();
  };
  return {
    async run(writes, options) {
      device.pushErrorScope("validation");
      for (const { address, numbers } of writes) {
        const { buffer, byteOffset, byteLength } = numbers;
        if (byteLength > 0) device.queue.writeBuffer(memory, address, buffer, byteOffset, byteLength);
      }
      device.queue.submit([encode(options.prepare ? [...prepare, ...run] : run)]);
      const refusal = device.popErrorScope();
      try {
        await staging.mapAsync(readMode, 0, readBytes);
      } catch (reason) {
        // The browser may say so of the device a little later.
        gpu.isLost = true;
        throw gone(reason);
      }
      const numbers = new Float32Array(staging.getMappedRange(0, readBytes).slice(0));
      staging.unmap();
      const refused = await refusal;
      if (refused !== null) throw new Error(`compiler: the GPU refused its work: ${refused.message}`);
      return numbers;
    },
    release() {
      memory.destroy();
      staging.destroy();
    },
  };
}

/** Compiles the shaders of a list, equal ones once. */
function compiler(device: GPUDevice, layout: GPUBindGroupLayout): (dispatches: readonly Dispatch[]) => Promise<Call[]> {
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  const pipelineOf = (code: string): Promise<GPUComputePipeline> => {
    const known = pipelines.get(code);
    if (known !== undefined) return known;
    const compute = { module: device.createShaderModule({ code }), entryPoint: "main" };
    const made = device.createComputePipelineAsync({ layout: pipelineLayout, compute });
    pipelines.set(code, made);
    return made;
  };
  return (dispatches) =>
    Promise.all(dispatches.map(async ({ code, workgroups }) => ({ pipeline: await pipelineOf(code), workgroups })));
}

function noMemory(bytes: number, cause: GPUError): UnrollError {
  return new UnrollError(
    {
      code: "memory",
      path: "compile",
      expected: "the GPU must have memory for the program",
      received: `bytes = ${bytes}`,
      hint: "Use a smaller batch or fewer timesteps.",
    },
    { cause },
  );
}

function gone(reason: unknown): UnrollError {
  return new UnrollError(
    {
      code: "aborted",
      path: "device",
      expected: "the GPU must stay until a run has ended",
      received: reason instanceof Error ? reason.message : String(reason),
      hint: "Predict again: the next call asks for the GPU anew.",
    },
    { cause: reason },
  );
}
