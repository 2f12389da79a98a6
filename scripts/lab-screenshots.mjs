/**
 * Takes the pictures of every screen of the lab: light, dark and on a phone.
 *
 *   node scripts/lab-screenshots.mjs [--out docs/lab] [--only step] [--no-build]
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openLab } from "../packages/lab/test/browser.mjs";
import { findChromium } from "./chromium.mjs";
import { keepRuns, packed, train } from "./lab-states.mjs";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "docs/lab" },
    only: { type: "string", default: "" },
    "no-build": { type: "boolean", default: false },
  },
});
if (findChromium() === undefined) {
  console.error("The pictures need Chromium: apt-get install chromium, or set CHROMIUM to its path.");
  process.exit(1);
}
const printed = `model = Sequential([Input((30, 5)), GRU(4, return_sequences=True), LSTM(3), Dense(1)])
"""
Layer (type)                 Output Shape              Param #
gru (GRU)                    (None, 30, 4)             120
lstm (LSTM)                  (None, 3)                 96
dense (Dense)                (None, 1)                 4
Total params: 220
"""`;
const screens = {
  start: "#/",
  ask: "#/count/gru?m=gru&ask=1",
  model: "#/model?m=stack",
  edit: "#/model?m=stack",
  misfit: `#/model?s=${packed("model = Sequential([Input((30, 5)), GRU(4), GRU(2), Dense(1)])")}`,
  count: "#/count/lstm?m=lstm",
  total: "#/count?m=conv",
  step: "#/step?m=lstm&t=3&unit=1&gate=f",
  gru: "#/step?m=gru&t=5&unit=2&gate=hHat",
  memory: "#/step?m=lstm&t=20&unit=1",
  backward: `#/step/gru?s=${packed("model = Sequential([Input((30, 5)), GRU(4, return_sequences=True), LSTM(3), Dense(1)])")}&t=26&unit=1&gate=h&back=1`,
  train: `#/train?data=passengers&s=${packed("model = Sequential([Input((12, 1)), LSTM(8), Dense(1)])")}`,
  printed: `#/model?s=${packed(printed)}`,
  both: "#/step?m=bidirectional&t=4&unit=1",
  compare: "#/compare?m=gru&with=lstm~stack",
  runs: `#/train?data=passengers&s=${packed("model = Sequential([Input((12, 1)), LSTM(8), Dense(1)])")}`,
  quiz: "#/quiz?seed=14&kinds=params",
  share: "#/count/gru?m=gru",
  settings: "#/count/gru?m=gru",
};
/** What is done on a screen before its picture. */
const acts = {
  async train(page) {
    await train(page);
    await toTop(page.locator("figure", { hasText: "Forecast" }));
  },
  /** Two runs with other learning rates, side by side. */
  async runs(page) {
    await keepRuns(page, [
      { name: "Quick", rate: "0.02" },
      { name: "Slow", rate: "0.002" },
    ]);
    await toTop(page.locator("tbody.run").first());
  },
  async edit(page) {
    await page.getByRole("button", { name: "Change gru", exact: true }).click();
    await page.waitForSelector(".panel");
  },
  async memory(page) {
    await page.getByRole("button", { name: "Other units" }).click();
    await page.waitForSelector(".lanes table");
    await toTop(page.locator("figure", { hasText: "What it remembers" }));
  },
  async quiz(page) {
    await page.getByLabel("Your count").fill("42");
    await page.getByRole("button", { name: "Check" }).click();
    await page.waitForSelector(".said");
  },
  printed: (page) => toTop(page.locator(".printed")),
  both: (page) => toTop(page.locator(".merge")),
  share: (page) => page.getByRole("button", { name: "Share", exact: true }).click(),
  settings: (page) => page.getByRole("button", { name: "Help and settings" }).click(),
};
/** What a screen shows when it is ready. */
const ready = {
  step: ".opened",
  gru: ".opened",
  memory: ".opened",
  backward: ".opened .tree",
  edit: ".change",
  misfit: ".repairs",
  compare: "tr.total",
  quiz: "#question",
  model: "tr.total",
  printed: ".printed .why",
  train: "main fieldset",
  runs: "main fieldset",
  start: ".hero .names a",
};
const looks = {
  light: { colorScheme: "light", viewport: { width: 1360, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1360, height: 900 } },
  phone: {
    colorScheme: "light",
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  },
};
/** Of WebP, up to 100: text is sharp still, and a picture a quarter of a PNG. */
const quality = 55;
const out = resolve(values.out);
await mkdir(out, { recursive: true });
// Text without coloured edges: they would cost bytes, and blur in WebP.
const { url, browser, close } = await openLab({ rebuild: !values["no-build"], args: ["--disable-lcd-text"] });
try {
  for (const [look, options] of Object.entries(looks)) {
    const context = await browser.newContext({ ...options, reducedMotion: "reduce", serviceWorkers: "block" });
    for (const [name, hash] of Object.entries(screens)) {
      if (!`${name}-${look}`.includes(values.only)) continue;
      const page = await context.newPage();
      page.on("pageerror", (error) => console.error(`${name} ${look}: ${error.message}`));
      page.on(
        "console",
        (message) => message.type() === "error" && console.error(`${name} ${look}: ${message.text()}`),
      );
      await page.goto(url + hash);
      await page
        .waitForSelector(ready[name] ?? "h1", { timeout: 15000 })
        .catch((error) => console.error(`${name} ${look}: ${error.message}`));
      await acts[name]?.(page);
      await page.waitForTimeout(300);
      await page.addStyleTag({ content: "* { caret-color: transparent !important }" });
      const session = await context.newCDPSession(page);
      const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality });
      await writeFile(join(out, `${name}-${look}.webp`), Buffer.from(data, "base64"));
      await page.close();
    }
    await context.close();
  }
} finally {
  await close();
}

/** Scrolls so that it stands below the bar at the top. */
async function toTop(place) {
  await place.evaluate((one) => scrollTo(0, one.getBoundingClientRect().top + scrollY - 90));
}
