/**
 * `.keras`: a zip of metadata.json, config.json and the weights. Reading only.
 * Entries are found by name; assets and whatever else lies in the archive is reported, never unpacked.
 */
import { assignWeights } from "./assign.ts";
import type { StoredModel } from "./container.ts";
import { type FileLimits, fileError, quoted } from "./failure.ts";
import { foreignArchive } from "./foreign.ts";
import { openHdf5 } from "./hdf5/index.ts";
import { readTree } from "./hdf5-models.ts";
import { parseJson, property } from "./json.ts";
import { kerasObject } from "./keras-paths.ts";
import { readNpz } from "./npy.ts";
import type { ZipArchive } from "./zip.ts";

const known = new Set(["metadata.json", "config.json", "model.weights.h5", "model.weights.npz"]);

/** @throws UnrollError `file` when an entry is missing or damaged, `unsupported` for code, `memory` over a limit. */
export function readKerasArchive(archive: ZipArchive, file: string, limits: FileLimits): StoredModel {
  const json = (name: string) => {
    const entry = archive.entries.get(name);
    return entry && parseJson(entry.read(), `${file}: ${name}`, limits);
  };
  const config = json("config.json");
  if (config === undefined) {
    throw foreignArchive([...archive.entries.keys()], file) ?? missing(file, "config.json, the architecture");
  }
  const architecture = kerasObject(config, file);
  const version = property(json("metadata.json"), "keras_version");
  const weightsEntry = archive.entries.get("model.weights.h5");
  if (weightsEntry === undefined) {
    // Keras pickles the variables in this file, which readNpz refuses by name.
    const npz = archive.entries.get("model.weights.npz");
    if (npz) readNpz(npz.read(), `${file}: model.weights.npz`, limits);
    throw missing(file, "model.weights.h5, the weights");
  }
  const name = `${file}: model.weights.h5`;
  const tree = readTree([{ root: openHdf5(weightsEntry.read(), name, limits), file: name }], name, limits);
  const loose = { kind: "tree", groups: tree.groups } as const;
  const { layers, ignored } = assignWeights(loose, architecture, file);
  const training = architecture.compile_config;
  return {
    format: "keras",
    file,
    ...(typeof version === "string" ? { kerasVersion: version } : {}),
    architecture,
    ...(training === undefined ? {} : { training }),
    layers,
    optimizer: tree.optimizer,
    loose,
    report: {
      read: ["architecture", `weights of ${layers.filter(({ weights }) => weights.length > 0).length} layers`],
      ignored: [
        ...archive.ignored,
        ...[...archive.entries.keys()].filter((entry) => !known.has(entry)).map((entry) => `entry ${quoted(entry)}`),
        ...tree.ignored,
        ...ignored,
      ],
    },
  };
}

function missing(file: string, what: string) {
  return fileError("file", file, `a .keras file must hold ${what}`, {
    hint: "Save the model again with model.save(...).",
  });
}
