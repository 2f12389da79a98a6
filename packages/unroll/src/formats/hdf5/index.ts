export type { Hdf5Value } from "./attributes.ts";
export { findSuperblock } from "./header.ts";
export { type Hdf5Dataset, type Hdf5Group, openHdf5 } from "./read.ts";
export {
  attributeLimit,
  GroupBuilder,
  type WritableDataset,
  type WritableGroup,
  type WritableValue,
  writeHdf5,
} from "./write.ts";
