import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { uncounted } from "./bodies.ts";
import type { ServiceOptions } from "./options.ts";
import { kerasArray, kerasFile, nested, prepared, started } from "./testing.ts";

const gru = `gru=${kerasFile("gru_after/m.keras")}`;
const instances = nested(kerasArray("gru_after/inputs.npy"));
const predictUrl = "/v1/models/gru:predict";
const token = "a-long-enough-token";

/** A connection that collects what it is told until it is closed. */
async function open(url: string): Promise<{ socket: Socket; closed: Promise<string> }> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.on("data", (data) => {
    text += data;
  });
  socket.on("error", () => {});
  const closed = once(socket, "close").then(() => text);
  await once(socket, "connect");
  return { socket, closed };
}

/** Asks again until the answer is what is waited for; the test's own time is the bound. */
async function until<T>(ask: () => Promise<T>, isGood: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isGood(answer)) return answer;
    await sleep(10);
  }
}

/** Addresses on which anybody listens at the port, as Linux tells them. */
function listeningAt(url: string): string[] {
  const { port } = new URL(url);
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => readFileSync(file, "utf8").split("\n").slice(1));
  return lines.flatMap((line) => {
    const [, address, listens] = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A /.exec(line) ?? [];
    if (Number.parseInt(listens ?? "", 16) !== Number(port)) return [];
    // The bytes of an IPv4 address, the last one first.
    return [
      (address!.match(/../g) ?? [])
        .map((byte) => Number.parseInt(byte, 16))
        .reverse()
        .join("."),
    ];
  });
}

function listening(options: Omit<ServiceOptions, "models"> = {}) {
  return started({ models: [gru], ...options });
}

describe("the token", () => {
  const addresses = [
    ["GET", "/v1/models/gru"],
    ["GET", "/v1/models/none"],
    ["POST", predictUrl],
    ["GET", "/v2/health/live"],
    ["GET", "/v2/health/ready"],
    ["GET", "/ping"],
    ["GET", "/metrics"],
    ["POST", "/admin/reload"],
    ["GET", "/"],
    ["GET", "/none"],
    ["GET", "/v1/%"],
    ["GET", `/v2/models/${"a".repeat(400)}`],
    ["PUT", "/v1/models/gru"],
    ["DELETE", "/v2"],
    ["OPTIONS", "/"],
    ["PROPFIND", "/v2"],
  ] as const;

  it("is asked for everywhere, with one answer that tells nothing", async () => {
    const { url } = await listening({ token });
    const answers = new Set<string>();
    for (const [method, path] of addresses) {
      for (const header of [undefined, "Bearer wrong", `Bearer ${token}x`, `Basic ${token}`, "Bearer", token]) {
        const response = await fetch(url + path, {
          method,
          ...(header === undefined ? {} : { headers: { authorization: header } }),
        });
        const names = [...response.headers]
          .filter(([name]) => name !== "date")
          .map(([name, value]) => `${name}: ${value}`);
        answers.add(`${response.status} ${names.join(", ")} ${await response.text()}`);
      }
    }
    expect([...answers]).toHaveLength(1);
    const [answer] = answers;
    expect(answer).toMatch(/^401 .*www-authenticate: Bearer.* \{"error":"unauthorized"\}$/);
    expect(answer).not.toContain("gru");
  });

  it("opens everything", async () => {
    const { app } = await prepared({ models: [gru], token: "secret-token" });
    const headers = { authorization: "Bearer secret-token" };
    expect((await app.inject({ url: "/v2/health/ready", headers })).statusCode).toBe(200);
    expect((await app.inject({ method: "POST", url: predictUrl, headers, payload: { instances } })).statusCode).toBe(
      200,
    );
    expect((await app.inject({ url: "/none", headers })).statusCode).toBe(404);
  });

  it("is looked at before the body, and before an expectation is answered", async () => {
    const { url } = await listening({ token });
    const { socket, closed } = await open(url);
    socket.write(`POST ${predictUrl} HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nContent-Length: 1000000\r\n\r\n`);
    expect(await closed).toMatch(/^HTTP\/1.1 401 /);
  });

  it("must not be short", async () => {
    await expect(prepared({ models: [gru], token: "short" })).rejects.toThrow("at least 8 characters");
  });
});

