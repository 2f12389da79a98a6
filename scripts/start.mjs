// npm start: sets everything up, then runs the tour (npm start -- FILE takes it through your own file).
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

await setUp();
const { status } = spawnSync(
  process.execPath,
  [join(root, "packages/unroll/bin/unroll.js"), "tour", ...process.argv.slice(2)],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
