import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: [
      { find: /^unroll$/, replacement: fileURLToPath(new URL("packages/unroll/src/index.ts", import.meta.url)) },
      // The lab takes single files of the library, so that a page loads what it needs.
      {
        find: /^unroll\/(.*\.ts)$/,
        replacement: `${fileURLToPath(new URL("packages/unroll/src/", import.meta.url))}$1`,
      },
    ],
  },
  test: {
    include: ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts", "examples/**/*.test.ts"],
    testTimeout: 30_000,
  },
});
