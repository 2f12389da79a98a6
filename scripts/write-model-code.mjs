/**
 * Writes every model of the fixtures, and one of every layer, as NumPy and as Keras code, for fixtures/check_written_code.py.
 *
 *   node scripts/write-model-code.mjs FILE.json
 */
import { writeFileSync } from "node:fs";
import { withSource } from "./load-source.mjs";

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("Usage: node scripts/write-model-code.mjs FILE.json");
  process.exit(2);
}
await withSource("test/written-code.ts", ({ writtenCases }) => {
  writeFileSync(file, JSON.stringify(writtenCases()));
});
