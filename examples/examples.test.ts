import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const scripts = readdirSync(fileURLToPath(new URL(".", import.meta.url))).filter((name) => name.endsWith(".mjs"));

/** Lines that a newcomer should find in the output. */
const says: Readonly<Record<string, readonly string[]>> = {
  "count-by-hand.mjs": ["LSTM(4) on 5 features: 160 + 5 = 165", "monster 2: 2130 + 3120 + 3525 + 3234"],
  "follow-the-shapes.mjs": ["4 samples by hand and by the engine agree"],
  "both-directions.mjs": ["    axis 1: T − k + 1 = 21 − 2 + 1 = 20"],
  "rnn-in-plain-arrays.mjs": ["stacked: (100, 64); joined end to end: (6400,)"],
  "one-sample-and-many.mjs": ["hidden layer after 10 timesteps: 0.605622 -0.966662 -0.993126 0.527105 -0.480157"],
  "forecast-weather.mjs": ["windows: 1008 to train, 216 to choose, 216 to test", "as today 2.93, as a year ago 4.60"],
  "forecast-prices.mjs": [
    "123 months, 55 without GOOG: lines 2 to 56",
    "naive 14.36: the model does not beat repeating the last value",
    "naive 42.04: the model does not beat repeating the last value",
  ],
  "own-cell.mjs": ["PeepholeLSTM: ", "f = σ(x·W_f + b_f + hPrev·U_f + p_f ⊙ cPrev)"],
};

describe("examples", () => {
  let printed = "";
  beforeEach(() => {
    printed = "";
    vi.spyOn(console, "log").mockImplementation((...parts: unknown[]) => {
      printed += `${parts.join(" ")}\n`;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(scripts)("%s runs, and its checks hold", async (name) => {
    await import(/* @vite-ignore */ `./${name}`);
    expect(says[name], `${name} has no line to look for`).toBeDefined();
    for (const line of says[name]!) expect(printed).toContain(line);
  });
});
