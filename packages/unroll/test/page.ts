/** Pages of Debian's Chromium for tests: scripts that import the library's sources, bundled and served on this machine. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** A source of the library as scripts of pages import it. */
export const source = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../src/${path}`, import.meta.url)));

/** Scripts by the names under which a page loads them: `{ page: 'import …' }` is served as /page.js. */
export type Scripts = Readonly<Record<string, string>>;

async function bundle(scripts: Scripts): Promise<ReadonlyMap<string, string>> {
  const build = await rolldown({
    input: Object.fromEntries(Object.keys(scripts).map((name) => [name, `\0${name}`])),
    platform: "browser",
    external: [/^node:/],
    plugins: [
      {
        name: "scripts",
        resolveId: (id) => (id.startsWith("\0") && id.slice(1) in scripts ? id : undefined),
        load: (id) => (id.startsWith("\0") ? scripts[id.slice(1)] : undefined),
      },
    ],
  });
  const { output } = await build.generate({ format: "esm", entryFileNames: "[name].js" });
  await build.close();
  return new Map(output.flatMap((file) => (file.type === "chunk" ? [[`/${file.fileName}`, file.code]] : [])));
}

/** Serves a page that runs the script `page`, with these headers on everything. */
export async function servePage(
  scripts: Scripts,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const files = await bundle(scripts);
  const server = createServer(({ url }, response) => {
    const code = files.get(url ?? "");
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader("content-type", code === undefined ? "text/html" : "text/javascript");
    response.end(code ?? '<!doctype html><title>Unroll</title><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
