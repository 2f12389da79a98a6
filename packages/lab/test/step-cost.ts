/** What a step may change on the page, counted: steps come with every frame, and time is no measure on a busy machine. */
import { expect, it } from "vitest";
import { type Lab, packed } from "./visit.ts";

const large = packed("model = Sequential([Input((60, 5)), LSTM(128), Dense(1)])");

export function stepCostTests({ visit }: Lab): void {
  it("changes only what is in sight, colours by class and moves by transform, and makes no element anew", async () => {
    const page = await visit(`#/step?s=${large}&t=20&gate=f`, { viewport: { width: 1360, height: 900 } });
    await page.locator(".lanes .cursor").first().waitFor({ state: "attached" });
    await page.locator("[data-help=check]", { hasText: "largest difference" }).waitFor();
    const changes = await page.evaluate(async () => {
      const found: Record<string, number> = {};
      const steps = 10;
      const frame = (): Promise<number> => new Promise(requestAnimationFrame);
      const placeOf = (node: Node): string => {
        const element = node instanceof Element ? node : node.parentElement;
        const part = element?.closest("[data-help]:not(main)")?.getAttribute("data-help") ?? "";
        const isFolded = element?.closest("details:not([open])") && !element.closest("summary");
        return isFolded ? `${part}, folded` : part;
      };
      const watch = new MutationObserver((records) => {
        for (const { type, attributeName, target, addedNodes, removedNodes } of records) {
          const isWhite = [...addedNodes, ...removedNodes].every((one) => !(one instanceof Element));
          if (type === "childList" && isWhite) continue;
          const name = `${placeOf(target)}: ${attributeName ?? type}`;
          found[name] = (found[name] ?? 0) + 1;
        }
      });
      watch.observe(document.querySelector("main")!, {
        attributes: true,
        characterData: true,
        childList: true,
        subtree: true,
      });
      // However slow the machine is, the steps do not rest.
      const held: (() => void)[] = [];
      const { setTimeout } = globalThis;
      const holding = (work: () => void, ms = 0): unknown => (ms < 100 ? setTimeout(work, ms) : held.push(work));
      globalThis.setTimeout = holding as typeof setTimeout; // the page gives it no more than these
      for (let step = 0; step < steps; step++) {
        document.querySelector("main")!.dispatchEvent(new KeyboardEvent("keydown", { key: "]", bubbles: true }));
        // The worker's answer comes in between.
        for (let wait = 0; wait < 2; wait++) await frame();
      }
      watch.disconnect();
      globalThis.setTimeout = setTimeout;
      for (const work of held) work();
      return found;
    });
    /** For each of the ten steps. */
    const of = (name: string): number => (changes[name] ?? 0) / 10;
    const grounds = await page.locator(".picture .cell").evaluateAll((all) =>
      all.map((one) => {
        const shade = Number(/shade-(?:below-)?(\d+)/.exec(one.className)?.[1]);
        const isBelow = one.className.includes("shade-below-");
        const probe = document.createElement("i");
        const hue = isBelow ? "--negative" : "--positive";
        probe.style.backgroundColor = `color-mix(in srgb, var(${hue}) ${3 * shade}%, var(--card))`;
        document.body.append(probe);
        const isRight = getComputedStyle(probe).backgroundColor === getComputedStyle(one).backgroundColor;
        const isSigned =
          shade === 0 || isBelow === /[-−]/.test(one.getAttribute("aria-label")!.replace(/.*unit|.*feature/, ""));
        probe.remove();
        return isRight && isSigned;
      }),
    );
    expect(grounds.length).toBe(8 * 16 + 5);
    expect(grounds).not.toContain(false);
    // 16 units of 8 boxes and 5 features, some of another shade than before.
    expect(of("picture: aria-label")).toBeGreaterThan(100);
    expect(of("picture: class")).toBeGreaterThan(10);
    // A band and a line.
    expect(of("ribbon: style")).toBeLessThanOrEqual(2);
    expect(of("opened: characterData")).toBeGreaterThan(5);
    // What is folded away and the lanes, which begin below the screen, follow when steps rest.
    const elsewhere = Object.keys(changes).filter((one) => /style$|childList$|folded|^lanes|^memory/.test(one));
    expect(elsewhere).toEqual(["ribbon: style"]);
    await expect
      .poll(() =>
        page
          .locator(".lanes .cursor")
          .first()
          .evaluate((one) => (one as HTMLElement).style.transform),
      )
      .toBe("translateX(50%)");
    await page.context().close();
  }, 60_000);

  it("sends the first terms of a gradient's long products, and all of them where they are asked for", async () => {
    const page = await visit(`#/step?s=${large}&t=20&gate=x&back=1`);
    // Every answer of the worker, by the call that it answers.
    await page.addInitScript(() => {
      const asked = new Map<number, string>();
      const sizes: [string, number][] = [];
      Object.assign(globalThis, { sizes });
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function (
        this: Worker,
        message: { readonly id: number; readonly method: string },
      ) {
        if (asked.size === 0)
          this.addEventListener("message", ({ data }) =>
            sizes.push([asked.get(data.id) ?? "", JSON.stringify(data).length]),
          );
        asked.set(message.id, message.method);
        postMessage.call(this, message, []);
      };
    });
    await page.reload();
    const long = page.locator(".opened details.dot", { hasText: "128 products" }).first();
    await long.waitFor();
    const size = (): Promise<number> =>
      page.evaluate(
        () =>
          (globalThis as unknown as { sizes: [string, number][] }).sizes.findLast(([of]) => of === "openGradient")![1], // put there above
      );
    const first = await size();
    await long.locator("summary").click();
    const terms = long.locator(".dot-terms > .term");
    await expect.poll(() => terms.count()).toBe(12);
    await long.getByRole("button", { name: "all 128" }).click();
    await expect.poll(() => terms.count()).toBe(128);
    expect(await size()).toBeGreaterThan(5 * first);
    await page.context().close();
  }, 60_000);

  it("has all terms of a long product where they are asked for, also after the next step", async () => {
    const page = await visit(`#/step?s=${large}&t=20&gate=f`);
    const long = page.locator(".opened details.dot", { hasText: "128 products" });
    await long.locator("summary").click();
    const terms = long.locator(".dot-terms > .term");
    await expect.poll(() => terms.count()).toBe(12);
    await long.getByRole("button", { name: "all 128" }).click();
    await expect.poll(() => terms.count()).toBe(128);
    const sum = async (): Promise<number> => {
      const numbers = await terms.locator("> .came").allTextContents();
      return numbers.reduce((total, one) => total + Number(one.replace("−", "-")), 0);
    };
    const whole = async (): Promise<number> =>
      Number((await long.locator("summary .came").textContent())!.replace("−", "-"));
    // Each is rounded to three decimals.
    expect(Math.abs((await sum()) - (await whole()))).toBeLessThan(0.03);
    const before = await terms.first().textContent();
    await page.locator("main").focus();
    await page.keyboard.press("]");
    await expect.poll(() => terms.first().textContent()).not.toBe(before);
    expect(await terms.count()).toBe(128);
    expect(Math.abs((await sum()) - (await whole()))).toBeLessThan(0.03);
    await page.context().close();
  }, 60_000);

  it("has all of a page up to date for paper, also where playing leaves it no rest", async () => {
    const page = await visit(`#/step?s=${large}&t=0&gate=f`, { viewport: { width: 1360, height: 900 } });
    const cursor = page.locator(".lanes .cursor").first();
    await cursor.waitFor({ state: "attached" });
    // No time passes: on a busy machine the player itself would rest.
    await page.evaluate(() => {
      const start = performance.now();
      performance.now = () => start;
    });
    await page.getByLabel("Steps a second").selectOption({ label: "8 a second" });
    await page.getByRole("button", { name: "Play", exact: true }).click();
    const slider = page.locator("[data-help=ribbon] input");
    await expect.poll(async () => Number(await slider.inputValue())).toBeGreaterThan(5);
    const [before, printed, step] = await cursor.evaluate((one: HTMLElement) => {
      const stood = one.style.transform;
      dispatchEvent(new Event("beforeprint"));
      return [
        stood,
        one.style.transform,
        Number(document.querySelector<HTMLInputElement>("[data-help=ribbon] input")!.value),
      ];
    });
    expect(before).toBe("translateX(0%)");
    // The browser rounds what it gives back.
    expect(Number(/^translateX\(([\d.]+)%\)$/.exec(String(printed))?.[1])).toBeCloseTo((100 * Number(step)) / 60, 3);
    await page.context().close();
  }, 60_000);
}
