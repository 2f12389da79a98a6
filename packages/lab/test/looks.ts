/** How screens stand: rows that come out even, numbers and buttons that stay together, names longer than any box. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { follow, type Lab, packed } from "./visit.ts";

const model = (...layers: readonly string[]): string => packed(`model = Sequential([${layers.join(", ")}])`);

/** How many stand in each row. */
async function rowsOf(page: Page, selector: string): Promise<number[]> {
  const middles = await page.locator(selector).evaluateAll((all) =>
    all.map((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return (top + bottom) / 2;
    }),
  );
  // Labels of two lines, and controls of unlike height, are still of one row.
  const starts = middles.map((middle, index) => (index === 0 || middle - middles[index - 1]! > 12 ? index : -1));
  const rows = [...starts.filter((start) => start >= 0), middles.length];
  return rows.slice(1).map((end, row) => end - rows[row]!);
}

/** Numbers with an exponent that a line's end goes through. */
function broken(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.querySelector("main")!, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (node.parentElement?.closest(".visually-hidden, svg") !== null) continue;
      for (const { index, 0: number } of (node.textContent ?? "").matchAll(/\d[\d.]*e[-−]?\d+/g)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + number.length);
        const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (tops.size > 1) found.push(number);
      }
    }
    return found;
  });
}

export function lookTests({ visit }: Lab): void {
  it("leaves no row of lanes short, whatever the cell and the width", async () => {
    const page = await visit("#/");
    for (const [id, counts] of [
      ["lstm", { 820: [2, 2, 2], 1360: [3, 3], 1920: [3, 3] }],
      ["gru", { 820: [2, 2], 1360: [4], 1920: [4] }],
      ["simple-rnn", { 820: [1], 1360: [1], 1920: [1] }],
    ] as const) {
      for (const [width, rows] of Object.entries(counts)) {
        await page.setViewportSize({ width: Number(width), height: 900 });
        await follow(page, `#/step?m=${id}&t=3`, ".lanes figure");
        // Those of the model before may still be there.
        await expect.poll(() => rowsOf(page, ".lanes figure"), { message: `${id} at ${width}` }).toEqual(rows);
      }
    }
    await page.context().close();
  }, 60_000);

  it("leaves no row of a layer's options short", async () => {
    const page = await visit("#/model?m=bidirectional", { viewport: { width: 1920, height: 900 } });
    await page.getByRole("button", { name: "Change bidirectional", exact: true }).click();
    for (const [width, boxes, checks] of [
      [1920, [3, 3], [4, 3]],
      [820, [3, 3], [4, 3]],
      [390, [2, 2, 2], [2, 2, 2, 1]],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      // The layer's own options stand above those of the layer inside.
      await expect.poll(() => rowsOf(page, ".panel .label + .boxes > *"), { message: `${width} px` }).toEqual(boxes);
      expect(await rowsOf(page, ".panel .checks > *"), `${width} px`).toEqual(checks);
    }
    await page.context().close();
  });

  it("keeps the controls of a long series in two rows on a phone", async () => {
    const code = model("Input((5000, 2))", "LSTM(4)", "Dense(1)");
    const page = await visit(`#/step?s=${code}&t=2500&view=0-59`, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    await page.getByRole("button", { name: "To timestep 2,501" }).waitFor();
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await rowsOf(page, ".map .below > *"), `${width} px`).toEqual([3, 2]);
      expect(await rowsOf(page, ".player > *"), `${width} px`).toEqual([5, 2]);
      const boxes = await page.locator(".map .below > *, .player > *").evaluateAll((all) =>
        all.map((one) => {
          const { left, right, height } = one.getBoundingClientRect();
          return { left, right, height, isControl: !one.matches("span") };
        }),
      );
      for (const { left, right, height, isControl } of boxes) {
        expect(left).toBeGreaterThanOrEqual(0);
        expect(right, `${width} px`).toBeLessThanOrEqual(width);
        if (isControl) expect(height).toBeGreaterThanOrEqual(24);
      }
    }
    await page.getByRole("button", { name: "To timestep 2,501" }).click();
    await expect.poll(() => rowsOf(page, ".map .below > *")).toEqual([3, 1]);
    await page.context().close();
  });

  it("breaks no line within a number, in whichever signs it is written", async () => {
    const back = `#/step/lstm?s=${model("Input((30, 5))", "GRU(6, return_sequences=True)", "LSTM(4)", "Dense(1)")}&t=12&unit=1&gate=h&back=1`;
    const page = await visit(back);
    for (const numbers of ["language", "ascii"]) {
      await page.evaluate((style) => localStorage.setItem("unroll", JSON.stringify({ numbers: style })), numbers);
      await page.reload();
      await page
        .locator("figcaption", { hasText: numbers === "ascii" ? /\de-\d/ : /\de−\d/ })
        .first()
        .waitFor();
      // The library's own sentence has the signs of choice too.
      await page.getByText(numbers === "ascii" ? /is \d\.\de-\d times/ : /is \d\.\de−\d times/).waitFor();
      for (let width = 320; width <= 1400; width += 15) {
        await page.setViewportSize({ width, height: 900 });
        expect(await broken(page), `${numbers}, ${width} px`).toEqual([]);
      }
    }
    await page.context().close();
  }, 90_000);

  it("keeps a chart's last two buttons beside each other on a phone", async () => {
    const page = await visit(`#/train?s=${model("Input((12, 1))", "LSTM(4)", "Dense(3)")}`, {
      viewport: { width: 390, height: 844 },
    });
    const chart = page.locator("figure", { hasText: "Forecast" });
    for (const width of [390, 360, 320]) {
      await page.setViewportSize({ width, height: 844 });
      const boxes = await Promise.all(
        ["Listen", "Table"].map((name) => chart.getByRole("button", { name, exact: true }).boundingBox()),
      );
      expect(boxes[0]!.y, `${width} px`).toBe(boxes[1]!.y);
      const select = (await chart.getByRole("combobox", { name: "Steps ahead" }).boundingBox())!;
      if (width === 390) expect(Math.abs(select.y - boxes[1]!.y)).toBeLessThan(10);
    }
    await page.context().close();
  }, 60_000);

  it("widens no page by a name that is longer than any box", async () => {
    const long = "a_recurrent_network_with_a_name_that_is_much_longer_than_any_box";
    const code = model(
      "Input((30, 5))",
      `Bidirectional(LSTM(12, return_sequences=True, name="${long}"), name="both_${long}")`,
      `GRU(3, name="${long}_2")`,
      "Dense(1)",
    );
    const page = await visit("#/");
    for (const width of [320, 820, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      for (const [screen, ready] of [
        [`count/both_${long}`, "figure svg"],
        ["model", "tr.total"],
        ["step", ".opened"],
      ] as const) {
        await follow(page, `#/${screen}?s=${code}`, ready);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(over, `${screen} at ${width}`).toBeLessThanOrEqual(0);
      }
    }
    await page.context().close();
  }, 60_000);
}
