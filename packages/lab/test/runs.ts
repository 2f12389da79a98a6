/** Runs that are kept on the Train screen and set beside each other in Compare. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

const small = packed("model = Sequential([Input((12, 1)), LSTM(4), Dense(1)])");
const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
const status = (page: Page) => page.locator("p[role=status][aria-live]");
const open = (page: Page, screen: string): Promise<void> =>
  page.getByRole("link", { name: screen, exact: true }).click();

async function train(page: Page, epochs: number): Promise<void> {
  await page.getByLabel("Epochs", { exact: true }).fill(String(epochs));
  await press(page, "Train");
  await page.locator(".verdict").waitFor({ timeout: 60_000 });
}

async function keep(page: Page, name: string): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await press(page, "Keep this run");
  await page.getByText(`Kept as “${name}”.`).first().waitFor();
}

/** Two runs of one model, one of them with a smaller learning rate and fewer epochs. */
async function keepTwo(page: Page): Promise<void> {
  await train(page, 6);
  await keep(page, "fast");
  await press(page, "Reset weights");
  await page.getByLabel("Learning rate").fill("0.001");
  await train(page, 4);
  await keep(page, "slow");
}

const row = (page: Page, name: RegExp) => page.getByRole("row", { name });
const shown = (page: Page): Promise<string | null> => page.locator("footer strong").first().textContent();
const predictionOf = async (page: Page, at: number): Promise<string> =>
  /−?\d+\.\d{5}/.exec(
    (await row(page, /^Prediction/)
      .locator("td")
      .nth(at)
      .textContent()) ?? "",
  )?.[0] ?? "none";

/** The columns of the chart's table. */
async function losses(page: Page): Promise<string[][]> {
  const figure = page.locator("figure", { hasText: "Losses of the runs" });
  await figure.getByRole("button", { name: "Table" }).click();
  const rows = figure.locator("tbody tr");
  await rows.first().waitFor();
  return rows.evaluateAll((all) => all.map((one) => [...one.children].map((cell) => cell.textContent ?? "")));
}

