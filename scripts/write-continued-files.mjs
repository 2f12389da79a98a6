/**
 * Trains the models of fixtures/keras/continued on, saves them in the middle, and records how they go on from there, for
 * fixtures/check_continued_training.py.
 *
 *   node scripts/write-continued-files.mjs FOLDER
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withSource } from "./load-source.mjs";

const folder = process.argv[2];
if (folder === undefined) {
  console.error("usage: node scripts/write-continued-files.mjs FOLDER");
  process.exit(2);
}
const fixtures = fileURLToPath(new URL("../fixtures/keras/continued", import.meta.url));
const { cases, fit, x, y } = JSON.parse(await readFile(join(fixtures, "continued.json"), "utf8"));
const options = { batchSize: fit.batch_size, epochs: fit.epochs, shuffle: fit.shuffle };
const tensor = ({ shape, data }) => ({ shape, data: Float32Array.from(data) });
await mkdir(folder, { recursive: true });
await withSource("src/index.ts", async ({ loadModel }) => {
  const written = [];
  for (const { id } of cases) {
    const model = await loadModel(join(fixtures, `${id}.keras`));
    await model.fit(tensor(x), tensor(y), options);
    await model.save(join(folder, `${id}.keras`));
    await model.save(join(folder, `${id}.h5`));
    const { history } = await model.fit(tensor(x), tensor(y), options);
    const weights = model.getWeights().map(({ shape, data }) => ({ shape, data: Array.from(data) }));
    written.push({ id, history, weights });
  }
  await writeFile(join(folder, "continued.json"), JSON.stringify({ fit, x, y, cases: written }));
});
console.log(`${cases.length} models written to ${folder}`);
