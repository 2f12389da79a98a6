/**
 * Measures what the lab promises about time, in Chromium on the built page, and prints it beside the promise.
 *
 *   node packages/lab/test/measure.mjs [--no-build] [--only stepping]
 *
 * Other work on the machine counts against whatever the clock tells, so processor time of the page's own thread stands beside
 * it, and the load is printed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deflateRawSync, gzipSync } from "node:zlib";
import { findChromium } from "../../../scripts/chromium.mjs";
import { firstLoad, openLab } from "./browser.mjs";
import { framesOf, tasksOf } from "./page-thread.mjs";

const { values } = parseArgs({
  options: { "no-build": { type: "boolean", default: false }, only: { type: "string", default: "" } },
});
if (findChromium() === undefined) {
  console.error("Measuring needs Chromium: apt-get install chromium, or set CHROMIUM to its path.");
  process.exit(1);
}
const frames = 180;
const loads = 9;
const edits = 5;
const { url, browser, close } = await openLab({ windows: true, rebuild: !values["no-build"] });

function link(code) {
  return `u1.${deflateRawSync(Buffer.from(code)).toString("base64url")}`;
}

function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function report(what, found, promise, isKept) {
  console.log(`${isKept ? "kept    " : "NOT KEPT"}  ${what}: ${found}  (promised: ${promise})`);
}

async function open(hash) {
  const context = await browser.newContext({ serviceWorkers: "block", viewport: { width: 1360, height: 900 } });
  const page = await context.newPage();
  await page.goto(url + hash);
  return page;
}

/** What the browser did meanwhile, as its trace tells. */
async function traced(page, work) {
  await browser.startTracing(page, { categories: ["devtools.timeline", "disabled-by-default-devtools.timeline"] });
  await work();
  return JSON.parse((await browser.stopTracing()).toString()).traceEvents;
}

/** A timestep a frame, to and fro, with the cell drawn each time. */
async function stepping() {
  const page = await open(`#/step?s=${link("model = Sequential([Input((60, 5)), LSTM(128), Dense(1)])")}&t=0`);
  await page.locator(".opened").waitFor({ timeout: 60_000 });
  await page.waitForTimeout(1500);
  const step = (count) =>
    page.evaluate(
      (count) =>
        new Promise((resolve) => {
          const gaps = [];
          let last = performance.now();
          const frame = (now) => {
            gaps.push(now - last);
            last = now;
            if (gaps.length > count) return resolve(gaps.slice(1));
            // From one end to the other and back, over all calls: at an end a step is none.
            globalThis.stepped = (globalThis.stepped ?? -1) + 1;
            const key = Math.floor(globalThis.stepped / 59) % 2 === 0 ? "]" : "[";
            document.querySelector("main").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            requestAnimationFrame(frame);
          };
          requestAnimationFrame(frame);
        }),
      count,
    );
  await step(60);
  const gaps = await step(frames);
  const perSecond = (1000 * gaps.length) / gaps.reduce((sum, gap) => sum + gap, 0);
  report(
    "stepping LSTM(128), a timestep a frame",
    `${perSecond.toFixed(1)} frames/s, median ${quantile(gaps, 0.5).toFixed(1)} ms, 95 % within ${quantile(gaps, 0.95).toFixed(1)} ms`,
    "60 frames/s",
    perSecond >= 58,
  );
  const times = framesOf(await traced(page, () => step(frames)));
  report(
    "processor time of the page's own thread for such a frame",
    `median ${quantile(times, 0.5).toFixed(1)} ms, 95 % within ${quantile(times, 0.95).toFixed(1)} ms`,
    "16.7 ms, the length of a frame",
    quantile(times, 0.95) < 16.7,
  );
  await page.context().close();
}

/** The most timesteps that are traced, a large layer on another: from a changed number to what comes of it on screen. */
async function editing() {
  const code = "model = Sequential([Input((240, 5)), LSTM(128, return_sequences=True), LSTM(128), Dense(1)])";
  const hash = `#/step?s=${link(code)}&t=239&gate=h`;
  const page = await open(hash);
  await page.locator(".opened .value").waitFor({ timeout: 60_000 });
  const times = [];
  for (let edit = 0; edit < edits; edit++) {
    // The check that follows a change does not count.
    await page.locator("[data-help=check]", { hasText: "largest difference" }).waitFor({ timeout: 60_000 });
    times.push(
      await page.evaluate(
        (to) =>
          new Promise((resolve) => {
            const value = document.querySelector(".opened .value");
            const before = value.textContent;
            const start = performance.now();
            const watch = new MutationObserver(() => {
              // While it is computed, nothing is opened.
              if ((document.querySelector(".opened .value")?.textContent ?? before) === before) return;
              watch.disconnect();
              resolve(performance.now() - start);
            });
            watch.observe(document.querySelector("main"), { childList: true, subtree: true, characterData: true });
            location.hash = to;
          }),
        `${hash}&edits=${encodeURIComponent(JSON.stringify([["x", 239 * 5, (edit + 1) / 2]]))}`,
      ),
    );
  }
  report(
    "the last of 240 inputs of two LSTM(128) is changed",
    `shown after ${quantile(times, 0.5).toFixed(0)} ms, median of ${edits}, worst ${Math.max(...times).toFixed(0)}`,
    "1000 ms",
    quantile(times, 0.5) < 1000,
  );
  await page.context().close();
}

