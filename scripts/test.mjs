// npm test: sets everything up, runs the suite, and closes with one plain line of counts.
// npm test -- PATTERN runs only the matching test files.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

await setUp();
const patterns = process.argv.slice(2);
if (patterns.length === 0 || patterns.some((pattern) => pattern.includes("lab"))) await buildLabForTests();
const cache = join(root, ".cache");
const report = join(cache, "tests.json");
mkdirSync(cache, { recursive: true });
rmSync(report, { force: true });

// What tests leave behind goes with this folder.
const temporary = mkdtempSync(join(tmpdir(), "unroll-tests-"));
const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...patterns,
  ],
  { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, TMPDIR: temporary } },
);
rmSync(temporary, { recursive: true, force: true });

const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, "utf8"));
const skipped = numPendingTests + numTodoTests;
console.log(`${numPassedTests} passed, ${numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(status ?? 1);

/** Several test files look at the built lab at the same time. */
async function buildLabForTests() {
  const { findChromium } = await import("./chromium.mjs");
  if (findChromium() === undefined) return;
  const { buildLab } = await import("./lab-build.mjs");
  await buildLab();
}
