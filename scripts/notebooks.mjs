/**
 * Rebuilds the models of every notebook in a folder and compares them with the tables printed in them, or with a list; or
 * audits the hand calculations in every notebook, script, Markdown file and text of it.
 *
 *   node scripts/notebooks.mjs FOLDER [--list LIST.jsonl] [--verbose]
 *   node scripts/notebooks.mjs FOLDER --audit
 *
 * exact: every size is in the code; inferred: some were found from the printed table; printed: the code that makes the model is
 * not in the notebook, so that its table is all there is. Exits 1 where the first two are below 95 %. An audit only prints what
 * it finds: whether a finding is true is for a reader to say.
 */
import { parseArgs } from "node:util";
import { withSource } from "./load-source.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    audit: { type: "boolean", default: false },
    list: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
if (positionals.length !== 1) {
  console.error("Give one folder of notebooks.");
  process.exit(2);
}
if (values.audit) {
  await printAudits(positionals[0]);
  process.exit();
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

async function printAudits(folder) {
  const documents = await withSource("test/notebook-audit.ts", ({ auditFolder }) => auditFolder(folder));
  for (const { file, models, right, findings, reason } of documents) {
    console.log(`${file}: ${reason ?? `${models} models, ${right} right, ${findings.length} findings`}`);
    for (const finding of findings) console.log(`    ${finding}`);
  }
  const total = (count) => documents.reduce((sum, document) => sum + count(document), 0);
  console.log(
    `\n${documents.length} documents (${total(({ reason }) => (reason === undefined ? 0 : 1))} unreadable): ` +
      `${total(({ models }) => models)} models, ${total(({ right }) => right)} right, ` +
      `${total(({ findings }) => findings.length)} findings`,
  );
}
