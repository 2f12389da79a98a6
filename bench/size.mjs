// What Unroll weighs: in a page that builds, predicts or trains, and installed. `npm run bench -- size`.
// `npm run bench -- size --modules light` lists what a page that trains carries by source file, with `predict` in place of `light` one
// that predicts, with `unroll` one from the whole library; `--parts light` says what of it is texts and names. Bytes are minified.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { minifySync } from "rolldown/utils";
import { bundlePage, pages } from "./pages.mjs";
import { printParts } from "./size-parts.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const unroll = join(root, "packages/unroll");

const kilobytes = (bytes) => (bytes / 1000).toFixed(1);

/** The table of pages: bytes that each loads at once and later. */
async function printPages() {
  console.log("| a page that does | from | at once, kB | gzip | later if needed, kB | gzip |");
  console.log("| --- | --- | ---: | ---: | ---: | ---: |");
  for (const { does, from, code } of pages) {
    const { first, later } = await bundlePage(code);
    const cells = [first.plain, first.gzip, later.plain, later.gzip].map(kilobytes);
    console.log(`| ${does} | ${from} | ${cells.join(" | ")} |`);
  }
}

/** Source files of the last page from an entry, the largest first, with the sums of their folders before them. */
async function printModules(from) {
  const page = pages.findLast((one) => one.from === from);
  const { modules } = await bundlePage(page.code, { source: true });
  const folder = join(unroll, "src/");
  const sizes = new Map();
  for (const [path, code] of modules) {
    const bytes = minifySync(path, code, { compress: { unused: false }, mangle: { toplevel: true } }).code.length;
    const name = path.startsWith(folder) ? path.slice(folder.length) : path.replace(root, "");
    const sum = name.includes("/") ? `${name.split("/")[0]}/` : name;
    sizes.set(name, bytes);
    if (sum !== name) sizes.set(sum, (sizes.get(sum) ?? 0) + bytes);
  }
  const bySize = [...sizes].sort(([, a], [, b]) => b - a);
  const print = (rows) => console.log(rows.map(([name, bytes]) => `${String(bytes).padStart(7)} ${name}`).join("\n"));
  print(bySize.filter(([name]) => name.endsWith("/")));
  console.log();
  print(bySize.filter(([name]) => !name.endsWith("/")));
}

function bytesUnder(path) {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + bytesUnder(join(path, name)), 0);
}

/** The package and all it depends on, by name. */
function installed(name, found = new Map()) {
  const path = name === "unroll" ? unroll : join(root, "node_modules", name);
  if (found.has(name) || !existsSync(path)) return found;
  const { dependencies = {}, files } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const parts =
    name === "unroll" ? files.filter((file) => !file.startsWith("!")).map((file) => join(path, file)) : [path];
  found.set(
    name,
    parts.reduce((sum, part) => sum + bytesUnder(part), 0),
  );
  for (const dependency of Object.keys(dependencies)) installed(dependency, found);
  return found;
}

function printInstalled() {
  console.log("\n| installed | kB |\n| --- | ---: |");
  const packages = installed("unroll");
  for (const [name, bytes] of packages) console.log(`| ${name} | ${kilobytes(bytes)} |`);
  console.log(`| together | ${kilobytes([...packages.values()].reduce((sum, bytes) => sum + bytes, 0))} |`);
}

const { values } = parseArgs({ options: { modules: { type: "string" }, parts: { type: "string" } } });
if (values.modules !== undefined) await printModules(values.modules);
else if (values.parts !== undefined) await printParts(values.parts);
else {
  await printPages();
  printInstalled();
}
