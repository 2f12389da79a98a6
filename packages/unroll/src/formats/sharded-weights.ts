/**
 * Weights that Keras 3.10 and later split over several files: `x.weights.json` says which of `x_00000.weights.h5`, ... hold
 * which variables. One layer's variables may be in two of them. Reading only.
 */
import { unassignedLayers, weightsOnly } from "./assign.ts";
import type { LooseWeights, StoredModel } from "./container.ts";
import { type FileLimits, fileError, formatBytes } from "./failure.ts";
import { openHdf5 } from "./hdf5/index.ts";
import { readTree } from "./hdf5-models.ts";
import { isObject, property } from "./json.ts";
import { readShardOf, type ShardReader } from "./shards.ts";

export function isShardedWeights(json: unknown): boolean {
  return isObject(property(json, "weight_map"));
}

/** @throws UnrollError `file` where the map is damaged or a shard is missing, `memory` over a limit. */
export async function readShardedWeights(
  json: unknown,
  file: string,
  readShard: ShardReader,
  limits: FileLimits,
): Promise<StoredModel> {
  const paths = shardPaths(property(json, "weight_map"), file);
  if (paths.length > limits.maxEntries) {
    throw fileError("memory", file, `weights may lie in ${limits.maxEntries} files at most`);
  }
  const roots = [];
  let total = 0;
  for (const path of paths) {
    const bytes = await readShardOf(file, path, readShard);
    total += bytes.length;
    if (total > limits.maxUnpackedBytes) {
      throw fileError("memory", file, `weights may take ${formatBytes(limits.maxUnpackedBytes)} at most`, {
        received: formatBytes(total),
      });
    }
    const name = `${file}: ${path}`;
    roots.push({ root: openHdf5(bytes, name, limits), file: name });
  }
  const { groups, optimizer, ignored } = readTree(roots, file, limits);
  const loose: LooseWeights = { kind: "tree", groups };
  return {
    format: "weights.h5",
    file,
    layers: unassignedLayers(loose),
    optimizer,
    loose,
    report: { read: [`${weightsOnly}: ${paths.length} shards of Keras 3, the architecture is needed too`], ignored },
  };
}

/** The shards in the order of their names; a variable group names one of them, or a list. */
function shardPaths(map: unknown, file: string): string[] {
  const named = (isObject(map) ? Object.values(map) : []).flat();
  const paths = named.filter((path): path is string => typeof path === "string" && path !== "");
  if (paths.length === 0 || paths.length !== named.length) {
    throw fileError("file", file, "weight_map must name the files of weights", {
      received: `${named.length} names`,
      hint: "Save the weights again with model.save_weights(...).",
    });
  }
  return [...new Set(paths)].sort();
}
