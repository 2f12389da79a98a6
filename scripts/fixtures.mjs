/**
 * Runs the golden cases in fixtures/ and counts, by layer, what passes, fails, or is not supported.
 *
 *   node scripts/fixtures.mjs [--device reference|wasm|native] [--only TEXT] [--verbose]      exits 1 when a case fails
 */
import { parseArgs } from "node:util";
import { withSource } from "./load-source.mjs";

const { values } = parseArgs({
  options: {
    device: { type: "string" },
    only: { type: "string", default: "" },
    verbose: { type: "boolean", default: false },
  },
});
const devices = values.device === undefined ? ["reference", "wasm"] : [values.device];
if (!devices.every((device) => ["reference", "wasm", "native"].includes(device))) {
  console.error(`--device must be reference, wasm or native. Received: ${values.device}.`);
  process.exit(2);
}

function tally(results) {
  const rows = new Map();
  for (const { className, status } of results) {
    const row = rows.get(className) ?? { pass: 0, fail: 0, unsupported: 0 };
    row[status]++;
    rows.set(className, row);
  }
  return [...rows].sort(([a], [b]) => a.localeCompare(b));
}

function print(title, results) {
  const count = (status) => results.filter((result) => result.status === status).length;
  console.log(`\n${title}: ${count("pass")} pass, ${count("fail")} fail, ${count("unsupported")} unsupported`);
  for (const [className, { pass, fail, unsupported }] of tally(results)) {
    const counts = [`${pass} pass`, fail && `${fail} fail`, unsupported && `${unsupported} unsupported`];
    console.log(`  ${className.padEnd(24)} ${counts.filter(Boolean).join(", ")}`);
  }
  for (const { id, status, message } of results) {
    if (status !== "pass" && (status === "fail" || values.verbose)) console.log(`  ${status} ${id}: ${message}`);
  }
}

await withSource("test/fixture-sets.ts", async ({ fixtureSets }) => {
  for (const device of devices) {
    for (const set of fixtureSets) {
      const results = (await set.run(device)).filter(({ id }) => id.includes(values.only));
      if (results.length === 0) continue;
      print(`${set.name} on the ${device}`, results);
      if (results.some(({ status }) => status === "fail")) process.exitCode = 1;
    }
  }
});
