/** The Step screen on long series: the strip over all of it, the window that everything else shows, and what that leaves to draw. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

const long = (timesteps: number, layers = "LSTM(4), Dense(1)"): string =>
  packed(`model = Sequential([Input((${timesteps}, 2)), ${layers}])`);
const shown = (page: Page) => page.getByRole("slider", { name: "Timesteps shown" });
const says = (page: Page): Promise<string | null> => shown(page).getAttribute("aria-valuetext");

export function longStepTests({ visit }: Lab): void {
  it("shows of 5,000 timesteps the part with the step in it, and draws no more than that", async () => {
    const page = await visit(`#/step?s=${long(5000)}&t=2500&unit=1&gate=f`);
    await page.locator("rect.bar").first().waitFor();
    expect(await says(page)).toBe("timesteps 2,461 to 2,520 of 5,000");
    await page.getByText("timestep 2501 of 5000").waitFor();
    // Every unit of the 60 timesteps, and no more: a cell's path begins with an M.
    const cells = await page
      .locator(".lanes .heat")
      .first()
      .evaluate(
        (heat) =>
          [...heat.querySelectorAll("path")]
            .map((one) => one.getAttribute("d"))
            .join("")
            .split("M").length - 1,
      );
    expect(cells).toBe(4 * 60);
    expect(await page.locator("rect.bar").count()).toBeLessThanOrEqual(60);
    expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(2500);
    const [heat, cursor] = await Promise.all(
      [".heat", ".cursor"].map((one) => page.locator(`.lanes figure ${one}`).first().boundingBox()),
    );
    expect((cursor!.x - heat!.x) / heat!.width).toBeCloseTo(40 / 60, 2);
    // A press in the lanes goes to the timestep that is there.
    await page
      .locator(".lanes .heat svg")
      .first()
      .click({ position: { x: (heat!.width * 10.5) / 60, y: 5 } });
    await page.getByText("timestep 2471 of 5000").waitFor();
    const lanes = page.getByRole("region", { name: "Over time", exact: true });
    await lanes.getByRole("button", { name: "Table" }).click();
    const times = await lanes.locator("tbody th").allTextContents();
    expect([times.length, times[0], times.at(-1)]).toEqual([60, "2461", "2520"]);
    await page.context().close();
  }, 120_000);

  it("turns the window like a page as steps leave it, and by slider, keys and commands", async () => {
    const page = await visit(`#/step?s=${long(300)}&t=59&gate=f`);
    await shown(page).waitFor();
    expect(await says(page)).toBe("timesteps 1 to 60 of 300");
    await page.getByRole("button", { name: "Timestep forward" }).click();
    await expect.poll(() => says(page)).toBe("timesteps 61 to 120 of 300");
    // The ribbon's own slider goes on beyond its end.
    const slider = page.getByRole("slider", { name: "Timestep", exact: true });
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => says(page)).toBe("timesteps 1 to 60 of 300");
    await page.getByText("timestep 60 of 300").waitFor();
    await shown(page).focus();
    await page.keyboard.press("PageUp");
    await expect.poll(() => says(page)).toBe("timesteps 61 to 120 of 300");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => says(page)).toBe("timesteps 67 to 126 of 300");
    await page.keyboard.press("End");
    await expect.poll(() => says(page)).toBe("timesteps 241 to 300 of 300");
    // The step stays where it was, and so does the window after a reload.
    await page.getByText("timestep 60 of 300").waitFor();
    await expect.poll(() => page.url()).toContain("view=240-299");
    await page.reload();
    await expect.poll(() => says(page)).toBe("timesteps 241 to 300 of 300");
    await page.locator("main").focus();
    await page.keyboard.press("{");
    await expect.poll(() => says(page)).toBe("timesteps 181 to 240 of 300");
    await page.getByRole("button", { name: "To timestep 60", exact: true }).click();
    await expect.poll(() => says(page)).toBe("timesteps 1 to 60 of 300");
    await page.getByLabel("How many timesteps are shown").selectOption("120 timesteps");
    await expect.poll(() => says(page)).toBe("timesteps 1 to 120 of 300");
    await page.getByRole("button", { name: "Show later timesteps" }).click();
    await expect.poll(() => says(page)).toBe("timesteps 121 to 240 of 300");
    await page.context().close();
  }, 120_000);

  it("keeps the focus on a button that has nothing to do at an end", async () => {
    const page = await visit(`#/step?s=${long(150)}&t=0&gate=f`);
    await shown(page).waitFor();
    const focused = (): Promise<string | null> =>
      page.evaluate(() => document.activeElement!.getAttribute("aria-label"));
    await page.getByRole("button", { name: "Show later timesteps" }).focus();
    for (const part of ["61 to 120", "91 to 150", "91 to 150"]) {
      await page.keyboard.press("Enter");
      await expect.poll(() => says(page)).toBe(`timesteps ${part} of 150`);
    }
    expect(await focused()).toBe("Show later timesteps");
    expect(await page.getByRole("button", { name: "Show later timesteps" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Timestep forward" }).press("Enter");
    await page.getByText("timestep 2 of 150").waitFor();
    await page.getByRole("button", { name: "Timestep back" }).press("Enter");
    await page.getByText("timestep 1 of 150").waitFor();
    await page.keyboard.press("Enter");
    expect(await focused()).toBe("Timestep back");
    await page.getByText("timestep 1 of 150").waitFor();
    await page.context().close();
  }, 60_000);

  it("moves the window by drag and by press, on a phone too", async () => {
    const page = await visit(`#/step?s=${long(1000)}&t=0&gate=f`, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    await shown(page).waitFor();
    const strip = (await page.locator(".strip").boundingBox())!;
    const [x, y] = [(place: number) => strip.x + (strip.width * place) / 1000, strip.y + strip.height / 2];
    await page.touchscreen.tap(x(500), y);
    await expect.poll(() => says(page)).toMatch(/^timesteps 4\d\d to 5\d\d of 1,000$/);
    const from = async (): Promise<number> => Number(await shown(page).getAttribute("aria-valuenow"));
    expect(Math.abs((await from()) - 471)).toBeLessThan(5);
    const thumb = (await shown(page).boundingBox())!;
    expect(Math.min(thumb.width, thumb.height)).toBeGreaterThanOrEqual(24);
    const before = await from();
    await page.mouse.move(thumb.x + thumb.width / 2, y);
    await page.mouse.down();
    await page.mouse.move(thumb.x + thumb.width / 2 + strip.width / 5, y, { steps: 4 });
    await page.mouse.up();
    expect(Math.abs((await from()) - before - 200)).toBeLessThan(5);
    await page.getByText("timestep 1 of 1000").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
      0,
    );
    await page.context().close();
  }, 120_000);

  it("runs the strip of a cell that reads backwards from left to right in time, with the other direction's window", async () => {
    const layers = "Bidirectional(GRU(3, return_sequences=True)), Dense(1)";
    const page = await visit(`#/step/backward_gru?s=${long(300, layers)}&t=10`);
    await shown(page).waitFor();
    expect(await says(page)).toBe("timesteps 241 to 300 of 300");
    const left = async (one: string): Promise<number> => {
      const [strip, part] = await Promise.all([".strip", one].map((place) => page.locator(place).boundingBox()));
      return (part!.x - strip!.x) / strip!.width;
    };
    expect(await left(".exact")).toBeCloseTo(0.8, 1);
    expect(await left(".mirrored")).toBeCloseTo(0, 1);
    await shown(page).focus();
    await page.keyboard.press("PageDown");
    await expect.poll(() => says(page)).toBe("timesteps 181 to 240 of 300");
    await expect.poll(() => page.url()).toContain("view=60-119");
    await page.context().close();
  }, 120_000);

  it("draws what is left of a gradient far back too, each number on its line", async () => {
    const page = await visit(`#/step?s=${long(600)}&t=50&gate=f&back=1`, { viewport: { width: 1360, height: 900 } });
    const bars = page.locator("figure", { hasText: "What is left of the gradient" }).locator("rect.bar");
    await bars.first().waitFor();
    const heights = await bars.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
    expect(heights).toHaveLength(60);
    expect(Math.max(...heights) - Math.min(...heights)).toBeGreaterThan(40);
    const cells = page.locator(".picture .cell");
    const texts = await cells.allTextContents();
    expect(texts.some((text) => /^−\d\.\de−\d\d$/.test(text))).toBe(true);
    const misfits = await cells.evaluateAll((all) =>
      all.filter((one) => one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().height > 31),
    );
    expect(misfits).toHaveLength(0);
    await page.context().close();
  }, 60_000);

  it("has no strip where all of a series is shown", async () => {
    const page = await visit("#/step?m=lstm&t=3");
    await page.locator(".opened").waitFor();
    expect(await page.locator(".strip").count()).toBe(0);
    await page.context().close();
  }, 60_000);
}
