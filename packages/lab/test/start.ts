/** The start page and what is dropped there: cards that ask, several files at once, files that cannot be read. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { Lab } from "./visit.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../../fixtures/keras/files/${path}`, import.meta.url));
const text = (name: string, content: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });

export function startTests({ visit }: Lab): void {
  it("asks on every card, and opens the count with the answer hidden", async () => {
    const page = await visit("#/");
    const cards = page.locator(".examples a");
    await cards.first().waitFor();
    expect(await cards.count()).toBe(9);
    for (const question of await page.locator(".examples .question").allTextContents()) expect(question).toMatch(/\?$/);
    await page.getByRole("link", { name: /906 or 888/ }).click();
    await page.getByRole("heading", { name: "How many parameters?" }).waitFor();
    const shown = (await page.locator("main").textContent())!;
    for (const answer of ["906", "132", "700"]) expect(shown).not.toContain(answer);
    await page.getByRole("button", { name: "Show the answer" }).click();
    await page.getByRole("heading", { name: "906 parameters" }).waitFor();
    await page.context().close();
  }, 60_000);

  it("takes several files: a model, its weights, code to compare with, and says what became of each", async () => {
    const page = await visit("#/");
    const code = "model = Sequential([Input((7, 3)), GRU(5), Dense(1)])";
    await page.locator("input[type=file]").setInputFiles([
      {
        name: "m.weights.h5",
        mimeType: "application/octet-stream",
        buffer: readFileSync(file("gru_after/m.weights.h5")),
      },
      text("rows.csv", "a,b\n1,2\n"),
      text("first.py", code),
      text("second.py", code.replace("GRU", "LSTM")),
      text("third.py", "print(1)"),
      { name: "whole.h5", mimeType: "application/octet-stream", buffer: readFileSync(file("gru_after/m.h5")) },
    ]);
    const list = page.getByRole("group", { name: "What became of the files" }).locator("li");
    await list.nth(5).waitFor();
    expect((await list.allTextContents()).map((one) => one.replace(/^[✓−]/, "").trim())).toEqual([
      "first.py is open.",
      "second.py stands beside it: Compare",
      expect.stringMatching(/^third\.py was not taken\.No Keras model was found/),
      "whole.h5 was not taken.It is a model itself. Open it alone.",
      "m.weights.h5 gave its weights.",
      "rows.csv was not taken.Choose a table in Train, under “Your own”.",
    ]);
    await page.getByText("Weights came with the file.").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await list.getByRole("link", { name: "Compare" }).click();
    await page.getByText("LSTM in place of GRU").waitFor();
    await page.context().close();
  }, 60_000);

  it("opens what it can of several files, and names what is wrong with the others", async () => {
    const page = await visit("#/");
    const whole = readFileSync(file("gru_after/m.keras"));
    await page
      .locator("input[type=file]")
      .setInputFiles([
        { name: "cut.keras", mimeType: "application/zip", buffer: whole.subarray(0, whole.length / 2) },
        text("notes.txt", "nothing that builds a model"),
        { name: "good.keras", mimeType: "application/zip", buffer: whole },
      ]);
    const list = page.getByRole("group", { name: "What became of the files" }).locator("li");
    await list.nth(2).waitFor();
    const said = await list.allTextContents();
    expect(said[0]).toContain("cut.keras was not taken.cut.keras: the zip archive is damaged");
    expect(said[1]).toContain("notes.txt was not taken.No Keras model was found");
    expect(said[2]).toContain("good.keras is open.");
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.getByText("What was read from the file").click();
    const report = page.locator(".report li");
    expect(await report.allTextContents()).toEqual([
      expect.stringMatching(/^✓written by Keras 3\.\d+/),
      "✓architecture: 2 layers",
      "✓weights of 2 layers",
    ]);
    await page.getByRole("button", { name: "Close this list" }).click();
    expect(await list.count()).toBe(0);
    await page.context().close();
  }, 60_000);

  it("shows what of a file is not used, and why", async () => {
    const page = await visit("#/model");
    await page.locator("input[type=file]").setInputFiles(file("broken/path_traversal.keras"));
    await page.getByText("Weights came with the file.").waitFor();
    await page.getByText(/Not used: entry .* whose path leads out of the archive/).waitFor();
    await page.context().close();
  }, 60_000);
}
