import { defineConfig } from "tsdown";

export default defineConfig({
  entry: { index: "src/index.ts", cli: "src/cli/main.ts" },
  format: "esm",
  platform: "neutral",
  target: "es2023",
  dts: false,
  sourcemap: false,
  clean: false,
  external: [/^node:/],
});
