/**
 * Threads in a page: in a worker of a cross-origin isolated one they share the work, to the bits of one thread; on the page's own
 * thread, and where nothing is isolated, everything runs on one, and says so.
 */
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "../../../scripts/chromium.mjs";
import { servePage, source } from "./page.ts";

const executablePath = findChromium();
if (executablePath === undefined) {
  console.warn("SKIPPED: threads in a page need Chromium (apt-get install chromium, or CHROMIUM=path).");
}

/** What a thread of the page finds: predictions and trained weights with one and two threads, and who did the work. */
const work = `
  import { input, layers, sequential, tensor } from ${source("index.ts")};
  import { Helper } from ${source("compiler/threads/helper.ts")};
  let helped = 0;
  const { finish } = Helper.prototype;
  Helper.prototype.finish = function (...given) {
    helped++;
    return finish.apply(this, given);
  };
  const numbers = (count) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * i));
  const build = () =>
    sequential({ seed: 3, layers: [input({ shape: [40, 8] }), layers.gru({ units: 48 }), layers.dense({ units: 1 })] });
  const x = tensor(numbers(96 * 40 * 8), [96, 40, 8]);
  const y = tensor(numbers(96), [96, 1]);
  export async function found() {
    const net = build();
    const alone = net.predict(x, { threads: 1, batchSize: 96 }).data;
    let same = true;
    // A worker takes its time to start; what it has not begun is run here.
    for (let tries = 0; tries < 100 && (tries < 3 || helped === 0); tries++) {
      const shared = net.predict(x, { threads: 2, batchSize: 96 }).data;
      same &&= shared.every((value, i) => Object.is(value, alone[i]));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const trained = [1, 2, 2].map((threads) => {
      const one = build();
      one.compile({ optimizer: "sgd", loss: "mse" });
      for (let step = 0; step < 3; step++) one.trainOnBatch(x, y, { threads });
      return { weights: one.getWeights().map(({ data }) => Array.from(data)), why: one.device().training.why };
    });
    const [first, second, third] = trained.map(({ weights }) => weights.flat());
    const apart = Math.max(...first.map((value, i) => Math.abs(value - second[i])));
    return { same, helped, apart, again: second.every((value, i) => Object.is(value, third[i])), why: trained[1].why };
  }
`;
const scripts = {
  work,
  page: `
    import { found } from "\0work";
    globalThis.here = found;
    globalThis.inWorker = () => new Promise((resolve, reject) => {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
  `,
  worker: `import { found } from "\0work"; found().then(postMessage, (error) => setTimeout(() => { throw error; }));`,
};

interface Found {
  readonly same: boolean;
  readonly helped: number;
  /** The largest difference of a weight after three steps. */
  readonly apart: number;
  /** Whether two threads gave the same bits twice. */
  readonly again: boolean;
  readonly why: string;
}

describe.skipIf(executablePath === undefined)("threads in a page", { timeout: 120_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox", "--disable-gpu"] });
  }, 60_000);
  afterAll(() => browser?.close());

  async function ask(what: "here()" | "inWorker()", headers: Readonly<Record<string, string>>): Promise<Found> {
    const served = await servePage(scripts, headers);
    const page = await browser.newPage();
    try {
      await page.goto(served.url);
      await page.waitForFunction("globalThis.here !== undefined");
      return await page.evaluate<Found>(what);
    } finally {
      await page.close();
      await served.close();
    }
  }
  const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

  it("share predictions and training steps in a worker of an isolated page", async () => {
    const { same, helped, apart, again, why } = await ask("inWorker()", isolated);
    expect({ same, again, why }).toEqual({ same: true, again: true, why: "2 threads share each step." });
    expect(helped).toBeGreaterThan(0);
    expect(apart).toBeLessThan(1e-6);
  });

  it.each([
    ["on the page's own thread", "here()", isolated, "a page's own thread may not wait for others, a worker may"],
    ["in a page that is not isolated", "inWorker()", {}, "this page is not cross-origin isolated"],
  ] as const)("leave everything to one thread %s", async (_, what, headers, why) => {
    expect(await ask(what, headers)).toEqual({
      same: true,
      helped: 0,
      apart: 0,
      again: true,
      why: `On one thread: ${why}.`,
    });
  });
});
