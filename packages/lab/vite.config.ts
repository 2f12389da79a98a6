/**
 * Builds and serves the lab: static files that run from any folder of any host; with `--mode single` one HTML file that runs
 * from file://.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import { loadedTogether } from "./loaded-together.ts";
import { oneFile } from "./one-file.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const library = fileURLToPath(new URL("../unroll/src", import.meta.url));
const fromLibrary = { find: /^unroll\/(.*)/, replacement: `${library}/$1` };

/** Writes into the service worker which files the build made, so that all of them work offline after one visit. */
function precache(): Plugin {
  return {
    name: "precache",
    apply: "build",
    closeBundle() {
      const out = join(here, "dist");
      const files = readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== "service-worker.js")
        .map((entry) => `./${relative(out, join(entry.parentPath, entry.name)).replaceAll("\\", "/")}`)
        .sort();
      const path = join(out, "service-worker.js");
      const script = readFileSync(path, "utf8").replace('"PRECACHE"', JSON.stringify(["./", ...files]));
      writeFileSync(path, script.replace("VERSION", String(hash(script))));
    },
  };
}

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) >>> 0;
  return value;
}

const common: UserConfig = {
  root: here,
  base: "./",
  cacheDir: fileURLToPath(new URL("../../.cache/vite-lab", import.meta.url)),
};
const build = { target: "es2022", modulePreload: { polyfill: false }, reportCompressedSize: true };

const files: UserConfig = {
  ...common,
  plugins: [svelte(), precache()],
  resolve: { alias: [fromLibrary] },
  worker: {
    format: "es",
    rolldownOptions: {
      output: { codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: loadedTogether() }] } },
    },
  },
  build,
};

/** A page from file:// may load no module and start no worker from a file: all of it is one classic script. */
const single: UserConfig = {
  ...common,
  publicDir: false,
  plugins: [svelte(), oneFile()],
  resolve: {
    alias: [fromLibrary, { find: "./start-worker.ts", replacement: join(here, "src/app/start-worker-inline.ts") }],
  },
  worker: { format: "iife" },
  build: {
    ...build,
    outDir: "dist-single",
    cssCodeSplit: false,
    rolldownOptions: { output: { format: "iife", codeSplitting: false } },
  },
};

export default defineConfig(({ mode }) => (mode === "single" ? single : files));