describe("the socket", () => {
  it("listens on this machine alone, unless it is told otherwise", async () => {
    const { url, addresses } = await listening();
    expect(addresses.map(({ address }) => address)).toEqual(["127.0.0.1"]);
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const reachable = others.filter(({ family, internal }) => family === "IPv4" && !internal);
    for (const { address } of reachable) {
      const socket = connect(Number(new URL(url).port), address);
      const event = await once(socket, "connect").then(
        () => "connected",
        () => "refused",
      );
      expect(event).toBe("refused");
      socket.destroy();
    }
    expect((await listening({ host: "localhost" })).addresses.map(({ address }) => address)).toEqual(["127.0.0.1"]);
    const wide = await listening({ host: "0.0.0.0" });
    expect(wide.addresses.map(({ address }) => address)).toEqual(["0.0.0.0"]);
  });

  it.skipIf(!existsSync("/proc/net/tcp"))(
    "is the only one of its port in the system's list of listening ones",
    async () => {
      expect(listeningAt((await listening()).url)).toEqual(["127.0.0.1"]);
      // The list shows the difference.
      expect(listeningAt((await listening({ host: "0.0.0.0" })).url)).toEqual(["0.0.0.0"]);
    },
  );

  it("says so when the port is taken", async () => {
    const { addresses } = await listening();
    await expect(listening({ port: addresses[0]!.port })).rejects.toThrow("Another program listens there");
  });

  it("answers slow senders with 408, and others meanwhile", async () => {
    const { url } = await listening({ requestTimeout: 2 });
    const slow = await Promise.all(Array.from({ length: 5 }, () => open(url)));
    for (const { socket } of slow)
      socket.write(`POST ${predictUrl} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{`);
    const headless = await open(url);
    headless.socket.write("GET /v2 HTTP/1.1\r\nHo");
    let firstClosed = false;
    void Promise.race(slow.map(({ closed }) => closed)).then(() => {
      firstClosed = true;
    });
    const response = await fetch(url + predictUrl, { method: "POST", body: JSON.stringify({ instances }) });
    expect([response.status, firstClosed]).toEqual([200, false]);
    for (const { closed } of [...slow, headless]) expect(await closed).toMatch(/^HTTP\/1.1 408 /);
  });

  it("answers with 408 also those who are still sending", async () => {
    const { url } = await listening({ requestTimeout: 1 });
    const slow = await Promise.all(Array.from({ length: 40 }, () => open(url)));
    const head = `POST ${predictUrl} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n`;
    for (const { socket } of slow) socket.write(head);
    const drops = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write("{");
    }, 1);
    const texts = await Promise.all(slow.map(({ closed }) => closed));
    clearInterval(drops);
    const whole = /^HTTP\/1.1 408 .*\{"error":"The request did not arrive whole in time."\}$/s;
    expect(texts.filter((text) => !whole.test(text))).toEqual([]);
  });

  it("answers broken HTTP, truncated bodies and endless headers with 4xx", async () => {
    const { url } = await listening();
    const tries: [string, RegExp][] = [
      ["nonsense\r\n\r\n", /^HTTP\/1.1 400 /],
      [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"y".repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431 /],
      [`POST ${predictUrl} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"ins`, /^HTTP\/1.1 400 /],
      [`POST ${predictUrl} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`, /^HTTP\/1.1 400 /],
    ];
    for (const [text, answer] of tries) {
      const { socket, closed } = await open(url);
      socket.end(text);
      expect(await closed).toMatch(answer);
    }
  });

  it("closes connections beyond the bound, and serves those within it", async () => {
    const { url } = await listening({ maxConnections: 3 });
    const held = await Promise.all([open(url), open(url), open(url)]);
    const refused = await open(url);
    expect(await refused.closed).toBe("");
    held[0]!.socket.end("GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect(await held[0]!.closed).toContain('{"live":true}');
    for (const { socket } of held) socket.destroy();
  });

  it("takes no more bytes of large bodies at a time than it is told, and small ones all the same", async () => {
    const { url } = await listening({ maxBody: 1_000_000, maxBodies: 1_500_000 });
    const held = await open(url);
    held.socket.write(`POST ${predictUrl} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900001\r\n\r\n`);
    held.socket.write(" ".repeat(900_000));
    const post = (bytes: number) => fetch(url + predictUrl, { method: "POST", body: " ".repeat(bytes) });
    const busy = await until(
      () => post(900_000),
      ({ status }) => status === 503,
    );
    expect(busy.headers.get("retry-after")).toBe("1");
    expect((await post(uncounted)).status).toBe(400);
    held.socket.destroy();
    await until(
      () => post(900_000),
      ({ status }) => status === 400,
    );
    const large = await post(1_000_001);
    expect(large.status).toBe(413);
    expect(await large.json()).toEqual({ error: "body: a body may have 1000000 bytes." });
  });

  it.each(["Content-Length: 8000000", "Transfer-Encoding: chunked"])(
    "does not count what slow senders say will come: %s",
    async (header) => {
      const { url } = await listening();
      const slow = await Promise.all(
        Array.from({ length: 64 }, async () => {
          const connection = await open(url);
          connection.socket.write(`POST ${predictUrl} HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n1\r\n{\r\n`);
          return connection;
        }),
      );
      // Time for the server to have read them all.
      await sleep(200);
      const good = await fetch(url + predictUrl, { method: "POST", body: JSON.stringify({ instances }) });
      expect(good.status).toBe(200);
      for (const { socket } of slow) socket.destroy();
    },
  );
});

