/** The light entries: what they carry, that each does its work alone, and that the next adds its part to the models that are there. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { describe, expect, it } from "vitest";
// @ts-expect-error a plain module of the bench, without types
import { bundlePage, pages } from "../../../bench/pages.mjs";

interface Page {
  readonly does: string;
  readonly from: string;
  readonly code: string;
}
interface Bundled {
  readonly first: { readonly gzip: number };
  readonly later: { readonly gzip: number };
  readonly modules: readonly (readonly [path: string, code: string])[];
}

const pageThat = (does: string, from: string): Page =>
  (pages as readonly Page[]).find((page) => page.from === from && page.does.endsWith(does))!;
/** Source files in a page. */
const filesOf = async (page: Page): Promise<string[]> => {
  const { modules }: Bundled = await bundlePage(page.code, { source: true });
  return modules.filter(([, code]) => code !== "").map(([path]) => path.replace(/.*\/src\//, ""));
};

// Bytes as measured; what makes a page heavier by more than 3 % should be meant.
describe("a page that builds and predicts", () => {
  it("carries no more than it did: from unroll/predict", async () => {
    const { first }: Bundled = await bundlePage(pageThat("predict", "predict").code, { source: true, minify: true });
    expect(first.gzip).toBeLessThan(1.03 * 56_000);
  });

  it("carries nothing that trains", async () => {
    const files = await filesOf(pageThat("predict", "predict"));
    expect(files).toEqual(expect.arrayContaining(["layers/recurrent.ts", "compiler/scan.ts"]));
    expect(
      files.filter((file) => /^training\/|^program\/differentiate|^compiler\/scan-(?:gradient|weights)/.test(file)),
    ).toEqual([]);
  });
});

describe("a page that builds, predicts and trains", () => {
  it.each([
    ["unroll/light", "light", 85_300],
    ["unroll", "unroll", 162_000],
  ])("carries no more than it did: from %s", async (_, from, measured) => {
    const { first }: Bundled = await bundlePage(pageThat("train", from).code, { source: true, minify: true });
    expect(first.gzip).toBeLessThan(1.03 * measured);
  });

  it("carries from the built library hardly more, and loads no other part of it later", async () => {
    const { first, later }: Bundled = await bundlePage(pageThat("train", "light").code);
    expect(first.gzip).toBeLessThan(1.03 * 88_400);
    // Checkpoints, and the search for where not-a-number began.
    expect(later.gzip).toBeLessThan(15_000);
  });

  it("carries from unroll/light its own layers only, and nothing that explains, checks, or reads files", async () => {
    const files = await filesOf(pageThat("train", "light"));
    expect(files).toEqual(expect.arrayContaining(["layers/dense.ts", "layers/recurrent.ts", "compiler/scan.ts"]));
    const others = [
      /^(?:explain|formats|data)\//,
      /^program\/evaluate|^compiler\/(?:native|threads|describe|wat)|^model\/summary/,
      /^layers\/(?:pooling|convolution|attention|normalizing|merging|cell-layers|bidirectional|embedding|engines)/,
    ];
    expect(files.filter((file) => others.some((other) => other.test(file)))).toEqual([]);
  });
});

describe("unroll/predict, unroll/light and unroll, one after the other", () => {
  it("each does its part, says what it lacks, and gets it from the next", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unroll-light-"));
    try {
      const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
      const build = await rolldown({
        input: {
          predict: at("../src/predict.ts"),
          light: at("../src/light.ts"),
          layers: at("../src/layers/factories.ts"),
          unroll: at("../src/index.ts"),
        },
        platform: "node",
      });
      await build.write({
        dir: folder,
        format: "esm",
        entryFileNames: "[name].mjs",
        chunkFileNames: "[name]-[hash].mjs",
      });
      await build.close();
      writeFileSync(join(folder, "program.mjs"), program);
      const { stdout, stderr } = spawnSync(process.execPath, [join(folder, "program.mjs")], { encoding: "utf8" });
      expect(stderr).toBe("");
      const { early, before, after, ...done } = JSON.parse(stdout);
      expect(done).toEqual({ predicted: [2, 1], trained: ["loss", "mae"], shown: "Sequential net" });
      expect(early).toMatch(
        /^model\.compile: unroll\/predict builds and predicts, and has no more than that\. Import "unroll\/light" too, which trains, or "unroll", at once/,
      );
      const hint =
        'Import "unroll" too, at once or later by await import("unroll"): it adds the rest to the models that are there.';
      expect(before.explain).toBe(
        `model.explain: unroll/light builds, predicts and trains, and has no more than that. ${hint}`,
      );
      expect(before.summary).toMatch(/^model\.summary: unroll\/light builds/);
      expect(before.save).toMatch(/^model\.toBytes: unroll\/light builds/);
      expect(before.reference).toBe(
        'device: the light entries of the library compute in WebAssembly SIMD alone. Received: device = reference. Leave the device out and let the page allow WebAssembly, or import "unroll" too, which has the other devices.',
      );
      expect(before.threads).toBe("on one thread: the light entries of the library have no threads, unroll has.");
      expect(after).toEqual({ explain: "string", summary: "string", save: "object", reference: "object", threads: "" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const program = `
import { inspect } from "node:util";
import { input, sequential, setThreads } from "./predict.mjs";
import { dense, lstm } from "./layers.mjs";
setThreads(2);
const net = sequential({ layers: [input({ shape: [3, 2] }), lstm({ units: 4 }), dense({ units: 1 })], name: "net", seed: 1 });
const x = [[[1, 2], [3, 4], [5, 6]], [[6, 5], [4, 3], [2, 1]]];
const messageOf = async (act) => {
  try { return typeof (await act()); } catch (error) { return error.message; }
};
const predicted = net.predict(x).shape;
const early = await messageOf(() => net.compile({ optimizer: "adam", loss: "mse" }));
await import("./light.mjs");
net.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
const { history } = await net.fit(x, [[1], [2]], { seed: 1 });
const actions = {
  explain: () => net.explain().toText(),
  summary: () => net.summary({ print: false }),
  save: () => net.toBytes(),
  reference: () => net.predict(x, { device: "reference" }),
};
const results = async () => {
  const found = {};
  for (const [name, act] of Object.entries(actions)) found[name] = await messageOf(act);
  return { ...found, threads: net.device().why.replace(/.*?(, on one thread: .*)?$/, "$1").slice(2) };
};
const done = { predicted, trained: Object.keys(history), shown: inspect(net) };
const before = await results();
await import("./unroll.mjs");
console.log(JSON.stringify({ ...done, early, before, after: await results() }));
`;
