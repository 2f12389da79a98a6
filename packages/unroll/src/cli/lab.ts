/** `unroll lab`: serves the lab that came with the package on this machine, and opens it in the browser. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UnrollError } from "../core/errors.ts";
import type { Command } from "./command.ts";
import { printJson } from "./print.ts";
import { serveFolder } from "./static-server.ts";

export const lab: Command = {
  name: "lab",
  doc: "the lab in your browser, served by this machine",
  positionals: [],
  flags: {
    port: { kind: "whole", value: "N", least: 1, most: 65_535, doc: "by default a free one" },
    "no-open": { kind: "boolean", doc: "say the address only" },
  },
  examples: ["unroll lab", "unroll lab --port 8000 --no-open"],
  async run({ flags, terminal }) {
    const server = await serveFolder(labFolder(), typeof flags.port === "number" ? flags.port : 0);
    if (flags.json === true) printJson(terminal, { url: server.url });
    else terminal.out(`The lab is at ${server.url}\nIt runs until Ctrl-C; nothing leaves this machine.\n`);
    if (flags["no-open"] !== true && !(await openInBrowser(server.url))) {
      terminal.note("No browser could be started. Open the address yourself.\n");
    }
    await new Promise<void>((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
    await server.close();
    return 0;
  },
};

/**
 * The built lab in the package. In a clone the lab's sources lie beside the package; they are never served, for a browser shows
 * a blank page of them.
 *
 * @param module a file of the package, built or not
 * @throws UnrollError `file` where the lab has not been built
 */
export function labFolder(module: string = fileURLToPath(import.meta.url)): string {
  const root = packageAbove(module);
  const found = root === undefined ? undefined : join(root, "lab");
  if (found !== undefined && existsSync(join(found, "index.html"))) return found;
  throw new UnrollError({
    code: "file",
    path: "unroll lab",
    expected: "the lab must be built",
    received: "no built lab in the package",
    hint: "In the project's folder, npm run lab:build builds it; npm run lab serves its sources.",
  });
}

/** The folder with the package's own package.json. */
function packageAbove(path: string): string | undefined {
  const folder = dirname(path);
  if (folder === path) return undefined;
  const facts = join(folder, "package.json");
  if (existsSync(facts)) {
    const { name } = JSON.parse(readFileSync(facts, "utf8")) as { readonly name?: string }; // npm checks its form
    if (name === "unroll") return folder;
  }
  return packageAbove(folder);
}

/** Tells whether a program that opens addresses could be started. */
function openInBrowser(url: string): Promise<boolean> {
  const [program, ...words] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", "", url]
        : ["xdg-open", url];
  return new Promise((resolve) => {
    const child = spawn(program!, words, { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}
