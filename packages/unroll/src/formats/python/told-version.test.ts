import { describe, expect, it } from "vitest";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";
import type { Json } from "./serialize.ts";

const keras2 = [
  'Model: "sequential"',
  "Layer (type)                 Output Shape              Param #   ",
  "=================================================================",
  "gru (GRU)                    (None, 50)                8100      ",
  "=================================================================",
  "Total params: 8,100",
].join("\n");
const keras3 = [
  'Model: "sequential"',
  "┏━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┓",
  "┃ Layer (type) ┃ Output Shape ┃ Param # ┃",
  "┡━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━┩",
  "│ gru (GRU)    │ (None, 50)   │   8,100 │",
  "└──────────────┴──────────────┴─────────┘",
  " Total params: 8,100 (31.64 KB)",
].join("\n");
const build = "m = Sequential([GRU(50, input_shape=(10, 3))])\nm.summary()";
const tensorflow =
  "from tensorflow.keras.layers import GRU\nfrom tensorflow.keras import Sequential\nimport tensorflow as tf";
const standalone =
  "import keras\nfrom keras.layers import GRU\nfrom keras.models import Sequential\nimport tensorflow as tf";

/** A notebook: a first cell with what it prints, and the model with its table. */
function model(first: string, output: string, table = keras2) {
  const cells = [
    { cell_type: "code", source: first, outputs: [{ text: output }] },
    { cell_type: "code", source: build, outputs: [{ text: table }] },
  ];
  return readKerasCode(JSON.stringify({ cells, nbformat: 4 })).models[0]!;
}

function resetAfter(read: ReturnType<typeof model>): Json | undefined {
  const layers = read.config.config.layers as { config: { reset_after?: Json } }[]; // of a Sequential
  return layers.at(-1)!.config.reset_after;
}

describe("a printed count of a GRU with one bias", () => {
  it.each([
    ["a table of Keras 2 alone", tensorflow, ""],
    ["TensorFlow 1", `${tensorflow}\nprint(tf.__version__)`, "1.15.2"],
    ["another module's version", `${tensorflow}\nprint(np.__version__)`, "2.0.1"],
    ["a version in a comment", `${tensorflow}\n# print(tf.__version__)`, "2.3.1"],
    ["Keras apart from TensorFlow 2", `${standalone}\nprint(tf.__version__)`, "2.1.0"],
    ["its last release", `${standalone}\nprint(keras.__version__)`, "2.3.1"],
    [
      "the interface of TensorFlow 1",
      `${tensorflow}\nimport tensorflow.compat.v1 as v\nprint(tf.__version__)`,
      "2.4.1",
    ],
    ["a warning about TensorFlow 2", tensorflow, "WARNING: contrib will not be included in TensorFlow 2.0.0."],
    ["an installed TensorFlow 1", `!pip install tensorflow==1.15.2\n${tensorflow}`, ""],
    [
      "an installed TensorFlow 2 that another printed",
      `!pip install tensorflow==2.3\n${tensorflow}\ntf.__version__`,
      "1.15.2",
    ],
    ["an install that is commented out", `# !pip install tensorflow==2.3\n${tensorflow}`, ""],
    ["an install of something else", `!pip install keras-tuner==3.1 tensorflow-hub==2.5\n${tensorflow}`, ""],
    ["an installed Keras apart from TensorFlow", `!pip install keras==2.3.1\n${standalone}`, ""],
    ["more numbers than questions", `${tensorflow}\nprint(tf.__version__)`, "2.4.1 3.7.10"],
  ])("tells reset_after=False below %s", (_, first, output) => {
    const read = model(first, output);
    expect(resetAfter(read)).toBe(false);
    expect(read.learned).toEqual([
      { layer: "gru", row: "gru", option: "reset_after", value: false, params: 8100, otherwise: 8250 },
    ]);
  });

  it.each([
    ["a table of Keras 3", tensorflow, "", keras3],
    ["a table of Keras 3 of the package keras", standalone, "", keras3],
    ["TensorFlow 2's version", `${tensorflow}\nprint(tf.__version__)`, "2.4.1", keras2],
    ["its other name", `${tensorflow}\nprint("TF:", tf.version.VERSION)`, "TF: 2.11.0", keras2],
    ["a version with its name", `${tensorflow}\nshow()`, "numpy 1.19.5\nTensorFlow version: 2.3.0", keras2],
    ["two versions", `${tensorflow}\nnp.__version__, tf.__version__`, "('1.19.5', '2.3.0-dev20200601')", keras2],
    ["an installed TensorFlow 2", `!pip install -q "tensorflow-gpu==2.3.0"\n${tensorflow}`, "", keras2],
    ["one that is installed without a sign", `pip install tensorflow[and-cuda]==2.15\n${tensorflow}`, "", keras2],
    ["one among several lines", `%pip install numpy \\\n  tensorflow==2.3\n${tensorflow}`, "", keras2],
    ["one that Colab chose", `%tensorflow_version 2.x\n${tensorflow}`, "", keras2],
    ["an installed Keras that is TensorFlow's", `!pip install keras==2.4.3\n${standalone}`, "", keras2],
    ["Keras that is TensorFlow's", `${standalone}\nprint(keras.__version__)`, "2.4.3", keras2],
  ])("does not, where %s says that the default is the other one", (_, first, output, table) => {
    const read = model(first, output, table);
    expect(resetAfter(read)).toBe(true);
    expect(read.learned).toEqual([]);
  });
});

describe("an installed version, where no table is printed", () => {
  const versionOf = (first: string) => readKerasCode(`${first}\nm = Sequential([GRU(50, input_shape=(10, 3))])`);
  it.each([
    ["3", `${tensorflow}`],
    ["2", `!pip install tensorflow==2.3.0\n${tensorflow}`],
    ["3", `!pip install tensorflow==2.16.1\n${tensorflow}`],
    ["2", `!pip install tensorflow==2.3.0\n!pip install tensorflow==2.10\n${tensorflow}`],
    ["2-standalone", "!pip install keras==2.2.4\nfrom keras.layers import GRU\nfrom keras.models import Sequential"],
    ["3", "!pip install keras==3.3\nfrom keras.layers import GRU\nfrom keras.models import Sequential"],
    ["3", `!pip install keras-tuner==1.1\n${tensorflow}`],
  ])("is Keras %s for %s", (version, first) => {
    expect(versionOf(first).kerasVersion).toBe(version);
  });

  it.each([
    ["2", "2.3.0"],
    ["3", "2.17.0"],
  ])("counts for less than a printed one: Keras %s by %s", (version, output) => {
    const first = `!pip install tensorflow==${version === "2" ? "2.17.0" : "2.3.0"}\n${tensorflow}\ntf.__version__`;
    const cells = [
      { cell_type: "code", source: first, outputs: [{ text: output }] },
      { cell_type: "code", source: "m = Sequential([GRU(50, input_shape=(10, 3))])", outputs: [] },
    ];
    expect(readKerasCode(JSON.stringify({ cells, nbformat: 4 })).kerasVersion).toBe(version);
  });

  it("tells a GRU's count: the package keras up to 2.3 took one bias by itself", () => {
    const [read] = versionOf(
      "!pip install keras==2.3.1\nfrom keras.layers import GRU\nfrom keras import Sequential",
    ).models;
    expect(modelFromConfig(read!.config).countParams()).toBe(8100);
  });
});
