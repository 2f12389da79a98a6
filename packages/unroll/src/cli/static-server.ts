/**
 * Serves the files of one folder to this machine's own browser. Only files that were there at the start have an address, so no
 * request can reach another; nothing is listed, written or executed.
 */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, relative, sep } from "node:path";
import { UnrollError } from "../core/errors.ts";

const host = "127.0.0.1";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export interface StaticServer {
  /** "http://127.0.0.1:41234/" */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts on `port`, or on a free one for 0.
 *
 * @throws UnrollError `usage` where the port is taken or not allowed, `file` where the folder has no index.html
 */
export async function serveFolder(folder: string, port = 0): Promise<StaticServer> {
  const files = filesUnder(folder);
  const page = files.get("/index.html");
  if (page === undefined) {
    throw new UnrollError({
      code: "file",
      path: folder,
      expected: "the folder must hold index.html",
      received: "none",
    });
  }
  const policy = `${policyOf(await readFile(page, "utf8"))}frame-ancestors 'self'`;
  const server = createServer((request, response) => void answer(request, response, files, policy));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(refusal(error, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo; // of a server that listens on a port
  return {
    url: `http://${host}:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, string>,
  policy: string,
): Promise<void> {
  const refuse = (status: number, text: string): void => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
  };
  // A page elsewhere may have pointed its own name at this machine.
  const name = (request.headers.host ?? "").replace(/:\d+$/, "");
  if (name !== host && name !== "localhost") return refuse(403, "The lab is served to this machine only.");
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "The lab only gives files.");
  const path = pathOf(request.url ?? "/");
  const file = files.get(path === "/" ? "/index.html" : path);
  if (file === undefined) return refuse(404, "There is no such file.");
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return refuse(404, "The file is gone.");
  response.writeHead(200, {
    "content-type": types[extname(file)] ?? "application/octet-stream",
    "content-length": bytes.length,
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function pathOf(address: string): string {
  try {
    return decodeURIComponent(address.replace(/[?#].*$/s, ""));
  } catch {
    return "";
  }
}

/** Every file by its address. */
function filesUnder(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [`/${relative(folder, file).split(sep).join("/")}`, file];
    }),
  );
}

/** The page's own policy, so that header and page say the same; ends with "; ". */
function policyOf(page: string): string {
  const content = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(page)?.[1];
  return content === undefined ? "" : `${content}; `;
}

function refusal(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return error;
  return new UnrollError({
    code: "usage",
    path: "unroll lab",
    expected: error.code === "EACCES" ? "the port must be one that you may open" : "the port must be free",
    received: `port = ${port}`,
    hint: "Leave --port out to take a free one.",
  });
}
