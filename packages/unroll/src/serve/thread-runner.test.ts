import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { input, layers } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { bytesOfModel, kerasFile, nested, prepared, smallModel, temporaryFolder, wave } from "./testing.ts";
import { runnerInThreads } from "./thread-runner.ts";

let workerFile: URL;

/** Threads cannot run TypeScript here: their program is bundled as the package's build does it. */
beforeAll(async () => {
  const file = join(mkdtempSync(join(tmpdir(), "unroll-worker-")), "serve-worker.mjs");
  const input = fileURLToPath(new URL("worker.ts", import.meta.url));
  await build({ input, platform: "node", output: { file, codeSplitting: false }, logLevel: "silent" });
  workerFile = pathToFileURL(file);
});

async function saved(): Promise<string> {
  const path = join(temporaryFolder(), "small.keras");
  writeFileSync(path, await bytesOfModel(smallModel()));
  return path;
}

describe("a model in threads", () => {
  it("gives the bits that it gives in this thread, to rows and to streams", async () => {
    const runner = await runnerInThreads({ path: await saved(), batchSize: 8, threads: 2, workerFile });
    onTestFinished(() => runner.close());
    const x = wave([3, 6, 3]);
    const wanted = [...smallModel().predict(x).data];
    const results = await Promise.all([1, 2, 3, 4].map(() => runner.run([x])));
    for (const [output] of results) expect([...output!.data]).toEqual(wanted);
    const half = (from: number) => ({ shape: [1, 3, 3], data: x.data.slice(from, from + 9) });
    const { state } = await runner.step([half(0)], undefined);
    const { outputs } = await runner.step([half(9)], state);
    expect([...outputs[0]!.data]).toEqual(wanted.slice(0, 2));
  });

  it("says what is wrong with a file or with data as this thread does", async () => {
    const path = kerasFile("broken/truncated.keras");
    await expect(runnerInThreads({ path, batchSize: 8, threads: 1, workerFile })).rejects.toMatchObject({
      name: "UnrollError",
      message: expect.stringContaining("truncated.keras"),
    });
    const runner = await runnerInThreads({ path: await saved(), batchSize: 8, threads: 1, workerFile });
    onTestFinished(() => runner.close());
    await expect(runner.run([wave([1, 6, 4])])).rejects.toMatchObject({ name: "UnrollError", code: "shape" });
  });

  it("that die lose only what they were asked, and start again with the next question", async () => {
    const program = join(temporaryFolder(), "dies.mjs");
    writeFileSync(
      program,
      `import { parentPort as port } from "node:worker_threads";
       port.on("message", ({ id, inputs }) => {
         if (inputs[0].shape[0] === 13) process.exit(1);
         port.postMessage({ kind: "outputs", id, outputs: inputs });
       });
       port.postMessage({ kind: "ready", signature: {} });`,
    );
    const runner = await runnerInThreads({ path: "", batchSize: 8, threads: 1, workerFile: pathToFileURL(program) });
    onTestFinished(() => runner.close());
    const [good, deadly] = [wave([2, 1]), wave([13, 1])];
    const asked = await Promise.allSettled([runner.run([good]), runner.run([deadly]), runner.run([good])]);
    expect(asked.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(asked[1]).toMatchObject({ reason: { status: 503 } });
    expect(await runner.run([good])).toEqual([good]);
    writeFileSync(program, "throw new Error('no');");
    await expect(runner.run([deadly])).rejects.toMatchObject({ status: 503 });
    await expect(runner.run([good])).rejects.toMatchObject({ status: 503, received: "no" });
  });

  it("has one where it is slow or of open length, and none where it is small", async () => {
    const small = sequential({ layers: [input({ shape: [4, 3] }), layers.gru({ units: 2 })], seed: 1 });
    const large = sequential({ layers: [input({ shape: [400, 3] }), layers.lstm({ units: 128 })], seed: 1 });
    for (const [model, inThread] of [
      [small, false],
      [large, true],
      [smallModel(), true],
    ] as const) {
      const path = join(temporaryFolder(), "net.keras");
      writeFileSync(path, await bytesOfModel(model));
      // A program that is not there tells that a thread was wanted.
      const nowhere = new URL("nowhere.mjs", pathToFileURL(`${temporaryFolder()}/`));
      const start = prepared({ models: [path], threads: undefined, workerFile: nowhere });
      if (inThread) await expect(start).rejects.toThrow("nowhere.mjs");
      else expect((await start).registry.names).toEqual(["net"]);
    }
  });

  it("serves, and is exchanged under load without a request lost", async () => {
    const { app, reload } = await prepared({ models: [await saved()], threads: 1, workerFile });
    const payload = { instances: nested(wave([2, 6, 3])) };
    const wanted = (await app.inject({ method: "POST", url: "/v1/models/small:predict", payload })).body;
    let open = true;
    const answers: string[] = [];
    const client = async () => {
      while (open) answers.push((await app.inject({ method: "POST", url: "/v1/models/small:predict", payload })).body);
    };
    const clients = [client(), client(), client()];
    for (let i = 0; i < 5; i++) expect((await reload())[0]!.result).toBe("loaded");
    open = false;
    await Promise.all(clients);
    expect(answers.length).toBeGreaterThan(10);
    expect(new Set(answers)).toEqual(new Set([wanted]));
  });
});
