/** What the comparison uses of Unroll. */
export { Random, sizeOf, type Tensor, tensor } from "../packages/unroll/src/core/index.ts";
export {
  type LoadedModel,
  loadModel,
  modelToBytes,
  readNpy,
  writeNpy,
  writeTfjs,
} from "../packages/unroll/src/formats/index.ts";
export { storableOf } from "../packages/unroll/src/formats/save.ts";
export { input, type Layer, layers } from "../packages/unroll/src/layers/index.ts";
export { type Sequential, sequential } from "../packages/unroll/src/model/sequential.ts";
