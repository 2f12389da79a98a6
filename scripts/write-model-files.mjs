/**
 * Writes every model of fixtures/keras/files again with our writers, for fixtures/check_written_files.py.
 *
 *   node scripts/write-model-files.mjs FOLDER
 */
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { withSource } from "./load-source.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = process.argv[2];
if (folder === undefined) {
  console.error("usage: node scripts/write-model-files.mjs FOLDER");
  process.exit(2);
}
const fixtures = join(root, "fixtures/keras/files");
const { cases } = JSON.parse(await readFile(join(fixtures, "index.json"), "utf8"));
await withSource("src/formats/index.ts", async (formats) => {
  for (const { id } of cases) {
    const target = resolve(folder, id);
    await mkdir(target, { recursive: true });
    await cp(join(fixtures, id), target, { recursive: true, filter: (path) => !/\.(keras|h5)$/.test(path) });
    // Each kind of file is written from another kind, so that reading and writing of both are in the proof.
    const fromKeras = formats.toStorable(await formats.openModelFile(join(fixtures, id, "m.keras")));
    const legacy = await formats.openModelFile(join(fixtures, id, "m.h5"));
    const fromH5 = { ...formats.toStorable(legacy), architecture: fromKeras.architecture };
    await writeFile(join(target, "m.keras"), formats.writeKeras(fromH5));
    await writeFile(join(target, "m.h5"), formats.writeH5(fromKeras));
    await writeFile(join(target, "m.weights.h5"), formats.writeWeightsH5(fromKeras));
    await writeFile(join(target, "m.safetensors"), formats.writeSafetensorsModel(fromKeras));
    await writeFile(join(target, "m.npz"), formats.writeNpzModel(fromKeras));
  }
});
console.log(`${cases.length} models written to ${folder}`);
