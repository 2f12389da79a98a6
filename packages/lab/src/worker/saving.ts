/** The model as a file to take away. */
import type { Model } from "./library.ts";

export async function bytesOf(model: Model, format: "keras" | "onnx" | "safetensors" | "json"): Promise<Uint8Array> {
  if (format === "onnx") return (await import("unroll/formats/write-onnx.ts")).writeOnnx(model);
  return (await import("unroll/formats/save.ts")).modelToBytes(model, format);
}
