/** The ways to have the lab without a network: `unroll lab`'s server, and one file opened from the disk. */
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "vite";
import { expect, it } from "vitest";
import { serveFolder } from "../../unroll/src/cli/static-server.ts";
import { shipped } from "./browser.mjs";
import type { Lab } from "./visit.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

export function offlineTests({ visit }: Lab): void {
  it("runs under the headers of the command's server", async () => {
    const server = await serveFolder(shipped);
    const page = await visit(`${server.url}#/step/gru?m=gru&t=4`);
    await page.locator(".opened").waitFor();
    await page.getByText("largest difference").waitFor();
    await page.context().close();
    await server.close();
  }, 60_000);

  it("is one file that steps, trains and keeps its place when it is opened from the disk", async () => {
    await build({ root, configFile: `${root}vite.config.ts`, mode: "single", logLevel: "error" });
    const address = pathToFileURL(`${root}dist-single/unroll-lab.html`).href;
    const page = await visit(`${address}#/step/lstm?m=lstm&t=17&unit=2&gate=f`);
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url())) elsewhere.push(request.url());
    });
    await page.locator(".opened").waitFor();
    await page.getByText("timestep 18 of 30").waitFor();
    await page.getByText("largest difference").waitFor();
    await page.getByRole("link", { name: "Count" }).click();
    await page.getByRole("heading", { name: "160 parameters" }).waitFor();
    await page.goBack();
    await page.getByText("timestep 18 of 30").waitFor();
    await page.getByRole("link", { name: "Train" }).click();
    await page.getByRole("button", { name: /Open LSTM/ }).click();
    await page.getByLabel("Epochs").fill("2");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.getByText(/Test RMSE/).waitFor();
    await page.getByRole("link", { name: "Quiz" }).click();
    await page.getByText("Question 1 of 10").waitFor();
    expect(elsewhere).toEqual([]);
    await page.context().close();
  }, 120_000);
}
