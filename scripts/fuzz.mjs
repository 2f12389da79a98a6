/**
 * Feeds damaged files of every kind to the readers, in one process: each must end in a result or an UnrollError, within 2 s
 * and 256 MiB. Prints what became of each kind; exits 1 on a failure, naming the file.
 *
 *   npm run fuzz -- [--files 10000] [--seed 1]
 */
import { parseArgs } from "node:util";
import { withSource } from "./load-source.mjs";

const { values } = parseArgs({
  options: { files: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const [files, seed] = [Number(values.files), Number(values.seed)];
if (!Number.isInteger(files) || !Number.isInteger(seed) || files < 1) {
  console.error("--files and --seed are whole numbers");
  process.exit(2);
}
await withSource("test/fuzz.ts", async ({ fuzz, fuzzTable }) => {
  const onProgress = process.stderr.isTTY ? (done) => process.stderr.write(`\r${done} of ${files}`) : undefined;
  const { rows, failures } = await fuzz({ files, seed, onProgress });
  for (const failure of failures) console.error(failure);
  console.log(`${files} damaged files, seed ${seed}, Node ${process.versions.node}\n`);
  process.stdout.write(fuzzTable(rows));
  console.log(`\npeak of the process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  process.exitCode = failures.length > 0 ? 1 : 0;
});
