/** The Compare screen: counts with causes, one input through all, losses in one plot. */
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

const textbook = packed("model = Sequential([Input((30, 5)), GRU(4, reset_after=False), Dense(1)])");
const lstm = packed("model = Sequential([Input((12, 1)), LSTM(8), Dense(1)])");
const gru = packed("model = Sequential([Input((12, 1)), GRU(8), Dense(1)])");

export function compareTests({ visit }: Lab): void {
  it("says by how much counts differ and what makes them", async () => {
    const page = await visit(`#/compare?m=gru&with=${textbook}~stack`);
    const cells = page.locator("tbody tr").nth(1).locator("td");
    await cells.nth(2).waitFor();
    expect(await cells.nth(0).textContent()).toContain("132");
    expect(await cells.nth(1).textContent()).toMatch(/120.*−12 reset_after True → False, g × h = 3 × 4/);
    expect(await cells.nth(2).locator(".cause").count()).toBe(0);
    const last = page.locator("tbody tr").nth(4).locator("td");
    expect(await last.nth(2).textContent()).toMatch(/26.*\+21.*4 → 25/);
    expect(await page.locator("tr.total").textContent()).toMatch(/137.*125.*−12.*906.*\+769/);
    // 48 + 700 + 21 = 769: layers that the first model has not count as a whole.
    const only = async (at: number) => page.locator("tbody tr").nth(at).locator("td").nth(2).textContent();
    expect(await only(2)).toMatch(/48.*\+48 the first model has no such layer/);
    expect(await only(3)).toMatch(/700.*\+700 the first model has no such layer/);
    await page.context().close();
  }, 60_000);

  it("counts a layer that another model leaves out as what it takes away", async () => {
    const page = await visit(`#/compare?m=stack&with=gru`);
    const cells = page.locator("tbody tr").nth(2).locator("td");
    await cells.nth(1).getByText("no such layer").waitFor();
    expect(await cells.nth(1).textContent()).toMatch(/−48 no such layer/);
    await page.context().close();
  }, 60_000);

  it("adds and takes away models, in the link too", async () => {
    const page = await visit("#/compare?m=gru");
    await page.getByText("Add a second model").waitFor();
    await page.getByLabel("An example").selectOption("lstm");
    await page.getByText("LSTM in place of GRU").waitFor();
    await page.getByLabel("Keras code").fill("model = Sequential([Input((30, 5)), GRU(8), Dense(1)])");
    await page.getByRole("button", { name: "Add this code" }).click();
    await page.getByText("4 → 8").first().waitFor();
    expect(page.url()).toMatch(/with=lstm%7Eu1\./);
    await page.getByRole("button", { name: "Remove LSTM, five features" }).click();
    await page.getByText("LSTM in place of GRU").waitFor({ state: "detached" });
    await page.reload();
    await page.getByText("4 → 8").first().waitFor();
    await page.context().close();
  }, 60_000);

  it("stands on a phone line by line, with nothing beside the screen", async () => {
    const page = await visit(`#/compare?m=gru&with=${textbook}~stack`, { viewport: { width: 390, height: 844 } });
    const region = page.getByRole("region", { name: "Models side by side" });
    await region.waitFor();
    expect(await region.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
    const cells = region.getByRole("row", { name: /^Total/ }).getByRole("cell");
    const boxes = await Promise.all((await cells.all()).map((one) => one.boundingBox()));
    expect(boxes.length).toBe(3);
    for (const [index, box] of boxes.entries()) if (index > 0) expect(box!.y).toBeGreaterThan(boxes[index - 1]!.y);
    await page.context().close();
  }, 60_000);

  it("predicts with the weights that Step shows, whichever was opened first", async () => {
    const predictionOf = (text: string | null): string => /−?\d+\.\d{5}/.exec(text ?? "")?.[0] ?? "none";
    const step = await visit("#/step?m=gru");
    await step.locator(".opened").waitFor();
    const stepped = predictionOf(await step.locator("footer strong").textContent());
    await step.context().close();
    const page = await visit("#/compare?m=gru&with=lstm~stack");
    const row = page.getByRole("row", { name: /^Prediction/ });
    await row.waitFor();
    expect(predictionOf(await row.locator("td").first().textContent())).toBe(stepped);
    await page.context().close();
  }, 60_000);

  it("trains all models on one series and draws their losses together", async () => {
    const page = await visit(`#/compare?s=${lstm}&with=${gru}~gru`);
    await page.getByLabel("Epochs").fill("3");
    await page.getByRole("button", { name: "Train all" }).click();
    await page.locator(".verdicts li").nth(1).waitFor({ timeout: 60_000 });
    expect(await page.getByText(/Left out/).textContent()).toContain("GRU and its second bias");
    await page.locator("figure", { hasText: "Loss on the test part" }).getByRole("button", { name: "Table" }).click();
    const rows = await page.locator("figure tbody tr").allTextContents();
    expect(rows).toHaveLength(3);
    const [first, second] = [...rows[2]!.matchAll(/0\.\d+/g)].map(([loss]) => Number(loss));
    expect(first).not.toBe(second);
    await page.context().close();
  }, 120_000);

  it("trains one round at a time, and shows nothing of it for other models", async () => {
    const slow = packed("model = Sequential([Input((24, 1)), LSTM(64), Dense(1)])");
    const page = await visit(`#/compare?s=${lstm}&with=${slow}~${gru}`);
    const part = page.getByRole("region", { name: "Train them all" });
    const epochs = part.getByLabel("Epochs");
    await epochs.fill("150");
    await epochs.press("Enter");
    await part.getByText(/^LSTM\(64\) → Dense\(1\): [1-9]/).waitFor({ timeout: 30_000 });
    // A second round would begin with the first model again, and end this one.
    await epochs.press("Enter");
    await part.getByText(/^LSTM\(64\) → Dense\(1\): \d{2}/).waitFor({ timeout: 30_000 });
    expect(await part.locator(".verdicts li").allTextContents()).toEqual([expect.stringContaining("LSTM(8)")]);
    // Of the models that are left the second is another one.
    await page.getByRole("button", { name: "Remove LSTM(64) → Dense(1)" }).click();
    await part.getByRole("button", { name: "Train all" }).waitFor();
    await expect.poll(() => part.getByRole("button", { name: "Train all" }).isDisabled()).toBe(false);
    expect(await part.locator("figure, .verdicts").count()).toBe(0);
    await page.context().close();
  }, 90_000);

  it("sets what each prediction rests on below each other, ending together", async () => {
    const halving = (dense: string): string =>
      packed(
        `model = Sequential([Input((4, 1)), SimpleRNN(1, activation="linear", use_bias=False, kernel_initializer="ones", recurrent_initializer=Constant(0.5))${dense}])`,
      );
    const tripled = halving(", Dense(1, use_bias=False, kernel_initializer=Constant(3.0))");
    const page = await visit(
      `#/compare?s=${halving("")}&with=${tripled}~${packed("model = Sequential([Input((4,)), Dense(1)])")}`,
    );
    const lanes = page.getByRole("region", { name: "What each prediction rests on" }).locator("tbody tr");
    await lanes.nth(1).waitFor();
    expect(await lanes.count()).toBe(2);
    // h = x + h/2: ∂ŷ/∂x is 1/8, 1/4, 1/2, 1, times 3 behind the Dense; nine tenths of 15/8 lie in the last three.
    expect(await lanes.first().locator("td").nth(1).textContent()).toBe("1.000 at 4");
    expect(await lanes.nth(1).locator("td").nth(1).textContent()).toBe("3.000 at 4");
    expect(await lanes.first().locator("td").nth(2).textContent()).toBe("the last 3");
    const heights = await lanes
      .nth(1)
      .locator("rect")
      .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute("height"))));
    expect(heights).toEqual([0.125, 0.25, 0.5, 1]);
    await page.getByText("Without numbers over time to follow: Dense(1).").waitFor();
    await page.context().close();
  }, 60_000);

  it("names what is wrong with code that builds no model, beside those that do", async () => {
    const page = await visit(`#/compare?m=gru&with=${packed("print(1)")}`);
    await page.getByText("No Keras model was found").waitFor();
    expect(await page.locator("tr.total").textContent()).toContain("137");
    await page.context().close();
  }, 60_000);
}
