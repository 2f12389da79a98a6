/**
 * Reading HDF5: groups, attributes and data sets as plain objects, each looked at only when asked for.
 * Covers what h5py, Keras and h5wasm write; everything else is refused by name.
 */
import { defaultLimits, type FileLimits, quoted } from "../failure.ts";
import { checkedCount, type ElementType, type NumberArray, type StoredShape, viewNumbers } from "../numbers.ts";
import { type Hdf5Value, readAttribute } from "./attributes.ts";
import { damaged, type Hdf5Source, undefinedAddress, unsupported } from "./bytes.ts";
import { isGroup, type Links, readLinks } from "./groups.ts";
import { findMessage, type Message, messageType, openSource, readMessages } from "./header.ts";
import { readRaw } from "./storage.ts";
import { type Datatype, readDataspace, readDatatype } from "./types.ts";

export interface Hdf5Group {
  readonly kind: "group";
  /** `layers/lstm`; empty for the root. */
  readonly path: string;
  /** Sorted, as h5py lists them. */
  readonly names: readonly string[];
  /** The object at a path relative to this group, or undefined. Soft and external links are not followed. */
  get(path: string): Hdf5Group | Hdf5Dataset | undefined;
  attribute(name: string): Hdf5Value;
}

export interface Hdf5Dataset {
  readonly kind: "dataset";
  readonly path: string;
  readonly shape: StoredShape;
  /** undefined when the elements are no numbers. */
  readonly dtype: ElementType | undefined;
  /** Row-major; perhaps a view of the file's bytes. @throws UnrollError `file`, `memory` or `unsupported`, naming file and data set. */
  read(): NumberArray;
  attribute(name: string): Hdf5Value;
}

/** Opens a file held in memory and gives its root group. @throws UnrollError `format`, `file`, `unsupported`. */
export function openHdf5(bytes: Uint8Array, where: string, limits: FileLimits = defaultLimits): Hdf5Group {
  const { source, root } = openSource(bytes, where, limits);
  const object = openObject(source, root, "");
  if (object.kind !== "group") throw damaged(source, "its root is not a group");
  return object;
}

function openObject(file: Hdf5Source, address: number, path: string): Hdf5Group | Hdf5Dataset {
  if (address === undefinedAddress) throw damaged(file, `${quoted(path)} points nowhere`);
  const messages = readMessages(file, address);
  return isGroup(messages) ? groupOf(file, messages, path) : datasetOf(file, messages, path);
}

function groupOf(source: Hdf5Source, messages: readonly Message[], path: string): Hdf5Group {
  let links: Links | undefined;
  const linksOf = () => (links ??= readLinks(source, messages));
  const opened = new Map<string, Hdf5Group | Hdf5Dataset>();
  const child = (name: string): Hdf5Group | Hdf5Dataset | undefined => {
    const known = opened.get(name);
    if (known) return known;
    const address = linksOf().get(name);
    if (address === undefined) return undefined;
    const object = openObject(source, address, path === "" ? name : `${path}/${name}`);
    opened.set(name, object);
    return object;
  };
  return {
    kind: "group",
    path,
    get names() {
      return [...linksOf().keys()].sort();
    },
    get(inner) {
      let found: Hdf5Group | Hdf5Dataset | undefined = this;
      for (const name of inner.split("/").filter((part) => part !== "")) {
        if (found?.kind !== "group") return undefined;
        found = found === this ? child(name) : found.get(name);
      }
      return found;
    },
    attribute: (name) => readAttribute(narrowed(source, path), messages, name),
  };
}

function datasetOf(file: Hdf5Source, messages: readonly Message[], path: string): Hdf5Dataset {
  const source = narrowed(file, path);
  const space = findMessage(source, messages, messageType.dataspace);
  const type = findMessage(source, messages, messageType.datatype);
  if (space === undefined || type === undefined) throw damaged(source, "it is neither a group nor a data set");
  const shape = readDataspace(space) ?? [0];
  checkedCount(shape, source.where);
  const datatype = readDatatype(type);
  const attribute = (name: string) => readAttribute(source, messages, name);
  const dtype = elementType(datatype, () => attribute("dtype"));
  return {
    kind: "dataset",
    path,
    shape,
    dtype,
    attribute,
    read() {
      if (dtype === undefined) {
        throw unsupported(source, `an element of type ${datatype.kind === "other" ? datatype.name : "text"}`);
      }
      const bigEndian = datatype.kind === "number" && datatype.bigEndian;
      return viewNumbers(readRaw(source, messages, shape, datatype.size), dtype, bigEndian);
    },
  };
}

/** Keras keeps bfloat16 as two raw bytes and says so in an attribute. */
function elementType(datatype: Datatype, dtypeAttribute: () => Hdf5Value): ElementType | undefined {
  if (datatype.size === 2 && datatype.kind !== "variable-string" && dtypeAttribute() === "bfloat16") return "bfloat16";
  return datatype.kind === "number" ? datatype.type : undefined;
}

function narrowed(source: Hdf5Source, path: string): Hdf5Source {
  return path === "" ? source : { ...source, where: `${source.where}: ${path}` };
}
