import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { layers } from "unroll";
import { expect, test } from "vitest";
// Scripts without types; what they return is looked at number by number.
// @ts-expect-error
import { learnToAdd } from "./adding.mjs";
// @ts-expect-error
import { learnToWrite } from "./characters.mjs";
// @ts-expect-error
import { learnOrder } from "./order.mjs";
// @ts-expect-error
import { readReviews } from "./sentiment.mjs";
// @ts-expect-error
import { forecastWave } from "./sine.mjs";
// @ts-expect-error
import { compareWaysBack } from "./vanishing.mjs";

/** Keeps what a script prints. */
function paper(): { print: (line: string) => void; lines: string[] } {
  const lines: string[] = [];
  return { print: (line) => lines.push(line), lines };
}

test.each([
  ["LSTM", () => layers.lstm({ units: 24 })],
  ["GRU", () => layers.gru({ units: 24 })],
] as const)("%s learns to add two marked numbers, in its short form", { timeout: 120_000 }, (name, layer) => {
  const { print, lines } = paper();
  const { mse, guess, step } = learnToAdd(layer(), { timesteps: 12, steps: 1500, goal: 0.01, print });
  expect(guess).toBeGreaterThan(0.15);
  expect(mse).toBeLessThan(0.01);
  expect(lines[0]).toBe(`${name}, 12 timesteps. Guessing 1 every time: mse ${guess.toFixed(3)}`);
  expect(lines.at(-1)).toBe(`  ${String(step).padStart(5)} steps: mse ${mse.toFixed(4)}`);
});

test("the order of two letters is learnt over twenty timesteps", { timeout: 120_000 }, async () => {
  const { share, accuracy } = await learnOrder({ timesteps: 20, examples: 1000, epochs: 40, print: paper().print });
  expect(share).toBeLessThan(0.35);
  expect(accuracy).toBeGreaterThan(0.97);
});

test("a wave is forecast better than by its last value, also alone", { timeout: 120_000 }, async () => {
  const { mae, naive, alone, standing } = await forecastWave({ epochs: 15, print: paper().print });
  expect(mae).toBeLessThan(0.6 * Math.min(naive.last, naive.season));
  expect(alone).toBeLessThan(standing);
});

test("reviews with turned words are read, which no single word tells", { timeout: 120_000 }, async () => {
  const { print, lines } = paper();
  const { accuracy, auc, counting } = await readReviews({ print });
  expect(counting).toBeLessThan(0.6);
  expect(accuracy).toBeGreaterThan(0.95);
  expect(auc).toBeGreaterThan(0.98);
  expect(lines).toHaveLength(5);
});

test("a little reading of declarations beats the frequencies, and is written down", { timeout: 120_000 }, async () => {
  const { print, lines } = paper();
  const options = { characters: 20_000, timesteps: 32, units: 48, epochs: 6, sample: 40, print };
  const { guess, nats, text } = await learnToWrite(options);
  expect(nats).toBeLessThan(0.9 * guess);
  expect(text).toHaveLength(40);
  expect(text.startsWith("interface ")).toBe(true);
  expect(lines).toHaveLength(1 + 2 * 6);
});

test("gradients vanish and explode as the power of a factor says", { timeout: 120_000 }, () => {
  const { print, lines } = paper();
  const { ratios } = compareWaysBack({ timesteps: 20, steps: 30, print });
  const [shrinking, growing, , untrainedLstm] = ratios;
  expect(shrinking / 0.7 ** 19).toBeCloseTo(1, 4);
  expect(growing / 1.2 ** 19).toBeCloseTo(1, 4);
  expect(untrainedLstm).toBeLessThan(0.1);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test("every script is tried here", () => {
  const scripts = readdirSync(fileURLToPath(new URL(".", import.meta.url))).filter((name) => name.endsWith(".mjs"));
  expect(scripts.sort()).toEqual([
    "adding.mjs",
    "characters.mjs",
    "main.mjs",
    "order.mjs",
    "sentiment.mjs",
    "sine.mjs",
    "vanishing.mjs",
  ]);
});
