/**
 * Looks at the lab: every screen in its states, sizes and themes, as sheets of pictures for the eye, and a list of what can be
 * measured: pages wider than the screen, texts that are cut, controls that overlap or are too small to touch.
 *
 *   npm run lab:sheets -- --out FOLDER [--only step] [--size 390] [--theme dark] [--no-build]
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openLab } from "../packages/lab/test/browser.mjs";
import { findChromium } from "./chromium.mjs";
import { keepRuns, packed, train } from "./lab-states.mjs";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    only: { type: "string", default: "" },
    size: { type: "string", default: "" },
    theme: { type: "string", default: "" },
    "no-build": { type: "boolean", default: false },
  },
});
if (values.out === undefined || findChromium() === undefined) {
  console.error(values.out === undefined ? "Where to? --out FOLDER" : "The sheets need Chromium.");
  process.exit(2);
}
const out = resolve(values.out);
await mkdir(out, { recursive: true });

const model = (...layers) => `model = Sequential([${layers.join(", ")}])`;
const deep = packed(
  `model = Sequential([\n    Input((10, 4)),\n${"    GRU(4, return_sequences=True),\n".repeat(58)}    SimpleRNN(3),\n    Dense(1),\n])`,
);
const wide = packed(model("Input((50, 300))", "LSTM(512, return_sequences=True)", "GRU(256)", "Dense(10)"));
const many = packed(model("Input((1000, 3))", "LSTM(8)", "Dense(1)"));
const steps = packed(model("Input((200, 2))", "LSTM(6, return_sequences=True)", "GRU(4)", "Dense(1)"));
const long = `a_recurrent_network_with_a_name_that_is_much_longer_than_any_box`;
const names = packed(
  `model = Sequential([Input((30, 5)), Bidirectional(LSTM(12, return_sequences=True, name="${long}"), name="both_${long}"), GRU(3, name="${long}_2"), Dense(1)], name="${long}")`,
);
const graph = packed(
  "x = Input((30, 5))\nh = GRU(4, return_sequences=True)(x)\na = LSTM(3)(h)\nb = GRU(2)(h)\nc = Concatenate()([a, b])\ny = Dense(1)(c)\nmodel = Model(x, y)",
);
const misfit = packed(model("Input((30, 5))", "GRU(4)", "GRU(2)", "Dense(1)"));
const unclear = packed(
  "units = read_units()\nmodel = Sequential([Input((30, 5)), GRU(units), Dense(1)])\nfor in 3:\nfoo(model",
);
const fit = packed(model("Input((12, 1))", "LSTM(8)", "Dense(1)"));
const ahead = packed(model("Input((12, 1))", "LSTM(8)", "Dense(3)"));
const two = packed(model("Input((12, 2))", "LSTM(8)", "Dense(1)"));
const back = packed(model("Input((30, 5))", "GRU(6, return_sequences=True)", "LSTM(4)", "Dense(1)"));

const twoRuns = [
  { epochs: 30, rate: "0.01" },
  { epochs: 20, rate: "0.002" },
];

/** Address, what is there when it is ready, and what is done then. */
const states = {
  start: ["#/", ".examples li"],
  recent: ["#/", ".examples li", keepRecent],
  "start-error": ["#/count/gru?s=u1.broken", "[role=alert]"],
  "no-model": ["#/train", "h1"],
  ask: ["#/count/gru?m=gru&ask=1", "h1"],
  "ask-wrong": ["#/count/gru?m=gru&ask=1", "h1", (page) => answer(page, /^Count/, "120")],
  count: ["#/count/lstm?m=lstm", "figure svg"],
  total: ["#/count?m=conv", "#terms"],
  "total-deep": [`#/count?s=${deep}`, "#terms"],
  "count-deep": [`#/count/gru_7?s=${deep}`, "figure svg"],
  "count-wide": [`#/count/lstm?s=${wide}`, "figure svg"],
  "count-names": [`#/count/both_${long}?s=${names}`, "figure svg"],
  model: ["#/model?m=stack", "tr.total"],
  edit: ["#/model?m=bidirectional", "tr.total", (page) => press(page, "Change bidirectional")],
  add: ["#/model?m=gru", ".foot", (page) => press(page, /^Add a layer/)],
  "model-deep": [`#/model?s=${deep}`, "tr.total"],
  "model-names": [`#/model?s=${names}`, "tr.total"],
  graph: [`#/model?s=${graph}`, "tr.total"],
  misfit: [`#/model?s=${misfit}`, ".repairs"],
  unclear: [`#/model?s=${unclear}`, "main form"],
  step: ["#/step?m=lstm&t=3&unit=1&gate=f", ".opened"],
  gru: ["#/step?m=gru&t=5&unit=2&gate=hHat", ".opened"],
  edited: [
    "#/step?m=simple-rnn&edits=%5B%5B%22w%22%2C0%2C%22kernel%22%2C%5B0%2C0%5D%2C1.5%5D%2C%5B%22x%22%2C99999%2C1%5D%5D",
    ".opened",
  ],
  both: ["#/step?m=bidirectional&t=4", ".opened"],
  "step-wide": [`#/step?s=${wide}&t=9&unit=100&gate=c`, ".opened"],
  "step-steps": [`#/step?s=${steps}&t=150`, ".opened"],
  "step-thousand": [`#/step?s=${many}&t=5`, ".opened"],
  "step-deep": [`#/step/gru_9?s=${deep}&t=4`, ".opened"],
  "step-names": [`#/step?s=${names}&t=4`, ".opened"],
  backward: [`#/step/lstm?s=${back}&t=28&unit=1&gate=h&back=1`, ".opened .tree"],
  "backward-gru": [`#/step/gru?s=${back}&t=12&unit=1&gate=h&back=1`, ".opened .tree"],
  units: ["#/step?m=lstm&t=20&unit=1", ".opened", (page) => press(page, "Other units")],
  "train-none": ["#/train?m=gru", "h1"],
  train: [`#/train?s=${fit}`, "fieldset"],
  running: [`#/train?s=${fit}`, "fieldset", (page) => train(page, { epochs: 2000, until: "progress" })],
  trained: [`#/train?s=${fit}`, "fieldset", (page) => train(page, { epochs: 30 })],
  own: [`#/train?s=${fit}`, "fieldset", (page) => page.getByLabel("Your own").check()],
  ahead: [`#/train?data=passengers&s=${ahead}`, "#cut", (page) => train(page, { epochs: 30 })],
  adding: [`#/train?data=adding&s=${two}`, "#cut", (page) => train(page, { epochs: 20 })],
  "compare-one": ["#/compare?m=gru", "tr.total"],
  compare: ["#/compare?m=gru&with=lstm~stack~bidirectional", "tr.total"],
  runs: [`#/train?data=passengers&s=${fit}`, "#cut", (page) => keepRuns(page, twoRuns)],
  quiz: ["#/quiz?seed=14", "#question"],
  "quiz-wrong": ["#/quiz?seed=14&kinds=params", "#question", (page) => answer(page, "Your count", "42")],
  "quiz-right": ["#/quiz?seed=14&kinds=params&key=1&n=3", ".answers article", () => {}],
  share: ["#/step?m=gru", ".opened", (page) => press(page, "Share")],
  help: ["#/count/gru?m=gru", "h1", (page) => press(page, "Help and settings")],
  commands: ["#/step?m=gru", ".opened", (page) => press(page, "Commands")],
};
const sizes = [390, 820, 1360, 1920];
const themes = { light: ["auto", "light"], dark: ["auto", "dark"], contrast: ["contrast", "dark"] };
/** Pictures on a sheet, in rows, and how high a picture may be. */
const sheets = { 390: [5, 1, 2400], 820: [4, 1, 2400], 1360: [3, 2, 1400], 1920: [2, 2, 1500] };

