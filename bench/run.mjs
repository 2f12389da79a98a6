// Runs a bench written in TypeScript: `node bench/run.mjs functions`. Bundles it with its sources into .cache/bench first.
// Relaxed SIMD is switched on where Node needs a flag for it; `--plain` leaves it off.
import { spawnSync } from "node:child_process";
import { bundle } from "./bundle.mjs";

const [name, ...flags] = process.argv.slice(2);
if (name === undefined || name.startsWith("-")) {
  console.error("Usage: node bench/run.mjs NAME [--plain]");
  process.exit(2);
}
const [file] = await bundle([name]);
const relaxed = flags.includes("--plain") ? [] : ["--experimental-wasm-relaxed-simd"];
const { status } = spawnSync(process.execPath, [...relaxed, file], { stdio: "inherit" });
process.exit(status ?? 1);
