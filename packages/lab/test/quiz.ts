/** The Quiz screen: questions by seed, diagnosis, progress, teacher's links and worksheets. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { follow, type Lab } from "./visit.ts";

async function answer(page: Page, text: string): Promise<void> {
  await page.getByLabel(/^Your (count|shape|number|answer)/).fill(text);
  await page.getByRole("button", { name: "Check" }).click();
}

/** Counts only: LSTM(2) on four features has 4 × [2 × (2 + 4) + 2] = 56, by hand. */
const first = { link: "#/quiz?seed=14&kinds=params", right: "56", withThreeGates: "42" };

export function quizTests({ visit }: Lab): void {
  it("asks everybody with the same link the same, and names the slip in a wrong answer", async () => {
    const questionsOf = async (): Promise<string[]> => {
      const page = await visit("#/quiz?seed=7&n=4&key=1");
      await page.locator(".sheet article").nth(3).waitFor();
      const texts = await page.locator(".sheet article").allTextContents();
      await page.context().close();
      return texts;
    };
    expect(await questionsOf()).toEqual(await questionsOf());
    const page = await visit(first.link);
    await page.getByRole("heading", { name: "How many parameters does lstm have?" }).waitFor();
    const said = page.locator(".verdict .said");
    // The first wrong answer leaves the right one to be found, sent twice or once; the second is told it.
    for (let time = 0; time < 2; time++) {
      await answer(page, first.withThreeGates);
      expect(await said.textContent()).toMatch(/^42 is not right\..*number of gates.*lstm/s);
      expect(await said.textContent()).not.toMatch(/56|[×=]/);
    }
    await answer(page, "57");
    await page.getByText(/57 parameters is not right, it is 56/).waitFor();
    await answer(page, first.right);
    await page.locator(".notice.good .said").waitFor();
    await page.context().close();
  }, 60_000);

  it("gives hints in order: letters, formula, numbers", async () => {
    const page = await visit(first.link);
    for (const at of [1, 2, 3]) await page.getByRole("button", { name: `Hint ${at} of 3` }).click();
    const hints = await page.getByRole("list", { name: "Hints" }).locator("li").allTextContents();
    expect(hints[0]).toContain("h = 2, units");
    expect(hints[1]).toBe("g × [h(h+i)+h]");
    expect(hints[2]).toContain("4 × [2 × (2 + 4) + 2]");
    await page.context().close();
  }, 60_000);

  it("keeps progress on the device and hands it over as CSV", async () => {
    const page = await visit(first.link);
    await page.getByRole("button", { name: "Hint 1 of 3" }).click();
    await answer(page, first.withThreeGates);
    await page.getByText(/not right/).waitFor();
    await answer(page, first.right);
    await page.locator(".notice.good .said").waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "1 of 10 right" }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Progress as CSV" }).click(),
    ]);
    const rows = readFileSync(await download.path(), "utf8").split("\r\n");
    expect(rows[0]).toMatch(/^question,kind,asked,answer,right,attempts,hints/);
    expect(rows[1]).toMatch(/^1,params,How many parameters does lstm have\?,56,yes,2,1,no,.*gates/);
    expect(rows[2]).toMatch(/^2,.*,,,0,0,no,$/);
    await page.getByRole("button", { name: "Start anew" }).click();
    await page.getByRole("heading", { name: "0 of 10 right" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("aims the next question of the practice at the slip before", async () => {
    // GRU(7) on seven features has 336; without the second bias row 315, which only a GRU that resets after can show.
    const page = await visit("#/quiz?seed=13&practice=1&kinds=params");
    for (const [number, wrong] of [
      [1, "315"],
      [2, undefined],
    ] as const) {
      await page.getByText(`Question ${number}`, { exact: true }).waitFor();
      expect(await page.locator("h2#question").textContent()).toMatch(/does gru(_\d)? have/);
      expect(await page.getByRole("region", { name: "What is given" }).textContent()).not.toContain(
        "reset_after=False",
      );
      if (wrong === undefined) break;
      await answer(page, wrong);
      await page
        .getByText(/second bias row is forgotten/i)
        .first()
        .waitFor();
      await page.getByRole("button", { name: "Next question" }).click();
    }
    await page.context().close();
  }, 60_000);

  it("leaves out and fixes what a teacher's link says", async () => {
    const page = await visit("#/quiz");
    await page.getByText("Make a set for a class").click();
    await page.getByLabel("Seed").fill("21");
    await page.getByRole("spinbutton", { name: "Questions" }).fill("3");
    for (const kind of ["output shapes", "one step of backpropagation", "the value of a gate", "the next state"]) {
      await page.getByLabel(kind, { exact: true }).uncheck();
    }
    await page.getByLabel("Bidirectional", { exact: true }).uncheck();
    for (const part of ["hints", "solutions", "all other screens", "the slip behind a wrong answer"]) {
      await page.getByLabel(part, { exact: true }).check();
    }
    await page.getByRole("link", { name: "Open as a learner sees it" }).click();
    await page.getByText("Question 1 of 3").waitFor();
    expect(page.url()).toMatch(
      /seed=21.*n=3.*kinds=params%2Corder%2Ctotal%2Cfaulty%2Ccode%2Cslip&layers=simpleRNN%2Clstm%2Cgru%2Cconv1d&.*hide=hints%2Cwhy%2Canswers%2Ctabs.*lock=set/,
    );
    expect(await page.getByRole("navigation").getByRole("link").allTextContents()).toEqual(["Quiz"]);
    expect(await page.getByRole("button", { name: /Hint|solution/ }).count()).toBe(0);
    expect(await page.getByText("Make a set for a class").count()).toBe(0);
    if ((await page.getByRole("radio").count()) > 0) {
      await page.getByRole("radio").first().check();
      await page.getByRole("button", { name: "Check" }).click();
    } else await answer(page, "1");
    expect((await page.locator(".verdict .said").textContent())?.split("\n")).toHaveLength(1);
    await page.context().close();
  }, 60_000);

  it("leaves out any part of any screen that a link names, and takes nothing else from it", async () => {
    const page = await visit("#/count/gru?m=gru&hide=derivation,blocks,share,%7B%7D*%7B");
    await page.getByRole("heading", { name: "Shape" }).waitFor();
    expect(await page.getByRole("heading", { name: "Derivation" }).count()).toBe(0);
    expect(await page.getByRole("heading", { name: /^Arrays of gru/ }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Share", exact: true }).count()).toBe(0);
    await page.getByRole("link", { name: "Model", exact: true }).click();
    await page.locator("tr.total").waitFor();
    expect(await page.locator("main").isVisible()).toBe(true);
    await follow(page, "#/count/gru?m=gru", "h1");
    await page.getByRole("heading", { name: "Derivation" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("fixes any part of any screen that a link names, and tells so who tries", async () => {
    const page = await visit("#/model?m=gru&lock=layers,source");
    await page.locator("tr.total").waitFor();
    await page.getByRole("button", { name: "Change gru", exact: true }).click();
    await expect.poll(() => page.locator("p[role=status][aria-live]").textContent()).toBe("The link fixes this.");
    expect(await page.getByLabel("units").count()).toBe(0);
    await page.locator(".cm-content").focus();
    await page.keyboard.type("x");
    expect(await page.locator(".cm-content").textContent()).toContain("GRU(4");
    expect(await page.locator(".cm-content").textContent()).not.toContain("x(");
    const before = await page.locator(".cm-content").textContent();
    await page.keyboard.press("Delete");
    expect(await page.locator(".cm-content").textContent()).toBe(before);
    // The rest of the page is free, and so are these parts under another link.
    await page.getByRole("link", { name: "Count", exact: true }).click();
    await page.getByRole("heading", { name: /parameters$/ }).waitFor();
    await follow(page, "#/model?m=gru", "tr.total");
    await page.getByRole("button", { name: "Change gru", exact: true }).click();
    await page.getByLabel("units").waitFor();
    await page.context().close();
  }, 60_000);

  it("asks for choices by letter, and for every kind of question", async () => {
    const page = await visit("#/");
    for (const kind of ["order", "gate", "state", "faulty", "code", "slip", "backward"]) {
      await follow(page, "#/", ".examples li");
      await follow(page, `#/quiz?seed=5&n=1&kinds=${kind}`, "h2#question");
      const radios = page.getByRole("radio");
      if (/order|faulty|code|slip/.test(kind) && (await radios.count()) > 0) {
        const count = await radios.count();
        for (let choice = 0; choice < count && (await page.locator(".notice.good .said").count()) === 0; choice++) {
          await radios.nth(choice).check();
          await page.getByRole("button", { name: "Check" }).click();
          await expect
            .poll(() => page.locator(".said").first().textContent())
            .toMatch(new RegExp(`^${"abcde"[choice]} is`));
        }
        expect(await page.locator(".notice.good .said").count(), kind).toBe(1);
      } else {
        await answer(page, "0.123");
        await page.locator(".verdict .said").waitFor();
        await page.getByRole("button", { name: "Show the solution" }).click();
        const right = (await page.locator("#solution .number").textContent()) ?? "";
        await answer(page, right);
        await page.locator(".notice.good .said").waitFor();
      }
    }
    await page.context().close();
  }, 120_000);

  it("says what is expected where a value cannot be read, and counts it as no try", async () => {
    const page = await visit("#/quiz?seed=5&n=1&kinds=gate");
    await page.locator("h2#question").waitFor();
    await answer(page, "half");
    await page.getByText("half is no number. A value is asked for: write 0.731").waitFor();
    expect(await page.getByText("That did not work").count()).toBe(0);
    await answer(page, "0,123");
    await page.getByText(/^0.123 is not right|^0,123 is not right/).waitFor();
    await page.context().close();
  }, 60_000);

  it("prints a worksheet, and the answer key behind a page break", async () => {
    const page = await visit("#/quiz?seed=14&n=3&kinds=params&key=1");
    await page.locator(".answers article").nth(2).waitFor();
    expect(await page.locator(".answers article").first().textContent()).toMatch(/56.*4 × 14/s);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("header").first().isVisible()).toBe(false);
    expect(await page.getByText("Count by hand, seed 14").isVisible()).toBe(true);
    expect(await page.locator(".answers").evaluate((element) => getComputedStyle(element).breakBefore)).toBe("page");
    await page.emulateMedia({ media: null });
    await page.getByRole("link", { name: "Back to the set" }).click();
    await page.getByText("Question 1 of 3").waitFor();
    await page.emulateMedia({ media: "print" });
    expect(await page.locator(".sheet article").count()).toBe(3);
    expect(await page.locator(".answers").count()).toBe(0);
    await page.context().close();
  }, 60_000);
}
