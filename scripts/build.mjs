// Builds packages/unroll into dist/: one ES module bundle for the library and the command line, and its type declarations; run
// as a command, also the lab that the package carries. Does nothing when the output is newer than every source, unless --force
// is given.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const unroll = join(root, "packages/unroll");
/** Packages whose code lies inside the bundle; their licences go with it. */
const bundled = ["d3-dsv", "fflate", "write-excel-file"];

function newestUnder(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}

export function build({ force = false } = {}) {
  const output = join(unroll, "dist/index.js");
  const newest = Math.max(newestUnder(join(unroll, "src")), statSync(join(unroll, "tsdown.config.ts")).mtimeMs);
  if (!force && existsSync(output) && statSync(output).mtimeMs > newest) return;
  const steps = [
    ["tsdown", [], unroll],
    ["tsc", ["-p", unroll, "--emitDeclarationOnly"], root],
  ];
  console.error("Building the library ...");
  for (const [tool, args, cwd] of steps) {
    const program = join(root, "node_modules/.bin", tool);
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (status !== 0) {
      console.error(`${stdout}${stderr}\n${tool} failed while building packages/unroll; its message is above.`);
      process.exit(1);
    }
  }
  for (const name of bundled) {
    copyFileSync(join(root, "node_modules", name, "LICENSE"), join(unroll, `dist/LICENSE-${name}`));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const force = process.argv.includes("--force");
  build({ force });
  const { buildLab } = await import("./lab-build.mjs");
  await buildLab({ force });
}
