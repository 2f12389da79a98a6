/** What can be taken away: pictures that stand alone, tables, code, formulas, files, paper. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { follow, type Lab, packed } from "./visit.ts";

async function openShare(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("dialog", { name: "Share and export" }).waitFor();
}

/** The bytes that a press of that button downloads. */
async function taken(
  page: Page,
  press: () => Promise<void>,
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

export function shareTests({ visit, problems }: Lab): void {
  it("exports a chart that has its title, both axes and its legend when it is opened alone", async () => {
    const page = await visit("#/train?m=simple-rnn");
    await page.getByRole("button", { name: /Open LSTM/ }).click();
    await page.getByLabel("Epochs").fill("3");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.locator(".verdict").waitFor({ timeout: 60_000 });
    await openShare(page);
    const loss = page.getByRole("group", { name: "Loss" }).first();
    const { name, bytes } = await taken(page, () => loss.getByRole("button", { name: "SVG" }).click());
    expect(name).toBe("loss.svg");
    const alone = await page.context().newPage();
    alone.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    await alone.goto(`data:image/svg+xml;base64,${bytes.toString("base64")}`);
    expect(await alone.evaluate(() => document.documentElement.tagName)).toBe("svg");
    expect(await alone.locator("title").textContent()).toBe("Loss");
    expect(await alone.locator(".axis-label").allTextContents()).toEqual(["epoch", "mean squared error"]);
    expect(await alone.locator(".legend text").allTextContents()).toEqual(["training", "test"]);
    // Every text lies within the picture, and no colour or font is left to a page that is not there.
    const outside = await alone.evaluate(() => {
      const whole = document.documentElement.getBoundingClientRect();
      return [...document.querySelectorAll("text")]
        .filter((text) => {
          const { left, right, top, bottom } = text.getBoundingClientRect();
          return left < whole.left || right > whole.right || top < whole.top || bottom > whole.bottom;
        })
        .map((text) => text.textContent);
    });
    expect(outside).toEqual([]);
    expect(bytes.toString()).not.toMatch(/var\(|class="svelte|currentColor/);
    await page.context().close();
  }, 90_000);

  it("gives every picture of every screen with a title, a legend and all of its text inside", async () => {
    const page = await visit("#/");
    const alone = await page.context().newPage();
    const fit = `#/train?s=${packed("model = Sequential([Input((12, 1)), LSTM(4), Dense(1)])")}`;
    const found: string[] = [];
    for (const [hash, ready] of [
      ["#/count/gru?m=gru", "figure svg"],
      ["#/step/lstm?m=lstm&t=9", "figure:has-text('What it remembers') .bar"],
      ["#/step/gru?m=gru&t=29&back=1", "figure:has-text('What is left')"],
      [fit, "main fieldset"],
    ] as const) {
      await follow(page, hash, ready);
      await openShare(page);
      const groups = page.getByRole("dialog").getByRole("group").filter({ hasText: "SVG" });
      for (let index = 0; index < (await groups.count()); index++) {
        const title = (await groups.nth(index).getAttribute("aria-label")) ?? "";
        const { bytes } = await taken(page, () => groups.nth(index).getByRole("button", { name: "SVG" }).click());
        const text = bytes.toString();
        expect(text, title).not.toMatch(/var\(|class="svelte|currentColor|NaN|undefined/);
        await alone.goto(`data:image/svg+xml;base64,${bytes.toString("base64")}`);
        const seen = await alone.evaluate(() => {
          const whole = document.documentElement.getBoundingClientRect();
          const outside = [...document.querySelectorAll("text")].filter((one) => {
            const { left, right, top, bottom } = one.getBoundingClientRect();
            return left < whole.left - 1 || right > whole.right + 1 || top < whole.top - 1 || bottom > whole.bottom + 1;
          });
          return {
            title: document.querySelector("title")?.textContent ?? "",
            legend: document.querySelectorAll(".legend text").length,
            outside: outside.map(({ textContent }) => textContent),
          };
        });
        expect(seen.title, title).not.toBe("");
        expect(seen.legend, title).toBeGreaterThan(0);
        expect(seen.outside, title).toEqual([]);
        found.push(title);
      }
      await page.keyboard.press("Escape");
    }
    for (const kind of ["Arrays", "Cell of lstm", "remembers", "over time", "Gradients", "What is left", "Forecast"])
      expect(
        found.some((title) => title.includes(kind)),
        kind,
      ).toBe(true);
    await page.context().close();
  }, 120_000);

  it("draws cell, lanes and arrays in light or dark colours, and as PNG of one to three times", async () => {
    const page = await visit("#/step/lstm?m=lstm&t=3", { colorScheme: "dark" });
    await page.locator(".opened").waitFor();
    await openShare(page);
    const cell = page.getByRole("group", { name: /^Cell of lstm/ });
    const light = (await taken(page, () => cell.getByRole("button", { name: "SVG" }).click())).bytes.toString();
    expect(light).toContain('<rect width="');
    expect(light).toMatch(/<title id="title">lstm \(LSTM\), timestep 4 of 30<\/title>/);
    await page.getByLabel("Colours").selectOption("dark");
    const dark = (await taken(page, () => cell.getByRole("button", { name: "SVG" }).click())).bytes.toString();
    expect(/fill="(rgb[^"]+)"/.exec(light)?.[1]).toBe("rgb(255, 255, 255)");
    expect(/fill="(rgb[^"]+)"/.exec(dark)?.[1]).toBe("rgb(26, 31, 40)");
    const widthOf = async (times: number): Promise<number> => {
      const png = await taken(page, () => cell.getByRole("button", { name: `PNG, ${times} times` }).click());
      expect(png.bytes.subarray(1, 4).toString()).toBe("PNG");
      return png.bytes.readUInt32BE(16);
    };
    const once = await widthOf(1);
    expect(await widthOf(3)).toBe(3 * once);
    const lanes = page.getByRole("group", { name: /over time/ });
    const drawn = (
      await taken(page, () => lanes.first().getByRole("button", { name: "SVG" }).click())
    ).bytes.toString();
    expect(drawn.match(/<rect/g)!.length).toBeGreaterThan(30 * 4 * 6);
    expect(drawn).toContain("the full colour is 1, or the ± beside the row");
    await page.context().close();
  }, 60_000);

  it("draws the cell as the screen has it: gradients on the way back, the chosen units, and old numbers", async () => {
    const of = (units: number): string => packed(`model = Sequential([Input((12, 3)), GRU(${units}), Dense(1)])`);
    const edits = encodeURIComponent('[["w",0,"kernel",[0,3],2]]');
    const page = await visit(`#/step/gru?s=${of(8)}&t=11&unit=4&gate=z&back=1&edits=${edits}`);
    const boxes = page.locator(".picture .cell");
    await page.locator(".opened header .value").waitFor();
    const onScreen = await boxes.allTextContents();
    const old = await boxes.evaluateAll((all) => all.flatMap((one) => one.getAttribute("data-was") ?? []));
    expect([onScreen.length > 25, old.length > 0]).toEqual([true, true]);
    await openShare(page);
    const cell = page.getByRole("group", { name: "Gradients of gru at timestep 12" });
    const svg = (await taken(page, () => cell.getByRole("button", { name: "SVG" }).click())).bytes.toString();
    const written = [...svg.matchAll(/<text[^>]*monospace[^>]*>([^<]+)</g)].map(([text, number]) => ({
      number: number!,
      isOld: text.includes("line-through"),
    }));
    const inOrder = (numbers: readonly string[]): readonly string[] => [...numbers].sort();
    expect(inOrder(written.flatMap(({ number, isOld }) => (isOld ? [] : number)))).toEqual(inOrder(onScreen));
    expect(inOrder(written.flatMap(({ number, isOld }) => (isOld ? number : [])))).toEqual(inOrder(old));
    expect(svg).toContain("∂L/∂");
    await page.keyboard.press("Escape");
    await follow(page, `#/step/gru?s=${of(24)}&t=11&unit=4&gate=z&units=3,4,9-11`, ".units");
    await openShare(page);
    const some = page.getByRole("group", { name: "Cell of gru at timestep 12" });
    const forward = (await taken(page, () => some.getByRole("button", { name: "SVG" }).click())).bytes.toString();
    expect(forward).toContain("units 4-5, 10-12 of 24");
    await page.context().close();
  }, 60_000);

  it("gives the numbers of a screen as CSV and JSON", async () => {
    const page = await visit("#/model?m=stack");
    await page.locator("tr.total").waitFor();
    await openShare(page);
    const group = page.getByRole("group", { name: "Layers" });
    const csv = (await taken(page, () => group.getByRole("button", { name: "CSV" }).click())).bytes.toString();
    expect(csv.split("\r\n")[1]).toBe('gru,GRU,"(None, 30, 4)",132,g × [h(h+i)+2h]');
    const json = JSON.parse(
      (await taken(page, () => group.getByRole("button", { name: "JSON" }).click())).bytes.toString(),
    );
    expect(json.rows.map((row: unknown[]) => row[3])).toEqual([132, 48, 700, 26]);
    await page.context().close();
  }, 60_000);

  it("gives the model as code and as files that open again with the same numbers", async () => {
    const page = await visit("#/model?m=gru");
    await page.locator("tr.total").waitFor();
    await openShare(page);
    const keras = (
      await taken(page, () => page.getByRole("button", { name: "Keras", exact: true }).click())
    ).bytes.toString();
    expect(keras).toMatch(/GRU\(\s*units=4/);
    const numpy = (await taken(page, () => page.getByRole("button", { name: "NumPy loop" }).click())).bytes.toString();
    expect(numpy).toMatch(/import numpy as np[\s\S]*def predict/);
    for (const ending of [".keras", ".h5", ".onnx", ".safetensors", ".json"]) {
      const file = await taken(page, () => page.getByRole("button", { name: ending, exact: true }).click());
      expect(file.name.endsWith(ending)).toBe(true);
      if (ending !== ".keras" && ending !== ".h5") continue;
      const other = await visit("#/");
      await other.locator("input[type=file]").setInputFiles({ name: file.name, mimeType: "", buffer: file.bytes });
      await other.locator("tr.total", { hasText: "137" }).waitFor();
      await other.getByText("Weights came with the file.").waitFor();
      await other.context().close();
    }
    await page.context().close();
  }, 60_000);

  it("copies link, embed code and formulas", async () => {
    const page = await visit("#/count/gru?m=gru", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("heading", { name: "132 parameters" }).waitFor();
    await openShare(page);
    const copied = async (name: string): Promise<string> => {
      await page.evaluate(() => navigator.clipboard.writeText(""));
      await page.getByRole("button", { name, exact: true }).click();
      await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).not.toBe("");
      return page.evaluate(() => navigator.clipboard.readText());
    };
    expect(await copied("Copy link")).toBe(page.url());
    expect(await copied("Copy code to embed it")).toMatch(/^<iframe src="http:[^"]*#\/count\/gru\?m=gru"/);
    expect(await copied("Copy LaTeX")).toMatch(/\\begin\{aligned\}[\s\S]*= 132/);
    expect(await copied("Copy MathML")).toMatch(/^<math [\s\S]*<\/math>$/);
    await page.context().close();
  }, 60_000);

  it("prints in light colours, without controls, with the link at the end", async () => {
    const page = await visit("#/count/gru?m=gru", { colorScheme: "dark" });
    await page.getByRole("heading", { name: "132 parameters" }).waitFor();
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("header").first().isVisible()).toBe(false);
    expect(await page.locator("footer.source").textContent()).toContain("#/count/gru?m=gru");
    for (const control of await page.locator("input, textarea, select, .button").all())
      expect(await control.isVisible(), await control.evaluate((one) => one.outerHTML.slice(0, 90))).toBe(false);
    const [ink, paper] = await page.evaluate(() => {
      const style = getComputedStyle(document.body);
      return [style.color, style.backgroundColor];
    });
    expect([ink, paper]).toEqual(["rgb(27, 33, 48)", "rgb(255, 255, 255)"]);
    await page.context().close();
  }, 60_000);
}
