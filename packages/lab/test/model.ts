/** The Model screen as a place to build in: layers changed, moved, added, taken out, repaired; what is kept for the next visit. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

async function layersOf(page: Page): Promise<string[]> {
  const rows = await page.locator("tr[data-layer]").all();
  return Promise.all(rows.map(async (row) => (await row.getAttribute("data-layer"))!));
}

const total = (page: Page, count: string) => page.locator("tr.total", { hasText: new RegExp(`^Total${count}$`) });

export function modelTests({ visit }: Lab): void {
  it("opens a file that is dropped beside the box, where a browser would leave the page for it", async () => {
    const page = await visit("#/");
    await page.locator("h1").waitFor();
    const taken = await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["model = Sequential([Input((30, 5)), GRU(4)])"], "own.py"));
      const heading = document.querySelector("h1")!; // just waited for
      return ["dragover", "drop"].map((type) => {
        const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
        heading.dispatchEvent(event);
        return event.defaultPrevented;
      });
    });
    expect(taken).toEqual([true, true]);
    await page.locator("tr.total", { hasText: "132" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("opens a pasted summary as the code behind it, whose count is the printed one", async () => {
    const page = await visit("#/");
    const summary = [
      " Layer (type)                Output Shape              Param #",
      "=================================================================",
      " lstm (LSTM)                 (None, 30, 5)             220",
      " gru (GRU)                   (None, 4)                 120",
      " dense (Dense)               (None, 1)                 5",
      "=================================================================",
      "Total params: 345",
    ].join("\n");
    await page.getByLabel(/Paste Keras code/).fill(summary);
    await page.getByRole("button", { name: "Open it" }).click();
    await total(page, "345").waitFor();
    expect(await layersOf(page)).toEqual(["lstm", "gru", "dense"]);
    await expect.poll(() => page.locator(".cm-content").textContent()).toContain("reset_after=False");
    await page.getByLabel("Keras code").first().waitFor();
    await page.context().close();
  }, 60_000);

  it("sets the printed lines beside its own, and names what makes one differ", async () => {
    const page = await visit("#/");
    const rows = [
      ["gru (GRU)", "(None, 30, 4)", 120],
      ["gru_1 (GRU)", "(None, 30, 2)", 48],
      ["dropout (Dropout)", "(None, 30, 2)", 0],
      ["simple_rnn (SimpleRNN)", "(None, 25)", 700],
    ].map(([name, shape, count]) => ` ${String(name).padEnd(30)}${String(shape).padEnd(26)}${count}`);
    const code =
      "model = Sequential([Input((30, 5)), GRU(4, return_sequences=True), GRU(2, return_sequences=True), SimpleRNN(25), Dense(1)])";
    const table = [" Layer (type)   Output Shape   Param #", ...rows, "Total params: 868"].join("\n");
    await page.getByLabel(/Paste Keras code/).fill(`${code}\n\n${table}\n`);
    await page.getByRole("button", { name: "Open it" }).click();
    const region = page.getByRole("region", { name: "Printed summary" });
    await region.getByText("3 of 5 lines differ from the model.").waitFor();
    expect(await region.locator("mark").allTextContents()).toEqual(["120", "132", "868", "906"]);
    await region.getByText("reset_after=False there, True here.").waitFor();
    expect(await region.getByRole("row", { name: /Dropout dropout ?, printed only/ }).count()).toBe(1);
    expect(await region.getByRole("row", { name: /Dense dense ?, not printed/ }).count()).toBe(1);
    // The layer is made what the table says; the table stays beside it, in the link too.
    await page.getByRole("button", { name: "Change gru", exact: true }).click();
    await page.getByLabel("reset_after").uncheck();
    await region.getByText("2 of 5 lines differ from the model.").waitFor();
    await page.reload();
    await region.getByText("2 of 5 lines differ from the model.").waitFor();
    await page.context().close();
  }, 60_000);

  it("checks the arithmetic of pasted code, names its slips, and leads to the layer", async () => {
    const page = await visit("#/");
    const lines = [
      "model = Sequential([Input((30, 5)), GRU(4), Dense(1)])",
      "model.summary()",
      "# gru",
      "3 * (4 * (4 + 5) + 4)  # 132",
      "# dense",
      "4 * 1 + 1",
    ];
    await page.getByLabel(/Paste Keras code/).fill(lines.join("\n"));
    await page.getByRole("button", { name: "Open it" }).click();
    const audit = page.locator("details", { hasText: "Hand calculations" });
    await audit.getByText("1 right, 1 is not.").waitFor();
    await audit.getByText("The second bias row is forgotten").waitFor();
    await audit.getByRole("link", { name: "See gru" }).click();
    await page.getByRole("heading", { name: "132 parameters" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("compares a file's model with a summary that is pasted beside it", async () => {
    const page = await visit("#/model");
    const file = fileURLToPath(new URL("../../../fixtures/keras/files/gru_after/m.keras", import.meta.url));
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByText("Weights came with the file.").waitFor();
    await page.getByText("Compare with a printed summary").click();
    const box = page.getByLabel("What model.summary() printed");
    await box.fill("nothing");
    await page.getByRole("button", { name: "Compare", exact: true }).click();
    await page.getByRole("alert").getByText("No summary was found").waitFor();
    await page.getByRole("button", { name: "Keras's summary" }).click();
    await box.fill((await page.getByLabel("Summary as Keras prints it").textContent())!);
    await page.getByRole("button", { name: "Compare", exact: true }).click();
    await page.getByText(/lines agree with the model\./).waitFor();
    await page.context().close();
  }, 60_000);

  it("stacks printed and own lines on a phone", async () => {
    const table = [
      "Layer (type)  Output Shape  Param #",
      "gru (GRU)  (None, 4)  120",
      "dense (Dense)  (None, 1)  5",
      "Total params: 125",
    ];
    const code = `model = Sequential([Input((30, 5)), GRU(4), Dense(1)])\n"""\n${table.join("\n")}\n"""`;
    const page = await visit(`#/model?s=${packed(code)}`, { viewport: { width: 390, height: 844 } });
    const region = page.getByRole("region", { name: "Printed summary" });
    const cells = region.getByRole("row", { name: /GRU gru/ }).getByRole("cell");
    await cells.nth(1).waitFor();
    const [there, here] = await Promise.all([0, 1].map((at) => cells.nth(at).boundingBox()));
    expect(here!.y).toBeGreaterThanOrEqual(there!.y + there!.height);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.context().close();
  }, 60_000);

  it("asks for a size that the code does not tell, and takes the one that is given", async () => {
    const code = "model = Sequential([Input((30, 5)), GRU(units), Dense(1)])";
    const page = await visit(`#/model?s=${packed(code)}`);
    await page.getByRole("alert").getByText("The code does not tell units. Give it below, or in the code.").waitFor();
    await page.getByLabel(/^units, line 1/).fill("4");
    await page.getByRole("button", { name: "Set them" }).click();
    await total(page, "137").waitFor();
    await page.context().close();
  }, 60_000);

  it("changes an option where the layer stands; count and code follow, and undo brings both back", async () => {
    const page = await visit("#/model?m=stack");
    await total(page, "906").waitFor();
    await page.getByRole("button", { name: "Change gru", exact: true }).click();
    const units = page.getByRole("group", { name: "Options of gru", exact: true }).getByLabel("units");
    await units.fill("0");
    await units.press("Enter");
    await page.getByText("units must be a positive whole number. Received: units = 0").waitFor();
    expect(await units.getAttribute("aria-invalid")).toBe("true");
    await units.fill("5");
    await units.press("Enter");
    // GRU(5) on 5 features 180, GRU(2) on 5 54, SimpleRNN(25) on 2 700, Dense 26.
    await total(page, "960").waitFor();
    await expect.poll(() => page.locator(".cm-content").textContent()).toContain("units=5");
    await page.getByRole("banner").getByRole("button", { name: "Undo" }).click();
    await total(page, "906").waitFor();
    await expect.poll(() => page.locator(".cm-content").textContent()).toContain("GRU(4, return_sequences=True)");
    await page.context().close();
  }, 60_000);

  it("tells of each layer what it reads and its options, and leads from its shape to why", async () => {
    const page = await visit("#/model?m=stack");
    const row = page.locator('tr[data-layer="gru_1"]');
    await row.locator(".chip").nth(3).waitFor();
    expect(await row.locator(".chip").allTextContents()).toEqual([
      "← reads (None, 30, 4)",
      "units 2",
      "activation tanh",
      "return_sequences",
    ]);
    await row.getByRole("link", { name: "(None, 30, 2), output shape of gru_1: derivation" }).click();
    await page.getByRole("heading", { name: "48 parameters" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("says why layers do not fit any more, and mends them by one press", async () => {
    const page = await visit("#/model?m=stack");
    await total(page, "906").waitFor();
    await page.getByRole("button", { name: "Change gru", exact: true }).click();
    await page.getByLabel("return_sequences").uncheck();
    await page.getByRole("alert").getByText("gru_1: input must have 3 axes").waitFor();
    expect(await total(page, "906").count()).toBe(0);
    await page.getByRole("button", { name: "Set return_sequences=True in gru", exact: true }).click();
    await total(page, "906").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.context().close();
  }, 60_000);

  it("adds, moves, duplicates and removes layers by keyboard alone", async () => {
    const page = await visit("#/model?m=gru");
    await total(page, "137").waitFor();
    await page.locator("main").focus();
    await page.keyboard.press("a");
    const box = page.getByRole("combobox", { name: "Find a layer" });
    await expect.poll(() => box.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.type("dropout");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await expect.poll(() => layersOf(page)).toEqual(["gru", "dense", "dropout"]);
    const focus = () =>
      page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
    await expect.poll(focus).toBe("Change dropout");
    await page.getByRole("button", { name: /^Move dropout/ }).focus();
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => layersOf(page)).toEqual(["gru", "dropout", "dense"]);
    await expect.poll(focus).toMatch(/^Move dropout/);
    await expect
      .poll(() => page.locator("p[role=status][aria-live]").textContent())
      .toBe("dropout is now layer 2 of 3.");
    await page.getByRole("button", { name: "Remove" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => layersOf(page)).toEqual(["gru", "dense"]);
    await expect.poll(focus).toBe("Change dense");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Duplicate" }).press("Enter");
    await total(page, "139").waitFor();
    await page.keyboard.press("u");
    await total(page, "137").waitFor();
    await page.getByRole("button", { name: /^Add a layer/ }).press("Enter");
    await box.press("Escape");
    expect(await box.count()).toBe(0);
    expect(await focus()).toMatch(/^Add a layer/);
    await page.context().close();
  }, 90_000);

  it("moves a layer to where it is dragged", async () => {
    const page = await visit("#/model?m=stack");
    await total(page, "906").waitFor();
    const handle = await page.getByRole("button", { name: /^Move gru_1/ }).boundingBox();
    const target = await page.locator('tr[data-layer="gru"]').boundingBox();
    await page.mouse.move(handle!.x + handle!.width / 2, handle!.y + handle!.height / 2);
    await page.mouse.down();
    await page.mouse.move(target!.x + 30, target!.y + 4, { steps: 5 });
    expect(await page.locator('tr.before[data-layer="gru"]').count()).toBe(1);
    await page.mouse.up();
    await expect.poll(() => layersOf(page)).toEqual(["gru_1", "gru", "simple_rnn", "dense"]);
    // GRU(2) on 5 features 54, GRU(4) on 2 96, SimpleRNN(25) on 4 750, Dense 26.
    await total(page, "926").waitFor();
    await page.context().close();
  }, 60_000);

  it("asks for the input where the code has none, and takes it in the list", async () => {
    const page = await visit(`#/model?s=${packed("model = Sequential([LSTM(4), Dense(1)])")}`);
    await page.getByRole("alert").getByText("does not say what the model reads").waitFor();
    const input = page.getByLabel(/^Input shape/);
    await input.fill("thirty");
    await input.press("Enter");
    await page.getByText("Write 30, 5 for 30 timesteps of 5 features.").waitFor();
    await input.fill("30, 5");
    await input.press("Enter");
    await total(page, "165").waitFor();
    await page.context().close();
  }, 60_000);

  it("keeps the models opened lately on this device, and forgets them when asked", async () => {
    const page = await visit("#/");
    await page.getByLabel(/Paste Keras code/).fill("model = Sequential([Input((3, 2)), LSTM(2), Dense(1)])");
    await page.getByRole("button", { name: "Open it" }).click();
    await total(page, "43").waitFor();
    await page.getByRole("button", { name: "Change lstm" }).click();
    await page.getByLabel("units").fill("1");
    await page.getByLabel("units").press("Enter");
    await total(page, "18").waitFor();
    await page.getByRole("link", { name: "Unroll lab, start" }).click();
    const links = page.getByRole("region", { name: "Opened lately" }).getByRole("link");
    expect(await links.allTextContents()).toEqual(["LSTM → Dense"]);
    await page.reload();
    await links.click();
    await total(page, "18").waitFor();
    await page.goBack();
    await page.getByRole("button", { name: "Forget LSTM → Dense" }).click();
    expect(await page.getByRole("region", { name: "Opened lately" }).count()).toBe(0);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.context().close();
  }, 60_000);

  it("goes back and forward between a file's model and another, and says what a new page cannot have", async () => {
    const page = await visit("#/model?m=gru");
    await total(page, "137").waitFor();
    const file = fileURLToPath(new URL("../../../fixtures/keras/files/gru_after/m.keras", import.meta.url));
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByText("Weights came with the file.").waitFor();
    const own = (await page.locator("tr.total").textContent())!;
    expect(own).not.toContain("137");
    await page.goBack();
    await total(page, "137").waitFor();
    await page.goForward();
    await page.getByText("Weights came with the file.").waitFor();
    expect(await page.locator("tr.total").textContent()).toBe(own);
    expect(await page.locator("header .model").textContent()).toBe("m.keras");
    await page.reload();
    await page.getByRole("alert").getByText("m.keras came as a file, and files stay in the page").waitFor();
    expect(await page.locator("tr.total").count()).toBe(0);
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByText("Weights came with the file.").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.context().close();
  }, 60_000);

  it("gives dropped weights to the open model, and asks for a model where none is open", async () => {
    const page = await visit("#/model");
    const file = fileURLToPath(new URL("../../../fixtures/keras/files/gru_after/m.weights.h5", import.meta.url));
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByRole("alert").getByText("Open the model first").waitFor();
    const code = packed("model = Sequential([Input((7, 3)), GRU(5), Dense(1)])");
    await page.goto(page.url().replace(/#.*/, `#/model?s=${code}`));
    await page.getByText("Weights are drawn from seed").waitFor();
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByText("Weights came with the file.").waitFor();
    await total(page, "156").waitFor();
    await page.goBack();
    await page.getByText("Weights are drawn from seed").waitFor();
    await page.goForward();
    await page.getByText("Weights came with the file.").waitFor();
    await page.context().close();
  }, 60_000);

  it("says of a graph of layers what can be changed in the list, and leads to its code for the rest", async () => {
    const graph = "x = Input((30, 5))\nh = GRU(4)(x)\ny = Dense(1)(h)\nz = Dense(2)(h)\nmodel = Model(x, [y, z])";
    const page = await visit(`#/model?s=${packed(graph)}`);
    await total(page, "147").waitFor();
    await page.getByText("These layers form a graph").waitFor();
    await page.locator(".cm-content").waitFor();
    await page.getByRole("button", { name: "Go to the code" }).click();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Keras code");
    await page.context().close();
  }, 60_000);

  it("works where the browser keeps nothing", async () => {
    const page = await visit("#/");
    await page.addInitScript(() => {
      Object.defineProperty(globalThis, "localStorage", {
        get() {
          throw new DOMException("denied", "SecurityError");
        },
      });
    });
    await page.reload();
    await page.getByLabel(/Paste Keras code/).fill("model = Sequential([Input((3, 2)), LSTM(2), Dense(1)])");
    await page.getByRole("button", { name: "Open it" }).click();
    await total(page, "43").waitFor();
    await page.getByRole("button", { name: "Help and settings" }).click();
    await page.getByLabel("Theme").selectOption("dark");
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    await page.getByRole("button", { name: /Forget everything/ }).click();
    await page.getByText("Forgotten").waitFor();
    await page.context().close();
  }, 60_000);

  it("takes strangers' files and links for data: broken ones are named, HTML stays text", async () => {
    const page = await visit(
      `#/model?s=${packed('model = Sequential([Input((3, 2)), LSTM(2, name="<img src=x onerror=alert(1)>")])')}`,
    );
    await total(page, "40").waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    expect((await layersOf(page))[0]).toContain("<img");
    const keras = readFileSync(
      fileURLToPath(new URL("../../../fixtures/keras/files/gru_after/m.keras", import.meta.url)),
    );
    const files = [
      { name: "cut.keras", mimeType: "application/zip", buffer: keras.subarray(0, keras.length / 2) },
      { name: "noise.h5", mimeType: "application/octet-stream", buffer: Buffer.alloc(50_000, 7) },
      { name: "empty.keras", mimeType: "application/zip", buffer: Buffer.alloc(0) },
    ];
    for (const file of files) {
      await page.locator("input[type=file]").setInputFiles(file);
      const alert = page.locator(".failure [role=alert]", { hasText: file.name });
      await alert.waitFor();
      expect(await alert.textContent()).toContain("That did not work.");
      // What was open stays open.
      expect(await total(page, "40").count()).toBe(1);
    }
    for (const s of [
      "u1.",
      "u1.!!!",
      "u2.AAAA",
      packed("\\u0000".repeat(500_000)),
      packed('{"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{}}]}}'),
    ]) {
      await page.evaluate(
        (hash) => {
          location.hash = hash;
        },
        `#/model?s=${s}&unit=-4&t=1e9&gate=${"x".repeat(200)}&layer=%E0%A4%A`,
      );
      await page.getByRole("alert").first().waitFor();
    }
    await page.context().close();
  }, 90_000);
}
