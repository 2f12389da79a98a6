/** What the lab promises, checked on the built page: counts of real notebooks, named slips, sizes of text and screen, equal bits. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { gunzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { readNpy } from "../../unroll/src/formats/npy.ts";
import { madeSeries } from "../src/data/series.ts";
import type { TrainProgress } from "../src/worker/protocol.ts";
import { Session } from "../src/worker/session.ts";
import { startTraining } from "../src/worker/training.ts";
import { everyScreen, follow, type Lab, packed } from "./visit.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures/", import.meta.url));

interface RecordedModel {
  readonly id: string;
  readonly config: unknown;
  readonly params: { readonly total: number };
}

/** Models of teaching notebooks with the totals that Keras gave. */
function notebookModels(): readonly RecordedModel[] {
  const text = gunzipSync(readFileSync(`${fixtures}keras/models.json.gz`)).toString();
  const { cases } = JSON.parse(text) as { readonly cases: readonly RecordedModel[] };
  return cases.filter(({ id }) => id.startsWith("seed/"));
}

const modelOf = (layers: string): string => `model = Sequential([${layers}])`;
const stacked = "GRU(4, return_sequences=True), GRU(2, return_sequences=True), SimpleRNN(25), Dense(1)";
/** A model, where to answer, a wrong answer, and what is said to it; the counts are worked out by hand beside. */
const slips = [
  ["Input((30, 5)), GRU(4)", "gru", "120", "second bias row is forgotten"],
  ["Input((30, 4)), GRU(2)", "gru", "42", "second bias row is forgotten"],
  ["Input((30, 5)), LSTM(4)", "lstm", "560", "timesteps are used as features"],
  ["Input((30, 5)), LSTM(4)", "lstm", "200", "units and features are swapped"],
  ["Input((30, 5)), LSTM(4)", "lstm", "120", "number of gates is wrong"],
  ["Input((30, 5)), LSTM(4)", "lstm", "120", "counted as another cell"],
  ["Input((30, 5)), LSTM(4)", "lstm", "144", "bias is forgotten"],
  ["Input((30, 5)), LSTM(4)", "lstm", "164", "bias is counted for each input"],
  ["Input((30, 5)), LSTM(4)", "lstm", "96", "recurrent part is forgotten"],
  ["Input((30, 5)), LSTM(4)", "lstm", "80", "input part is forgotten"],
  ["Input((30, 5)), LSTM(4)", "lstm", "176", "two biases are counted"],
  ["Input((30, 5)), LSTM(4)", "lstm", "4,800", "multiplied by the timesteps"],
  ["Input((21, 9)), Conv1D(3, 2), SimpleRNN(30)", "simple_rnn", "1,200", "number of features is that of another place"],
  ["Input((21, 9)), Conv1D(3, 2), SimpleRNN(30)", "simple_rnn", "960", "number of features is that of another place"],
  ["Input((21, 9)), Conv1D(3, 2)", "conv1d", "19", "filters are taken as 1"],
  ["Input((21, 9)), Bidirectional(LSTM(30))", "bidirectional", "4,800", "only one direction is counted"],
  [
    "Input((21, 9)), Bidirectional(LSTM(30, return_sequences=True)), Bidirectional(LSTM(10))",
    "bidirectional_1",
    "3,280",
    "doubling by Bidirectional is missed",
  ],
  ["Input((30, 5)), GRU(2, return_sequences=True)", "gru", "(None, 2)", "return_sequences is overlooked"],
  [`Input((30, 5)), ${stacked}`, "gru_1", "(None, 4)", "return_sequences is overlooked"],
  [`Input((30, 5)), ${stacked}`, "dense", "5", "number of features is that of another place"],
  [
    "Input((100, 32)), SimpleRNN(64, return_sequences=True)",
    "simple_rnn",
    "(6400,)",
    "concatenated instead of stacked",
  ],
] as const;

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.tagName ?? "none");
}

/** The focused element's place in the page, and whether any of it can be seen: not under a bar, not cut off. */
function focusNow(): { readonly at: string; readonly name: string; readonly isSeen: boolean } {
  const one = document.activeElement;
  if (one === null || one === document.body) return { at: "", name: "", isSeen: false };
  const path: string[] = [];
  for (let up: Element | null = one; up !== null && up !== document.body; up = up.parentElement) {
    path.unshift(`${up.localName}${[...(up.parentElement?.children ?? [])].indexOf(up)}`);
  }
  const from = path.findIndex((part) => part.startsWith("main"));
  const { x, y, width, height } = one.getBoundingClientRect();
  const parts = [0.1, 0.5, 0.9];
  const isSeen = parts.some((across) =>
    parts.some((down) => {
      const top = document.elementFromPoint(x + width * across, y + height * down);
      return top !== null && (one.contains(top) || top.contains(one));
    }),
  );
  const name = `${one.localName} ${one.getAttribute("aria-label") ?? one.textContent?.trim().slice(0, 40)}`;
  return { at: path.slice(Math.max(0, from)).join("/"), name, isSeen };
}

