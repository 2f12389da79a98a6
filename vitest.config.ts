import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const parts = ["packages/*/src/**/*.test.ts"];
const whole = ["packages/*/test/**/*.test.ts", "examples/**/*.test.ts"];

/** The tests of parts that put another module in a module's place: what is loaded already cannot be replaced. */
const replacing = ["packages/unroll/src", "packages/lab/src"].flatMap((folder) =>
  readdirSync(new URL(folder, import.meta.url), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `${folder}/${name}`)
    .filter((path) => readFileSync(new URL(path, import.meta.url), "utf8").includes("vi.mock(")),
);

/** The browser's tests take longest and are no long files: left to the end, all other workers would wait for them. */
class BrowserFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isOfBrowser = ({ moduleId }: TestSpecification): boolean => moduleId.includes("/packages/lab/test/");
    return [...sorted.filter(isOfBrowser), ...sorted.filter((file) => !isOfBrowser(file))];
  }
}

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
    testTimeout: 30_000,
    sequence: { sequencer: BrowserFirst },
    // One more than there are cores: many tests wait for a browser, a server or a worker.
    maxWorkers: availableParallelism() + 1,
    // Tests of parts share what is loaded, which saves a third of their processor time.
    projects: [
      { extends: true, test: { name: "parts", include: parts, exclude: replacing, isolate: false } },
      { extends: true, test: { name: "whole", include: [...replacing, ...whole] } },
    ],
  },
});
