/**
 * Runs a function on a TypeScript module of packages/unroll, without a build: for scripts that are not part of the package.
 */
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

/** @param path from packages/unroll, such as "src/formats/index.ts" */
export async function withSource(path, run) {
  const root = fileURLToPath(new URL("../packages/unroll", import.meta.url));
  const server = await createServer({
    root,
    configFile: false,
    appType: "custom",
    logLevel: "error",
    cacheDir: fileURLToPath(new URL("../.cache/vite", import.meta.url)),
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  try {
    return await run(await server.ssrLoadModule(`/${path}`));
  } finally {
    await server.close();
  }
}
