/** The Step screen beyond the cell itself: what it remembers, the way back, commands and sound. */
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

/** A cell whose arithmetic is h = x + h/2: after training on nothing, by its own initializers. */
const halving = packed(
  'model = Sequential([Input((4, 1)), SimpleRNN(1, activation="linear", use_bias=False, kernel_initializer="ones", recurrent_initializer=Constant(0.5))])',
);

export function stepTests({ visit }: Lab): void {
  it("counts, draws, steps and opens a cell of one's own as it does Keras's, by link", async () => {
    const page = await visit("#/model");
    await page.getByText("Cells of your own").click();
    await page.getByRole("link", { name: "PeepholeLSTM" }).click();
    // 4 × [4 × (4 + 3) + 4] + 3 × 4 = 140, and the Dense has 5.
    await page.locator("tr.total", { hasText: /^Total145$/ }).waitFor();
    await page.goto(page.url().replace("#/model", "#/step/peephole").replace(/$/, "&t=1&unit=2&gate=o"));
    await page.reload();
    const tree = page.locator(".opened .tree");
    await tree.waitFor();
    expect(await page.locator(".opened").textContent()).toContain("p_o[2]");
    // Only biases of one: f = σ(1) = 0.731059, ĥ = tanh(1) = 0.761594; h₁ = f · ĥ, h₂ = (1 − f) · h₁ + f · ĥ.
    const only = { kernel_initializer: "zeros", recurrent_initializer: "zeros", bias_initializer: "ones" };
    const layers = [
      { class_name: "InputLayer", config: { batch_shape: [null, 3, 1], name: "x" } },
      { class_name: "MinimalGatedUnit", config: { units: 1, name: "mgu", ...only } },
    ];
    const json = JSON.stringify({ class_name: "Sequential", config: { name: "own", layers } });
    await page.goto(page.url().replace(/#.*/, `#/step/mgu?s=${packed(json)}&t=1&unit=0&gate=h`));
    const value = page.locator(".opened .value");
    await expect.poll(async () => Number(await value.getAttribute("title"))).toBeCloseTo(0.70651, 4);
    await page.context().close();
  }, 60_000);

  it("shows how much an output depends on each input before it, in bars, numbers and words", async () => {
    const page = await visit(`#/step?s=${halving}&t=2`);
    const memory = page.locator("figure", { hasText: "What it remembers" });
    await memory.locator("rect.bar").first().waitFor();
    expect(await memory.locator("rect.bar").count()).toBe(3);
    // ∂h₃/∂x₁ = ½ · ½, ∂h₃/∂x₂ = ½, ∂h₃/∂x₃ = 1.
    expect(await memory.locator("figcaption").textContent()).toContain("Timestep 3 matters most (1.000)");
    await memory.getByRole("button", { name: /table/ }).click();
    const rows = await memory.locator("tbody tr").allTextContents();
    expect(rows.map((row) => row.trim().replace(/\s+/g, " "))).toEqual([
      "10.250000.25000",
      "20.500000.50000",
      "31.000001.00000",
    ]);
    await page.locator("main").focus();
    await page.keyboard.press("[");
    await expect.poll(() => memory.locator("tbody tr").count()).toBe(2);
    await page.context().close();
  }, 60_000);

  it("goes back through time: gradients in the picture, the product of factors, growing sums", async () => {
    const page = await visit(`#/step?s=${halving}&t=3`);
    await page.locator(".opened").waitFor();
    await page.getByRole("button", { name: "Backward" }).click();
    const products = page.locator("figure", { hasText: "What is left of the gradient" });
    await products.getByRole("button", { name: /table/ }).click();
    const rows = await products.locator("tbody tr").allTextContents();
    expect(rows.map((row) => row.trim().replace(/\s+/g, " "))).toEqual([
      "10.500000.06250",
      "20.500000.12500",
      "30.500000.25000",
      "40.500000.50000",
    ]);
    const value = async (): Promise<number> => Number((await page.locator(".opened .value").getAttribute("title"))!);
    const last = await value();
    expect(last).not.toBe(0);
    await page.getByRole("button", { name: "Back to timestep 3" }).click();
    await expect.poll(value).toBeCloseTo(last / 2, 9);
    expect(page.url()).toContain("back=1");
    const cell = page.getByRole("gridcell", { name: /^gradient of h, unit 1/ });
    await cell.waitFor();
    // The sums grow to the whole gradient at the first timestep.
    const kernel = page.locator("figure", { hasText: /^kernel/ });
    await page.getByRole("button", { name: "First timestep" }).click();
    await expect
      .poll(async () => {
        const [, sum, whole] = await kernel.locator("dd").allTextContents();
        return sum === whole && whole !== "0.0000";
      })
      .toBe(true);
    await page.reload();
    await products.waitFor();
    await page.context().close();
  }, 60_000);

  it("sets the units' memories beside each other, and goes to the one that is pressed", async () => {
    const page = await visit("#/step?m=lstm&t=9");
    const card = page.locator(".card", { has: page.locator("figure", { hasText: "What it remembers" }) });
    await card.getByRole("button", { name: "Other units" }).click();
    const lanes = card.getByRole("region", { name: "What each unit remembers" }).locator("tbody tr");
    await lanes.nth(3).waitFor();
    expect(await lanes.count()).toBe(4);
    expect(await lanes.first().locator("rect").count()).toBe(10);
    // The chosen unit's largest is that of the bars above.
    const said = await card.locator("figcaption").textContent();
    const [, timestep, size] = /Timestep (\d+) matters most \(([\d.e−]+)\)/.exec(said!)!;
    expect(await lanes.first().locator("td").nth(1).textContent()).toBe(`${size} at ${timestep}`);
    await lanes.nth(2).getByRole("button").click();
    await page.getByText("How much h of unit 3 at timestep 10").waitFor();
    expect(await lanes.nth(2).getByRole("button").getAttribute("aria-pressed")).toBe("true");
    await page.context().close();
  }, 60_000);

  it("opens a gradient into the numbers that it is made of, and leads from each to where it comes from", async () => {
    const page = await visit(`#/step?s=${halving}&t=2&back=1`);
    const tree = page.locator(".opened .tree");
    await tree.waitFor();
    const value = async (): Promise<number> => Number((await page.locator(".opened .value").getAttribute("title"))!);
    // The last step reads h alone: what reaches h₃ comes from the step after.
    const here = await value();
    await tree.getByRole("button").first().click();
    await page.getByText("timestep 4 of 4").waitFor();
    await expect.poll(() => page.url()).toContain("gate=hPrev");
    await expect.poll(value).toBe(here);
    // ∂L/∂h₃ = ∂L/∂h₄ · U with U = ½.
    expect(await tree.locator(".weight").textContent()).toContain("recurrent_kernel[0, 0]");
    await expect.poll(async () => (await tree.textContent())!.includes("0.500")).toBe(true);
    await tree.locator(".chip.name").click();
    await expect.poll(async () => (await value()) / here).toBeCloseTo(2, 9);
    await tree.getByText("the layer's output").waitFor();
    await page.context().close();
  }, 60_000);

  it("has the growing gradients of the arrays as tables too", async () => {
    const page = await visit(`#/step?s=${halving}&t=2&back=1`);
    const growing = page.locator("section[data-help=growing]");
    await growing.getByRole("button", { name: /table/ }).click();
    const kernel = growing.locator("figure", { hasText: "recurrent_kernel" });
    const cell = async (): Promise<number> =>
      Math.abs(Number((await kernel.locator("td.number").innerText()).replace("−", "-")));
    // Of an array with one number the size of the sum is that number's.
    const said = async (): Promise<number> => Number(await kernel.locator("dd.strong").innerText());
    expect(await said()).toBeGreaterThan(0);
    expect(await cell()).toBeCloseTo(await said(), 3);
    await page.keyboard.press("[");
    await page.getByText("timestep 2 of 4").waitFor();
    await expect.poll(async () => Math.abs((await cell()) - (await said()))).toBeLessThan(1e-3);
    await page.context().close();
  }, 60_000);

  it("leads from what the layer's output adds to the gradient of the layer behind, and writes one notation", async () => {
    const two = packed("model = Sequential([Input((4, 2)), GRU(2, return_sequences=True), LSTM(3), Dense(1)])");
    const page = await visit(`#/step/gru?s=${two}&t=2&unit=1&gate=h&back=1`);
    const tree = page.locator(".opened .tree");
    await tree.getByText("the layer's output").waitFor();
    const next = tree.getByRole("button", { name: /of lstm, t = 3/ });
    const shown = Number((await next.locator(".number").textContent())!.replaceAll("−", "-"));
    await next.click();
    await page.getByText("timestep 3 of 4").waitFor();
    await expect.poll(() => page.url()).toMatch(/step\/lstm\?t=2&unit=1&gate=x&back=1/);
    const value = async (): Promise<number> => Number((await page.locator(".opened .value").getAttribute("title"))!);
    expect(shown).not.toBe(0);
    await expect.poll(async () => Math.abs((await value()) / shown - 1) < 0.05).toBe(true);
    const equation = page.locator(".opened .equation .line math");
    expect(await equation.getAttribute("aria-label")).toMatch(/^gradient of x equals /);
    expect(await equation.locator("mfrac").first().textContent()).toBe("∂L∂xt");
    await page.context().close();
  }, 60_000);

  it("counts the changes of a link that fit a number, and says which it leaves out", async () => {
    const edits = JSON.stringify([["w", 0, "kernel", [0, 5], 2], ["w", 0, "kernel", [99, 0], 1], ["x", 1e6, 1], "?"]);
    const page = await visit(`#/step?m=lstm&t=3&edits=${encodeURIComponent(edits)}`);
    await page.getByText("1 number changed").waitFor();
    await page.getByText("3 changes of the link fit no number of this model and are left out.").waitFor();
    await page.getByRole("button", { name: "Reset all" }).click();
    await page.getByText("1 number changed").waitFor({ state: "detached" });
    expect(await page.getByText("of the link").count()).toBe(0);
    await page.context().close();
  }, 60_000);

  it("draws new weights also where the address names no model, as behind the start page", async () => {
    const page = await visit("#/model?m=gru");
    await page.locator("tr.total").waitFor();
    await page.getByRole("link", { name: "Unroll lab, start" }).click();
    await page.getByRole("link", { name: "Step", exact: true }).click();
    const value = page.locator(".opened .value");
    await value.waitFor();
    const first = await value.textContent();
    await page.getByRole("button", { name: "New weights and input" }).click();
    await expect.poll(() => value.textContent()).not.toBe(first);
    await page.context().close();
  }, 60_000);

  it("marks the timestep in the lanes also where one is narrower than a line, and scrolls no cell that fits", async () => {
    const long = packed("model = Sequential([Input((200, 2)), LSTM(4), Dense(1)])");
    const page = await visit(`#/step?s=${long}&t=150&view=0-199`, { viewport: { width: 820, height: 900 } });
    const lane = page.locator(".lanes figure").first();
    await lane.waitFor();
    const [heat, cursor] = await Promise.all([".heat", ".cursor"].map((one) => lane.locator(one).boundingBox()));
    expect((cursor!.x - heat!.x) / heat!.width).toBeCloseTo(150 / 200, 2);
    const picture = page.locator(".picture");
    await expect
      .poll(() =>
        picture.evaluate((one) => one.querySelectorAll(".edges path").length > 0 && one.scrollWidth - one.clientWidth),
      )
      .toBe(0);
    await page.context().close();
  }, 60_000);

  it("comes back from a reload where it was, also within the moment before the address follows", async () => {
    const page = await visit("#/step?m=lstm&t=3&gate=f");
    await page.locator(".opened").waitFor();
    await page.locator("main").focus();
    await page.keyboard.press("]");
    await page.reload();
    await page.getByText("timestep 5 of 30").waitFor();
    expect(page.url()).toContain("t=4");
    await page.context().close();
  }, 60_000);

  it("lists every command with its key, runs the first that fits, and leaves single keys alone where they are off", async () => {
    const page = await visit("#/step?m=lstm&t=3&gate=f");
    await page.locator(".opened").waitFor();
    await page.keyboard.press("/");
    const box = page.getByRole("dialog", { name: "Commands" });
    await box.waitFor();
    const listed = await box.locator("li").allTextContents();
    for (const one of ["Go to Traing t", "Play or pauseSpace", "Timestep forward]", "Go backward through timeb"])
      expect(listed).toContain(one);
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT");
    await page.keyboard.type("forw step");
    await page.keyboard.press("Enter");
    await page.getByText("timestep 5 of 30").waitFor();
    expect(await box.count()).toBe(0);
    await page.keyboard.press("[");
    await page.getByText("timestep 4 of 30").waitFor();
    await page.getByRole("button", { name: "Commands" }).click();
    await box.getByRole("button", { name: /single-key shortcuts off/ }).click();
    await page.getByText("Single-key shortcuts are off").waitFor();
    for (const key of ["[", "b", "/", "?", " "]) {
      await page.locator("main").focus();
      await page.keyboard.press(key);
    }
    await page.getByText("timestep 4 of 30").waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(page.url()).not.toContain("back=1");
    await page.context().close();
  }, 60_000);

  it("plays a value over time when asked and not before, and says what is heard", async () => {
    const page = await visit("#/");
    await page.evaluate(() => {
      const counted = globalThis as unknown as { tones: number; AudioContext: typeof AudioContext }; // counts what is opened
      counted.tones = 0;
      counted.AudioContext = class extends AudioContext {
        constructor() {
          super();
          counted.tones += 1;
        }
      };
    });
    const tones = () => page.evaluate(() => (globalThis as unknown as { tones: number }).tones); // put there above
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/step?s=${halving}&t=2`);
    await page.locator(".opened").waitFor();
    expect(await tones()).toBe(0);
    await page.getByRole("button", { name: "Listen" }).first().click();
    expect(await tones()).toBe(1);
    await expect
      .poll(() => page.locator("p[role=status][aria-live]").textContent())
      .toMatch(
        /^h, unit 1, over 4 timesteps: starts at .+, ends at .+; lowest .+ at timestep \d, highest .+ at timestep \d\.$/,
      );
    await page.context().close();
  }, 60_000);
}
