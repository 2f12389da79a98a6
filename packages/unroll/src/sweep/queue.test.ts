import { afterEach, describe, expect, it, vi } from "vitest";
import { connect, loadBullmq } from "./queue.ts";

describe("a queue", () => {
  afterEach(() => {
    vi.doUnmock("bullmq");
    vi.doUnmock("ioredis");
  });

  it("says what to install where its packages are missing", async () => {
    const isMissing = (): never => {
      throw new Error("Cannot find package");
    };
    vi.doMock("bullmq", isMissing);
    vi.doMock("ioredis", isMissing);
    const rule =
      "sweep: a queue needs the packages bullmq and ioredis. Received: not installed. " +
      "Run npm install bullmq@6.7.0 ioredis@6.0.0, or leave --queue out.";
    await expect(loadBullmq()).rejects.toThrow(rule);
    await expect(connect("redis://127.0.0.1")).rejects.toThrow(rule);
  });

  it("is a Redis URL; another one is told without what may be its password", async () => {
    await expect(connect("http://me:secret@host/")).rejects.toThrow("Received: http://host.");
    await expect(connect("localhost")).rejects.toThrow("the queue must be a URL such as redis://127.0.0.1:6379");
  });
});
