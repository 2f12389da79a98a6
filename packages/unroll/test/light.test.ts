/** The light entry: what it carries, that it does its work alone, and that `unroll` adds the rest to the models that are there. */
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

const pageFrom = (from: string): Page =>
  (pages as readonly Page[]).find((page) => page.from === from && page.does.endsWith("train"))!;

describe("a page that builds, predicts and trains", () => {
  // Bytes as measured; what makes a page heavier by more than 3 % should be meant.
  it.each([
    ["unroll/light", "light", 83_100],
    ["unroll", "unroll", 156_500],
  ])("carries no more than it did: from %s", async (_, from, measured) => {
    const { first }: Bundled = await bundlePage(pageFrom(from).code, { source: true, minify: true });
    expect(first.gzip).toBeLessThan(1.03 * measured);
  });

  it("carries from the built library hardly more, and loads no other part of it later", async () => {
    const { first, later }: Bundled = await bundlePage(pageFrom("light").code);
    expect(first.gzip).toBeLessThan(1.06 * 83_100);
    // Checkpoints, and the search for where not-a-number began.
    expect(later.gzip).toBeLessThan(15_000);
  });

  it("carries from unroll/light its own layers only, and nothing that explains, checks, or reads files", async () => {
    const { modules }: Bundled = await bundlePage(pageFrom("light").code, { source: true });
    const files = modules.filter(([, code]) => code !== "").map(([path]) => path.replace(/.*\/src\//, ""));
    expect(files).toEqual(expect.arrayContaining(["layers/dense.ts", "layers/recurrent.ts", "compiler/scan.ts"]));
    const others = [
      /^(?:explain|formats|data)\//,
      /^program\/evaluate|^compiler\/(?:native|threads|describe|wat)|^model\/summary/,
      /^layers\/(?:pooling|convolution|attention|normalizing|merging|cell-layers|bidirectional|embedding|engines)/,
    ];
    expect(files.filter((file) => others.some((other) => other.test(file)))).toEqual([]);
  });
});

describe("unroll/light", () => {
  it("trains and predicts alone, says what it lacks, and gets it from unroll", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unroll-light-"));
    try {
      const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
      const build = await rolldown({
        input: {
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
      const { before, after, ...done } = JSON.parse(stdout);
      expect(done).toEqual({ trained: ["loss", "mae"], shape: [2, 1], shown: "Sequential net" });
      const hint =
        'Import "unroll" too, at once or later by await import("unroll"): it adds the rest to the models that are there.';
      expect(before.explain).toBe(
        `model.explain: unroll/light builds, predicts and trains, and has no more than that. ${hint}`,
      );
      expect(before.summary).toMatch(/^model\.summary: unroll\/light builds/);
      expect(before.save).toMatch(/^model\.toBytes: unroll\/light builds/);
      expect(before.reference).toBe(
        'device: unroll/light computes in WebAssembly SIMD alone. Received: device = reference. Leave the device out and let the page allow WebAssembly, or import "unroll" too, which has the other devices.',
      );
      expect(before.threads).toBe("on one thread: unroll/light has no threads, unroll has.");
      expect(after).toEqual({ explain: "string", summary: "string", save: "object", reference: "object", threads: "" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const program = `
import { inspect } from "node:util";
import { input, sequential, setThreads } from "./light.mjs";
import { dense, lstm } from "./layers.mjs";
setThreads(2);
const net = sequential({ layers: [input({ shape: [3, 2] }), lstm({ units: 4 }), dense({ units: 1 })], name: "net", seed: 1 });
const x = [[[1, 2], [3, 4], [5, 6]], [[6, 5], [4, 3], [2, 1]]];
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
  for (const [name, act] of Object.entries(actions)) {
    try { found[name] = typeof (await act()); } catch (error) { found[name] = error.message; }
  }
  return { ...found, threads: net.device().why.replace(/.*?(, on one thread: .*)?$/, "$1").slice(2) };
};
const done = { trained: Object.keys(history), shape: net.predict(x).shape, shown: inspect(net) };
const before = await results();
await import("./unroll.mjs");
console.log(JSON.stringify({ ...done, before, after: await results() }));
`;
