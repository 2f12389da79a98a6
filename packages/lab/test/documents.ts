/** Whole documents of several models: every printed summary in them is matched, or what makes it differ is said. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { type SeedModel, seedDocuments } from "./seed-documents.ts";
import { follow, type Lab, packed } from "./visit.ts";

async function paste(page: Page, text: string): Promise<void> {
  await page.getByLabel(/Paste Keras code/).fill(text);
  await page.getByRole("button", { name: "Open it" }).click();
}

const found = (page: Page) => page.getByRole("region", { name: /models in this document$/ });

const total = (page: Page, count: number) => page.locator("tr.total", { hasText: new RegExp(`^Total${count}$`) });

/** A set for a class, as a teacher links to it. */
const quiz = "#/quiz?seed=21&n=3";

const two = "a = Sequential([Input((30, 5)), GRU(4)])\nb = Sequential([Input((30, 5)), LSTM(4)])";

/** Leaves the page on the second of two models, behind a link that names none. */
async function chooseSecondBehindQuiz(page: Page): Promise<void> {
  await paste(page, two);
  await found(page).locator("ol > li").nth(1).getByRole("link").press("Enter");
  await total(page, 160).waitFor();
  // The teacher's set names no model, and has a seed of its own.
  await follow(page, quiz, "#question");
  await page.getByText("Question 1 of 3").waitFor();
  await page.getByRole("link", { name: "Model", exact: true }).press("Enter");
  await total(page, 160).waitFor();
}

/** Follows a link once the worker was asked for the next model, whose answers wait until that is done. */
async function followWhileOpening(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (this: Worker, message: { readonly method: string }) {
      postMessage.call(this, message, []);
      if (message.method !== "open") return;
      Worker.prototype.postMessage = postMessage;
      const { onmessage } = this;
      const held: MessageEvent[] = [];
      this.onmessage = (event) => held.push(event);
      const give = (): void => {
        this.onmessage = onmessage;
        for (const event of held) onmessage?.call(this, event);
      };
      addEventListener("hashchange", give, { once: true });
      location.hash = to;
    };
  }, hash);
}

/** What is said where all of them agree. */
const lines = ({ rows }: SeedModel): string => `All ${rows.length} printed lines agree.`;