/** The page's own tasks during some work; one of 50 ms is felt. */
async function tasks(what, page, work) {
  const events = await traced(page, work);
  const found = tasksOf(events).sort((a, b) => b.processor - a.processor);
  const [longest = { processor: 0, clock: 0 }] = found;
  const felt = found.filter(({ processor }) => processor >= 50).length;
  report(
    `main-thread tasks ${what}`,
    `longest ${longest.processor.toFixed(0)} ms of processor time (${longest.clock.toFixed(0)} ms by the clock)${felt > 1 ? `, ${felt} of 50 ms or more` : ""}`,
    "under 50 ms",
    felt === 0,
  );
  await page.context().close();
}

async function training() {
  const page = await open("#/train?m=simple-rnn");
  await page.getByRole("button", { name: /Open LSTM/ }).click();
  await page.getByLabel("Epochs").fill("40");
  await page.waitForTimeout(1000);
  await tasks("while training", page, async () => {
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.locator(".verdict").waitFor({ timeout: 120_000 });
  });
}

async function largeFile() {
  const page = await open(`#/train?s=${link("model = Sequential([Input((12, 1)), LSTM(4), Dense(1)])")}`);
  await page.getByLabel("Your own").check();
  await page.waitForTimeout(1000);
  const rows = Array.from(
    { length: 250_000 },
    (_, row) => `2024-01-01,row ${row} of the table,${Math.sin(row / 40).toFixed(6)}`,
  );
  const text = `day,note,value\n${rows.join("\n")}\n`;
  const folder = mkdtempSync(join(tmpdir(), "lab-measure-"));
  const file = join(folder, "large.csv");
  writeFileSync(file, text);
  await tasks(`while a CSV of ${(text.length / 1e6).toFixed(0)} MB is read, drawn and trained on`, page, async () => {
    await page.getByLabel("CSV file", { exact: true }).setInputFiles(file);
    await page.getByText("The latest 20,000 of 250,000").waitFor({ timeout: 60_000 });
    await page.getByLabel("Epochs").fill("2");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.locator(".verdict").waitFor({ timeout: 120_000 });
  });
  rmSync(folder, { recursive: true });
}

async function typing() {
  const page = await open("#/model?m=monster-2");
  await page.locator("tr.total").waitFor();
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await tasks("while typing into the editor", page, async () => {
    await page.keyboard.type('model.add(Dense(3, activation="relu"))\n', { delay: 40 });
    await page.locator("tr.total", { hasText: "15,697" }).waitFor();
  });
}

async function deepModel() {
  const layers = Array.from({ length: 60 }, () => "LSTM(8, return_sequences=True)").join(", ");
  const page = await open("#/");
  await page.locator("h1").waitFor();
  await page.waitForTimeout(1000);
  const go = (hash) =>
    page.evaluate((to) => {
      location.hash = to;
    }, hash); // a plain move, as by a link
  const model = `s=${link(`model = Sequential([Input((30, 5)), ${layers}])`)}`;
  await tasks("while a model of 60 layers opens, is counted and stepped through", page, async () => {
    await go(`#/model?${model}`);
    await page.locator("tr.total").waitFor();
    await go(`#/count?${model}`);
    await page.getByRole("heading", { name: "Layer by layer" }).waitFor();
    await go(`#/step?${model}`);
    await page.locator(".opened").waitFor();
  });
}

async function comparing() {
  const page = await open("#/");
  await page.locator("h1").waitFor();
  await page.waitForTimeout(1000);
  await tasks("while two models are compared", page, async () => {
    await page.evaluate(() => {
      location.hash = "#/compare?m=gru&with=monster-2";
    });
    await page.locator("td.different").first().waitFor();
  });
}

/** Two runs of one model: the second is kept, then Compare shows both, with their losses and what each prediction rests on. */
async function keeping() {
  const page = await open(
    `#/train?data=passengers&s=${link("model = Sequential([Input((12, 1)), LSTM(8), Dense(1)])")}`,
  );
  const press = (name) => page.getByRole("button", { name, exact: true }).click();
  const train = async (rate) => {
    await page.getByLabel("Learning rate").fill(rate);
    await press("Train");
    await page.locator(".verdict").waitFor({ timeout: 120_000 });
  };
  await train("0.01");
  await press("Keep this run");
  await page.getByText("Kept as").first().waitFor();
  await press("Reset weights");
  await train("0.002");
  await page.waitForTimeout(1000);
  await tasks("while a run is kept and compared with another", page, async () => {
    await press("Keep this run");
    await page.getByText("Kept as").first().waitFor();
    await page.getByRole("link", { name: "Compare the 2" }).click();
    await page.locator("figure", { hasText: "Losses of the runs" }).waitFor();
    await page.locator("#compare-memory ~ .scroll").waitFor();
  });
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
    `interactive at a quarter of the processor's speed, ${loads} cold loads`,
    `best ${Math.min(...times).toFixed(0)} ms, median ${quantile(times, 0.5).toFixed(0)}, worst ${Math.max(...times).toFixed(0)}`,
    "under 1000 ms",
    quantile(times, 0.5) < 1000,
  );
}

async function size() {
  const bytes = firstLoad().reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  report("first load, gzip", `${(bytes / 1000).toFixed(1)} kB`, "120 kB", bytes <= 120_000);
}

const measured = { size, stepping, editing, training, largeFile, typing, deepModel, comparing, keeping, loading };
try {
  console.log(`load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} processors, Chromium ${browser.version()}`);
  for (const [name, measure] of Object.entries(measured)) if (name.startsWith(values.only)) await measure();
} finally {
  await close();
}
