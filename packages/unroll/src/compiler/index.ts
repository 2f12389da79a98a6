export { supportsRelaxedSimd } from "./assembler.ts";
export { type CompiledProgram, type CompileOptions, compileProgram } from "./compile.ts";
export { type Description, describeProgram, type KernelDescription } from "./describe.ts";
export { type MemoryUse, measureProgram } from "./memory-use.ts";
export { nativeRefusal, nativeTarget } from "./native/instance.ts";
export type { Recompute } from "./plan.ts";
export {
  type DividedInputs,
  type DividedProgram,
  type DivideRequest,
  divideProgram,
} from "./threads/divide.ts";
export { type SplitProgram, type SplitRequest, splitProgram } from "./threads/split.ts";
export { threadsRefusal } from "./threads/start.ts";
