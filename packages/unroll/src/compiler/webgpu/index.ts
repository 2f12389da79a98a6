export { type Gpu, openGpu } from "./gpu.ts";
export { GpuProgram } from "./gpu-program.ts";
export { gpuRefusal } from "./refusal.ts";
