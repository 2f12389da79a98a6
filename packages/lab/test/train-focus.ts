/** The Train screen by keyboard: where the focus is while buttons take on other work, or have none left. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

const small = packed("model = Sequential([Input((12, 1)), LSTM(4), Dense(1)])");
const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();

export function trainFocusTests({ visit }: Lab): void {
  it("keeps the focus on the button that is pressed, whatever it does next", async () => {
    const page = await visit(`#/train?s=${small}&run=e2000`);
    const enter = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).press("Enter");
    const focused = (): Promise<string | null> => page.evaluate(() => document.activeElement!.textContent);
    await page.getByText("x (N, T, D) = (180, 12, 1)").waitFor();
    await enter("Train");
    await expect.poll(focused).toBe("Pause");
    await enter("Pause");
    await expect.poll(focused).toBe("Go on");
    await enter("One epoch");
    await page.getByText("Paused after epoch").first().waitFor();
    expect(await focused()).toBe("One epoch");
    await enter("Stop");
    await expect.poll(focused).toBe("Train on");
    await enter("Reset weights");
    await expect.poll(focused).toBe("Train");
    await page.context().close();
  }, 60_000);

  it("keeps the focus on a button that has nothing left to do", async () => {
    // Slow, so that no epoch ends while the page is looked at.
    const slow = packed("model = Sequential([Input((12, 1)), LSTM(128), Dense(1)])");
    const page = await visit(`#/train?s=${slow}&run=e2000`);
    const focused = (): Promise<string | null> => page.evaluate(() => document.activeElement!.textContent);
    await page.getByText("x (N, T, D) = (180, 12, 1)").waitFor();
    await press(page, "Train");
    await expect.poll(() => page.locator("button.dot").count()).toBeGreaterThan(0);
    await press(page, "Pause");
    const goOn = page.getByRole("button", { name: "Go on", exact: true });
    await goOn.waitFor();
    // The run goes on by a pointer that leaves the focus where it is.
    const kept = await goOn.evaluate(async (one) => {
      const dot = document.querySelector<HTMLElement>("button.dot")!;
      dot.focus();
      (one as HTMLElement).click();
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      return { isFocused: document.activeElement === dot, idle: dot.ariaDisabled };
    });
    expect(kept).toEqual({ isFocused: true, idle: "true" });
    await press(page, "Pause");
    await goOn.waitFor();
    // Nothing can be trained on any more, so the button that Stop leaves behind has nothing to do.
    await page.getByLabel("Your own").check();
    await page.getByRole("button", { name: "Stop", exact: true }).press("Enter");
    const main = page.getByRole("button", { name: "Train on", exact: true });
    await main.waitFor();
    expect(await main.isDisabled()).toBe(true);
    await expect.poll(focused).toBe("Train on");
    await page.context().close();
  }, 60_000);
}
