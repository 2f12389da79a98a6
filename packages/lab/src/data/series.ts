/** Series to train on that need no file, made from a seed by the library's own generator. Measured ones are in measured.ts. */
import { Random } from "unroll/core/random.ts";

export interface Series {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  make(seed: number): number[];
}

const count = 240;
/** Steps after which a value comes back, and how much of it. */
export const echoDelay = 8;
const echoShare = 0.9;

export const madeSeries: readonly Series[] = [
  {
    id: "sine",
    title: "Sine with noise",
    about: "A period of 24 steps and a little noise.",
    make(seed) {
      const random = new Random(seed);
      return Array.from({ length: count }, (_, t) => Math.sin((2 * Math.PI * t) / 24) + random.normal(0, 0.1));
    },
  },
  {
    id: "clean",
    title: "Sine",
    about: "A period of 24 steps and nothing else: its last two values tell all that follow.",
    make(seed) {
      const start = new Random(seed).uniform(0, 24);
      return Array.from({ length: count }, (_, t) => Math.sin((2 * Math.PI * (start + t)) / 24));
    },
  },
  {
    id: "season",
    title: "Growth with a season",
    about:
      "A trend times a yearly season, as passenger numbers have. The test part lies above all that was trained on.",
    make(seed) {
      const random = new Random(seed);
      return Array.from(
        { length: 180 },
        (_, t) => (110 + 1.6 * t) * (1 + 0.16 * Math.sin((2 * Math.PI * t) / 12)) + random.normal(0, 6),
      );
    },
  },
  {
    id: "walk",
    title: "Random walk",
    about: "As prices move. Nothing beats repeating the last value, and the page says so.",
    make(seed) {
      const random = new Random(seed);
      let value = 100;
      return Array.from({ length: count }, () => (value += random.normal(0, 1)));
    },
  },
  {
    id: "echo",
    title: "Echo",
    about: `Every value repeats nine tenths of the value ${echoDelay} steps before it, with noise. The last value tells nothing; a lookback under ${echoDelay} neither.`,
    make(seed) {
      const random = new Random(seed);
      const values: number[] = [];
      for (let t = 0; t < count; t++) {
        // With this noise the series stays as wide as it begins.
        values.push(
          t < echoDelay
            ? random.normal()
            : echoShare * values[t - echoDelay]! + random.normal(0, Math.sqrt(1 - echoShare ** 2)),
        );
      }
      return values;
    },
  },
];
