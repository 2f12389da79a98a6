import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Random } from "../core/random.ts";
import { type StoreServer, startStore, storeKeys } from "./store-server.ts";
import { sweep } from "./sweep.ts";
import { smallOptions, smallSpace, temporaryFolder } from "./testing.ts";

const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith("unroll-copies-")).length;

async function begun(): Promise<{ server: StoreServer; url: string; folder: string }> {
  const server = await startStore();
  onTestFinished(() => server.close());
  for (const [name, value] of Object.entries(storeKeys)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  return { server, url: `s3://bucket/one?endpoint=${server.endpoint}`, folder: temporaryFolder() };
}

const records = ({ objects }: StoreServer): string[] =>
  [...objects.keys()].filter((key) => key.includes("/records/")).sort();

describe("a sweep in an object store", { timeout: 120_000 }, () => {
  it("finds what it finds in a folder, also where the store fails at times, and leaves no copies", async () => {
    const { server, url, folder } = await begun();
    const options = { ...smallOptions(folder), epochs: 2 };
    const before = copies();
    const expected = await sweep(smallSpace, options, { folder: join(folder, "s"), threads: 0 });
    const random = new Random(5);
    server.fault = () => (["error", "cut", "lost", "half"] as const)[random.below(60)];
    expect(await sweep(smallSpace, options, { folder: url, threads: 0 })).toEqual(expected);
    expect(server.objects.get("bucket/one/results.json")?.toString()).toBe(
      readFileSync(join(folder, "s/results.json"), "utf8"),
    );
    expect(records(server)).toHaveLength(9);
    expect(copies()).toBe(before);
  });

  it("goes on where it was, on another machine", async () => {
    const { server, url, folder } = await begun();
    const options = { ...smallOptions(folder), epochs: 2, strategy: "asha", trials: 8, minEpochs: 1, eta: 2 } as const;
    const stopping = new AbortController();
    const place = { folder: url, threads: 0 };
    const stop = ({ done }: { done: number }) => done === 4 && stopping.abort();
    await expect(sweep(smallSpace, options, { ...place, signal: stopping.signal, onProgress: stop })).rejects.toThrow(
      "stopped as asked",
    );
    expect(records(server)).toHaveLength(4);
    const counts: number[] = [];
    const results = await sweep(smallSpace, options, { ...place, onProgress: ({ done }) => void counts.push(done) });
    expect(counts[0]).toBe(4);
    expect(await sweep(smallSpace, options, { folder: join(folder, "s"), threads: 0 })).toEqual(results);
  });

  it("counts each result once where two of them run at the same time", async () => {
    const { server, url, folder } = await begun();
    const options = { ...smallOptions(folder), epochs: 1, folds: 1 };
    const place = { folder: url, threads: 0 };
    const both = await Promise.all([sweep(smallSpace, options, place), sweep(smallSpace, options, place)]);
    expect(both[0]).toEqual(both[1]);
    expect(records(server)).toHaveLength(9);
  });

  it("refuses a store that writes things twice, and a record that somebody has changed", async () => {
    const { server, url, folder } = await begun();
    const options = { ...smallOptions(folder), epochs: 1, folds: 1 };
    server.writesOnce = false;
    await expect(sweep(smallSpace, options, { folder: url, threads: 0 })).rejects.toThrow(
      "s3://bucket/one/written-once: the store must refuse to write an object twice (If-None-Match: *)",
    );
    server.writesOnce = true;
    await sweep(smallSpace, options, { folder: url, threads: 0 });
    const change = async (record: string): Promise<unknown> => {
      server.objects.set("bucket/one/records/t3-e1.json", Buffer.from(record));
      return await sweep(smallSpace, options, { folder: url, threads: 0 }).catch((error: Error) => error.message);
    };
    expect(await change('{"task":"t3-e1","status":"done"}')).toContain(
      "s3://bucket/one/records/t3-e1.json: must be the result of a task",
    );
    expect(await change('{"task":"t4-e1","status":"failed","reason":""}')).toContain("the task that it is named by");
    expect(await change("{")).toContain("Received: nothing");
  });
});
