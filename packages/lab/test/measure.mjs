/**
 * Measures what the lab promises about time, in Chromium on the built page, and prints it beside the promise.
 *
 *   node packages/lab/test/measure.mjs [--no-build]
 *
 * Other work on the machine counts against the page: the load is printed too.
 */
import { availableParallelism, loadavg } from "node:os";
import { deflateRawSync } from "node:zlib";
import { findChromium, openLab } from "./browser.mjs";

if (findChromium() === undefined) {
  console.error("Measuring needs Chromium: apt-get install chromium, or set CHROMIUM to its path.");
  process.exit(1);
}
const frames = 180;
const loads = 5;
const code = "model = Sequential([Input((60, 5)), LSTM(128), Dense(1)])";
const packed = `u1.${deflateRawSync(Buffer.from(code)).toString("base64url")}`;
const { url, browser, close } = await openLab({ rebuild: !process.argv.includes("--no-build") });

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function report(what, found, promise, isKept) {
  console.log(`${isKept ? "kept    " : "NOT KEPT"}  ${what}: ${found}  (promised: ${promise})`);
}

/** Seconds of processor time that the page's thread has spent; other work on the machine does not count. */
async function threadTimes(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

async function open(hash) {
  const context = await browser.newContext({ serviceWorkers: "block", viewport: { width: 1360, height: 900 } });
  const page = await context.newPage();
  await page.goto(url + hash);
  return page;
}

/** A timestep a frame, to and fro, with the cell drawn each time. */
async function stepping() {
  const page = await open(`#/step?s=${packed}&t=0`);
  await page.locator(".opened").waitFor({ timeout: 60_000 });
  await page.waitForTimeout(1500);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await threadTimes(session);
  const gaps = await page.evaluate(
    (count) =>
      new Promise((resolve) => {
        const gaps = [];
        let last = performance.now();
        const frame = (now) => {
          gaps.push(now - last);
          last = now;
          if (gaps.length > count) return resolve(gaps.slice(1));
          const key = Math.floor(gaps.length / 59) % 2 === 0 ? "]" : "[";
          document.querySelector("main").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      }),
    frames,
  );
  const after = await threadTimes(session);
  const perSecond = (1000 * gaps.length) / gaps.reduce((sum, gap) => sum + gap, 0);
  report(
    "stepping LSTM(128), a timestep a frame",
    `${perSecond.toFixed(1)} frames/s, median ${quantile(gaps, 0.5).toFixed(1)} ms, 95 % within ${quantile(gaps, 0.95).toFixed(1)} ms`,
    "60 frames/s",
    perSecond >= 58,
  );
  const perStep = (name) => (1000 * (after[name] - before[name])) / frames;
  report(
    "processor time of the page's own thread for such a step",
    `${perStep("TaskDuration").toFixed(1)} ms (script ${perStep("ScriptDuration").toFixed(1)}, style ${perStep("RecalcStyleDuration").toFixed(1)}, layout ${perStep("LayoutDuration").toFixed(1)})`,
    "16.7 ms, the length of a frame",
    perStep("TaskDuration") < 16.7,
  );
  await page.context().close();
}

/** Tasks of the page's own thread while its worker trains. */
async function training() {
  const page = await open("#/train?m=simple-rnn");
  await page.getByRole("button", { name: /Open LSTM/ }).click();
  await page.getByLabel("Epochs").fill("40");
  await page.waitForTimeout(1000);
  await page.evaluate(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.tasks.push(duration);
    }).observe({ type: "longtask" });
  });
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.locator(".verdict").waitFor({ timeout: 120_000 });
  const tasks = await page.evaluate(() => globalThis.tasks);
  const longest =
    tasks.length === 0 ? "none of 50 ms or more" : `${tasks.length} of 50 ms or more, longest ${Math.max(...tasks)} ms`;
  report("main-thread tasks while training", longest, "under 50 ms", tasks.length === 0);
  await page.context().close();
}

/** From the request to a page that answers, cold, with the processor slowed down four times. */
async function loading() {
  const times = [];
  for (let load = 0; load < loads; load++) {
    const context = await browser.newContext({ serviceWorkers: "block" });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await page.addInitScript(() => {
      // The first moment after the start page is there at which the thread is free.
      const watch = new MutationObserver(() => {
        if (document.querySelector("main h1") === null) return;
        watch.disconnect();
        setTimeout(() => {
          globalThis.answersAt = performance.now();
        });
      });
      watch.observe(document, { childList: true, subtree: true });
    });
    await page.goto(url);
    await page.waitForFunction(() => globalThis.answersAt !== undefined, undefined, { timeout: 60_000 });
    times.push(await page.evaluate(() => globalThis.answersAt));
    await context.close();
  }
  report(
    "interactive at a quarter of the processor's speed",
    `median ${quantile(times, 0.5).toFixed(0)} ms of ${loads} cold loads (${times.map((time) => time.toFixed(0)).join(", ")})`,
    "under 1000 ms",
    quantile(times, 0.5) < 1000,
  );
}

try {
  console.log(`load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} processors, Chromium ${browser.version()}`);
  await stepping();
  await training();
  await loading();
} finally {
  await close();
}
