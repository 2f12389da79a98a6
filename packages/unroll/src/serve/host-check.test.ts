import { describe, expect, it } from "vitest";
import { hostCheck } from "./host-check.ts";
import { kerasFile, prepared } from "./testing.ts";

const gru = `gru=${kerasFile("gru_after/m.keras")}`;

describe("the host of a request", () => {
  it("must be this machine, by whatever of its names and at any port", () => {
    const isAllowed = hostCheck({ host: "127.0.0.1", allowHosts: [] });
    for (const host of ["127.0.0.1:8501", "localhost", "LocalHost:1", "[::1]:8501", "localhost.:80", undefined]) {
      expect(isAllowed(host, "127.0.0.1"), host).toBe(true);
    }
    const others = [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example:8501",
      "a@localhost",
      "",
      "[::2]",
    ];
    for (const host of [...others, "localhost:80:80", "localhost/", "10.0.0.1", "::1"]) {
      expect(isAllowed(host, "10.0.0.1"), host).toBe(false);
    }
  });

  it("may be the address that the service listens on, and what is allowed by name", () => {
    const isAllowed = hostCheck({ host: "10.0.0.1", allowHosts: ["Models.example", "fd00::1"] });
    expect(["10.0.0.1:8501", "models.example", "[fd00::1]:80"].map((host) => isAllowed(host, "10.0.0.1"))).toEqual([
      true,
      true,
      true,
    ]);
    expect(isAllowed("other.example", "10.0.0.1")).toBe(false);
  });

  it("may be the address that the connection came to, where the service listens on all of them", () => {
    const isAllowed = hostCheck({ host: "0.0.0.0", allowHosts: [] });
    expect(isAllowed("10.0.0.1:8501", "10.0.0.1")).toBe(true);
    expect(isAllowed("10.0.0.1:8501", "::ffff:10.0.0.1")).toBe(true);
    expect(isAllowed("10.0.0.2:8501", "10.0.0.1")).toBe(false);
    expect(isAllowed("evil.example", "10.0.0.1")).toBe(false);
  });

  it("is no matter where a token is asked for", () => {
    expect(hostCheck({ host: "127.0.0.1", allowHosts: [], token: "secret-token" })("evil.example", "")).toBe(true);
  });

  it.each(["models.example:80", "http://a", "", "a b"])("cannot be allowed as %j", (name) => {
    expect(() => hostCheck({ host: "127.0.0.1", allowHosts: [name] })).toThrow("without a port");
  });

  it("is checked before a model is looked for, in every protocol's own form", async () => {
    const { app } = await prepared({ models: [gru], allowHosts: ["models.example"] });
    const ask = (url: string, host: string, method: "GET" | "POST" = "GET") =>
      app.inject({ url, method, headers: { host } });
    for (const [url, method] of [
      ["/v1/models/gru", "GET"],
      ["/v1/models/none", "GET"],
      ["/v2/models/gru/infer", "POST"],
      ["/invocations", "POST"],
      ["/metrics", "GET"],
      ["/none", "GET"],
      ["/v1/%", "GET"],
      ["/admin/reload", "POST"],
    ] as const) {
      const answer = await ask(url, "evil.example:8501", method);
      expect([url, answer.statusCode]).toEqual([url, 403]);
      expect(answer.body).toContain("--allow-host");
      expect(answer.body).not.toContain("gru");
    }
    expect((await ask("/v1/models/gru", "models.example")).statusCode).toBe(200);
    expect((await ask("/v1/models/gru", "localhost:8501")).statusCode).toBe(200);
  });
});
