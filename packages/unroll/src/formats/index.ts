export { withArchitecture } from "./assign.ts";
export * from "./container.ts";
export { defaultLimits, type FileLimits } from "./failure.ts";
export { writeFile } from "./files.ts";
export { kerasObject, type LayerSlot, snakeCase, walkLayers } from "./keras-paths.ts";
export { type NumberTensor, readNpy, readNpz, writeNpy, writeNpz } from "./npy.ts";
export { type ElementType, type NumberArray, type StoredShape, toFloat32 } from "./numbers.ts";
export { type ModelSource, type OpenOptions, openModelFile } from "./open.ts";
export { readSafetensors, type Safetensors, writeSafetensors } from "./safetensors.ts";
