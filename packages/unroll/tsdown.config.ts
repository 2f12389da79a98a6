import { defineConfig } from "tsdown";

export default defineConfig({
  entry: {
    index: "src/index.ts",
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
  outputOptions: {
    // All that `import "unroll"` runs lies in one file, for every file more delays the start; what it loads later does not.
    codeSplitting: { groups: [{ name: "unroll", test: /[\\/]unroll[\\/]src[\\/]index\.ts$/ }] },
  },
});
