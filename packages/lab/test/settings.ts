/** Settings, undo and the editor. */
import { readFileSync } from "node:fs";
import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { everyScreen, follow, type Lab, packed } from "./visit.ts";

export function settingsTests({ visit }: Lab): void {
  it("writes sizes in the letters of choice, and keeps the choice", async () => {
    const page = await visit("#/count/gru?m=gru");
    const formula = page.locator("li.formula math").first();
    await expect.poll(() => formula.textContent()).toContain("h");
    await page.getByRole("button", { name: "Help and settings" }).click();
    await page.getByLabel("Letters of sizes").selectOption("papers");
    await page.keyboard.press("Escape");
    await expect.poll(() => formula.textContent()).toMatch(/M.*\(M\+D\).*2.*M/);
    await page.reload();
    await expect.poll(() => formula.textContent()).toMatch(/M.*\(M\+D\)/);
    await page.getByRole("button", { name: "Help and settings" }).click();
    await page.getByRole("button", { name: /Forget everything/ }).click();
    await page.getByText("Forgotten").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => formula.textContent()).toContain("h");
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.context().close();
  }, 60_000);

  it("writes numbers in plain ASCII on every screen and in what is taken away, and as in text again", async () => {
    const page = await visit("#/count/simple_rnn?m=conv");
    await page.getByRole("heading", { name: "1,020 parameters" }).waitFor();
    const style = async (name: string): Promise<void> => {
      await page.getByRole("button", { name: "Help and settings" }).click();
      await page.getByRole("combobox", { name: /^Numbers/ }).selectOption(name);
      await page.keyboard.press("Escape");
    };
    await style("ascii");
    await page.getByRole("heading", { name: "1020 parameters" }).waitFor();
    expect(await page.locator("li.result math").first().textContent()).toBe("1020");
    await page.getByRole("button", { name: "Share", exact: true }).click();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("group", { name: "Derivation" }).getByRole("button", { name: "CSV" }).click(),
    ]);
    expect(readFileSync(await file.path(), "utf8")).toMatch(/1020\r\n$/);
    await page.keyboard.press("Escape");
    for (const [hash, ready] of [...everyScreen, ["#/step/lstm?m=lstm&t=20&gate=c", ".opened"]] as const) {
      await follow(page, hash, ready);
      // Of numbers; a minus between letters belongs to a formula.
      const found = await page.evaluate(() =>
        (document.querySelector("main")?.innerText ?? "").match(/−[\d.]+|\d,\d{3}\b|∞/g),
      );
      expect(found, hash).toBeNull();
    }
    await style("language");
    await expect.poll(() => page.locator("main").innerText()).toMatch(/−\d/);
    await page.context().close();
  }, 90_000);

  it("writes every digit in each table where that is set, beside a step, a way back and a loss", async () => {
    const page = await visit("#/");
    await page.evaluate(() => localStorage.setItem("unroll", '{"digits":17}'));
    await page.reload();
    const lastRow = async (table: Locator): Promise<string[]> => {
      await table.locator("tbody tr").last().waitFor();
      return table.locator("tbody tr").last().locator("td").allTextContents();
    };
    // A double has 15 to 17 digits.
    const long = /\d\.\d{13,}/;
    for (const [hash, title] of [
      ["#/step/gru?m=gru&t=5&gate=z", "What it remembers"],
      ["#/step/gru?m=gru&t=29&back=1", "What is left"],
    ] as const) {
      await follow(page, hash, `figure:has-text('${title}') .bar`);
      const figure = page.locator("figure", { hasText: title });
      await figure.getByRole("button", { name: "Table" }).click();
      expect(
        (await lastRow(figure.locator("table"))).filter((cell) => !long.test(cell)),
        title,
      ).toEqual([]);
    }
    await follow(page, `#/train?s=${packed("model = Sequential([Input((12, 1)), LSTM(2), Dense(1)])")}`, "#cut");
    await page.getByLabel("Epochs").fill("1");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.locator(".verdict").waitFor({ timeout: 30_000 });
    const loss = page.locator("figure", { hasText: "Loss" });
    await loss.getByRole("button", { name: "Table" }).click();
    expect(
      (await lastRow(loss.locator("table"))).filter((cell) => !long.test(cell)),
      "loss",
    ).toEqual([]);
    await page.context().close();
  }, 60_000);

  it("takes the theme and the letters that another tab sets", async () => {
    const page = await visit("#/count/gru?m=gru");
    const formula = page.locator("li.formula math").first();
    await expect.poll(() => formula.textContent()).toContain("h");
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByRole("button", { name: "Help and settings" }).click();
    await other.getByLabel("Theme").selectOption("contrast");
    await other.getByLabel("Letters of sizes").selectOption("papers");
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe("contrast");
    await expect.poll(() => formula.textContent()).toMatch(/M.*\(M\+D\)/);
    await other.getByRole("button", { name: /Forget everything/ }).click();
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe("auto");
    await expect.poll(() => formula.textContent()).toContain("h");
    // What was forgotten in one is not kept again by the other.
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.context().close();
  }, 60_000);

  it("undoes and redoes edits, seeds and models, by key and by button", async () => {
    const page = await visit("#/step?m=lstm&t=3&unit=1&gate=f");
    const value = page.locator(".opened .value");
    await value.waitFor();
    const first = await value.textContent();
    await page.getByRole("button", { name: "New weights and input" }).click();
    await expect.poll(() => value.textContent()).not.toBe(first);
    const second = await value.textContent();
    await page.getByRole("button", { name: /^kernel 0, 5/ }).click();
    await page.getByRole("textbox", { name: "kernel[0, 5]" }).fill("100");
    await page.keyboard.press("Enter");
    await expect.poll(() => value.textContent()).not.toBe(second);
    await page.locator("main").focus();
    await page.keyboard.press("u");
    await expect.poll(() => value.textContent()).toBe(second);
    await page.getByRole("banner").getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => value.textContent()).toBe(first);
    expect(page.url()).not.toContain("seed=");
    await page.getByRole("banner").getByRole("button", { name: "Redo" }).click();
    await expect.poll(() => value.textContent()).toBe(second);
    await page.context().close();
  }, 60_000);

  it("has an editor that Tab leaves, whose text is the model, and which marks lines that were not understood", async () => {
    const page = await visit("#/model?m=gru");
    await page.locator("tr.total").waitFor();
    const editor = page.locator(".cm-content");
    await editor.waitFor();
    expect(await editor.getAttribute("aria-label")).toBe("Keras code");
    await editor.click();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Choose files");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("model = Sequential([Input((7, 2)), LSTM(3), Dense(1)])\nfor in 3:");
    await page.locator(".cm-lintRange").first().waitFor();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("model = Sequential([Input((7, 2)), LSTM(3), Dense(1)])");
    await page.locator("tr.total", { hasText: "76" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("keeps to the plain text box where that is set", async () => {
    const page = await visit("#/model?m=gru");
    await page.locator("tr.total").waitFor();
    await page.locator(".cm-content").waitFor();
    await page.getByRole("button", { name: "Help and settings" }).click();
    await page.getByLabel(/Plain text box/).check();
    await page.keyboard.press("Escape");
    await page.getByRole("textbox", { name: "Keras code" }).waitFor();
    await page
      .getByRole("textbox", { name: "Keras code" })
      .fill("model = Sequential([Input((7, 2)), LSTM(3), Dense(1)])");
    await page.locator("tr.total", { hasText: "76" }).waitFor();
    expect(await page.locator(".cm-content").count()).toBe(0);
    await page.context().close();
  }, 60_000);
}
