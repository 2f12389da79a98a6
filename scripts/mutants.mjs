/**
 * Breaks the library on purpose, one defect at a time, and tells which test notices. The defects are in mutants-list.mjs.
 *
 *   npm run mutants [-- --only NAME[,NAME]]
 *
 * Works in a copy of the tree in the system's temporary folder. Exits 1 when a defect survives or says nothing (its tests are
 * red without it, or break without a failing test), 2 on a wrong argument or a text that is not there once.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import { mutants as all } from "./mutants-list.mjs";
import { root, setUp } from "./setup.mjs";

const lineWidth = 80;
const defectWidth = 39;
/** Of one run of vitest, in ms: a defect may make a loop that never ends. */
const longestRun = 600_000;
const copied = ["packages", "fixtures", "package.json", "tsconfig.base.json", "tsconfig.json", "vitest.config.ts"];

const mutants = chosen();
await setUp({ build: false });
const tree = copyTree();
process.on("exit", () => rmSync(tree, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

// Every defect is tried on its file before the first test runs.
const changes = new Map(mutants.map((mutant) => [mutant, mutated(mutant)]));
const controls = new Map();
const outcomes = [];
console.log(row("defect", "the test that went red first"));
console.log("-".repeat(lineWidth));
for (const [mutant, change] of changes) {
  const outcome = outcomeOf(mutant, change);
  outcomes.push(outcome);
  console.log(row(mutant.defect, outcome.text));
  await setImmediate(); // lets a signal end the loop
}
const red = outcomes.filter(({ isRed }) => isRed).length;
console.log("-".repeat(lineWidth));
console.log(`${red} of ${outcomes.length} defects went red${red === outcomes.length ? "" : "; see above"}`);
process.exitCode = red === outcomes.length ? 0 : 1;

function chosen() {
  const names = all.map(({ name }) => name);
  try {
    const { only } = parseArgs({ options: { only: { type: "string" } } }).values;
    if (only === undefined) return all;
    const wanted = only.split(",");
    const unknown = wanted.find((name) => !names.includes(name));
    if (unknown === undefined) return all.filter(({ name }) => wanted.includes(name));
    throw new Error(`mutants: no defect has this name. Received: --only ${unknown}. Names are ${names.join(", ")}.`);
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

/** The sources, and links to each installed package, so that tools write no caches into the real node_modules. */
function copyTree() {
  const copy = mkdtempSync(join(tmpdir(), "unroll-mutants-"));
  const isSource = (path) => !["node_modules", "dist"].includes(basename(path));
  for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true, filter: isSource });
  mkdirSync(join(copy, "node_modules"));
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name.startsWith(".")) continue;
    const from = name === "unroll" ? join(copy, "packages/unroll") : join(root, "node_modules", name);
    symlinkSync(from, join(copy, "node_modules", name), "junction");
  }
  return copy;
}

/** The file's text before and after the one replacement. */
function mutated({ name, file, find, replace }) {
  const before = readFileSync(join(tree, file), "utf8");
  const parts = before.split(find);
  if (parts.length !== 2) {
    console.error(`${name}: the text must stand once in ${file}. Received: ${parts.length - 1} times. Text: ${find}`);
    process.exit(2);
  }
  return { before, after: parts.join(replace) };
}

function outcomeOf(mutant, { before, after }) {
  const key = JSON.stringify([mutant.tests, mutant.named]);
  if (!controls.has(key)) controls.set(key, runTests(mutant));
  const control = controls.get(key);
  if (!control.isGreen) return { isRed: false, text: `RED WITHOUT IT: ${control.text}` };
  const path = join(tree, mutant.file);
  writeFileSync(path, after);
  try {
    const { isGreen, failed, text } = runTests(mutant);
    if (isGreen) return { isRed: false, text: "SURVIVED" };
    return { isRed: failed, text: failed ? text : `BROKEN: ${text}` };
  } finally {
    writeFileSync(path, before);
  }
}

/** Green: some tests ran and none failed. Failed: a test did, and not for lack of time. */
function runTests({ tests, named }) {
  const report = join(tree, "report.json");
  rmSync(report, { force: true });
  const { stderr } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--bail=1",
      "--no-file-parallelism",
      "--testTimeout=300000",
      "--reporter=json",
      `--outputFile=${report}`,
      ...(named === undefined ? [] : ["--testNamePattern", named]),
      ...tests,
    ],
    { cwd: tree, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8", timeout: longestRun },
  );
  const files = readReport(report)?.testResults;
  if (files === undefined) return { isGreen: false, failed: false, text: `no report: ${stderr.trim()}` };
  const results = files.flatMap((file) => file.assertionResults);
  const failure = results.find(({ status }) => status === "failed");
  if (failure !== undefined) {
    const inTime = !failure.failureMessages.some((message) => /timed out/i.test(message));
    return { isGreen: false, failed: inTime, text: inTime ? failure.title : `timed out: ${failure.title}` };
  }
  const broken = files.find(({ status }) => status === "failed");
  if (broken !== undefined) return { isGreen: false, failed: false, text: broken.message };
  return { isGreen: results.some(({ status }) => status === "passed"), failed: false, text: "no test ran" };
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined; // vitest ended before it wrote one
  }
}

function row(defect, outcome) {
  const width = lineWidth - defectWidth - 1;
  const text = outcome.replaceAll(/\s+/g, " ");
  return `${defect.padEnd(defectWidth)} ${text.length > width ? `${text.slice(0, width - 1)}…` : text}`;
}
