import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type StaticServer, serveFolder } from "./static-server.ts";

const base = mkdtempSync(join(tmpdir(), "unroll-serve-"));
const folder = join(base, "lab");
let server: StaticServer;

beforeAll(async () => {
  mkdirSync(join(folder, "assets"), { recursive: true });
  writeFileSync(join(base, "secret.txt"), "secret");
  writeFileSync(
    join(folder, "index.html"),
    `<meta\n http-equiv="Content-Security-Policy"\n content="default-src 'self'" /><h1>lab</h1>`,
  );
  writeFileSync(join(folder, "assets/a b.js"), "1");
  writeFileSync(join(folder, "assets/thing"), "1");
  symlinkSync(join(base, "secret.txt"), join(folder, "link.txt"));
  server = await serveFolder(folder);
});
afterAll(async () => {
  await server.close();
  rmSync(base, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Sends the path as it is written: fetch would tidy it up. */
function ask(path: string, options: { method?: string; host?: string } = {}): Promise<Answer> {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const { method = "GET", host = `127.0.0.1:${port}` } = options;
    const asked = request({ host: "127.0.0.1", port, path, method, headers: { host } }, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on("error", reject).end();
  });
}

it("gives the page for / and files with their types", async () => {
  const page = await ask("/?m=gru");
  expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.body).toContain("<h1>lab</h1>");
  const script = await ask("/assets/a%20b.js");
  expect([script.status, script.headers["content-type"]]).toEqual([200, "text/javascript; charset=utf-8"]);
  expect((await ask("/assets/thing")).headers["content-type"]).toBe("application/octet-stream");
  expect(await ask("/", { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
});

it("sends the page's own policy, closed to frames of other sites", async () => {
  const { headers } = await ask("/");
  expect(headers["content-security-policy"]).toBe("default-src 'self'; frame-ancestors 'self'");
  expect(headers["x-content-type-options"]).toBe("nosniff");
});

it.each([
  "/../secret.txt",
  "/assets/../../secret.txt",
  "/%2e%2e/secret.txt",
  "/..%2fsecret.txt",
  "/..%5csecret.txt",
  "//secret.txt",
  "/link.txt",
  "/assets",
  "/%",
  "/%00",
  "http://127.0.0.1/../secret.txt",
])("gives nothing for %s", async (path) => {
  const { status, body } = await ask(path);
  expect(status).toBe(404);
  expect(body).not.toContain("secret\n");
});

it("answers to this machine's names only, and only gives", async () => {
  expect((await ask("/", { host: "evil.example" })).status).toBe(403);
  expect((await ask("/", { host: "localhost:1" })).status).toBe(200);
  expect((await ask("/", { method: "POST" })).status).toBe(405);
});

it("says that a port is taken, and what to do", async () => {
  const { port } = new URL(server.url);
  await expect(serveFolder(folder, Number(port))).rejects.toThrow(
    `unroll lab: the port must be free. Received: port = ${port}. Leave --port out to take a free one.`,
  );
});

it("refuses a folder without a page", async () => {
  await expect(serveFolder(join(folder, "assets"))).rejects.toMatchObject({ code: "file" });
});
