/** The files that tests of the command line work on: a small model in a folder of its own, data that fits it, and what is wrong. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeNpy } from "../src/formats/npy.ts";
import { modelToBytes } from "../src/formats/save.ts";
import { input, layers, resetNames } from "../src/layers/index.ts";
import { sequential } from "../src/model/sequential.ts";

export const fixtures = fileURLToPath(new URL("../../../fixtures/keras/", import.meta.url));
/** A folder of fixtures/keras/files. */
export const keras = (id: string): string => join(fixtures, "files", id);

/** Lines longer than the terminal. */
export function tooLong(text: string): string[] {
  return text.split("\n").filter((line) => [...line].length > 80);
}

export interface CliFiles {
  readonly folder: string;
  /** Python code with two models, of which the second has an open size. */
  readonly script: string;
  /** A model of one LSTM and one Dense for `[examples, 3, 2]`. */
  readonly net: string;
  /** A file that must not be written. */
  readonly locked: string;
  /** Python code with a layer of no units. */
  readonly zero: string;
}

/** Writes them all. */
export function makeCliFiles(): CliFiles {
  const folder = mkdtempSync(join(tmpdir(), "unroll-cli-"));
  const script = join(folder, "two.py");
  writeFileSync(
    script,
    `
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import GRU, Dense, LSTM
a = Sequential()
a.add(GRU(4, activation='relu', input_shape=(30, 5)))
a.add(Dense(1))
a.summary()
n_features = int(input())
b = Sequential()
b.add(LSTM(3, input_shape=(10, n_features)))
b.add(Dense(2))
b.summary()
`,
  );
  resetNames();
  const model = sequential({
    name: "tiny",
    layers: [
      input({ shape: [3, 2], name: "x" }),
      layers.lstm({ units: 2, name: "memory" }),
      layers.dense({ units: 1, name: "out" }),
    ],
    seed: 4,
  });
  const net = join(folder, "tiny.keras");
  writeFileSync(net, modelToBytes(model));
  writeFileSync(
    join(folder, "x.json"),
    JSON.stringify([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]),
  );
  writeFileSync(
    join(folder, "five.json"),
    JSON.stringify([
      [
        [1, 2, 3, 4, 5],
        [1, 2, 3, 4, 5],
      ],
    ]),
  );
  writeFileSync(join(folder, "x.csv"), "a,b\n1,2\n3,4\n5,6\n");
  writeFileSync(join(folder, "blank.csv"), "a,b\n1,2\n3,\n5,6\n");
  writeFileSync(join(folder, "words.csv"), "a,b\n1,2\n3,4\nfive,6\n");
  writeFileSync(join(folder, "nan.csv"), "a,b\n1,2\n3,nan\n5,6\n");
  writeFileSync(join(folder, "a.onnx"), "\u0008\u0007");
  writeFileSync(join(folder, "README.md"), "# A project\n");
  const zero = join(folder, "zero.py");
  writeFileSync(zero, "import keras\nm = keras.Sequential([keras.Input((3, 2)), keras.layers.GRU(0)])\n");
  const locked = join(folder, "locked.h5");
  writeFileSync(locked, "precious", { mode: 0o444 });
  writeFileSync(join(folder, "x.npy"), writeNpy({ shape: [1, 3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }));
  return { folder, script, net, locked, zero };
}