export function acceptanceTests({ visit }: Lab): void {
  it("counts every pasted model of the notebooks as Keras did", async () => {
    const models = notebookModels();
    expect(models.length).toBeGreaterThan(15);
    const page = await visit("#/");
    for (const { id, config, params } of models) {
      await page.goto(`${page.url().split("#")[0]}#/`);
      await page.getByLabel(/Paste Keras code/).fill(JSON.stringify(config));
      await page.getByRole("button", { name: "Open it" }).click();
      const total = page.locator("tr.total", { hasText: new RegExp(`^Total${params.total.toLocaleString("en-US")}$`) });
      await total.waitFor({ timeout: 15_000 }).catch(() => expect.fail(`${id}: the total is not ${params.total}`));
    }
    await page.context().close();
  }, 180_000);

  it("names the slip behind each of the wrong answers that learners give", async () => {
    for (const model of new Set(slips.map(([layers, layer]) => `${layer}?ask=1&s=${packed(modelOf(layers))}`))) {
      const page = await visit(`#/count/${model}`);
      const here = slips.filter(([layers, layer]) => model === `${layer}?ask=1&s=${packed(modelOf(layers))}`);
      for (const [layers, , answer, said] of here) {
        await page.getByLabel(/^Count/).fill(answer);
        await page.getByRole("button", { name: "Check" }).click();
        await page.getByText(`${answer} is not right.`).waitFor();
        // Those of the answer before may stand for a moment.
        const findings = async () => (await page.locator(".finding h3").allTextContents()).join("; ").toLowerCase();
        await expect.poll(findings, { message: `${answer} for ${layers}` }).toContain(said.toLowerCase());
      }
      await page.context().close();
    }
  }, 180_000);

  it("gets from the empty page to why 132 by pasting, with Tab and Enter alone", async () => {
    const page = await visit("#/");
    await page.getByRole("heading", { level: 1 }).waitFor();
    for (let press = 0; press < 20 && (await focused(page)) !== "TEXTAREA"; press++) await page.keyboard.press("Tab");
    await page.keyboard.type("model = Sequential([Input((30, 5)), GRU(4)])");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("tr.total", { hasText: "132" }).waitFor();
    const isCount = (): Promise<boolean> =>
      page.evaluate(() => document.activeElement?.getAttribute("aria-label") === "132 parameters of gru: derivation");
    for (let press = 0; press < 60 && !(await isCount()); press++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "132 parameters" }).waitFor();
    expect(await page.locator("li.result").last().textContent()).toContain("132");
    expect(await focused(page)).not.toBe("none");
    await page.context().close();
  }, 60_000);

  it("serves text of twice the size on every screen without losing or overlapping controls", async () => {
    const page = await visit("#/", { viewport: { width: 1280, height: 900 } });
    await page.addStyleTag({ content: "html { font-size: 200% }" });
    for (const [hash, ready] of everyScreen) {
      await follow(page, hash, ready);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), hash).toBeLessThanOrEqual(1280);
      const cut = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("main button, main a.button")]
          .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
          .map((one) => one.textContent?.trim()),
      );
      expect(cut, hash).toEqual([]);
    }
    await page.context().close();
  }, 90_000);

  it("leads Tab through every screen and out again, to nothing that is hidden", async () => {
    const page = await visit("#/", { viewport: { width: 1280, height: 800 } });
    for (const [hash, ready] of everyScreen) {
      await follow(page, hash, ready);
      // The start's picture comes later, with links of its own.
      if (hash === "#/") await page.locator(".hero .names a").first().waitFor();
      await page.evaluate(() => {
        (document.activeElement as HTMLElement | null)?.blur();
        scrollTo(0, 0);
      });
      const seen = new Set<string>();
      for (let press = 0; press < 400; press++) {
        await page.keyboard.press("Tab");
        const { at, name, isSeen } = await page.evaluate(focusNow);
        // Behind the last element stands the browser's own bar.
        if (at === "" || seen.has(at)) break;
        seen.add(at);
        expect(isSeen, `${hash}: ${name}`).toBe(true);
      }
      const inMain = [...seen].filter((at) => at.startsWith("main"));
      const all = await page.evaluate(
        () =>
          [...document.querySelectorAll("main a[href], main button:not(:disabled):not([tabindex='-1'])")].filter(
            (one) => one.checkVisibility(),
          ).length,
      );
      expect(inMain.length, hash).toBeGreaterThanOrEqual(all);
    }
    await page.context().close();
  }, 180_000);

  it("keeps borders and the current tab visible in forced colours", async () => {
    const page = await visit("#/count/gru?m=gru", { forcedColors: "active" });
    await page.getByRole("heading", { name: "132 parameters" }).waitFor();
    const seen = await page.evaluate(() => {
      const styleOf = (selector: string): CSSStyleDeclaration => getComputedStyle(document.querySelector(selector)!);
      return {
        button: styleOf("a.button").borderTopWidth,
        block: styleOf("figure svg rect").stroke,
        current: styleOf("nav a[aria-current]").outlineStyle,
        other: styleOf("nav a:not([aria-current])").outlineStyle,
      };
    });
    expect(seen.button).not.toBe("0px");
    expect(seen.block).not.toBe("none");
    expect(seen.current).not.toBe(seen.other);
    await page.context().close();
  }, 60_000);

  it("trains to the same losses, bit for bit, in Node and in the page", async () => {
    const code = "model = Sequential([Input((12, 1)), LSTM(8), Dense(1)])";
    const epochs = 4;
    const page = await visit(`#/train?s=${packed(code)}`);
    await page.getByLabel("Epochs").fill(String(epochs));
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.locator(".verdict").waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Share", exact: true }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("group", { name: "Loss" }).getByRole("button", { name: "JSON" }).click(),
    ]);
    const { rows } = JSON.parse(readFileSync(await download.path(), "utf8")) as { rows: readonly number[][] };
    // The browser fuses multiply and add; Node 20 does so when asked, and only then can the last bits agree.
    setFlagsFromString("--experimental-wasm-relaxed-simd");
    const session = new Session();
    await session.open({ source: code, seed: 7 });
    const series = madeSeries[0]!.make(7);
    const done = await new Promise<TrainProgress>((resolve, reject) => {
      const request = { series, lookback: 12, epochs, batchSize: 16, learningRate: 0.01, optimizer: "Adam", seed: 7 };
      startTraining(session.need(), request, (progress) => progress.done && resolve(progress)).catch(reject);
    });
    expect(rows.map(([, loss]) => loss)).toEqual(done.loss);
    expect(rows.map(([, , loss]) => loss)).toEqual(done.valLoss);
    await page.context().close();
  }, 120_000);

  it("predicts what Keras predicted for a file that Keras wrote", async () => {
    const folder = `${fixtures}keras/files/gru_after/`;
    const inputs = readNpy(readFileSync(`${folder}inputs.npy`));
    const predictions = readNpy(readFileSync(`${folder}predictions.npy`));
    const size = inputs.data.length / inputs.shape[0]!;
    const outputs = predictions.data.length / predictions.shape[0]!;
    const page = await visit("#/");
    await page.evaluate(() => localStorage.setItem("unroll", '{"digits":17}'));
    await page.reload();
    await page.locator("input[type=file]").setInputFiles(`${folder}m.keras`);
    await page.getByText("Weights came with the file.").waitFor();
    for (let sample = 0; sample < inputs.shape[0]!; sample++) {
      const numbers = Array.from(inputs.data.subarray(sample * size, (sample + 1) * size), Number);
      const edits = JSON.stringify(numbers.map((value, index) => ["x", index, value]));
      await page.evaluate(
        (hash) => {
          location.hash = hash;
        },
        `#/step?edits=${encodeURIComponent(edits)}`,
      );
      const wanted = Array.from(predictions.data.subarray(sample * outputs, (sample + 1) * outputs), Number);
      const shown = async (): Promise<number> => {
        const text = (await page.locator("footer strong").first().textContent()) ?? "";
        const found = text.replaceAll("−", "-").split(", ").map(Number);
        return Math.max(...wanted.map((value, index) => Math.abs(value - (found[index] ?? Number.NaN))));
      };
      await expect.poll(shown, { timeout: 10_000 }).toBeLessThan(1e-6);
    }
    await page.context().close();
  }, 60_000);
}
