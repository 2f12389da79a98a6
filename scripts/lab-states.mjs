/** How screens of the lab are brought into the states that pictures show: for the pictures in the docs and for the sheets. */
import { deflateRawSync } from "node:zlib";

/** Code as a link carries it. */
export function packed(code) {
  return `u1.${deflateRawSync(Buffer.from(code)).toString("base64url")}`;
}

/** On the Train screen; as many epochs as its box has, unless they are given. */
export async function train(page, { epochs, until = ".verdict" } = {}) {
  if (epochs !== undefined) await page.getByLabel("Epochs").fill(String(epochs));
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.waitForSelector(until, { timeout: 60000 });
}

/** Trains a run for each learning rate and sets them side by side in Compare. */
export async function keepRuns(page, runs) {
  for (const { rate, epochs, name } of runs) {
    await page.getByLabel("Learning rate").fill(rate);
    await train(page, { epochs });
    if (name !== undefined) await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Keep this run" }).click();
    await page.waitForSelector("form .said");
    await page.getByRole("button", { name: "Reset weights" }).click();
  }
  await page.getByRole("link", { name: "Compare", exact: true }).click();
  await page.waitForSelector("tbody.run");
}
