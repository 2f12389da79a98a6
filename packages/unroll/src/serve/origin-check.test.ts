import { describe, expect, it } from "vitest";
import { kerasArray, kerasFile, nested, prepared } from "./testing.ts";

const gru = `gru=${kerasFile("gru_after/m.keras")}`;
const payload = { instances: nested(kerasArray("gru_after/inputs.npy")) };
const predictUrl = "/v1/models/gru:predict";

describe("a request of a page in a browser", () => {
  it("does nothing where the page is a stranger's and no token is asked for", async () => {
    const { app, registry } = await prepared({ models: [gru] });
    const before = registry.all[0]!.runner;
    for (const page of [
      { origin: "https://evil.example" },
      { origin: "http://localhost.evil.example:8501" },
      { origin: "null" },
      { origin: "" },
      { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "cross-site" },
    ]) {
      for (const url of ["/admin/reload", "/v2/repository/models/gru/load", "/invocations", predictUrl]) {
        const answer = await app.inject({ method: "POST", url, payload, headers: { host: "localhost:8501", ...page } });
        expect([page, url, answer.statusCode]).toEqual([page, url, 403]);
        expect(answer.body).toContain("--allow-host");
        expect(answer.body).not.toContain("gru");
      }
    }
    expect(registry.all[0]!.runner).toBe(before);
  });

  it("is answered where the page is of this machine or of a name that is allowed", async () => {
    const { app } = await prepared({ models: [gru], allowHosts: ["models.example"] });
    for (const page of [
      {},
      { origin: "http://localhost:3000", "sec-fetch-site": "cross-site" },
      { origin: "http://127.0.0.1:8501" },
      { origin: "https://models.example" },
      { "sec-fetch-site": "same-origin" },
    ]) {
      const headers = { host: "127.0.0.1:8501", ...page };
      const answer = await app.inject({ method: "POST", url: predictUrl, payload, headers });
      expect([page, answer.statusCode]).toEqual([page, 200]);
    }
  });

  it("may read, as any link does, and may do all with the token", async () => {
    const headers = { host: "localhost", origin: "https://evil.example" };
    const { app } = await prepared({ models: [gru] });
    expect((await app.inject({ url: "/v1/models/gru", headers })).statusCode).toBe(200);
    const token = "a-token-that-is-long";
    const { app: closed } = await prepared({ models: [gru], token });
    const ask = (more: object) =>
      closed.inject({ method: "POST", url: predictUrl, payload, headers: { ...headers, ...more } });
    expect((await ask({})).statusCode).toBe(401);
    expect((await ask({ authorization: `Bearer ${token}` })).statusCode).toBe(200);
  });
});
