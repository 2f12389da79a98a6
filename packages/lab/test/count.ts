/** The Count screen: a number found elsewhere, terms and blocks that light each other, windows, reset_after in both directions. */
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

export function countTests({ visit }: Lab): void {
  it("says of a number found elsewhere every way to it: what the model has, then what slips make", async () => {
    const page = await visit("#/count/gru?m=stack");
    const section = page.getByRole("region", { name: "Explain a number" });
    const ask = async (number: string): Promise<string[]> => {
      await section.getByLabel(/^A number/).fill(number);
      await section.getByRole("button", { name: "Explain it" }).click();
      await section.getByText(new RegExp(`ways? to ${number.replaceAll(/[()]/g, ".")}`)).waitFor();
      return section.locator("h3").allTextContents();
    };
    expect((await ask("48")).slice(0, 2)).toEqual(["The parameters of gru_1", "Recurrent_kernel of gru"]);
    // 30 × 4 numbers come out; 3 × [4 × (4 + 5) + 4] is the count without the second bias row.
    expect((await ask("120")).slice(0, 2)).toEqual([
      "The numbers in the output of gru for one example",
      "The parameters of gru with a slip",
    ]);
    await section.getByText("The second bias row is forgotten in gru.").waitFor();
    expect((await ask("(None, 4)"))[0]).toBe("The output shape of gru with a slip");
    await section.getByRole("link", { name: "See the output shape of gru", exact: true }).first().click();
    await section.getByLabel(/^A number/).fill("999983");
    await section.getByRole("button", { name: "Explain it" }).click();
    await section.getByText("Nothing in this model is 999983").waitFor();
    await section.getByLabel(/^A number/).fill("-3");
    await section.getByRole("button", { name: "Explain it" }).click();
    await section.getByText("-3 can be no count").waitFor();
    await page.context().close();
  }, 60_000);

  it("keeps the box away from a question whose answer it would give", async () => {
    const page = await visit("#/count/gru?m=gru&ask=1");
    await page.getByRole("heading", { name: "How many parameters?" }).waitFor();
    expect(await page.getByRole("region", { name: "Explain a number" }).count()).toBe(0);
    await page.context().close();
  }, 60_000);

  it("lights the array that a term of the count is, and the term of an array, by pointer and by keyboard", async () => {
    const page = await visit("#/count/gru?m=gru");
    const term = (name: string) =>
      page.getByRole("button", { name: new RegExp(`^${name} .*, show it in the drawing$`) });
    const array = (name: string) =>
      page.locator("figure", { has: page.getByRole("button", { name: `show the term of ${name}` }) });
    // 5 × 12 + 4 × 12 + 2 × 12.
    for (const [name, count] of [
      ["kernel", "60"],
      ["recurrent_kernel", "48"],
      ["bias", "24"],
    ] as const)
      await term(name).getByText(count, { exact: true }).waitFor();
    await term("bias").hover();
    expect(await array("bias").getAttribute("class")).toContain("chosen");
    expect(await array("kernel").getAttribute("class")).toContain("aside");
    await array("kernel").hover();
    expect(await term("kernel").getAttribute("class")).toContain("lit");
    await page.mouse.move(0, 0);
    await page.getByRole("button", { name: "show the term of recurrent_kernel" }).focus();
    expect(await term("recurrent_kernel").getAttribute("class")).toContain("lit");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "show the term of recurrent_kernel" }).blur();
    expect(await term("recurrent_kernel").getAttribute("aria-pressed")).toBe("true");
    expect(await array("bias").getAttribute("class")).toContain("aside");
    await page.context().close();
  }, 60_000);

  it("gives every gate a pattern of its own", async () => {
    const page = await visit("#/count/lstm?m=lstm");
    await page.getByRole("button", { name: "gate o: show its columns" }).waitFor();
    const fills = await page
      .locator("figure svg")
      .first()
      .locator("rect[fill^=url]")
      .evaluateAll((all) => all.map((one) => one.getAttribute("fill")));
    expect(new Set(fills).size).toBe(4);
    const paths = await page
      .locator("svg.defs pattern path")
      .evaluateAll((all) => all.map((one) => one.getAttribute("d")));
    expect(new Set(paths).size).toBe(5);
    await page.context().close();
  }, 60_000);

  it("writes the formulas in the letters of choice, and leads to where the features come from", async () => {
    const page = await visit("#/count/gru_1?m=stack");
    const formula = page.locator("li.formula math");
    await formula.waitFor();
    expect(await formula.textContent()).toMatch(/h.*\(h\+i\)/);
    await page.getByLabel("Letters in formulas").selectOption("papers");
    await expect.poll(() => formula.textContent()).toMatch(/M.*\(M\+D\)/);
    await page.getByRole("link", { name: "to gru, where it comes from" }).click();
    await page.getByRole("heading", { name: "132 parameters" }).waitFor();
    expect(await page.getByRole("link", { name: /where it comes from/ }).count()).toBe(0);
    await page.context().close();
  }, 60_000);

  it("breaks no name on a phone, cuts no count off, and leaves no gap above a switch", async () => {
    const page = await visit("#/count?m=bidirectional", { viewport: { width: 390, height: 844 }, hasTouch: true });
    const names = page.locator("section[data-help=terms] .of");
    await names.first().waitFor();
    const heights = await names.evaluateAll((all) => all.map((one) => one.getClientRects().length));
    expect(heights).toEqual([1, 1, 1]);
    const ends = await page
      .locator("section[data-help=terms] a")
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
    expect(Math.max(...ends)).toBeLessThan(380);
    await page.goto(page.url().replace(/#.*/, "#/count/gru?m=gru"));
    const gap = await page.locator("section[data-help=reset-after]").evaluate((card) => {
      const box = card.querySelector("input")!.getBoundingClientRect(); // the switch
      return box.top - card.getBoundingClientRect().top;
    });
    expect(gap).toBeLessThan(28);
    await page.context().close();
  }, 60_000);

  it("shows the row that pooling drops", async () => {
    const code = "model = Sequential([Input((21, 9)), MaxPooling1D(2), SimpleRNN(3)])";
    const page = await visit(`#/count/max_pooling1d?s=${packed(code)}`);
    const section = page.getByRole("region", { name: "Windows over time" });
    await section.getByText("10 windows of 2 timesteps").waitFor();
    await section.getByText("The last row of 21 fills no window of 2 and is dropped").waitFor();
    expect(await section.locator("rect.dropped").count()).toBe(1);
    expect(await section.locator("rect.step:not(.dropped)").count()).toBe(20);
    await page.goto(page.url().replace(/#.*/, "#/count/conv1d?m=conv"));
    // 21 − 2 + 1.
    await section
      .getByText("20 windows of 2 timesteps, each one timestep further. Every row lies in a window")
      .waitFor();
    await page.context().close();
  }, 60_000);

  it("switches reset_after in both directions of a Bidirectional GRU", async () => {
    const code = "model = Sequential([Input((21, 9)), Bidirectional(GRU(10)), Dense(1)])";
    const page = await visit(`#/count/bidirectional?s=${packed(code)}`);
    // 2 × 3 × [10 × (10 + 9) + 2 × 10] = 1,260.
    await page.getByRole("heading", { name: "1,260 parameters" }).waitFor();
    await page.getByText("+2 × 3h = 2 × 3 × 10 = 60").waitFor();
    await page.getByRole("switch", { name: "reset_after" }).uncheck();
    await page.getByRole("heading", { name: "1,200 parameters" }).waitFor();
    await page.getByText("lower by 2 × 3h = 2 × 3 × 10 = 60").waitFor();
    await page.context().close();
  }, 60_000);
}
