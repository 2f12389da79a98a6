/** The Step screen's letters and charts: a letter lights what it stands for in every view, and every chart can be heard and read. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { follow, type Lab, packed } from "./visit.ts";

const letter = (page: Page, name: string) => page.locator(`.opened .line [data-letter="${name}"]`);
const isLit = async (page: Page, name: string): Promise<boolean> =>
  ((await letter(page, name).first().getAttribute("class")) ?? "").split(" ").includes("lit");
const status = (page: Page): Promise<string | null> => page.locator("p[role=status][aria-live]").textContent();

export function stepLightTests({ visit }: Lab): void {
  it("lights what a letter of the formula stands for in the picture, in the sum and over time, and back", async () => {
    const page = await visit("#/step/lstm?m=lstm&t=5&unit=1&gate=f", { viewport: { width: 1360, height: 900 } });
    await page.locator(".edges path").first().waitFor({ state: "attached" });
    const lanes = page.locator(".lanes figure");
    await letter(page, "W_f").hover();
    // Of the forget gate the line from x, and the five weights of the kernel's column.
    await expect.poll(() => page.locator(".edges path.letter").count()).toBe(1);
    expect(await page.locator(".opened .chip.weight.lit .of").allTextContents()).toEqual(
      [0, 1, 2, 3, 4].map((row) => `kernel[${row}, 5]`),
    );
    await letter(page, "hPrev").hover();
    await expect
      .poll(() => page.locator(".picture .node.letter .meaning").allTextContents())
      .toEqual(["hidden state of the timestep before"]);
    expect(await page.locator(".opened .chip.name.lit").count()).toBe(4);
    await letter(page, "f").hover();
    await expect.poll(() => lanes.locator("xpath=self::*[contains(@class, 'letter')]").count()).toBe(1);
    expect(await page.locator(".opened .value.lit").count()).toBe(1);
    // The other way round.
    await page.locator(".picture .node").first().hover();
    await expect.poll(() => isLit(page, "x")).toBe(true);
    expect(await isLit(page, "hPrev")).toBe(false);
    await page.locator(".opened .chip.weight", { hasText: "recurrent_kernel[2, 5]" }).hover();
    await expect.poll(() => isLit(page, "U_f")).toBe(true);
    await page.locator(".opened .chip.weight", { hasText: "bias[5]" }).focus();
    await page.mouse.move(0, 0);
    await page.locator(".opened .chip.weight", { hasText: "bias[5]" }).blur();
    await page.locator(".opened .chip.weight", { hasText: "bias[5]" }).focus();
    await expect.poll(() => isLit(page, "b_f")).toBe(true);
    await lanes.nth(1).hover();
    await expect.poll(() => isLit(page, "f")).toBe(true);
    await page.getByRole("region", { name: "Over time", exact: true }).getByRole("button", { name: "Table" }).click();
    await letter(page, "f").hover();
    await expect.poll(() => page.locator("col.letter").count()).toBe(1);
    await page.context().close();
  }, 60_000);

  it("goes through the letters by arrow keys, says what they stand for, and keeps one lit until Esc", async () => {
    const page = await visit("#/step/gru?m=gru&t=5&unit=1&gate=z");
    const formula = page.locator(".opened").getByRole("group", { name: /^Formula/ });
    await formula.focus();
    for (const [name, said] of [
      ["z", "z: update gate"],
      ["x", "x: the input of this timestep"],
      ["W_z", "W_z: kernel"],
    ] as const) {
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => isLit(page, name)).toBe(true);
      await expect.poll(() => status(page)).toBe(said);
    }
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => isLit(page, "x")).toBe(true);
    await page.keyboard.press("Enter");
    await formula.blur();
    expect(await isLit(page, "x")).toBe(true);
    expect(await page.locator(".picture .node.letter").count()).toBe(1);
    // Also at the next timestep, and in another value's formula.
    await page.locator("main").focus();
    await page.keyboard.press("]");
    await page.getByText("timestep 7 of 30").waitFor();
    expect(await isLit(page, "x")).toBe(true);
    await formula.focus();
    await page.keyboard.press("Escape");
    await expect.poll(() => isLit(page, "x")).toBe(false);
    await page.context().close();
  }, 60_000);

  it("leaves a count's lit term alone, whatever the layer is called", async () => {
    const code = packed('model = Sequential([Input((30, 5)), GRU(4, name="step"), Dense(1)])');
    const page = await visit(`#/count/step?s=${code}`);
    const term = page.locator(".term", { hasText: /^recurrent_kernel/ });
    await term.click();
    await page.mouse.move(0, 0);
    const open = (screen: string): Promise<void> =>
      page.getByRole("link", { name: screen, exact: true }).press("Enter");
    await open("Step");
    const formula = page.locator(".opened").getByRole("group", { name: /^Formula/ });
    await formula.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator(".opened .lit").count()).toBeGreaterThan(0);
    // Esc ends what is lit here, and leaving the screen too.
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator(".opened .lit").count()).toBe(0);
    await open("Count");
    await term.waitFor();
    expect(await term.getAttribute("aria-pressed")).toBe("true");
    await page.context().close();
  }, 60_000);

  it("lights gradients and what they are made of on the way back", async () => {
    const page = await visit("#/step/gru?m=gru&t=29&unit=1&gate=hHat&back=1", {
      viewport: { width: 1360, height: 900 },
    });
    await letter(page, "∂L/∂h").first().hover();
    await expect
      .poll(() => page.locator(".picture .node.letter .meaning").allTextContents())
      .toEqual(["new hidden state"]);
    expect(await page.locator(".opened .chip.name.lit").count()).toBeGreaterThan(0);
    await page.context().close();
  }, 60_000);

  it("keeps what is done with the run in one row, whatever layers there are", async () => {
    const three = ["LSTM(4", "GRU(4", "SimpleRNN(3"].map((one) => `${one}, return_sequences=True)`).join(", ");
    const page = await visit("#/");
    // As many layers as leave room for the direction beside them, but for no more.
    for (const [width, layers] of [
      [820, three],
      [1360, `${three}, ${three}`],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await follow(page, `#/step?s=${packed(`model = Sequential([Input((30, 3)), ${layers}, Dense(1)])`)}`, ".opened");
      await page
        .locator(".head a.button")
        .nth(layers === three ? 2 : 5)
        .waitFor();
      const tops = await Promise.all(
        ["Backward", "Listen", "New weights and input"].map(async (name) => {
          const button = page.getByRole("button", { name, exact: true }).first();
          return Math.round((await button.boundingBox())!.y);
        }),
      );
      expect(new Set(tops).size).toBe(1);
    }
    await page.context().close();
  }, 60_000);

  it("plays each lane and each growing array, says it in a sentence, and has the sizes of arrays as table and sound", async () => {
    const page = await visit("#/step/lstm?m=lstm&t=29&unit=1&gate=f");
    await page.getByRole("button", { name: "Listen to o" }).click();
    await expect
      .poll(() => status(page))
      .toMatch(/^o, unit 2, over 30 timesteps: starts at .+, ends at .+; lowest .+ at timestep \d+, highest/);
    const said = page.locator("section[data-help=lanes] > .said");
    expect(await said.textContent()).toMatch(/^f, unit 2, over 30 timesteps/);
    await page.getByRole("button", { name: "Backward" }).click();
    const kernel = page.locator("section[data-help=growing] figure", { hasText: /^recurrent_kernel/ });
    await kernel.getByRole("button", { name: "Listen to recurrent_kernel" }).click();
    const whole = await kernel.locator("dd").last().textContent();
    await expect.poll(() => status(page)).toMatch(/^recurrent_kernel grows to .+; timestep \d+ adds most, .+\.$/);
    expect(Number((await status(page))!.match(/grows to ([\d.]+)/)![1])).toBeCloseTo(Number(whole), 2);
    await page.evaluate(() => {
      location.hash = "#/count/lstm?m=lstm";
    });
    const arrays = page.getByRole("region", { name: "Arrays of lstm, to scale" });
    // 5 × 16, 4 × 16 and 16 of 160.
    await arrays.getByText("kernel is the largest: 80 of 160 numbers, 50 %.").waitFor();
    await arrays.getByRole("button", { name: "Listen to Arrays of lstm, to scale" }).click();
    await expect.poll(() => status(page)).toContain("recurrent_kernel 64, bias 16.");
    await arrays.getByRole("button", { name: /table/ }).click();
    expect(await arrays.locator("tbody tr").allTextContents()).toEqual([
      "kernel5 × 168050 %",
      "recurrent_kernel4 × 166440 %",
      "bias161610 %",
    ]);
    await page.context().close();
  }, 60_000);
}
