/** Debian's Chromium on the built lab, for tests and screenshots. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";
import { findChromium } from "../../../scripts/chromium.mjs";
import { buildLab, shipped } from "../../../scripts/lab-build.mjs";

export { shipped };

const root = fileURLToPath(new URL("..", import.meta.url));

/** The built files that the first screen waits for: the page's and the worker's, with all that they import before they answer. */
export function firstLoad() {
  const assets = join(shipped, "assets");
  const page = readFileSync(join(shipped, "index.html"), "utf8");
  const linked = [...page.matchAll(/(?:src|href)="\.\/assets\/([^"]+)"/g)].map(([, name]) => name);
  const first = new Set([...linked, ...readdirSync(assets).filter((name) => name.startsWith("worker-"))]);
  // A set goes on to what is added while it is walked.
  for (const name of first) {
    if (!name.endsWith(".js")) continue;
    const script = readFileSync(join(assets, name), "utf8");
    for (const [, other] of script.matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g)) first.add(other);
  }
  return [...first].map((name) => join(assets, name));
}

/** Builds the lab where its sources are newer, serves it on a free port of this machine, and opens a browser. */
export async function openLab({ rebuild = true, windows = false, args = [] } = {}) {
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
    executablePath: findChromium({ windows }),
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
