/** How the Train screen cuts and trains, as a link holds it: what differs from a new page, each with its letter: `e30,r0.005,oSGD`. */

/** Keras's names. */
export const optimizers = ["Adam", "SGD", "RMSprop", "Adagrad"] as const;
export type OptimizerName = (typeof optimizers)[number];

export interface RunSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: OptimizerName;
  /** Where the model leaves its timesteps open. */
  readonly lookback: number;
  readonly horizon: number;
}

/** Bounds of the numbers: for the boxes and for links. */
export const bounds = {
  epochs: [1, 2000],
  batchSize: [1, 512],
  learningRate: [0.00001, 1],
  lookback: [1, 200],
  horizon: [1, 100],
} as const satisfies Partial<Record<keyof RunSettings, readonly [number, number]>>;

type NumberName = keyof typeof bounds;
const letters: Readonly<Record<NumberName, string>> = {
  epochs: "e",
  batchSize: "b",
  learningRate: "r",
  lookback: "l",
  horizon: "h",
};
const numberNames = Object.keys(bounds) as NumberName[]; // the table's own keys

export const newRun: RunSettings = {
  epochs: 60,
  batchSize: 16,
  learningRate: 0.01,
  optimizer: "Adam",
  lookback: 12,
  horizon: 1,
};

/** What is no setting, or out of bounds, counts as left out. */
export function readRun(text: string, initial: RunSettings = newRun): RunSettings {
  const entries = new Map(text.split(",").map((entry) => [entry.slice(0, 1), entry.slice(1)]));
  const found: Record<string, number | string> = {};
  for (const name of numberNames) {
    const value = Number(entries.get(letters[name]) || Number.NaN);
    if (isWithin(name, value)) found[name] = value;
  }
  const optimizer = optimizers.find((name) => name === entries.get("o"));
  return { ...initial, ...found, ...(optimizer === undefined ? {} : { optimizer }) };
}

export function writeRun(settings: RunSettings, initial: RunSettings = newRun): string {
  const numbers = numberNames.filter((name) => settings[name] !== initial[name]);
  const written = numbers.map((name) => `${letters[name]}${settings[name]}`);
  return [...written, ...(settings.optimizer === initial.optimizer ? [] : [`o${settings.optimizer}`])].join(",");
}

/** True for a number that the setting can be. */
export function isWithin(name: NumberName, value: number): boolean {
  const [least, most] = bounds[name];
  return value >= least && value <= most && (name === "learningRate" || Number.isInteger(value));
}
