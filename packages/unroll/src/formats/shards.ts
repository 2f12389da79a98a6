/** Files beside a file: the parts that a model.json or a weights.json names, with names that must not lead anywhere else. */
import { fileError, quoted } from "./failure.ts";

/** Gives a shard's bytes by the path that the file names. */
export type ShardReader = (path: string) => Promise<Uint8Array>;

/** @throws UnrollError `file` for a path that leaves the folder, and as the reader does. */
export async function readShardOf(file: string, path: string, readShard: ShardReader): Promise<Uint8Array> {
  if (/^[/\\]|^[a-zA-Z][\w+.-]*:|(^|[/\\])\.\.([/\\]|$)|\0/.test(path)) {
    const name = file.split(/[/\\]/).at(-1);
    throw fileError("file", file, `shards must lie beside ${name}`, { received: `path = ${quoted(path)}` });
  }
  return readShard(path);
}
