/** The Train screen: data in steps, runs that pause and can be gone back in, honest verdicts, and what is said and taken away. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

const small = packed("model = Sequential([Input((12, 1)), LSTM(4), Dense(1)])");
const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
const status = (page: Page) => page.locator("p[role=status][aria-live]");

async function train(page: Page, epochs: number): Promise<void> {
  await page.getByLabel("Epochs", { exact: true }).fill(String(epochs));
  await press(page, "Train");
  await page.locator(".verdict").waitFor({ timeout: 60_000 });
}

const epochNow = async (page: Page): Promise<number> => Number(await page.locator("progress").getAttribute("value"));

/** What the open model predicts for the example of Step. */
async function prediction(page: Page): Promise<string | null> {
  await page.getByRole("link", { name: "Step", exact: true }).click();
  const shown = await page.locator("footer strong").first().textContent();
  await page.getByRole("link", { name: "Train", exact: true }).click();
  await page.getByRole("heading", { name: "Train", exact: true }).waitFor();
  return shown;
}

export function trainTests({ visit }: Lab): void {
  it("pauses, trains one batch and one epoch, goes on and stops", async () => {
    const page = await visit(`#/train?s=${small}&run=e2000`);
    await press(page, "Train");
    await press(page, "Pause");
    await page
      .getByText(/^Paused /)
      .first()
      .waitFor();
    // Pressed in the middle of an epoch, it waits there.
    if (
      await page
        .getByText(/^Paused in epoch/)
        .first()
        .isVisible()
    )
      await press(page, "One epoch");
    await page.getByText("Paused after epoch").first().waitFor();
    const paused = await epochNow(page);
    await page.waitForTimeout(400);
    expect(await epochNow(page)).toBe(paused);
    await press(page, "One batch");
    await page
      .getByText(`Paused in epoch ${paused + 1} after batch 1 of 12`)
      .first()
      .waitFor();
    await press(page, "One batch");
    await page
      .getByText(`Paused in epoch ${paused + 1} after batch 2 of 12`)
      .first()
      .waitFor();
    await press(page, "One epoch");
    await page
      .getByText(`Paused after epoch ${paused + 1}.`)
      .first()
      .waitFor();
    await press(page, "One epoch");
    await page
      .getByText(`Paused after epoch ${paused + 2}.`)
      .first()
      .waitFor();
    await press(page, "Go on");
    await expect.poll(() => epochNow(page)).toBeGreaterThan(paused + 3);
    await press(page, "Stop");
    await page.getByRole("button", { name: "Train on" }).waitFor();
    expect(await page.locator(".verdict").textContent()).toContain("Stopped as asked");
    await page.context().close();
  }, 60_000);

  it("ends a run that waits when another model is opened, and trains that one", async () => {
    const page = await visit(`#/train?s=${small}`);
    await press(page, "One batch");
    await page.getByText("Paused in epoch 1 after batch 1").first().waitFor();
    await page.evaluate(
      (hash) => {
        location.hash = hash;
      },
      `#/train?s=${packed("model = Sequential([Input((6, 1)), GRU(3), Dense(1)])")}`,
    );
    await page.getByText("x (N, T, D) = (186, 6, 1)").waitFor();
    expect(await page.locator("progress").count()).toBe(0);
    await train(page, 2);
    expect(await page.locator("progress").getAttribute("max")).toBe("2");
    await page.context().close();
  }, 60_000);

  it("says after a reload what it has lost, and holds the settings in the address", async () => {
    const page = await visit(`#/train?s=${small}`);
    await page.getByLabel("Airline passengers").check();
    await page.getByLabel("Learning rate").fill("0.005");
    await page.getByLabel("Optimizer").selectOption("RMSprop");
    await train(page, 3);
    expect(page.url()).toMatch(/data=passengers&run=e3%2Cr0.005%2CoRMSprop/);
    // Of a run that is not done the browser asks first.
    const asked: string[] = [];
    page.on("dialog", (dialog) => {
      asked.push(dialog.type());
      void dialog.accept();
    });
    await press(page, "One epoch");
    await page.getByText("Paused after epoch 1").first().waitFor();
    await page.reload();
    expect(asked).toEqual(["beforeunload"]);
    await page.getByText("what the model had learnt in 1 epoch is gone").waitFor();
    expect(await page.getByLabel("Airline passengers").isChecked()).toBe(true);
    expect(await page.getByLabel("Epochs", { exact: true }).inputValue()).toBe("3");
    expect(await page.getByLabel("Optimizer").inputValue()).toBe("RMSprop");
    await page.context().close();
  }, 60_000);

  it("keeps settings and results while other screens are looked at", async () => {
    const page = await visit(`#/train?s=${small}&data=walk`);
    const before = await prediction(page);
    await train(page, 3);
    const verdict = await page.locator(".verdict").textContent();
    expect(await prediction(page)).not.toBe(before);
    expect(await page.getByLabel("Random walk").isChecked()).toBe(true);
    expect(await page.locator(".verdict").textContent()).toBe(verdict);
    await press(page, "Reset weights");
    await page.getByRole("button", { name: "Train", exact: true }).waitFor();
    expect(await prediction(page)).toBe(before);
    await press(page, "New weights");
    await expect.poll(() => page.url()).toContain("seed=8");
    expect(await prediction(page)).not.toBe(before);
    await page.context().close();
  }, 60_000);

  it("goes back to the weights of an epoch by its button on the curve, and by the list", async () => {
    const page = await visit(`#/train?s=${small}`);
    const before = await prediction(page);
    await train(page, 8);
    const trained = await prediction(page);
    const verdict = await page.locator(".verdict").textContent();
    await page.getByRole("button", { name: "Use the weights of epoch 2" }).click();
    await expect.poll(() => status(page).textContent()).toMatch(/The model has the weights of epoch 2; test RMSE \d/);
    expect(await page.locator(".verdict").textContent()).not.toBe(verdict);
    expect(await page.getByRole("button", { name: "Use the weights of epoch 2" }).getAttribute("aria-pressed")).toBe(
      "true",
    );
    const second = await prediction(page);
    expect(second).not.toBe(trained);
    await page.getByRole("combobox", { name: /^Weights of/ }).selectOption({ label: "the start, before training" });
    await expect.poll(() => status(page).textContent()).toContain("weights of the start");
    expect(await prediction(page)).toBe(before);
    await page.getByRole("combobox", { name: /^Weights of/ }).selectOption("8");
    await expect.poll(() => page.locator(".verdict").textContent()).toBe(verdict);
    expect(await prediction(page)).toBe(trained);
    await page.context().close();
  }, 60_000);

  it("shows in Step what training in Compare has made of the open model", async () => {
    const page = await visit(`#/compare?s=${small}&with=gru`);
    await page.locator("tr.total").waitFor();
    const step = async (): Promise<string | null> => {
      await page.getByRole("link", { name: "Step", exact: true }).click();
      const shown = await page.locator("footer strong").first().textContent();
      await page.getByRole("link", { name: "Compare", exact: true }).click();
      await page.locator("tr.total").waitFor();
      return shown;
    };
    const before = await step();
    await page.getByLabel("Epochs", { exact: true }).fill("2");
    await press(page, "Train all");
    await page.locator(".verdicts li").first().waitFor();
    expect(await step()).not.toBe(before);
    await page.context().close();
  }, 60_000);

  it("predicts several steps ahead with a model that ends in several numbers", async () => {
    const page = await visit(
      `#/train?data=passengers&s=${packed("model = Sequential([Input((12, 1)), GRU(4), Dense(3)])")}`,
    );
    // 115 of 144 numbers: 115 − 12 − 3 + 1 = 101.
    await page.getByText("y (N, K) = (101, 3)").waitFor();
    await page.getByText("N = 115 − 12 − 3 + 1 = 101 windows to train on. 27 to test with.").waitFor();
    expect(await page.getByLabel("Steps ahead", { exact: true }).first().isDisabled()).toBe(true);
    await train(page, 2);
    const errors = page.getByRole("table", { name: "Error of each step ahead" });
    expect(await errors.locator("td").count()).toBe(3);
    await page.getByRole("heading", { name: "Forecast, one step ahead" }).waitFor();
    await page.getByRole("combobox", { name: "Steps ahead" }).selectOption("3");
    await page.getByRole("heading", { name: "Forecast, 3 steps ahead" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("predicts the value further ahead with a model that ends in one", async () => {
    const page = await visit(`#/train?data=clean&s=${small}`);
    await page.getByLabel("Steps ahead").fill("12");
    await page.getByLabel("Steps ahead").press("Enter");
    await page.getByText("then the value 12 steps ahead is predicted").waitFor();
    await train(page, 1);
    // Half a period later a sine has the other sign: repeating the last value errs by 2 · √½.
    expect(await page.locator(".verdict").textContent()).toMatch(/repeating the last value 1\.4\d\d/);
    expect(await page.locator(".verdict").textContent()).toContain("repeating the value of 24 steps before 0.000");
    await page.context().close();
  }, 60_000);

  it("learns the adding problem, once the model reads two columns", async () => {
    const page = await visit(
      `#/train?data=adding&s=${packed("model = Sequential([Input((6, 1)), LSTM(8), Dense(1)])")}`,
    );
    await page.getByText("2 columns need a model from (None, timesteps, 2) to (None, 1)").waitFor();
    expect(await page.getByRole("button", { name: "Train", exact: true }).isDisabled()).toBe(true);
    await press(page, "Let its input be (6, 2)");
    await page.getByText("x (N, T, D) = (480, 6, 2)").waitFor();
    await train(page, 30);
    const verdict = (await page.locator(".verdict").textContent()) ?? "";
    const [model, mean] = [...verdict.matchAll(/\d\.\d{3}/g)].map(([number]) => Number(number));
    // √(1/6) is 0.408; the test part is a sample.
    expect(mean).toBeGreaterThan(0.36);
    expect(mean).toBeLessThan(0.46);
    expect(model).toBeLessThan(mean! / 2);
    await page.context().close();
  }, 90_000);

  it("reads several columns of a CSV file and predicts another, scaled by the training part", async () => {
    const page = await visit(`#/train?data=own&s=${packed("model = Sequential([Input((4, 2)), GRU(2), Dense(1)])")}`);
    const rows = Array.from({ length: 60 }, (_, row) => `${row};${1000 - 10 * row};${row % 5}`);
    const buffer = Buffer.from(`a;b;c\n${rows.join("\n")}\n`);
    await page.getByLabel("CSV file", { exact: true }).setInputFiles({ name: "own.csv", mimeType: "text/csv", buffer });
    await page.getByRole("combobox", { name: "Column to predict" }).selectOption("a");
    const feature = (name: string) =>
      page.getByRole("group", { name: "Columns to read" }).getByRole("checkbox", { name });
    await expect.poll(() => feature("a").isDisabled(), { timeout: 10_000 }).toBe(true);
    await feature("b").check();
    await feature("c").check();
    await feature("a").uncheck();
    await page.getByText("x (N, T, D) = (44, 4, 2)").waitFor();
    const scales = await page.locator(".scales li").allTextContents();
    // The first 48 rows: b from 1000 down to 530, c 0 to 4, a up to 47. The last are b 520 … 410.
    expect(scales[0]).toMatch(/b\s+530 … 1000\s+test part: −0\.26 … −0\.02/);
    expect(scales[1]).toMatch(/c\s+0 … 4/);
    expect(scales[2]).toMatch(/to predict\s+0 … 47\s+test part: 1\.02 … 1\.26/);
    await page.getByText("The test part reaches beyond what training sees.").waitFor();
    await train(page, 1);
    await page.getByRole("link", { name: "Model", exact: true }).click();
    await page.locator("tr.total").waitFor();
    await page.getByRole("link", { name: "Train", exact: true }).click();
    expect(await page.getByRole("combobox", { name: "Column to predict" }).inputValue()).toBe("a");
    await page.context().close();
  }, 60_000);

  it("steps through the last forecast itself: its window, its weights, its number", async () => {
    const page = await visit(`#/train?s=${small}`);
    await train(page, 3);
    const figure = page.locator("figure", { hasText: "Forecast" });
    await figure.getByRole("button", { name: "Table" }).click();
    const last = figure.locator("tbody tr").last().locator("td").last();
    const number = (text: string | null | undefined): number => Number((text ?? "").replace("−", "-"));
    const forecast = number(await last.textContent());
    const [, low, high] = /(−?[\d.]+) … (−?[\d.]+)/.exec((await page.locator(".scales li").textContent()) ?? "")!;
    await page.getByRole("link", { name: "Step through this forecast" }).click();
    await page.getByText("timestep 12 of 12").waitFor();
    const scaled = number(await page.locator("footer strong").first().textContent());
    const unscaled = number(low) + scaled * (number(high) - number(low));
    expect(unscaled).toBeCloseTo(forecast, 2);
    expect(await page.getByText(/numbers? changed/).count()).toBe(0);
    expect(await page.locator("footer").first().textContent()).toContain("the input is the last forecast's window");
    await page.context().close();
  }, 60_000);

  it("plays the loss as sound, with a sentence, where sound is on", async () => {
    const page = await visit(`#/train?s=${small}`);
    await page.evaluate(() => localStorage.setItem("unroll", '{"sound":true}'));
    await page.reload();
    await train(page, 3);
    await page.locator("figure", { hasText: "Loss" }).getByRole("button", { name: "Listen" }).click();
    await expect.poll(() => status(page).textContent()).toMatch(/^Loss: training ends at .* after 3 points; test ends/);
    await page.context().close();
  }, 60_000);

  it("tells when the loss stops falling, if asked", async () => {
    const page = await visit(`#/train?s=${small}`);
    const told: string[] = [];
    await page.exposeFunction("tell", (text: string) => told.push(text));
    await status(page).evaluate((region) => {
      const { tell } = globalThis as unknown as { tell(text: string | null): void }; // just exposed
      new MutationObserver(() => tell(region.textContent)).observe(region, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    await page.getByLabel("Tell me when the loss stops falling").check();
    await train(page, 120);
    const said = /The test loss has stopped falling: in 10 epochs it was not 1 % lower than 0\.\d+, after epoch \d+\./;
    await expect.poll(() => told.filter((text) => said.test(text)).length).toBeGreaterThan(0);
    await page.context().close();
  }, 60_000);

  it("draws gradients and weights, each with a table, and explains why nothing is shuffled when asked", async () => {
    const page = await visit(`#/train?s=${small}`);
    await page.getByText("Why is nothing shuffled before?").click();
    await page.getByText("that is leakage").waitFor();
    await train(page, 4);
    const table = async (title: string): Promise<string[][]> => {
      const figure = page.locator("figure").filter({ has: page.getByRole("heading", { name: title, exact: true }) });
      await figure.getByRole("button", { name: "Table" }).click();
      return figure
        .locator("tbody tr")
        .evaluateAll((rows) => rows.map((row) => [...row.children].map((one) => one.textContent ?? "")));
    };
    const norms = await table("Gradient norm of each epoch");
    expect(norms).toHaveLength(4);
    expect(norms.every(([, norm]) => Number(norm) > 0)).toBe(true);
    const flow = await table("Gradient norm over time");
    expect(flow).toHaveLength(12);
    expect(flow[0]).toHaveLength(3);
    const bins = await table("Weights");
    const kernel = bins.filter(([array]) => array === "kernel");
    // 1 feature × 4 gates × 4 units.
    for (const column of [3, 4]) expect(kernel.reduce((sum, row) => sum + Number(row[column]), 0)).toBe(16);
    await page.context().close();
  }, 60_000);

  it("hands out every prediction as a CSV file", async () => {
    const page = await visit(`#/train?data=nile&s=${packed("model = Sequential([Input((5, 1)), GRU(2), Dense(2)])")}`);
    await train(page, 1);
    const [download] = await Promise.all([page.waitForEvent("download"), press(page, "Predictions as CSV")]);
    const [heading, ...rows] = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\r\n");
    expect(heading).toBe("row,Steps ahead,part,series,model,last value");
    // 100 rows: 94 windows with two steps each; the last ends in row 100.
    expect(rows).toHaveLength(188);
    expect(rows.at(-1)).toMatch(/^100,2,test,740,\d+(\.\d+)?,718$/);
    // Of the windows whose targets begin in row 80, one reaches into the test part.
    expect(rows.filter((row) => row.startsWith("80,")).map((row) => row.split(",")[2])).toEqual(["train", ""]);
    await page.context().close();
  }, 60_000);

  it("does the same on a phone, with buttons that a finger finds", async () => {
    const page = await visit(`#/train?s=${small}`, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    expect(await page.getByLabel("Epochs", { exact: true }).inputValue()).toBe("30");
    await train(page, 20);
    const boxes = await Promise.all((await page.locator("button.dot").all()).map((dot) => dot.boundingBox()));
    expect(boxes.length).toBeGreaterThan(3);
    for (const [index, box] of boxes.entries()) {
      expect(box!.width).toBeGreaterThanOrEqual(24);
      if (index > 0) expect(box!.x).toBeGreaterThanOrEqual(boxes[index - 1]!.x + 24);
    }
    await page.locator("button.dot").first().tap();
    await expect.poll(() => status(page).textContent()).toContain("The model has the weights of");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.context().close();
  }, 60_000);
}
