/** Writes a workload's model and data into a folder, in every format that a peer reads. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { modelToBytes, type Sequential, storableOf, writeNpy, writeOnnx, writeTfjs } from "./library.ts";
import { buildModel, examplesOf, hasGru, type Workload } from "./workloads.ts";

/** Which equations GRU has: Keras's default, or those that all peers know. */
export type Variant = "reset-after" | "reset-before";

export interface WrittenModel {
  readonly folder: string;
  readonly model: Sequential;
}

/** The model as a user would make it, and its files. Formats that cannot hold it are left out. */
export function writeModel(workload: Workload, variant: Variant, root: string): WrittenModel {
  const folder = join(root, `${workload.id}-${variant}`);
  const model = buildModel(workload, variant === "reset-after");
  const { x, y } = examplesOf(workload);
  mkdirSync(join(folder, "tfjs"), { recursive: true });
  const write = (name: string, bytes: Uint8Array): void => writeFileSync(join(folder, name), bytes);
  write("x.npy", writeNpy(x));
  write("y.npy", writeNpy(y));
  write("model.keras", modelToBytes(model, "keras"));
  write("model.json", modelToBytes(model, "json"));
  write("model.npz", modelToBytes(model, "npz"));
  write("model.onnx", writeOnnx(model));
  // Of the two kinds of GRU, TensorFlow.js knows one only.
  if (variant === "reset-before" || !hasGru(workload)) {
    for (const [name, bytes] of Object.entries(writeTfjs(storableOf(model)))) write(join("tfjs", name), bytes);
  }
  return { folder, model };
}
