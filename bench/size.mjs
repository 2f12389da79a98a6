// What Unroll weighs: in a page that builds, predicts or trains, and installed. `npm run bench -- size`.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const unroll = join(root, "packages/unroll");
const folder = join(root, ".cache/bench/size");

const model =
  "sequential({ layers: [input({ shape: [21, 9] }), layers.lstm({ units: 30 }), layers.dense({ units: 1 })] })";
const pages = {
  "build, predict": `import { input, layers, sequential } from "unroll";
    globalThis.predict = (x) => ${model}.predict(x);`,
  "build, predict, train": `import { input, layers, sequential } from "unroll";
    globalThis.train = async (x, y) => {
      const net = ${model};
      net.compile({ optimizer: "adam", loss: "mse" });
      await net.fit(x, y);
      return net.predict(x);
    };`,
  "build, predict, load": `import { loadModel } from "unroll";
    globalThis.predict = async (bytes, x) => (await loadModel(bytes)).predict(x);`,
};

const kilobytes = (bytes) => (bytes / 1000).toFixed(1);

/** Bytes that a page loads at once and later, minified and compressed. */
async function bundledSize(name, code) {
  mkdirSync(folder, { recursive: true });
  const input = join(folder, `${name.replaceAll(/\W+/g, "-")}.js`);
  writeFileSync(input, code);
  const alias = { unroll: join(unroll, "dist/index.js") };
  const build = await rolldown({ input, platform: "browser", external: [/^node:/], resolve: { alias } });
  const { output } = await build.generate({ format: "esm", minify: true });
  await build.close();
  const chunks = new Map(output.filter(({ type }) => type === "chunk").map((chunk) => [chunk.fileName, chunk]));
  const first = new Set();
  const visit = (file) => {
    if (first.has(file) || !chunks.has(file)) return;
    first.add(file);
    chunks.get(file).imports.forEach(visit);
  };
  visit(output.find(({ isEntry }) => isEntry).fileName);
  const size = (files) => {
    const codes = files.map((file) => Buffer.from(chunks.get(file).code));
    const sum = (list) => list.reduce((total, { length }) => total + length, 0);
    return { plain: sum(codes), gzip: sum(codes.map((each) => gzipSync(each, { level: 9 }))) };
  };
  return { first: size([...first]), later: size([...chunks.keys()].filter((file) => !first.has(file))) };
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
  const parts = name === "unroll" ? files.map((file) => join(path, file)) : [path];
  found.set(
    name,
    parts.reduce((sum, part) => sum + bytesUnder(part), 0),
  );
  for (const dependency of Object.keys(dependencies)) installed(dependency, found);
  return found;
}

console.log("| a page that does | at once, kB | gzip | later if needed, kB | gzip |");
console.log("| --- | ---: | ---: | ---: | ---: |");
for (const [name, code] of Object.entries(pages)) {
  const { first, later } = await bundledSize(name, code);
  const cells = [first.plain, first.gzip, later.plain, later.gzip].map(kilobytes);
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}
console.log("\n| installed | kB |\n| --- | ---: |");
const packages = installed("unroll");
for (const [name, bytes] of packages) console.log(`| ${name} | ${kilobytes(bytes)} |`);
console.log(`| together | ${kilobytes([...packages.values()].reduce((sum, bytes) => sum + bytes, 0))} |`);
