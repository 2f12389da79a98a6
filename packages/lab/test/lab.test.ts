/**
 * The built lab in a real Chromium: what a stranger does, by keyboard and by link. Numbers are those that Keras prints for
 * these models. Without a Chromium the tests say so and are skipped.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { acceptanceTests } from "./acceptance.ts";
import { firstLoad } from "./browser.mjs";
import { deepTests } from "./deep.ts";
import { helpTests } from "./help.ts";
import { offlineTests } from "./offline.ts";
import { settingsTests } from "./settings.ts";
import { shareTests } from "./share.ts";
import { shellTests } from "./shell.ts";
import { describeLab } from "./suite.ts";
import { everyScreen, follow, packed } from "./visit.ts";

const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** Of the rules only those about colours can tell one theme from another. */
const colourRules = { runOnly: ["color-contrast", "link-in-text-block"] };

/** What axe, which the page must have, finds on it. */
function axeFinds(page: Page, options: object = {}): Promise<string[]> {
  return page.evaluate(async (given) => {
    // It stumbles over what goes while it looks: the page must have come to rest.
    await new Promise<void>((resolve) => {
      let timer = setTimeout(rest, 250);
      const watch = new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(rest, 250);
      });
      watch.observe(document, { childList: true, subtree: true });
      function rest(): void {
        watch.disconnect();
        resolve();
      }
    });
    const { violations } = await (
      globalThis as unknown as {
        axe: {
          run(
            options: object,
          ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
        };
      }
    ).axe.run(given); // put there by the caller
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`)
          .join(" | ")}`,
    );
  }, options);
}