export function documentTests({ visit }: Lab): void {
  it.each(seedDocuments)(
    "matches every printed summary of a pasted document: $title",
    async ({ models, slips, text }) => {
      const page = await visit("#/");
      await paste(page, text());
      await page.locator("tr.total").first().waitFor();
      if (models.length > 1) {
        const items = found(page).locator("ol > li");
        await found(page).getByText(`All ${models.length} printed summaries agree with their models.`).waitFor();
        expect(await items.count()).toBe(models.length);
        for (const [index, model] of models.entries()) {
          const said = (await items.nth(index).textContent())!;
          expect(said, model.name).toContain(lines(model));
          if (model.total === undefined) expect(said).toContain("The end of the table is missing.");
          else expect(said, model.name).toContain(`${model.total.toLocaleString("en-US")} parameters`);
        }
      }
      for (const index of new Set([0, models.length - 1])) {
        if (models.length > 1) await found(page).locator("ol a").nth(index).click();
        const region = page.getByRole("region", { name: "Printed summary", exact: true });
        await region.getByText(`All ${models[index]!.rows.length} lines agree with the model.`).waitFor();
      }
      const audit = page.locator("details", { hasText: "Hand calculations" });
      for (const [wrong, right] of slips) {
        const finding = audit.locator("li", { has: page.locator("s", { hasText: wrong }) }).first();
        await finding.getByText(right, { exact: true }).first().waitFor();
      }
      await page.context().close();
    },
    90_000,
  );

  it("says of each model of a document what makes its printed summary differ, and opens the one that is pressed", async () => {
    const { models, text } = seedDocuments[0]!;
    // What this document works out by hand, printed: the second bias row forgotten twice, and a Dense layer that reads four.
    const wrong = new Map([
      ["gru_5", 120],
      ["gru_6", 42],
      ["dense_12", 5],
    ]);
    const changed = models.map((model) => ({
      ...model,
      // A table tells what the code leaves open; here the code says it.
      code: model.total === 906 ? model.code.replaceAll("GRU(", "GRU(reset_after=True, units=") : model.code,
      rows: model.rows.map(
        ([name, className, shape, count]) => [name, className, shape, wrong.get(name) ?? count] as const,
      ),
      ...(model.total === 906 ? { total: 120 + 42 + 700 + 5 } : {}),
    }));
    const page = await visit("#/");
    await paste(page, text(changed as readonly SeedModel[]));
    await found(page).getByText("9 of 10 printed summaries agree with their models.").waitFor();
    const item = found(page).locator("ol > li").nth(6);
    await item.getByText("3 of 4 lines differ from the printed summary:").waitFor();
    expect(await item.locator("ul li").allTextContents()).toEqual([
      expect.stringMatching(/^GRU \w+: .*reset_after=False there, True here\./),
      expect.stringMatching(/^GRU \w+: .*reset_after=False there, True here\./),
      expect.stringMatching(/^Dense \w+: The number of features is that of another place: 4 is what gru/),
    ]);
    const link = item.getByRole("link");
    await link.press("Enter");
    await total(page, 906).waitFor();
    expect(await link.getAttribute("aria-current")).toBe("true");
    // The focus stays where it was; the link and the way back hold which model is open.
    expect(await link.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.getByText("3 of 4 lines differ from the model.").waitFor();
    await page.goBack();
    await total(page, 15).waitFor();
    await page.goForward();
    await total(page, 906).waitFor();
    await page.context().close();
  }, 60_000);

  it("keeps the chosen model of a document while a link to a quiz is followed", async () => {
    const page = await visit("#/");
    await chooseSecondBehindQuiz(page);
    expect(await found(page).locator("a[aria-current=true]").textContent()).toContain("LSTM");
    // From there the other one can still be chosen.
    await found(page).locator("ol > li").nth(0).getByRole("link").press("Enter");
    await total(page, 132).waitFor();
    await page.context().close();
  }, 60_000);

  it("leads to its other models after a change was undone behind a link that names none", async () => {
    const page = await visit("#/");
    await chooseSecondBehindQuiz(page);
    await page.locator("main .cm-content").fill("model = Sequential([Input((30, 5)), SimpleRNN(7)])");
    await total(page, 91).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await total(page, 160).waitFor();
    await found(page).locator("ol > li").nth(0).getByRole("link").press("Enter");
    await total(page, 132).waitFor();
    await page.context().close();
  }, 60_000);

  it("opens the model that is on its way for a link that names none", async () => {
    const page = await visit("#/model?m=gru");
    await total(page, 137).waitFor();
    await followWhileOpening(page, quiz);
    await follow(page, `#/model?s=${packed(two)}&pick=1`, "#question");
    await page.getByText("Question 1 of 3").waitFor();
    await page.getByRole("link", { name: "Model", exact: true }).press("Enter");
    await total(page, 160).waitFor();
    // What is undone leads back to that one, too.
    await page.locator("main .cm-content").fill("model = Sequential([Input((30, 5)), SimpleRNN(7)])");
    await total(page, 91).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await total(page, 160).waitFor();
    await page.context().close();
  });

  it("opens what was pasted although a link that names no model came before it was open", async () => {
    const page = await visit("#/model?m=gru");
    await total(page, 137).waitFor();
    await follow(page, "#/", "main form");
    await page.getByLabel(/Paste Keras code/).fill(two);
    await followWhileOpening(page, quiz);
    await page.getByRole("button", { name: "Open it" }).click();
    await page.getByText("Question 1 of 3").waitFor();
    await page.getByRole("link", { name: "Model", exact: true }).press("Enter");
    await found(page).locator("ol > li").nth(1).getByRole("link").press("Enter");
    await total(page, 160).waitFor();
    await page.context().close();
  });
}
