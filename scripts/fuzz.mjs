/**
 * Feeds damaged model files to the readers: each must end in a result or an UnrollError, soon.
 *
 *   node scripts/fuzz.mjs [--count 10000] [--seed 1]      exits 1 on a failure, naming the file's number
 */
import { parseArgs } from "node:util";
import { withSource } from "./load-source.mjs";

const { values } = parseArgs({
  options: { count: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (!Number.isInteger(count) || !Number.isInteger(seed) || count < 1) {
  console.error("--count and --seed are whole numbers");
  process.exit(2);
}
const report = await withSource("test/fuzz-formats.ts", ({ fuzzFormats }) => fuzzFormats({ count, seed }));
for (const failure of report.failures) console.error(failure);
const { rss } = process.resourceUsage ? { rss: process.resourceUsage().maxRSS } : { rss: 0 };
console.log(
  `${count} files, seed ${seed}: ${report.results} read, ${report.errors} refused, ${report.failures.length} failures; slowest ${Math.round(report.slowest)} ms; peak memory ${Math.round(rss / 1024)} MiB`,
);
process.exitCode = report.failures.length > 0 ? 1 : 0;
