/** "?": a card about whatever has the focus or is tapped, while nothing is pressed. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { helpWords } from "../src/words-help.ts";
import { everyScreen, follow, type Lab, packed } from "./visit.ts";

const card = (page: Page) => page.getByRole("complementary", { name: "What is this?" });

/** Focuses every control that is there and gives what the card says of each: its name and the first line about it. */
function saidOfAll(page: Page, within: string): Promise<(readonly [control: string, name: string, about: string])[]> {
  return page.evaluate(async (place) => {
    const controls = [
      ...document.querySelectorAll<HTMLElement>(
        `:is(${place}) :is(button, a[href], input, select, textarea, summary, [tabindex="0"]):not(:disabled, aside *, [tabindex="-1"])`,
      ),
    ].filter((one) => one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }));
    const said: (readonly [string, string, string])[] = [];
    for (const control of controls) {
      control.focus();
      await new Promise((done) => setTimeout(done));
      const [name, about] = [...document.querySelectorAll("aside .text p")].map((line) => line.textContent ?? "");
      said.push([control.outerHTML.slice(0, 120), name ?? "", about ?? ""]);
    }
    return said;
  }, within);
}

const words = new Set(Object.values(helpWords.elements));
const screenWords = new Set(
  ["start", "model", "count", "step", "train", "compare", "quiz"].map((one) => helpWords.elements[one]),
);

export function helpTests({ visit }: Lab): void {
  it("has a name and words for every control of every screen", async () => {
    const page = await visit("#/");
    const fit = `#/train?s=${packed("model = Sequential([Input((12, 1)), LSTM(4), Dense(1)])")}`;
    let all = 0;
    let general = 0;
    for (const [hash, ready] of [...everyScreen, [fit, "main fieldset"]] as const) {
      await follow(page, hash, ready);
      await page.locator("main").focus();
      await page.keyboard.press("?");
      await card(page).waitFor();
      const said = await saidOfAll(page, "header, main");
      expect(said.length, hash).toBeGreaterThan(8);
      for (const [control, name, about] of said) {
        expect(name, `${hash} ${control}`).not.toBe("");
        expect(words.has(about), `${hash} ${control}: ${about}`).toBe(true);
      }
      all += said.length;
      general += said.filter(([, , about]) => screenWords.has(about)).length;
      await page.keyboard.press("Escape");
      await expect.poll(() => card(page).count()).toBe(0);
    }
    // What a screen says of itself is for the few controls that have no words of their own.
    expect(general).toBeLessThan(0.2 * all);
    await page.context().close();
  }, 120_000);

  it("explains what is tapped, and presses, follows and types nothing until Esc", async () => {
    const page = await visit("#/count/gru?m=gru&ask=1", { hasTouch: true, viewport: { width: 390, height: 844 } });
    await page.getByRole("heading", { name: "How many parameters?" }).waitFor();
    // By touch it begins in the settings.
    await page.getByRole("button", { name: "Help and settings" }).tap();
    await page.getByRole("dialog").getByRole("button", { name: "Explain what I point at" }).tap();
    await card(page).waitFor();
    await page.getByRole("button", { name: "All of it" }).tap();
    await expect.poll(() => card(page).textContent()).toContain("All of it");
    expect(await card(page).textContent()).toContain(helpWords.elements.derivation);
    expect(await page.locator("li.result").count()).toBe(0);
    // Beside everything it is about the screen.
    await page.getByText("Runs the GRU cell").tap();
    await expect.poll(() => card(page).locator(".name").textContent()).toBe("How many parameters?");
    await page.getByRole("link", { name: "Quiz" }).tap();
    await expect.poll(() => card(page).textContent()).toContain(helpWords.elements.screens);
    expect(page.url()).toContain("#/count/gru");
    await page.getByLabel(/^Count, or shape/).focus();
    await page.keyboard.type("132");
    expect(await page.getByLabel(/^Count, or shape/).inputValue()).toBe("");
    await expect.poll(() => card(page).textContent()).toContain(helpWords.elements.answer);
    await page.keyboard.press("Escape");
    await expect.poll(() => card(page).count()).toBe(0);
    await page.getByRole("button", { name: "All of it" }).tap();
    await page.locator("li.result").waitFor();
    await page.context().close();
  }, 60_000);

  it("never lies over what it explains, on a phone neither", async () => {
    for (const viewport of [
      { width: 390, height: 844 },
      { width: 1360, height: 900 },
    ]) {
      const page = await visit("#/count/lstm?m=lstm", { viewport });
      await page.locator("figure svg").first().waitFor();
      await page.locator("main").focus();
      await page.keyboard.press("?");
      const controls = [
        page.getByRole("button", { name: /^axis 2: 4/ }),
        page.getByLabel(/^Count, or shape/),
        page.getByRole("link", { name: /^Put numbers in/ }),
        page.getByRole("button", { name: "Help and settings" }),
        page.getByRole("link", { name: "Quiz" }),
      ];
      for (const [index, control] of controls.entries()) {
        await control.focus();
        await expect.poll(() => control.getAttribute("data-explained")).toBe("");
        const [a, b] = [(await control.boundingBox())!, (await card(page).boundingBox())!];
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart, `control ${index} at ${viewport.width}`).toBe(true);
      }
      await page.context().close();
    }
  }, 60_000);

  it("explains the controls of a dialog in the dialog, and leaves it open", async () => {
    const page = await visit("#/count/gru?m=gru");
    await page.locator("figure svg").first().waitFor();
    for (const [button, dialog] of [
      ["Help and settings", "Help and settings"],
      ["Share", "Share and export"],
    ] as const) {
      await page.getByRole("button", { name: button, exact: true }).click();
      const open = page.getByRole("dialog", { name: dialog });
      await open.getByRole("button", { name: "What is this?" }).click();
      await card(page).waitFor();
      const said = await saidOfAll(page, "dialog");
      expect(said.length).toBeGreaterThan(10);
      for (const [control, name, about] of said) {
        expect(name, control).not.toBe("");
        expect(words.has(about), `${control}: ${about}`).toBe(true);
      }
      await page.keyboard.press("Escape");
      await expect.poll(() => card(page).count()).toBe(0);
      expect(await open.isVisible()).toBe(true);
      await page.keyboard.press("Escape");
      await expect.poll(() => open.count()).toBe(0);
    }
    await page.context().close();
  }, 60_000);
}
