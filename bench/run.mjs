// Runs a bench written in TypeScript: `node bench/run.mjs functions`. Bundles it with its sources into .cache/bench first.
// Relaxed SIMD is switched on where Node needs a flag for it; `--plain` leaves it off. Other words go to the bench.
import { spawnSync } from "node:child_process";
import { bundle } from "./bundle.mjs";

const [name, ...flags] = process.argv.slice(2);
if (name === undefined || name.startsWith("-")) {
  console.error("Usage: node bench/run.mjs NAME [--plain] [words for the bench]");
  process.exit(2);
}
const [file] = await bundle([name]);
const relaxed = flags.includes("--plain") ? [] : ["--experimental-wasm-relaxed-simd"];
const words = flags.filter((flag) => flag !== "--plain");
const { status } = spawnSync(process.execPath, [...relaxed, file, ...words], { stdio: "inherit" });
process.exit(status ?? 1);
