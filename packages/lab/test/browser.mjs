/** Debian's Chromium on the built lab, for tests and screenshots. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";
import { buildLab, shipped } from "../../../scripts/lab-build.mjs";

export { shipped };

const root = fileURLToPath(new URL("..", import.meta.url));
const paths = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The path of a Chromium, or undefined. */
export function findChromium() {
  return paths.find((path) => path !== undefined && path !== "" && existsSync(path));
}

/** The built files that the first screen waits for: the page's own, the worker's, and what the worker imports before it answers. */
export function firstLoad() {
  const assets = join(shipped, "assets");
  const first = readdirSync(assets).filter((name) => /^(index|worker)-|\.css$/.test(name));
  const worker = readFileSync(
    join(
      assets,
      first.find((name) => name.startsWith("worker-")),
    ),
    "utf8",
  );
  const imports = [...worker.matchAll(/from\s*["'`]\.\/([^"'`]+)["'`]/g)].map(([, name]) => name);
  return [...new Set([...first, ...imports])].map((name) => join(assets, name));
}

/** Builds the lab where its sources are newer, serves it on a free port of this machine, and opens a browser. */
export async function openLab({ rebuild = true, args = [] } = {}) {
  const configFile = `${root}vite.config.ts`;
  if (rebuild) await buildLab();
  const server = await preview({
    root,
    configFile,
    logLevel: "error",
    build: { outDir: shipped },
    preview: { host: "127.0.0.1", port: 0 },
  });
  const address = server.httpServer.address();
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...args,
    ],
  });
  return {
    url: `http://127.0.0.1:${address.port}/`,
    browser,
    async close() {
      await browser.close();
      await new Promise((resolve) => server.httpServer.close(resolve));
    },
  };
}
