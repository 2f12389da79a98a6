/** What the comparison uses of Unroll: what is public, and writers of the files that other systems read. */
export { readNpy, writeNpy, writeTfjs } from "../packages/unroll/src/formats/index.ts";
export { modelToBytes, storableOf } from "../packages/unroll/src/formats/save.ts";
export { writeOnnx } from "../packages/unroll/src/formats/write-onnx.ts";
export {
  type Device,
  input,
  type Layer,
  layers,
  loadModel,
  type Model,
  Random,
  type Sequential,
  sequential,
  sizeOf,
  type Tensor,
  tensor,
} from "../packages/unroll/src/index.ts";
