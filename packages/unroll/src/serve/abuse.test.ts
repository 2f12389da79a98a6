/** Requests that are meant to harm: each is answered or cut off, and the service goes on. Those of http-server.test.ts are plainer. */
import { once } from "node:events";
import { connect } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { kerasArray, kerasFile, nested, started } from "./testing.ts";

const instances = nested(kerasArray("gru_after/inputs.npy"));
const path = "/v1/models/gru:predict";
const good = JSON.stringify({ instances });

/** Everything that the service says to some bytes until it closes, or until it has said so many answers. */
async function say(url: string, bytes: string, answers = 1): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.on("error", () => {});
  socket.write(bytes);
  const closed = once(socket, "close");
  await new Promise<void>((resolve) => {
    socket.on("data", (data) => {
      text += data;
      if (text.split("HTTP/1.1 ").length > answers) resolve();
    });
    void closed.then(() => resolve());
  });
  socket.destroy();
  return text;
}

const post = (body: string, more = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;

async function service() {
  const { url } = await started({ models: [`gru=${kerasFile("gru_after/m.keras")}`], maxBody: 4 * 2 ** 20 });
  /** Whether it still answers. */
  const isWell = async () => (await fetch(url + path, { method: "POST", body: good })).status === 200;
  return { url, isWell };
}

describe("a service that is attacked", { timeout: 60_000 }, () => {
  it("answers requests in one packet one after the other, and none behind a broken one", async () => {
    const { url, isWell } = await service();
    const three = await say(url, post(good) + post("{}") + post(good), 3);
    expect(three.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400", "HTTP/1.1 200"]);
    const broken = await say(url, `${post(good)}NONSENSE\r\n\r\n${post(good)}`, 9);
    expect(broken.match(/HTTP\/1.1 \d+/g)).not.toContain("HTTP/1.1 500");
    expect(broken.match(/HTTP\/1.1 200/g)?.length ?? 0).toBeLessThan(2);
    expect(await isWell()).toBe(true);
  });

  it.each([
    ["two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
    ["a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a length below zero", "Content-Length: -1\r\n\r\n"],
    ["a length that is no number", "Content-Length: 0x10\r\n\r\n"],
    ["a length beyond all bounds", "Content-Length: 99999999999999999999\r\n\r\n"],
    ["chunks of a wrong size", "Transfer-Encoding: chunked\r\n\r\n5\r\nhi\r\n0\r\n\r\n"],
    ["a chunk beyond all bounds", "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhi"],
    ["an unknown encoding", "Transfer-Encoding: gzip\r\n\r\nhi"],
  ])("refuses %s", async (_, rest) => {
    const { url, isWell } = await service();
    expect(await say(url, `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${rest}`)).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(await isWell()).toBe(true);
  });

  it("cuts chunks that never end at the bound of a body", async () => {
    const { url, isWell } = await service();
    const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
    const text = await say(
      url,
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(80)}`,
    );
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(await isWell()).toBe(true);
  });

  it("does not unpack what is small on the way and large behind it", async () => {
    const { url, isWell } = await service();
    const zeros = Buffer.alloc(64 * 2 ** 20);
    for (const [encoding, body] of [
      ["gzip", gzipSync(zeros)],
      ["deflate", deflateSync(zeros)],
    ] as const) {
      const before = process.memoryUsage().rss;
      const response = await fetch(url + path, { method: "POST", body, headers: { "content-encoding": encoding } });
      expect(response.status).toBe(415);
      expect(process.memoryUsage().rss - before).toBeLessThan(48 * 2 ** 20);
    }
    expect(await isWell()).toBe(true);
  });

  it("refuses lists within lists a million deep, in every protocol", async () => {
    const { url, isWell } = await service();
    const deep = "[".repeat(1e6) + "]".repeat(1e6);
    const bodies: [string, string][] = [
      [path, `{"instances": ${deep}}`],
      [path, `{"inputs": ${deep}}`],
      [path, deep],
      [path, `${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}`],
      ["/v2/models/gru/infer", `{"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": ${deep}}]}`],
      ["/v2/models/gru/infer", `{"inputs": ${deep}}`],
      ["/invocations", `{"inputs": ${deep}}`],
      ["/invocations", `{"dataframe_split": {"columns": ["a"], "data": ${deep}}}`],
      ["/invocations", `{"dataframe_records": ${deep}}`],
    ];
    for (const [address, body] of bodies) {
      const response = await fetch(url + address, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      const text = await response.text();
      expect([address, body.slice(0, 24), response.status], text).toEqual([address, body.slice(0, 24), 400]);
      expect(text.length).toBeLessThan(2000);
    }
    expect(await isWell()).toBe(true);
  });

  it("is not confused by names that stand twice or belong to prototypes", async () => {
    const { url, isWell } = await service();
    const ask = async (body: string) => (await fetch(url + path, { method: "POST", body })).status;
    // As JSON.parse does, the last of two counts.
    expect(await ask(`{"instances": 7, "instances": ${JSON.stringify(instances)}}`)).toBe(200);
    expect(await ask(`{"instances": ${JSON.stringify(instances)}, "instances": 7}`)).toBe(400);
    expect(await ask(`{"__proto__": {"instances": ${JSON.stringify(instances)}}}`)).toBe(400);
    expect(await ask('{"instances": {"length": 1e9}}')).toBe(400);
    expect((await fetch(`${url}/v1/models/__proto__`)).status).toBe(404);
    expect((await fetch(`${url}/v1/models/constructor:predict`, { method: "POST", body: good })).status).toBe(404);
    expect(await isWell()).toBe(true);
  });
});