describeLab("the lab", (lab) => {
  const { visit } = lab;

  it("leads from the empty page to why 132, by keyboard only", async () => {
    const page = await visit("#/");
    await page.getByRole("link", { name: /GRU and its second bias/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "How many parameters?" }).waitFor();
    expect(await page.locator("main").textContent()).not.toContain("132");
    await page.getByLabel(/Count, or shape/).focus();
    await page.keyboard.type("120");
    await page.keyboard.press("Enter");
    await page.getByText("The second bias row is forgotten").waitFor();
    await page.getByLabel(/Count, or shape/).fill("132");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "See why" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "132 parameters" }).waitFor();
    expect(await page.locator(".result math").first().textContent()).toBe("132");
    await page.context().close();
  }, 60_000);

  it("switches a GRU's second bias row off and on where its parameters are counted", async () => {
    const page = await visit("#/count/gru?m=gru");
    const toggle = page.getByRole("switch", { name: "reset_after" });
    const bias = page.getByRole("img", { name: /^bias/ });
    // 3 × [4 × (4 + 5) + 2 × 4] = 132; a row of 3h = 12 less is 120.
    for (const [count, rows, said] of [
      ["132", "2 rows", "+3h = 3 × 4 = 12 is a second bias row"],
      ["120", "1 rows", "lower by 3h = 3 × 4 = 12"],
      ["132", "2 rows", "+3h = 3 × 4 = 12 is a second bias row"],
    ] as const) {
      await page.getByRole("heading", { name: `${count} parameters` }).waitFor();
      await page.getByText(said).waitFor();
      expect(await bias.getAttribute("aria-label")).toContain(rows);
      expect(await toggle.isChecked()).toBe(count === "132");
      expect(page.url()).toContain("#/count/gru?");
      await toggle.focus();
      await page.keyboard.press("Space");
      // Off shows the other count; the switch keeps the focus.
      await page.getByRole("heading", { name: `${count === "132" ? 120 : 132} parameters` }).waitFor();
      await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("switch");
    }
    await page.context().close();
  }, 60_000);

  it("counts pasted code as Keras does and names what it does not understand", async () => {
    const page = await visit("#/");
    await page
      .getByLabel(/Paste Keras code/)
      .fill(
        "model = Sequential([Input((30, 5)), GRU(4, return_sequences=True), GRU(2, return_sequences=True), SimpleRNN(25), Dense(1)])",
      );
    await page.getByRole("button", { name: "Open it" }).click();
    await page.locator("tr.total", { hasText: "906" }).waitFor();
    const cells = await page.locator("table tbody tr td:nth-of-type(1)").allTextContents();
    expect(cells.slice(0, 4)).toEqual(["(None, 30, 4)", "(None, 30, 2)", "(None, 25)", "(None, 1)"]);
    expect(page.url()).toContain("s=u1.");
    await page.reload();
    await page.locator("tr.total", { hasText: "906" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("restores timestep, unit and value from a cold link", async () => {
    const page = await visit("#/step/lstm?m=lstm&t=17&unit=2&gate=f");
    await page.getByText("timestep 18 of 30").waitFor();
    await page.locator(".opened").waitFor();
    const value = await page.locator(".opened .value").textContent();
    expect(await page.locator(".opened").textContent()).toContain("kernel[0, 6]");
    await page.reload();
    await page.locator(".opened").waitFor();
    expect(await page.locator(".opened .value").textContent()).toBe(value);
    await page.context().close();
  }, 60_000);

  it("moves in time and between units by arrow keys, and opens values by Enter", async () => {
    const page = await visit("#/step/gru?m=gru&t=3&gate=z");
    await page.locator(".opened").waitFor();
    await page.locator("[role=gridcell][tabindex='0']").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("PageDown");
    await page.getByText("timestep 5 of 30").waitFor();
    // The address follows when the steps rest.
    await expect.poll(() => new URL(page.url()).hash).toMatch(/t=4&unit=1&gate=r/);
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.classList.contains("opened"))).toBe(true);
    await page.context().close();
  }, 60_000);

  it("computes again after a weight is edited, and gives the old numbers back on reset", async () => {
    const page = await visit("#/step/lstm?m=lstm&t=3&unit=1&gate=f");
    const value = page.locator(".opened .value");
    await value.waitFor();
    const before = await value.textContent();
    await page.getByRole("button", { name: /^kernel 0, 5/ }).click();
    await page.getByRole("textbox", { name: "kernel[0, 5]" }).fill("100");
    await page.keyboard.press("Enter");
    await expect.poll(() => value.textContent()).not.toBe(before);
    await page.getByRole("button", { name: "Reset all" }).click();
    await expect.poll(() => value.textContent()).toBe(before);
    await page.context().close();
  }, 60_000);

  it("trains on a series, says whether it beats the last value, and repeats itself bit for bit", async () => {
    const run = async (): Promise<string> => {
      const page = await visit("#/train?m=simple-rnn");
      await page.getByRole("button", { name: /Open LSTM/ }).click();
      await page.getByLabel("Epochs").fill("5");
      await page.getByRole("button", { name: "Train", exact: true }).click();
      await page.locator(".verdict").waitFor({ timeout: 60_000 });
      await page.locator("figure", { hasText: "Loss" }).getByRole("button", { name: "Table" }).click();
      const table = await page.locator("figure", { hasText: "Loss" }).locator("tbody").textContent();
      const forecast = page.locator("figure", { hasText: "Forecast" });
      await forecast.getByRole("button", { name: "Table" }).click();
      expect(await forecast.locator("thead th").allTextContents()).toEqual([
        "timestep",
        "last value",
        "season before",
        "series",
        "model",
      ]);
      const rows = await forecast
        .locator("tbody tr")
        .evaluateAll((all) => all.map((row) => [...row.querySelectorAll("td")].map((one) => one.textContent)));
      // What is to be beaten is the number before, over the test part.
      expect([rows.at(-1)![0], rows[10]![0]]).toEqual([rows.at(-2)![2], ""]);
      const verdict = await page.locator(".verdict").textContent();
      await page.context().close();
      return `${table}\n${verdict}`;
    };
    const first = await run();
    expect(first).toMatch(/Test RMSE \d/);
    expect(await run()).toBe(first);
  }, 120_000);

  it("trains one batch and one epoch at a time, pauses and goes on, to the losses of a run without a pause", async () => {
    const page = await visit(`#/train?s=${packed("model = Sequential([Input((12, 1)), LSTM(4), Dense(1)])")}`);
    const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
    const losses = async (): Promise<string | null> => {
      const figure = page.locator("figure", { hasText: "Loss" });
      await figure.getByRole("button", { name: "Table" }).click();
      return figure.locator("tbody").textContent();
    };
    await page.getByLabel("Epochs").fill("4");
    await press("One batch");
    // 192 - 12 windows in batches of 16 are 12 batches an epoch.
    await page.getByText("Paused in epoch 1 after batch 1 of 12").first().waitFor();
    await press("One epoch");
    await page.getByText("Paused after epoch 1.").first().waitFor();
    await press("Go on");
    await page.locator(".verdict").waitFor({ timeout: 60_000 });
    const stepped = await losses();
    await page.reload();
    await page.getByLabel("Epochs").fill("4");
    await press("Train");
    await page.locator(".verdict").waitFor({ timeout: 60_000 });
    expect(await losses()).toBe(stepped);
    await page.context().close();
  }, 120_000);

  it("trains on a column of a CSV file, and takes pasted lines again", async () => {
    const page = await visit(`#/train?s=${packed("model = Sequential([Input((4, 1)), SimpleRNN(2), Dense(1)])")}`);
    await page.getByLabel("Your own").check();
    const rows = Array.from({ length: 60 }, (_, row) => `2024-01-01;${row},5;${100 - row}`);
    const buffer = Buffer.from(`day;price;volume\n${rows.join("\n")}\n`);
    await page.getByLabel("CSV file", { exact: true }).setInputFiles({ name: "own.csv", mimeType: "text/csv", buffer });
    await page.getByText("own.csv, 60 rows.").waitFor();
    expect(
      await page
        .getByRole("combobox", { name: /^Column/ })
        .locator("option")
        .allTextContents(),
    ).toEqual(["price", "volume"]);
    await page.getByRole("combobox", { name: /^Column/ }).selectOption("price");
    await page.getByLabel("Epochs").fill("1");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.locator(".verdict").waitFor();
    // Four fifths of 0.5 … 59.5 are trained on.
    await page.getByText("0.5 … 47.5").waitFor();
    await page.getByRole("button", { name: "Paste instead" }).click();
    await page.getByRole("textbox", { name: "Your series" }).fill("n\n1\n2\nn/a\n3\n-\n?");
    await page.getByText("4 lines left out: line 1 “n”, line 4 “n/a”, line 6 “-”, 1 more.").waitFor();
    expect(await page.getByRole("button", { name: /^Train/ }).isDisabled()).toBe(true);
    await page.context().close();
  }, 60_000);

  it("has nothing that axe finds in what is folded at first, in high contrast neither", async () => {
    const page = await visit("#/step");
    await page.evaluate(axe);
    await page.locator(".models").waitFor();
    expect(await axeFinds(page), "no model").toEqual([]);
    await page.locator("main").focus();
    await page.keyboard.press("?");
    await page.getByRole("link", { name: /^GRU and its second bias/ }).focus();
    await page.getByRole("complementary", { name: "What is this?" }).waitFor();
    expect(await axeFinds(page), "what is this").toEqual([]);
    await page.keyboard.press("Escape");
    await follow(page, "#/model?m=bidirectional", "tr.total");
    await page.getByRole("button", { name: "Change bidirectional", exact: true }).click();
    await page.getByLabel("units").fill("0");
    await page.getByLabel("units").press("Enter");
    await page.getByRole("alert").waitFor();
    await page.getByRole("button", { name: /^Add a layer/ }).click();
    await page.getByRole("listbox").getByRole("option").first().waitFor();
    expect(await axeFinds(page), "options and layers to add").toEqual([]);
    const misfit = `#/model?s=${packed("model = Sequential([Input((30, 5)), GRU(4), GRU(2), Dense(1)])")}`;
    await follow(page, misfit, ".repairs button");
    expect(await axeFinds(page), "repairs").toEqual([]);
    await follow(page, "#/step/lstm?m=lstm&t=2", "figure:has-text('What it remembers') .bar");
    await page.getByRole("button", { name: "Other units" }).click();
    await page.getByRole("region", { name: "What each unit remembers" }).waitFor();
    expect(await axeFinds(page), "memory of units").toEqual([]);
    await follow(page, `#/train?run=e9&s=${packed("model = Sequential([Input((12, 1)), LSTM(3), Dense(2)])")}`, "#cut");
    await page.getByText("Why is nothing shuffled before?").click();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.locator(".verdict").waitFor();
    expect(await axeFinds(page), "a run that is done").toEqual([]);
    await page.evaluate(() => {
      document.documentElement.dataset.theme = "contrast";
    });
    for (const [hash, ready] of [...everyScreen, [misfit, ".repairs button"]] as const) {
      await follow(page, hash, ready);
      expect(await axeFinds(page, colourRules), hash).toEqual([]);
    }
    await page.context().close();
  }, 120_000);

  it.each(["light", "dark"] as const)(
    "has nothing that axe finds, in %s",
    async (colorScheme) => {
      const page = await visit("#/", { colorScheme });
      await page.evaluate(axe);
      for (const [hash, ready] of everyScreen) {
        await follow(page, hash, ready);
        expect(await axeFinds(page, colorScheme === "dark" ? colourRules : {}), hash).toEqual([]);
      }
      await page.context().close();
    },
    120_000,
  );

  it("fits a screen of 320 pixels without sideways scrolling", async () => {
    const page = await visit("#/", { viewport: { width: 320, height: 700 } });
    for (const [hash, ready] of everyScreen) {
      await follow(page, hash, ready);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), hash).toBeLessThanOrEqual(320);
      // What is fixed widens no page: each tab lies within the screen.
      for (const tab of await page.getByRole("navigation").getByRole("link").all()) {
        const { x, width } = (await tab.boundingBox())!;
        expect([x >= 0, x + width <= 320], await tab.innerText()).toEqual([true, true]);
      }
    }
    await page.context().close();
  }, 60_000);

  it("asks nobody for anything, and works without a network after one visit", async () => {
    const context = await lab.browser.newContext();
    const page = await context.newPage();
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(lab.url) && !/^(data|blob):/.test(request.url())) elsewhere.push(request.url());
    });
    await page.goto(lab.url);
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
    await context.setOffline(true);
    await page.reload();
    for (const [hash, text] of [
      ["#/count/lstm?m=lstm", "160 parameters"],
      ["#/step/gru?m=gru", "timestep 1 of 30"],
      ["#/model?m=stack", "906"],
      ["#/train?m=simple-rnn", "One series needs a model"],
      ["#/compare?m=gru&with=lstm", "LSTM in place of GRU"],
      ["#/quiz?seed=7", "Question 1 of 10"],
    ] as const) {
      await page.goto(lab.url + hash);
      await page.getByText(text).first().waitFor();
    }
    expect(elsewhere).toEqual([]);
    await context.close();
  }, 60_000);

  it("loads no more than 120 kB, gzip, in a few files for its first screen", () => {
    const files = firstLoad();
    expect(files.length).toBeGreaterThan(3);
    expect(files.length).toBeLessThan(10);
    const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
    expect(bytes).toBeLessThanOrEqual(120_000);
  });

  describe("Promises", () => acceptanceTests(lab));
  describe("Deep models", () => deepTests(lab));
  describe("Share", () => shareTests(lab));
  describe("Settings", () => settingsTests(lab));
  describe("Help", () => helpTests(lab));
  describe("Shell", () => shellTests(lab));
  describe("Without a network", () => offlineTests(lab));
});
