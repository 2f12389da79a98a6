/** What is said about runs that are kept and compared; it comes with the screens that say it. Numbers come in as written. */
import type { Hindrance } from "./app/run-recipe.ts";
import type { SettingName } from "./app/run-rows.ts";

const settings: Readonly<Record<SettingName, string>> = {
  data: "Series",
  lookback: "Lookback",
  horizon: "Steps ahead",
  optimizer: "Optimizer",
  learningRate: "Learning rate",
  batchSize: "Batch",
  epochs: "Epochs",
  seed: "Seed",
};

const hindrances: Readonly<Record<Hindrance, string>> = {
  own: "It was trained on your own series, which no link holds.",
  file: "Its model came as a file, which no link holds.",
  sized: "Sizes that its code leaves open were typed in, which no link holds.",
  continued: "It began with trained weights, which no link holds.",
  within: "It was stopped within an epoch, where no link leads.",
};

export const compareRunWords = {
  name: "Name",
  keep: "Keep this run",
  proposed: (number: number, title: string) => (title === "" ? `Run ${number}` : `Run ${number}, ${title}`),
  kept: (name: string) => `Kept as “${name}”.`,
  large: "Its weights are too large to be kept: Compare can train it again.",
  lost: (hindrance: Hindrance) =>
    `Its weights are too large to be kept, and it cannot be trained again. ${hindrances[hindrance]}`,
  moved: "It was not kept, for its weights are others by now.",
  full: "Compare is full: take one out there to set it beside the others.",
  toCompare: (count: number) => (count > 1 ? `Compare the ${count}` : "Open Compare"),
  training: "How it was trained",
  settings,
  results: "What came of it",
  trainLoss: "Training loss",
  testLoss: "Test loss",
  lowestWas: (loss: string, epoch: number) => `at its lowest ${loss}, after epoch ${epoch}`,
  rmse: "Test RMSE",
  beats: (baseline: string, rmse: string) => `✓ beats ${baseline}, ${rmse}`,
  beatsNot: (baseline: string, rmse: string) => `✗ does not beat ${baseline}, ${rmse}`,
  lowest: "; the lowest of these",
  weights: "Weights",
  step: "Step through it",
  stepWith: (name: string) => `Step through it: ${name}`,
  again: "Train it again",
  againWith: (name: string) => `Train it again: ${name}`,
  soFar: (epoch: number, epochs: number) => `epoch ${epoch} of ${epochs}`,
  made: {
    same: "Made again, the same to the bit.",
    other: "Made again, with other losses than before.",
    first: "Made from settings and seed.",
  },
  gone: "Its weights went with the page.",
  hindrances,
  differ: (names: string) => `The runs differ in what is marked ≠: ${names}.`,
  alike: "The runs have the same settings.",
  notAlike: "They were not tested on the same numbers, so their errors do not compare.",
  differs: "differs:",
  table: "Runs side by side",
  losses: "Losses of the runs",
  shown: "Losses shown",
  which: { test: "Test", training: "Training", both: "Both" },
  lineNames: { training: (name: string) => `${name}, training`, test: (name: string) => `${name}, test` },
  best: (name: string, loss: string, epoch: number) =>
    `The lowest test loss is that of ${name}: ${loss}, after epoch ${epoch}.`,
  rises: (by: string) => `At its end it is ${by} times as high.`,
  unknown: (names: string) => `Not trained here as yet: ${names}.`,
  runsHint: "Runs have the weights that they were trained to.",
  device: "Runs kept on this device",
  add: "Set beside",
  addNamed: (name: string) => `Set beside: ${name}`,
  forget: "Forget",
  forgetNamed: (name: string) => `Forget: ${name}`,
  openModel: "Add the open model",
};
