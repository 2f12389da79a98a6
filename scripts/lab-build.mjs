// npm run lab:build: builds the lab as static files and puts them into the package for `unroll lab`.
// npm run lab:build -- --single: builds it as one HTML file that works from file://.
import { cpSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const lab = join(root, "packages/lab");
/** What the package carries. */
export const shipped = join(root, "packages/unroll/lab");
const sources = ["packages/lab/src", "packages/lab/public", "packages/unroll/src"].map((folder) => join(root, folder));

function newestSource() {
  const entries = sources.flatMap((folder) => readdirSync(folder, { withFileTypes: true, recursive: true }));
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const single = ["index.html", "vite.config.ts", "loaded-together.ts", "one-file.ts"].map((name) => join(lab, name));
  return Math.max(...[...files, ...single].map((file) => statSync(file).mtimeMs));
}

/** Builds the lab into packages/lab/dist and copies it into the package; does nothing when nothing is newer. */
export async function buildLab({ force = false } = {}) {
  const page = join(shipped, "index.html");
  if (!force && existsSync(page) && statSync(page).mtimeMs > newestSource()) return;
  console.error("Building the lab ...");
  await run("production");
  rmSync(shipped, { recursive: true, force: true });
  cpSync(join(lab, "dist"), shipped, { recursive: true });
}

async function run(mode) {
  // A test runner's own setting would make a build for development.
  process.env.NODE_ENV = "production";
  const { build } = await import("vite");
  await build({ root: lab, configFile: join(lab, "vite.config.ts"), mode, logLevel: "error" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { single: { type: "boolean", default: false } } });
  if (values.single) {
    await run("single");
    const file = join(lab, "dist-single/unroll-lab.html");
    console.log(`${file}: ${Math.round(statSync(file).size / 1000)} kB`);
  } else {
    await buildLab({ force: true });
    console.log(`${join(lab, "dist")}: open it through any web server, or run npx unroll lab`);
  }
}
