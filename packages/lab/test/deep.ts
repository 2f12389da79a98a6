/** Models of many layers: finding one among them, and a total of many terms. */
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

const layers = Array.from({ length: 59 }, () => "    GRU(4, return_sequences=True),").join("\n");
const deep = packed(`model = Sequential([\n    Input((10, 4)),\n${layers}\n    Dense(1),\n])`);

export function deepTests({ visit }: Lab): void {
  it("chooses one of 60 layers from a list, or the one beside it", async () => {
    const page = await visit(`#/count/gru_1?s=${deep}`);
    await page.getByRole("heading", { name: "120 parameters" }).waitFor();
    const list = page.getByRole("combobox", { name: "Layer" });
    expect(await list.locator("option").count()).toBe(61);
    await page.getByRole("button", { name: "Layer behind" }).click();
    await expect.poll(() => page.url()).toContain("/count/gru_2?");
    await list.selectOption({ label: "Dense dense" });
    await page.getByRole("heading", { name: "5 parameters" }).waitFor();
    expect(await page.getByRole("button", { name: "Layer behind" }).isDisabled()).toBe(true);
    await page.goBack();
    await expect
      .poll(() => list.evaluate((one) => (one as HTMLSelectElement).selectedOptions[0]?.label))
      .toBe("GRU gru_2");
    await page.getByRole("link", { name: "Put numbers in: step through it" }).click();
    await page.locator(".opened").waitFor();
    await page.getByRole("combobox", { name: "Cell" }).selectOption({ label: "GRU gru_5" });
    await expect.poll(() => page.url()).toContain("/step/gru_5?");
    await page.context().close();
  }, 60_000);

  it("draws a list of 60 layers ten at a time, so that the page answers in between, and all of them soon", async () => {
    const page = await visit("#/");
    await page.locator("h1").waitFor();
    await page.evaluate((hash) => {
      const rows = "tr[data-layer]";
      const most = { [rows]: 0, ".change": 0 };
      Object.assign(globalThis, { most });
      // It is told once a task.
      const watch = new MutationObserver((records) => {
        const added = records.flatMap(({ addedNodes }) => [...addedNodes]).filter((one) => one instanceof Element);
        for (const what of [rows, ".change"] as const) {
          const found = new Set(
            added.flatMap((one) => [...(one.matches(what) ? [one] : []), ...one.querySelectorAll(what)]),
          );
          most[what] = Math.max(most[what]!, found.size);
        }
      });
      watch.observe(document, { childList: true, subtree: true });
      location.hash = hash;
    }, `#/model?s=${deep}`);
    await page.locator(".change").nth(59).waitFor();
    expect(await page.locator("tr[data-layer]").count()).toBe(60);
    expect(await page.evaluate(() => (globalThis as unknown as { most: object }).most)).toEqual({
      "tr[data-layer]": 10,
      ".change": 10,
    });
    // One more is there at once, and has the focus.
    await page.getByRole("button", { name: "Change gru_57", exact: true }).click();
    await page.getByRole("button", { name: "Duplicate" }).press("Enter");
    await page.locator("tr[data-layer]").nth(60).waitFor();
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label")))
      .toMatch(/^Change /);
    await page.context().close();
  }, 60_000);

  it("writes a total of 60 terms in lines that fit, the first ones until it is opened", async () => {
    const page = await visit(`#/count?s=${deep}`, { viewport: { width: 390, height: 844 } });
    await page.getByRole("heading", { name: "7,085 parameters" }).waitFor();
    const formula = page.locator("li.formula .line");
    expect(await formula.locator("math").count()).toBe(6);
    await formula.getByRole("button", { name: "and 54 more" }).click();
    expect(await formula.locator("math").count()).toBe(60);
    const wide = await page
      .locator(".line *")
      .evaluateAll(
        (all) =>
          all.filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === "auto")
            .length,
      );
    expect(wide).toBe(0);
    await formula.getByRole("button", { name: "Show fewer" }).click();
    expect(await formula.locator("math").count()).toBe(6);
    await page.context().close();
  }, 60_000);
}
