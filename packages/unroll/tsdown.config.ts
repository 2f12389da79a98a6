import { defineConfig } from "tsdown";

/** A file of what one entry runs at once, without what the groups above it have. */
const group = (name: string, priority: number, entry: string) => ({
  name,
  priority,
  test: new RegExp(`[\\\\/]unroll[\\\\/]src[\\\\/]${entry}\\.ts$`),
});

/**
 * The writer of .xlsx files packs large ones in a web worker, which Node does not have and a page may forbid. What it packs is
 * unpacked at once (explain/worked/xlsx.ts), so here it is stored, in the same thread.
 */
const packWithoutWorker = {
  name: "pack-without-worker",
  load: (id: string) =>
    /[\\/]write-excel-file[\\/]modules[\\/]zip[\\/]zipToArrayBuffer\.js$/.test(id)
      ? 'import { zipSync } from "fflate"; export default async (files) => zipSync(files, { level: 0 }).buffer;'
      : undefined,
};

export default defineConfig({
  entry: {
    index: "src/index.ts",
    light: "src/light.ts",
    predict: "src/predict.ts",
    layers: "src/layers/factories.ts",
    cli: "src/cli/main.ts",
    serve: "src/serve/index.ts",
    sweep: "src/sweep/index.ts",
    // Programs of worker threads, which are started by their file.
    "serve-worker": "src/serve/worker.ts",
    "sweep-thread": "src/sweep/thread.ts",
  },
  format: "esm",
  platform: "neutral",
  target: "es2023",
  dts: false,
  sourcemap: false,
  // The type declarations in dist/types are another tool's.
  clean: ["dist/*.js"],
  deps: { neverBundle: [/^node:/] },
  plugins: [packWithoutWorker],
  outputOptions: {
    // Editors show the documentation from dist/types; what is left is for bundlers.
    comments: { legal: true, annotation: true, jsdoc: false },
    // Every file more delays the start: what `import "unroll"` runs lies in six, what it loads later in others.
    codeSplitting: {
      groups: [
        group("predict-code", 6, "predict"),
        group("light-code", 5, "light"),
        group("shared-code", 4, "(?:program[\\\\/]evaluate|formats[\\\\/](?:failure|container|json|files|unfinished))"),
        group("layers-code", 3, "layers[\\\\/]factories"),
        group("formats-code", 2, "formats[\\\\/](?:keras-config|keras-model|keras-model-write)"),
        group("unroll", 1, "index"),
      ],
    },
  },
});