const { url, browser, close } = await openLab({ rebuild: !values["no-build"], args: ["--disable-lcd-text"] });
let found = 0;
try {
  for (const [theme, [setting, colorScheme]] of Object.entries(themes)) {
    for (const width of sizes) {
      if ((values.theme !== "" && values.theme !== theme) || (values.size !== "" && Number(values.size) !== width))
        continue;
      const touch = width < 1000 ? { hasTouch: true, isMobile: width < 500 } : {};
      const context = await browser.newContext({
        viewport: { width, height: width < 500 ? 844 : 1000 },
        colorScheme,
        reducedMotion: "reduce",
        serviceWorkers: "block",
        ...touch,
      });
      await context.addInitScript((one) => {
        if (localStorage.getItem("unroll") === null) localStorage.setItem("unroll", JSON.stringify({ theme: one }));
      }, setting);
      const pictures = [];
      for (const [name, [hash, ready, act]] of Object.entries(states)) {
        if (!name.includes(values.only)) continue;
        const page = await context.newPage();
        const told = (what) => {
          found += 1;
          console.log(`${name} ${width} ${theme}: ${what}`);
        };
        page.on("pageerror", ({ message }) => told(message));
        await page.goto(url + hash);
        await page.waitForSelector(ready, { timeout: 20000 }).catch(({ message }) => told(message.split("\n")[0]));
        try {
          await act?.(page);
        } catch (error) {
          told(error.message.split("\n")[0]);
        }
        await page.waitForTimeout(700);
        for (const one of await page.evaluate(look, width)) told(one);
        const [, , highest] = sheets[width];
        const isDialog = (await page.locator("dialog[open]").count()) > 0;
        const height = isDialog ? 0 : await page.evaluate(() => document.documentElement.scrollHeight);
        await page.setViewportSize({ width, height: Math.max(width < 500 ? 844 : 1000, Math.min(height, highest)) });
        await page.waitForTimeout(150);
        pictures.push([name, (await page.screenshot({ type: "png" })).toString("base64")]);
        await page.close();
      }
      await context.close();
      await writeSheets(pictures, width, theme);
    }
  }
} finally {
  await close();
}
console.log(`${found} findings`);

