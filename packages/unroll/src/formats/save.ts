/** Models to bytes and files, in the formats of write.ts. */

/** What a model can be written as: Keras's `.keras`, `.h5`, `.weights.h5`, and safetensors, npz, the architecture as JSON. */
export type WritableFormat = "keras" | "h5" | "weights.h5" | "safetensors" | "npz" | "json";
