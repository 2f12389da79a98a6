/** Settings, undo and the editor. */
import { expect, it } from "vitest";
import type { Lab } from "./visit.ts";

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
    await page.locator("textarea").waitFor();
    await page.locator("textarea").fill("model = Sequential([Input((7, 2)), LSTM(3), Dense(1)])");
    await page.locator("tr.total", { hasText: "76" }).waitFor();
    expect(await page.locator(".cm-content").count()).toBe(0);
    await page.context().close();
  }, 60_000);
}
