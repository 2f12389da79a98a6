// Bundles benches written in TypeScript, with the sources that they use, into .cache/bench.
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The folder of the bundles. */
export const bundles = at("../.cache/bench");

/** @param names such as "functions" or "peers/tfjs"; gives the file of each. */
export async function bundle(names) {
  const input = Object.fromEntries(names.map((name) => [basename(name), at(`${name}.ts`)]));
  const build = await rolldown({ input, platform: "node" });
  await build.write({ dir: bundles, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "chunk-[hash].mjs" });
  await build.close();
  return Object.keys(input).map((name) => `${bundles}/${name}.mjs`);
}