describe("a service with enough to do", () => {
  it("answers 429 with the time to wait, and nothing is lost of what it has taken", async () => {
    const { app } = await prepared({ models: [gru], maxConcurrent: 3, batchWait: 1000 });
    const post = () => app.inject({ method: "POST", url: predictUrl, payload: { instances } });
    const answers = await Promise.all(Array.from({ length: 8 }, post));
    const statuses = answers.map(({ statusCode }) => statusCode).sort();
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429, 429, 429]);
    expect(answers.find(({ statusCode }) => statusCode === 429)!.headers["retry-after"]).toBe("1");
    expect((await post()).statusCode).toBe(200);
  });
});

describe("a stop", () => {
  it("answers what has been accepted, tells clients to close, and then ends", async () => {
    const service = await listening({ batchWait: 2000 });
    const body = JSON.stringify({ instances });
    const waiting = Array.from({ length: 6 }, () => fetch(service.url + predictUrl, { method: "POST", body }));
    // A connection that has been of use before, and waits: just such a one must not be cut.
    const open1 = await open(service.url);
    open1.socket.write("GET /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(open1.socket, "data");
    const metrics = async () => (await fetch(`${service.url}/metrics`)).text();
    await until(metrics, (text) => text.includes("unroll_predictions_in_flight 6"));
    const stopped = service.stop();
    open1.socket.write("GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const ready = await open1.closed;
    expect(ready).toContain("HTTP/1.1 503 ");
    expect(ready.toLowerCase()).toContain("connection: close");
    expect(await Promise.all(waiting.map(async (one) => (await one).status))).toEqual([200, 200, 200, 200, 200, 200]);
    await stopped;
    await expect(fetch(service.url)).rejects.toThrow();
  });

  it("does not wait for those who never finish", async () => {
    const service = await listening({ stopTimeout: 1 });
    const { socket } = await open(service.url);
    socket.write(`POST ${predictUrl} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{`);
    await sleep(20);
    const began = performance.now();
    await service.stop();
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe("the log", () => {
  it("is one JSON object a line, and has no token in it", async () => {
    const lines: string[] = [];
    const { app } = await prepared({ models: [gru], token, logLevel: "debug", log: (line) => lines.push(line) });
    await app.inject({ url: "/v2", headers: { authorization: `Bearer ${token}` } });
    const parsed = lines.map((line) => JSON.parse(line) as { msg: string });
    expect(parsed.map(({ msg }) => msg)).toContain("request completed");
    expect(lines.join("")).not.toContain(token);
  });
});
