/** The frame around the screens: pages without a model, the first sight, what is told to a screen reader, paper. */
import { expect, it } from "vitest";
import type { Lab } from "./visit.ts";

export function shellTests({ visit }: Lab): void {
  it("offers models on a screen that has none, and opens them right there", async () => {
    for (const [screen, press, ready] of [
      ["count", /GRU and its second bias/, "h1:has-text('132')"],
      ["step", /LSTM, five features/, ".opened"],
      ["train", /GRU of eight units/, "main fieldset"],
    ] as const) {
      const page = await visit(`#/${screen}`);
      await page.getByText("no model is open").waitFor();
      await page
        .locator("main")
        .getByRole(screen === "train" ? "button" : "link", { name: press })
        .click();
      await page.locator(ready).first().waitFor();
      expect(page.url()).toContain(`#/${screen}`);
      await page.context().close();
    }
    const page = await visit("#/count");
    await page.getByLabel(/Paste Keras code/).fill("model = Sequential([Input((30, 5)), GRU(4)])");
    await page.getByRole("button", { name: "Open it" }).click();
    await page.getByRole("heading", { name: "132 parameters" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("keeps pages without a model, and the card of help, within 320 pixels and at text of twice the size", async () => {
    for (const [width, size] of [
      [320, "100%"],
      [1280, "200%"],
    ] as const) {
      const page = await visit("#/step", { viewport: { width, height: 700 } });
      await page.addStyleTag({ content: `html { font-size: ${size} }` });
      await page.locator(".models").waitFor();
      await page.locator("main").focus();
      await page.keyboard.press("?");
      await page.getByRole("link", { name: /^GRU and its second bias/ }).focus();
      const card = page.getByRole("complementary", { name: "What is this?" });
      await card.waitFor();
      const { x, width: wide } = (await card.boundingBox())!;
      expect([x >= 0, x + wide <= width]).toEqual([true, true]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await page.context().close();
    }
  }, 60_000);

  it("shows an LSTM at work on the start page, and opens the very timestep in Step with the same number", async () => {
    const page = await visit("#/");
    const value = page.getByRole("link", { name: /forget gate, unit 1 at timestep/ });
    await value.waitFor();
    await page.getByRole("slider", { name: "Timestep" }).fill("4");
    await expect.poll(() => value.textContent()).toContain("at timestep 5.");
    const shown = await value.locator(".number").textContent();
    expect(shown).toMatch(/^0\.\d+$/);
    await value.click();
    await page.getByText("timestep 5 of 30").waitFor();
    await expect.poll(() => page.locator(".opened .value").textContent()).toContain(shown);
    await page.context().close();
  }, 60_000);

  it("plays it only where motion is welcome", async () => {
    const still = await visit("#/");
    const slider = (page: typeof still) => page.getByRole("slider", { name: "Timestep" });
    await still.getByRole("button", { name: "Play", exact: true }).waitFor();
    const moving = await visit("#/", { reducedMotion: "no-preference" });
    await moving.getByRole("button", { name: "Pause", exact: true }).waitFor();
    const before = await slider(moving).inputValue();
    await expect.poll(() => slider(moving).inputValue()).not.toBe(before);
    await moving.getByRole("button", { name: "Pause", exact: true }).click();
    expect(await slider(still).inputValue()).toBe("15");
    await still.context().close();
    await moving.context().close();
  }, 60_000);

  it("tells a screen reader no more than one thing a second", async () => {
    const page = await visit("#/step/gru?m=gru&t=3&gate=z");
    await page.locator(".opened").waitFor();
    await page.locator("[role=gridcell][tabindex='0']").focus();
    const told = await page.evaluate(async () => {
      const region = document.querySelector("body [role=status][aria-live=polite].visually-hidden");
      const times: (readonly [number, string])[] = [];
      const watch = new MutationObserver(() => times.push([performance.now(), region?.textContent ?? ""]));
      watch.observe(region!, { childList: true, characterData: true, subtree: true });
      for (let press = 0; press < 8; press++) {
        document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
        await new Promise((done) => setTimeout(done, 150));
      }
      await new Promise((done) => setTimeout(done, 1500));
      return times;
    });
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(5);
    expect(told.at(-1)![1]).toContain("timestep 12");
    for (const [index, [time]] of told.entries())
      if (index > 0) expect(time - told[index - 1]![0]).toBeGreaterThan(900);
    await page.context().close();
  }, 60_000);

  it("prints the whole model with each layer's derivation on a page of its own, link and seed at the end", async () => {
    const page = await visit("#/count?m=stack&seed=11");
    await page.locator("#terms").waitFor();
    expect(await page.locator(".sheet").count()).toBe(0);
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print" });
    const sheets = page.locator(".sheet");
    expect(await sheets.locator("h2").allTextContents()).toEqual([
      "GRU gru: 132 parameters",
      "GRU gru_1: 48 parameters",
      "SimpleRNN simple_rnn: 700 parameters",
      "Dense dense: 26 parameters",
    ]);
    expect(await sheets.locator("li.result").count()).toBe(4);
    expect(await sheets.nth(1).evaluate((one) => getComputedStyle(one).breakBefore)).toBe("page");
    expect(await page.locator("footer.source").textContent()).toMatch(/seed 11 .*#\/count\?/);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    expect(await sheets.count()).toBe(0);
    await page.context().close();
  }, 60_000);
}
