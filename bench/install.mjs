// Installs the packages of bench/package.json into bench/node_modules when they are not there: `node bench/install.mjs`.
// No install script of theirs runs, and they are no part of the workspace: about 730 MB, for comparisons only.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const { dependencies } = JSON.parse(readFileSync(at("package.json"), "utf8"));

/** True where this very version lies in bench/node_modules. */
export function isInstalled(name) {
  const file = at(`node_modules/${name}/package.json`);
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === dependencies[name];
}

/** Installs what is missing; throws when npm fails. */
export function installPeers() {
  const missing = Object.keys(dependencies).filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  console.error(`Installing ${missing.join(", ")} into bench/node_modules ...`);
  const flags = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"];
  const { status } = spawnSync("npm", ["install", ...flags, "--prefix", at(".")], { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("npm could not install the packages of bench/package.json");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installPeers();