async function writeSheets(pictures, width, theme) {
  const [columns, rows] = sheets[width];
  for (let first = 0; first < pictures.length; first += columns * rows) {
    const part = pictures.slice(first, first + columns * rows);
    const sheet = await browser.newPage({ viewport: { width: 1900, height: 900 } });
    const cells = part.map(
      ([name, data]) => `<figure><figcaption>${name}</figcaption><img src="data:image/png;base64,${data}"></figure>`,
    );
    await sheet.setContent(
      `<style>body{margin:6px;background:#777;display:grid;grid-template-columns:repeat(${columns},1fr);gap:6px;font:14px sans-serif;align-items:start}figure{margin:0}img{width:100%;display:block}figcaption{background:#000;color:#fff;padding:1px 6px}</style>${cells.join("")}`,
    );
    await sheet.waitForTimeout(200);
    const number = String(Math.floor(first / (columns * rows))).padStart(2, "0");
    const data = await sheet.screenshot({ fullPage: true });
    await writeFile(join(out, `${theme}-${width}-${number}.png`), data);
    await sheet.close();
  }
}

/** Runs in the page: what is off and can be measured. */
function look(width) {
  const said = [];
  // A phone's window grows with what is too wide: the width that it was given counts.
  const wide = document.documentElement.scrollWidth - width;
  if (wide > 0) said.push(`the page is ${wide} px too wide`);
  const what = (one) => {
    const text = (one.getAttribute("aria-label") ?? one.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `${one.tagName.toLowerCase()}${one.classList[0] ? `.${one.classList[0]}` : ""} "${text}"`;
  };
  const isSeen = (one) => one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const root = document.querySelector("dialog[open]") ?? document.body;
  for (const one of root.querySelectorAll("*")) {
    const style = getComputedStyle(one);
    if (one.closest("svg, math, .visually-hidden, .cm-editor") || !isSeen(one)) continue;
    const isCut = /hidden|clip/.test(style.overflowX) && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1;
    // Boxes to write in scroll; the cursors of lanes and of the ribbon reach beyond their figures.
    if (isCut && style.textOverflow !== "ellipsis" && !one.matches("input, figure, .drawing"))
      said.push(`cut: ${what(one)}`);
    if (one.tagName === "SELECT" || style.display === "inline") continue;
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
    if (
      own &&
      !/auto|scroll|hidden/.test(style.overflowX) &&
      one.scrollWidth > one.clientWidth + 2 &&
      one.clientWidth > 0
    )
      said.push(`runs over: ${what(one)}`);
  }
  const controls = [
    ...root.querySelectorAll("button, a.button, a.card, input, select, summary, textarea, nav a"),
  ].filter(isSeen);
  // What is scrolled out of its region lies over nothing.
  const seenBox = (one) => {
    const { left, top, right, bottom, width, height } = one.getBoundingClientRect();
    const box = { left, top, right, bottom, width, height };
    const region = one.parentElement.closest(".side, .scroll, .list, .table, dialog")?.getBoundingClientRect();
    return region ? { ...box, top: Math.max(top, region.top), bottom: Math.min(bottom, region.bottom) } : box;
  };
  const boxes = controls.map((one) => [one, seenBox(one)]).filter(([, { width, height }]) => width > 0 && height > 0);
  for (const [one, { width, height }] of boxes)
    if ((width < 24 || height < 24) && !one.matches("input[type=checkbox], input[type=radio], .visually-hidden"))
      said.push(`small: ${what(one)} ${Math.round(width)}×${Math.round(height)}`);
  for (const [index, [one, a]] of boxes.entries()) {
    for (const [other, b] of boxes.slice(index + 1)) {
      if (one.contains(other) || other.contains(one) || one.closest("nav, header") || other.closest("nav, header"))
        continue;
      const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (x > 2 && y > 2) said.push(`overlap: ${what(one)} and ${what(other)}`);
    }
  }
  return [...new Set(said)].slice(0, 12);
}

async function press(page, name) {
  await page
    .getByRole("button", { name, exact: typeof name === "string" })
    .first()
    .click();
}

async function answer(page, label, text) {
  await page.getByLabel(label).fill(text);
  await press(page, "Check");
  await page.waitForSelector(".finding, .said");
}

async function keepRecent(page) {
  // Put there by hand: titles of all lengths.
  await page.evaluate(() => {
    const list = [
      "LSTM → Dense",
      "Bidirectional → Bidirectional → Dropout → GRU → LayerNormalization → Dense → Dense",
      "GRU",
    ];
    localStorage.setItem(
      "unroll-recent",
      JSON.stringify(list.map((title, at) => ({ title, total: 10 ** (at + 2), s: `u1.${at}` }))),
    );
  });
  await page.reload();
  await page.waitForSelector(".recent");
}
