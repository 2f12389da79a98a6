// Makes a fresh clone ready: installs the exact dependencies when they are missing or out of date, then builds when sources are newer.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

function installed() {
  const marker = join(root, "node_modules/.package-lock.json");
  return existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

/** Installs if needed, then builds the library if `build`. Messages go to stderr, so that stdout stays the caller's. */
export async function setUp({ build = true } = {}) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Unroll needs Node 20.19 or newer. Received: Node ${process.versions.node}. Install a newer Node.`);
    process.exit(1);
  }
  if (!installed()) {
    console.error("Setting up: installing dependencies (once) ...");
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    const { status } = spawnSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32",
    });
    if (status !== 0) {
      console.error("npm ci failed; its message is above. Check the network and try again.");
      process.exit(1);
    }
  }
  if (build) {
    const { build: buildLibrary } = await import("./build.mjs");
    buildLibrary();
  }
}