export function runTests({ visit }: Lab): void {
  it("sets kept runs beside each other: settings that differ, errors beside what needs no model, losses", async () => {
    const page = await visit(`#/train?s=${small}&data=passengers`);
    await keepTwo(page);
    await page.getByRole("link", { name: "Compare the 2" }).click();
    await row(page, /Learning rate/).waitFor();
    // The open model is the second run: it takes no place of its own.
    expect(
      await page.getByRole("region", { name: "Models side by side" }).locator("thead th").allTextContents(),
    ).toHaveLength(3);
    const differing = await page.locator("tbody.run tr:has(.sign) th").allTextContents();
    expect(differing.map((text) => text.replace(/^≠\s*differs:\s*/, ""))).toEqual(["Learning rate", "Epochs"]);
    expect(
      await row(page, /Epochs/)
        .locator("td")
        .allTextContents(),
    ).toEqual(["6", "4"]);
    await page.getByText("The runs differ in what is marked ≠: learning rate, epochs.").waitFor();
    const errors = await row(page, /^Test RMSE/)
      .locator("td")
      .allTextContents();
    for (const text of errors)
      expect(text).toMatch(/^\d+\.\d{3}.*(✓ beats|✗ does not beat) repeating .* \d+\.\d{3}(; the lowest of these)?$/);
    expect(errors.filter((text) => text.includes("the lowest"))).toHaveLength(1);
    expect(await predictionOf(page, 0)).not.toBe(await predictionOf(page, 1));
    await page.getByText(/^The lowest test loss is that of (fast|slow): 0\.\d+, after epoch \d\./).waitFor();
    const legend = page.locator("figure", { hasText: "Losses of the runs" }).locator(".legend path");
    expect(new Set(await legend.evaluateAll((marks) => marks.map((mark) => mark.getAttribute("d")))).size).toBe(2);
    await press(page, "Both");
    const rows = await losses(page);
    expect(rows).toHaveLength(6);
    expect(rows[5]!.map((cell) => cell !== "")).toEqual([true, true, true, false, false]);
    expect(await page.getByRole("region", { name: "What each prediction rests on" }).locator("tbody tr").count()).toBe(
      2,
    );
    await page.context().close();
  }, 90_000);

  it("opens the weights of a run in Step", async () => {
    const page = await visit(`#/train?s=${small}`);
    await train(page, 5);
    await open(page, "Step");
    const trained = await shown(page);
    await open(page, "Train");
    await keep(page, "mine");
    await press(page, "Reset weights");
    await open(page, "Step");
    expect(await shown(page)).not.toBe(trained);
    await open(page, "Compare");
    await press(page, "Step through it: mine");
    await page.locator(".opened").waitFor();
    await expect.poll(() => shown(page)).toBe(trained);
    // Trained further, it is no run that a seed leads to.
    await open(page, "Train");
    await train(page, 1);
    await keep(page, "more");
    // Opened once more it is the same model, of which no run goes on.
    await open(page, "Compare");
    await press(page, "Step through it: mine");
    await page.locator(".opened").waitFor();
    await open(page, "Train");
    await page.getByRole("button", { name: "Train", exact: true }).waitFor();
    await open(page, "Compare");
    await row(page, /^Weights/).waitFor();
    await page.reload();
    await page.getByText("It began with trained weights, which no link holds.").waitFor();
    await page.context().close();
  }, 90_000);

  it("makes a run again from a link on a device that never saw it, to the bit", async () => {
    const page = await visit(`#/train?s=${small}&data=nile`);
    await train(page, 5);
    await keep(page, "river");
    await open(page, "Compare");
    await row(page, /^Weights/).waitFor();
    const prediction = await predictionOf(page, 0);
    const link = page.url();
    const before = await losses(page);
    const other = await visit(link);
    await row(other, /^Weights/).waitFor();
    expect(await predictionOf(other, 0)).toBe("none");
    await other.getByText("Not trained here as yet: river.").waitFor();
    await press(other, "Train it again: river");
    await expect.poll(() => status(other).textContent(), { timeout: 30_000 }).toBe("Made from settings and seed.");
    // The button that was pressed has another name now, and the focus still.
    const focused = other.locator("button:focus");
    await expect.poll(() => focused.getAttribute("aria-label")).toBe("Step through it: river");
    await expect.poll(() => predictionOf(other, 0)).toBe(prediction);
    expect(await losses(other)).toEqual(before);
    // Here the losses are kept, the weights are not.
    await page.reload();
    await row(page, /^Test RMSE/)
      .getByText(/beat/)
      .waitFor();
    await press(page, "Train it again: river");
    await expect.poll(() => status(page).textContent(), { timeout: 30_000 }).toBe("Made again, the same to the bit.");
    await other.context().close();
    await page.context().close();
  }, 90_000);

  it("keeps runs on the device until all data is cleared", async () => {
    const page = await visit(`#/train?s=${small}`);
    await train(page, 2);
    await keep(page, "one");
    await page.evaluate(() => {
      location.hash = "#/compare?m=gru";
    });
    const list = page.getByRole("list", { name: "Runs kept on this device" });
    await list.getByText("one").waitFor();
    await press(page, "Set beside: one");
    await row(page, /^Weights/).waitFor();
    expect(
      await page.getByRole("region", { name: "Models side by side" }).locator("thead th").allTextContents(),
    ).toHaveLength(3);
    await press(page, "Remove one");
    await list.getByText("one").waitFor();
    await press(page, "Help and settings");
    await press(page, "Forget everything kept on this device");
    await page.keyboard.press("Escape");
    await list.waitFor({ state: "detached" });
    expect(await page.evaluate(() => localStorage.getItem("unroll-runs"))).toBeNull();
    await page.context().close();
  }, 60_000);

  it("trains one at a time: who asks meanwhile waits, and reads why", async () => {
    const page = await visit(`#/train?s=${small}`);
    // Runs that last for seconds: what is looked at here must not be over by then.
    await train(page, 2000);
    await keep(page, "river");
    const large = packed("model = Sequential([Input((24, 1)), LSTM(64), Dense(1)])");
    const link = page
      .url()
      .replace("#/train", "#/compare")
      .replace(/with=[^&]+/, `$&~lstm~${large}`);
    const again = await visit(link);
    const all = again.getByRole("button", { name: "Train all", exact: true });
    const one = again.getByRole("button", { name: "Train it again: river" });
    await one.waitFor();
    await again.getByLabel("Epochs", { exact: true }).fill("500");
    await all.click();
    await again.getByText("All models are being trained below, one at a time.").waitFor();
    expect(await one.isDisabled()).toBe(true);
    await one.press("Enter");
    await press(again, "Stop");
    await expect.poll(() => one.isDisabled()).toBe(false);
    await one.press("Enter");
    await again.getByText("“river” is being trained again in Compare").waitFor();
    expect(await all.isDisabled()).toBe(true);
    // Enter in its box asks for the same.
    await again.getByLabel("Epochs", { exact: true }).press("Enter");
    await expect.poll(() => status(again).textContent(), { timeout: 30_000 }).toBe("Made from settings and seed.");
    await expect.poll(() => all.isDisabled()).toBe(false);
    // A run that waits in Train goes before others too.
    await open(again, "Train");
    await press(again, "One batch");
    await again.getByText("Paused in epoch 1 after batch 1").first().waitFor();
    await open(again, "Compare");
    await again.getByText("A run goes on in Train, and models are trained one at a time").first().waitFor();
    expect(await all.isDisabled()).toBe(true);
    await again.context().close();
    await page.context().close();
  }, 90_000);

  it("lets others wait for a run of which no epoch has ended", async () => {
    const slow = packed("model = Sequential([Input((24, 1)), LSTM(384, return_sequences=True), LSTM(384), Dense(1)])");
    const page = await visit(`#/train?s=${slow}&with=${small}`);
    await press(page, "Train");
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
    await open(page, "Compare");
    await page.getByText("A run goes on in Train, and models are trained one at a time").first().waitFor();
    expect(await page.getByRole("button", { name: "Train all", exact: true }).isDisabled()).toBe(true);
    await page.context().close();
  }, 60_000);
}
