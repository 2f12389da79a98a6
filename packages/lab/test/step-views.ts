/** The Step screen's other views: float32 beside float64, old numbers, both directions, both forms of a GRU, large layers, the phone. */
import { expect, it } from "vitest";
import { follow, type Lab, packed } from "./visit.ts";

const model = (layers: string): string => packed(`model = Sequential([${layers}])`);
/** h = x + h/2. */
const halving = model(
  'Input((4, 1)), SimpleRNN(1, activation="linear", use_bias=False, kernel_initializer="ones", recurrent_initializer=Constant(0.5))',
);
const numberIn = (text: string | null): number => Number(text!.replaceAll("−", "-"));

export function stepViewTests({ visit }: Lab): void {
  it("sets the engine's float32 beside the number by hand, digit by digit, and keeps the choice in the link", async () => {
    const page = await visit("#/step/lstm?m=lstm&t=17&unit=2&gate=o");
    const value = page.locator(".opened .value");
    await value.waitFor();
    const byHand = Number(await value.getAttribute("title"));
    await page.getByRole("button", { name: "float32, engine" }).click();
    const panel = page.getByRole("region", { name: "Where the last digits come from" });
    await panel.waitFor();
    await expect.poll(async () => Number(await value.getAttribute("title"))).not.toBe(byHand);
    const single = Number(await value.getAttribute("title"));
    expect(Math.fround(single)).toBe(single);
    const shown = await panel.locator("dd").allTextContents();
    expect([numberIn(shown[0]!), numberIn(shown[1]!)]).toEqual([
      Number(byHand.toPrecision(16)),
      Number(single.toPrecision(16)),
    ]);
    // The marked digits start where the two part.
    const [first, second] = await panel.locator("mark").allTextContents();
    expect(first![0]).not.toBe(second![0]);
    expect(shown[0]!.slice(0, -first!.length)).toBe(shown[1]!.slice(0, -second!.length));
    expect(Math.fround(numberIn(shown[2]!))).toBe(Math.fround(byHand));
    expect(Math.fround(numberIn(shown[3]!))).toBe(single);
    expect(page.url()).toContain("f32=1");
    await page.reload();
    await panel.waitFor();
    await page.getByRole("combobox", { name: "Digits" }).selectOption({ index: 2 });
    await expect.poll(() => value.textContent()).toBe(shown[3]);
    await page.getByRole("button", { name: "float64, by hand" }).click();
    await expect.poll(() => value.textContent()).toBe(String(byHand));
    await page.context().close();
  }, 60_000);

  it("keeps the old number as a ghost wherever a change moves one, and resets each change by itself", async () => {
    const page = await visit("#/step/lstm?m=lstm&t=3&unit=1&gate=f");
    const value = page.locator(".opened .value");
    await value.waitFor();
    const before = await value.textContent();
    const weight = await page
      .getByRole("button", { name: /^kernel 0, 5/ })
      .locator(".number")
      .textContent();
    const write = async (button: RegExp, box: string, number: string): Promise<void> => {
      await page.getByRole("button", { name: button }).click();
      await page.getByRole("textbox", { name: box }).fill(number);
      await page.keyboard.press("Enter");
    };
    await write(/^kernel 0, 5/, "kernel[0, 5]", "2");
    const ghost = page.locator(".opened header s");
    await ghost.waitFor();
    expect(await ghost.textContent()).toContain(before);
    const chip = page.getByRole("button", { name: /^kernel 0, 5/ });
    expect(await chip.getAttribute("data-was")).toBe(weight);
    const cell = page.getByRole("gridcell", { name: /^f, unit 2/ });
    expect(await cell.getAttribute("aria-label")).toMatch(/before the changes/);
    expect(await cell.getAttribute("data-was")).toMatch(/^0\.\d{3}$/);
    // The forget gate moves, and with it the cell state; the other gates only from the next step on.
    expect(await page.locator(".lanes .ghost").count()).toBeGreaterThan(2);
    await write(/^x ?t\[3\]/, "x, feature 4", "-1.5");
    await page.getByText("2 numbers changed").click();
    const list = page.locator(".changed li");
    expect(await list.count()).toBe(2);
    expect(await list.nth(0).textContent()).toContain("kernel[0, 5] of lstm");
    expect(await list.nth(1).textContent()).toContain("input, feature 4, timestep 4");
    await list
      .nth(1)
      .getByRole("button", { name: /^Reset input/ })
      .click();
    await page.getByText("1 number changed").waitFor();
    await page.locator(".opened").getByRole("button", { name: "Reset kernel[0, 5]" }).click();
    await expect.poll(() => value.textContent()).toBe(before);
    expect(await page.locator("main :is(s, [data-was])").count()).toBe(0);
    await page.context().close();
  }, 60_000);

  it("keeps the old gradients as ghosts on the way back too, in the cell, the sum, the product and the arrays", async () => {
    const edits = encodeURIComponent('[["w",0,"recurrent_kernel",[0,0],0.25]]');
    const page = await visit(`#/step?s=${halving}&t=1&gate=h&back=1&edits=${edits}`);
    const header = page.locator(".opened header");
    await header.locator("s").waitFor();
    const [old, now] = [
      await header.locator("s .visually-hidden + *, s").first().textContent(),
      await header.locator(".value").textContent(),
    ];
    expect(old).toContain("before:");
    expect(old).not.toContain(now);
    const cell = page.getByRole("gridcell", { name: /^gradient of h, unit 1/ });
    expect(await cell.getAttribute("aria-label")).toMatch(/before the changes/);
    expect(await cell.getAttribute("data-was")).not.toBe("");
    const products = page.locator("figure", { hasText: "What is left of the gradient" });
    // Three factors moved from ½ to ¼; where nothing is multiplied yet, the bar has none either.
    expect(await products.locator("line.old").count()).toBe(4);
    await products.getByRole("button", { name: /table/ }).click();
    expect((await products.locator("tbody tr").first().textContent())!.replaceAll(/\s+/g, " ")).toContain(
      "before:0.50000 0.25000",
    );
    const growing = page.locator("section[data-help=growing]");
    expect(await growing.locator("svg.ghost").count()).toBe(2);
    expect(await growing.locator("dd s").count()).toBeGreaterThan(2);
    await page.getByText("1 number changed").click();
    await page
      .locator(".changed")
      .getByRole("button", { name: /^Reset recurrent_kernel/ })
      .click();
    await expect.poll(() => page.locator("main :is(s, [data-was], line.old, svg.ghost)").count()).toBe(0);
    expect(await header.locator(".value").textContent()).not.toBe(now);
    await page.context().close();
  }, 60_000);

  it("runs both directions at once, the backward one from right to left, and merges them in numbers", async () => {
    const code = "Input((12, 3)), Bidirectional(GRU(4, return_sequences=True), merge_mode='ave'), Dense(1)";
    const page = await visit(`#/step?s=${model(code)}&t=2&unit=1&gate=h`);
    const merge = page.getByRole("region", { name: /makes of both/ });
    await merge.waitFor();
    const places = async (): Promise<number[]> => {
      const lines = await page.locator(".way line.now").all();
      return Promise.all(lines.map(async (one) => (await one.boundingBox())!.x));
    };
    const [left, right] = await places();
    await page.getByRole("button", { name: "Timestep forward" }).click();
    await page.getByText("reads timestep 4").waitFor();
    const after = await places();
    expect(after[0]!).toBeGreaterThan(left!);
    expect(after[1]!).toBeLessThan(right!);
    await page.getByText("reads timestep 9").waitFor();
    const [forward, backward] = await merge.locator("button .number").allTextContents();
    const result = numberIn(await merge.locator("strong").textContent());
    expect((numberIn(forward!) + numberIn(backward!)) / 2).toBeCloseTo(result, 2);
    expect(await merge.textContent()).toContain("y = (h→ + h←) / 2");
    // Its part opens in the other direction's cell, at the step in which that one reads timestep 4.
    await merge.locator("button").nth(1).click();
    await page.getByText("timestep 4 of 12, read backwards").waitFor();
    await expect.poll(() => page.url()).toMatch(/step\/backward_gru\?t=8&unit=1&gate=h/);
    await expect
      .poll(async () => numberIn(await page.locator(".opened .value").textContent()))
      .toBeCloseTo(numberIn(backward!), 2);
    await page.context().close();
  }, 60_000);

  it("sets a GRU's two forms side by side, marks where they differ, and works both out for the same step", async () => {
    const page = await visit("#/step/gru?m=gru&t=5&unit=2&gate=hHat");
    await page.getByText("Reset before or after the product").click();
    const [before, after] = ["reset_after=False", "reset_after=True"].map((name) =>
      page.getByRole("region", { name, exact: true }),
    );
    await before!.waitFor();
    expect(await page.locator(".form .differs").count()).toBe(2);
    expect(await before!.locator(".differs").textContent()).not.toBe(await after!.locator(".differs").textContent());
    expect(await after!.textContent()).toContain("this layer");
    const own = await page.locator(".opened .value").textContent();
    expect(await after!.locator("dd").first().textContent()).toBe(own);
    expect(await before!.locator("dd").first().textContent()).not.toBe(own);
    await follow(page, "#/step/lstm?m=lstm&t=2", ".opened");
    await expect.poll(() => page.getByText("Reset before or after the product").count()).toBe(0);
    await page.context().close();
  }, 60_000);

  it("draws the units of a large layer that are listed, brushed, or change most; the table has all", async () => {
    const page = await visit(`#/step?s=${model("Input((20, 3)), GRU(64), Dense(1)")}&t=5&unit=40&gate=z`);
    const drawn = page.locator(".picture .node.chosen [role=gridcell]");
    await drawn.first().waitFor();
    expect(await drawn.count()).toBe(16);
    const names = async (): Promise<number[]> =>
      (await drawn.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")!))).map((name) =>
        Number(/unit (\d+)/.exec(name)![1]),
      );
    await page.getByText("16 of 64 units drawn").click();
    const list = page.getByLabel("Units, such as");
    await list.fill("3, 17, 40-42, 900");
    await list.press("Enter");
    await expect.poll(names).toEqual([3, 17, 40, 41, 42]);
    expect(new URL(page.url().replace("#/", "")).searchParams.get("units")).toBe("2,16,39-41");
    await page.locator(".picture [tabindex='0']").focus();
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => page.url()).toContain("unit=39");
    await page.getByRole("button", { name: "Largest change" }).click();
    await expect.poll(async () => (await names()).length).toBe(16);
    const most = await names();
    await page.getByLabel("From unit").fill("30");
    await page.keyboard.press("Tab");
    await expect.poll(async () => (await names()).slice(0, 2)).toEqual([30, 31]);
    expect(await names()).not.toEqual(most);
    await page.getByRole("button", { name: "The units behind" }).click();
    await expect.poll(async () => (await names())[0]).toBe(46);
    const box = (await page.locator(".matrix svg").boundingBox())!;
    await page.mouse.move(box.x + 40, box.y + (box.height * 4.5) / 64);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + (box.height * 9.5) / 64);
    await page.mouse.up();
    await expect.poll(names).toEqual([5, 6, 7, 8, 9, 10]);
    await page.reload();
    await drawn.first().waitFor();
    await expect.poll(names).toEqual([5, 6, 7, 8, 9, 10]);
    const lanes = page.getByRole("region", { name: "Over time", exact: true });
    await lanes.getByRole("button", { name: "Table" }).click();
    await lanes.getByRole("button", { name: "All 64 units at timestep 6" }).click();
    expect(await lanes.locator("tbody tr").count()).toBe(64);
    await lanes.getByRole("button", { name: "50", exact: true }).click();
    await expect.poll(names).toEqual([5, 6, 7, 8, 9, 10, 50]);
    await page.context().close();
  }, 60_000);

  it("shows one value at a time on a phone, turned by buttons and by a swipe, and long equations as sums", async () => {
    const page = await visit("#/step/gru?m=gru&t=5&unit=2&gate=r", {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    const nodes = page.locator(".picture .node");
    await nodes.first().waitFor();
    expect(await nodes.count()).toBe(1);
    await page.getByRole("button", { name: "Next value: hHat" }).click();
    await expect.poll(() => nodes.locator(".meaning").allTextContents()).toEqual(["candidate"]);
    await page.locator(".lines").waitFor();
    expect(await page.locator(".lines li").count()).toBe(3);
    const tooWide = await page
      .locator(".opened .equation")
      .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length);
    expect(tooWide).toBe(0);
    const swipe = (from: number, to: number): Promise<void> =>
      nodes.evaluate(
        (node, [start, end]) => {
          const at = (type: string, clientX: number) =>
            node.dispatchEvent(new PointerEvent(type, { clientX, clientY: 300, pointerType: "touch", bubbles: true }));
          at("pointerdown", start!);
          at("pointerup", end!);
        },
        [from, to],
      );
    await swipe(250, 150);
    await expect.poll(() => nodes.locator(".meaning").allTextContents()).toEqual(["new hidden state"]);
    await swipe(150, 250);
    await expect.poll(() => nodes.locator(".meaning").allTextContents()).toEqual(["candidate"]);
    await page.getByRole("button", { name: "All", exact: true }).click();
    await expect.poll(() => nodes.count()).toBe(6);
    // A product with the recurrent kernel stays on the line of its result.
    await follow(page, "#/step/lstm?m=lstm&t=5&unit=2&gate=f", ".opened .dot-terms");
    await expect.poll(() => page.locator(".dot-terms > .term").count()).toBe(9);
    const rows = await page.locator(".dot-terms > .term").evaluateAll((all) =>
      all.map((row) => {
        const [term, result] = [row.children[0]!, row.children[1]!].map((one) => one.getBoundingClientRect());
        return result!.top < term!.bottom && result!.right <= row.getBoundingClientRect().right + 1;
      }),
    );
    expect(rows).not.toContain(false);
    await page.context().close();
  }, 60_000);

  it("scales what is drawn over time to its own size, and says so", async () => {
    const small = "Input((8, 1)), SimpleRNN(1, kernel_initializer=Constant(0.001), recurrent_initializer='zeros')";
    const page = await visit(`#/step?s=${model(small)}&t=2`);
    const lane = page.locator(".lanes figure").first();
    await lane.waitFor();
    expect(
      await lane
        .locator(".heat path")
        .evaluateAll((all) => all.some((one) => one.getAttribute("fill")!.includes("100%"))),
    ).toBe(true);
    expect(await lane.locator("figcaption").textContent()).toMatch(/±[\d.]+e−[34]/);
    await page.context().close();
  }, 60_000);

  it("opens the prediction and what an upper layer reads, leads to the cells below, and closes by Esc", async () => {
    const page = await visit(
      `#/step/gru?s=${model("Input((5, 2)), LSTM(3, return_sequences=True), GRU(2), Dense(1)")}&t=4&gate=h`,
    );
    const prediction = page.locator(".foot .open");
    await prediction.click();
    const tree = page.locator(".foot .tree");
    await tree.waitFor();
    expect(await tree.textContent()).toContain("dense");
    await page.getByRole("gridcell", { name: /^x, feature 2/ }).click();
    await page.getByText("What the layers before make of").waitFor();
    const value = page.locator(".opened .value");
    const shown = await value.textContent();
    await page.locator(".opened .chip.name").click();
    await expect.poll(() => page.url()).toMatch(/step\/lstm\?t=4&unit=1&gate=h/);
    await expect.poll(() => value.textContent()).toBe(shown);
    await page.locator("[role=gridcell][tabindex='0']").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("gridcell");
    // An input of the model itself is changed where it stands.
    await page.getByRole("gridcell", { name: /^x, feature 1/ }).click();
    await page.getByText("An input of the model").waitFor();
    await page.locator(".opened .chip.input").click();
    await page.getByRole("textbox", { name: "x, feature 1" }).fill("1.25");
    await page.keyboard.press("Enter");
    await expect.poll(() => value.textContent()).toBe("1.25000");
    await page.context().close();
  }, 60_000);

  it("draws a cell of five columns without cutting it, and writes the gradient's factors out as a product", async () => {
    const page = await visit("#/step/peephole?m=peephole&t=3&gate=h", { viewport: { width: 1360, height: 900 } });
    const picture = page.locator(".picture");
    await picture.locator(".edges path").first().waitFor({ state: "attached" });
    expect(await picture.evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThanOrEqual(0);
    await page.getByRole("button", { name: "Backward" }).click();
    const running = page.getByRole("list", { name: /^Factors/ });
    await running.waitFor();
    await page.getByRole("button", { name: "First timestep" }).click();
    await expect.poll(() => running.locator("li").count()).toBe(6);
    const items = await running.locator("li").allTextContents();
    const numbers = items.map((item) => /([\d.e−]+)\s*=\s*([\d.e−]+)/.exec(item)!.slice(1).map(numberIn));
    let product = 1;
    for (const [factor, soFar] of numbers) {
      product *= factor!;
      expect(soFar! / product).toBeCloseTo(1, 1);
    }
    await page.context().close();
  }, 60_000);
}
