// Pages that use Unroll, bundled as a web project would: what bench/size.mjs measures and packages/unroll/test/light.test.ts bounds.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

const unroll = fileURLToPath(new URL("../packages/unroll/", import.meta.url));

/** The same model from the whole library and from its light entries. */
const imports = {
  unroll: 'import { input, layers, sequential } from "unroll";',
  light: 'import { input, sequential } from "unroll/light"; import * as layers from "unroll/layers";',
  predict: 'import { input, sequential } from "unroll/predict"; import * as layers from "unroll/layers";',
};
const model =
  "sequential({ layers: [input({ shape: [21, 9] }), layers.lstm({ units: 30 }), layers.dense({ units: 1 })] })";
const predict = `globalThis.predict = (x) => ${model}.predict(x);`;
const train = `globalThis.train = async (x, y) => {
  const net = ${model};
  net.compile({ optimizer: "adam", loss: "mse" });
  await net.fit(x, y);
  return net.predict(x);
};`;
const load = "globalThis.predict = async (bytes, x) => (await loadModel(bytes)).predict(x);";

/** What a page does, from which entry, and its code. */
export const pages = [
  ...Object.entries(imports).flatMap(([from, line]) => [
    { does: "build, predict", from, code: line + predict },
    ...(from === "predict" ? [] : [{ does: "build, predict, train", from, code: line + train }]),
  ]),
  { does: "load, predict", from: "unroll", code: `import { loadModel } from "unroll"; ${load}` },
];

const sources = {
  unroll: "src/index.ts",
  "unroll/light": "src/light.ts",
  "unroll/predict": "src/predict.ts",
  "unroll/layers": "src/layers/factories.ts",
};
const built = {
  unroll: "dist/index.js",
  "unroll/light": "dist/light.js",
  "unroll/predict": "dist/predict.js",
  "unroll/layers": "dist/layers.js",
};

/**
 * Bundles a page and minifies it; with `source` from the sources in place of the built library.
 * `first` and `later` are bytes that it loads at once and when it comes to need them; `codes` is what it loads at once, `modules` the
 * same by source file.
 */
export async function bundlePage(code, { source = false, minify = !source } = {}) {
  const page = "\0page.js";
  const entries = Object.entries(source ? sources : built);
  const build = await rolldown({
    input: page,
    platform: "browser",
    external: [/^node:/],
    plugins: [
      {
        name: "page",
        resolveId: (id) => {
          if (id === page) return id;
          const file = entries.find(([name]) => name === id)?.[1];
          return file === undefined ? undefined : join(unroll, file);
        },
        load: (id) => (id === page ? code : undefined),
      },
    ],
  });
  const { output } = await build.generate({ format: "esm", minify });
  await build.close();
  const chunks = new Map(output.filter(({ type }) => type === "chunk").map((chunk) => [chunk.fileName, chunk]));
  const first = new Set();
  const visit = (file) => {
    if (first.has(file) || !chunks.has(file)) return;
    first.add(file);
    chunks.get(file).imports.forEach(visit);
  };
  visit(output.find(({ isEntry }) => isEntry).fileName);
  const sizeOf = (files) => {
    const codes = files.map((file) => Buffer.from(chunks.get(file).code));
    const sum = (list) => list.reduce((total, { length }) => total + length, 0);
    return { plain: sum(codes), gzip: sum(codes.map((each) => gzipSync(each, { level: 9 }))) };
  };
  return {
    codes: [...first].map((file) => chunks.get(file).code),
    first: sizeOf([...first]),
    later: sizeOf([...chunks.keys()].filter((file) => !first.has(file))),
    modules: [...first].flatMap((file) =>
      Object.entries(chunks.get(file).modules).map(([path, { code: text }]) => [path, text ?? ""]),
    ),
  };
}
