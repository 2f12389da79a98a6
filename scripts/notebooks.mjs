/**
 * Rebuilds the models of every notebook in a folder and compares them with the tables printed in them, or with a list.
 *
 *   node scripts/notebooks.mjs FOLDER [--list LIST.jsonl] [--verbose]
 *
 * exact: every size is in the code; inferred: some were found from the printed table; printed: the code that makes the model is
 * not in the notebook, so that its table is all there is. Exits 1 where the first two are below 95 %.
 */
import { parseArgs } from "node:util";
import { withSource } from "./load-source.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: "string" }, verbose: { type: "boolean", default: false } },
});
if (positionals.length !== 1) {
  console.error("Give one folder of notebooks.");
  process.exit(2);
}
const statuses = ["exact", "inferred", "printed", "differs", "unreadable"];
const results = await withSource("test/notebook-tally.ts", ({ tallyNotebooks }) =>
  tallyNotebooks(positionals[0], values.list),
);
const all = results.flatMap(({ tables }) => tables);
const counts = (tables) =>
  statuses
    .map((status) => [status, tables.filter((table) => table.status === status).length])
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");
for (const { file, tables, milliseconds } of results) {
  if (tables.length === 0 && !values.verbose) continue;
  console.log(`${file}: ${counts(tables) || "no table"} (${milliseconds} ms)`);
  for (const { table, status, reason } of tables) {
    if (reason !== undefined) console.log(`    ${status} ${table}: ${reason}`);
  }
}
const right = all.filter(({ status }) => status === "exact" || status === "inferred").length;
const share = all.length === 0 ? 100 : (100 * right) / all.length;
console.log(`\n${results.length} notebooks, ${all.length} tables: ${counts(all)}; ${share.toFixed(1)} % rebuilt`);
process.exitCode = share >= 95 ? 0 : 1;
