/** Two models side by side, and one under three releases: differences worked out by hand. */
import { describe, expect, it } from "vitest";
import { input, layers } from "../../layers/index.ts";
import { model } from "../../model/functional.ts";
import { sequential } from "../../model/sequential.ts";
import { alignLayers } from "./align.ts";
import { compareModels, shareWeights } from "./compare-models.ts";
import { comparisonToText } from "./compare-text.ts";
import { versionRules } from "./version-rules.ts";
import { compareVersions } from "./versions.ts";
import { versionsToText } from "./versions-text.ts";

const gru = (more: object = {}, features = 5) =>
  sequential({
    name: "gru_model",
    layers: [
      input({ shape: [30, features] }),
      layers.gru({ units: 4, name: "gru", ...more }),
      layers.dense({ units: 1, name: "dense" }),
    ],
  });
const ramp = (features = 5) => [
  Array.from({ length: 30 }, (_, t) => Array.from({ length: features }, (_, i) => (t - i) / 30)),
];

describe("two models", () => {
  it("differ in the slope of a layer that stands for an activation", () => {
    const dense = (slope: number) => {
      const activation = layers.leakyReLU({ negativeSlope: slope });
      return sequential({ layers: [input({ shape: [2] }), layers.dense({ units: 1, activation })] });
    };
    expect(compareModels(dense(0.1), dense(0.1)).sameArchitecture).toBe(true);
    const result = compareModels(dense(0.1), dense(0.5));
    expect(result.sameArchitecture).toBe(false);
    expect(comparisonToText(result)).toContain("LeakyReLU(negativeSlope: 0.1) → LeakyReLU(negativeSlope: 0.5)");
    expect(JSON.stringify(result)).toContain('"layer":{"className":"LeakyReLU","config":{"negativeSlope":0.5}}');
  });

  it("+12 = 3h is the second row of bias, from resetAfter", () => {
    const result = compareModels(gru({ resetAfter: false }), gru());
    expect(result).toMatchObject({ left: { totalParams: 125 }, right: { totalParams: 137 }, sameArchitecture: false });
    expect(result.pairs[0]!.difference).toMatchObject({
      options: [{ option: "resetAfter", left: false, right: true }],
      params: { left: 120, right: 132 },
      causes: [{ change: "resetAfter", difference: 12, formula: "g × h = 3 × 4" }],
    });
    expect(result.pairs[1]!.difference).toBeUndefined();
    expect(comparisonToText(result)).toContain("+12 = g × h = 3 × 4 from resetAfter");
    expect(comparisonToText(compareModels(gru(), gru({ resetAfter: false })))).toContain(
      "−12 = −(g × h = 3 × 4) from resetAfter",
    );
  });

  it("each change is told with what it alone adds, and what all add together", () => {
    // 3[4(4+5)+8] = 132; two units more: 3[6(6+5)+12] = 234; one feature more: 3[4(4+6)+8] = 144; both: 3[6(6+6)+12] = 252.
    const { difference } = compareModels(gru(), gru({ units: 6 }, 6)).pairs[0]!;
    expect(difference!.params).toEqual({ left: 132, right: 252 });
    expect(difference!.causes.map(({ change, difference: by }) => [change, by])).toEqual([
      ["units", 102],
      ["features", 12],
    ]);
    expect(difference!.causes[1]!.formula).toBe("g × h = 3 × 4");
    expect(comparisonToText(compareModels(gru(), gru({ units: 6 }, 6)))).toContain(
      "together +120: each part is that of one change alone, and they overlap",
    );
  });

  it("stand in columns that no line breaks, however long names are", () => {
    const net = (filters: number) =>
      sequential({
        layers: [
          input({ shape: [50, 3] }),
          layers.conv1d({ filters, kernelSize: 3, padding: "same", name: "conv1d_12" }),
          layers.maxPooling1d({ poolSize: 2, name: "max_pooling1d_12" }),
          layers.dense({ units: 1, name: "dense" }),
        ],
      });
    const text = comparisonToText(compareModels(net(64), net(32)), { width: 80 });
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain(
      [
        "≠ max_pooling1d_12 (MaxPooling1D)         max_pooling1d_12 (MaxPooling1D)",
        "    (None, 25, 64) 0                        (None, 25, 32) 0",
      ].join("\n"),
    );
    expect(comparisonToText(compareModels(net(64), net(32)), { width: 120 })).toContain(
      "≠ max_pooling1d_12 (MaxPooling1D) (None, 25, 64) 0  max_pooling1d_12 (MaxPooling1D) (None, 25, 32) 0",
    );
  });

  it("are the same where nothing differs, and weights that are shared give the same values", () => {
    const [a, b] = [gru(), gru()];
    expect(compareModels(a, b, { x: ramp() }).sameValues).toBe(false); // drawn anew
    expect(shareWeights(a, b)).toEqual([]);
    expect(compareModels(a, b, { x: ramp() })).toMatchObject({
      sameArchitecture: true,
      sameValues: true,
      firstValueDifference: undefined,
    });
  });

  it("with the same weights differ first where an option changes what is computed", () => {
    const [a, b] = [gru({ recurrentActivation: "sigmoid" }), gru({ recurrentActivation: "hard_sigmoid" })];
    shareWeights(a, b);
    const result = compareModels(a, b, { x: ramp() });
    expect(result).toMatchObject({ sameValues: false, firstValueDifference: "gru", sameArchitecture: false });
    expect(result.pairs[0]!.difference!.causes).toEqual([]);
    expect(result.pairs[0]!.values!.largest).toBeGreaterThan(1e-4);
    expect(comparisonToText(result)).toContain("The predictions differ, first in gru.");
  });

  it("are not told apart by how their arrays began", () => {
    expect(compareModels(gru(), gru({ kernelInitializer: "zeros" })).sameArchitecture).toBe(true);
  });

  it("keep the weights of layers whose arrays have other shapes", () => {
    expect(shareWeights(gru(), gru({ units: 3 }))).toEqual(["gru", "dense"]);
  });

  it("show layers that only one of them has", () => {
    const more = sequential({
      layers: [
        input({ shape: [30, 5] }),
        layers.gru({ units: 4, name: "gru" }),
        layers.dropout({ rate: 0.5, name: "drop" }),
        layers.dense({ units: 1, name: "dense" }),
      ],
    });
    const { pairs } = compareModels(gru(), more);
    expect(pairs.map(({ left, right }) => [left?.name, right?.name])).toEqual([
      ["gru", "gru"],
      [undefined, "drop"],
      ["dense", "dense"],
    ]);
    expect(comparisonToText(compareModels(gru(), more))).toMatch(/^\+ - +drop \(Dropout\)/m);
  });

  it("look inside wrappers: two directions of another size", () => {
    const both = (units: number) =>
      sequential([
        input({ shape: [6, 2] }),
        layers.bidirectional({ layer: layers.lstm({ units, name: "inner" }), name: "both" }),
      ]);
    // 2 × 4[4(4+2)+4] = 224, 2 × 4[5(5+2)+5] = 320
    expect(compareModels(both(4), both(5)).pairs[0]!.difference).toMatchObject({
      options: [{ option: "layer.units", left: 4, right: 5 }],
      causes: [{ change: "layer.units", difference: 96 }],
      shapes: { left: [null, 8], right: [null, 10] },
    });
  });
});

describe("pairs of layers", () => {
  const of = (...list: string[]) => list.map((text) => ({ name: text, className: text.replace(/_.*/, "") }));

  it("keep the order and prefer the same name", () => {
    expect(alignLayers(of("GRU_1", "GRU_2", "Dense"), of("GRU_2", "Dense"))).toEqual([
      [0, undefined],
      [1, 0],
      [2, 1],
    ]);
    expect(alignLayers(of("A"), of("B"))).toEqual([
      [0, undefined],
      [undefined, 0],
    ]);
    expect(alignLayers([], of("B"))).toEqual([[undefined, 0]]);
  });
});

describe("one model under three releases", () => {
  const net = () =>
    sequential({
      name: "sequential",
      layers: [
        input({ shape: [30, 5] }),
        layers.gru({ units: 4, returnSequences: true, name: "gru" }),
        layers.gru({ units: 2, name: "gru_1" }),
        layers.dense({ units: 1, name: "mine" }),
      ],
    });

  it("counts a GRU without its second row of bias, and numbers layers from 1, in 2.2", () => {
    const { versions } = compareVersions(net());
    // 120 + 42 + 3 and 132 + 48 + 3
    expect(versions.map(({ release, totalParams }) => [release, totalParams])).toEqual([
      ["2.2", 165],
      ["2.12", 183],
      ["3", 183],
    ]);
    expect(versions.map(({ name, layers: list }) => [name, ...list.map((one) => one.name)])).toEqual([
      ["sequential_1", "gru_1", "gru_2", "mine"],
      ["sequential", "gru", "gru_1", "mine"],
      ["sequential", "gru", "gru_1", "mine"],
    ]);
    expect(versions[0]!.layers[0]!.options).toEqual({ resetAfter: false, recurrentActivation: "hard_sigmoid_keras2" });
    expect(versions[1]!.layers[0]!.options).toEqual({});
  });

  it("prints each release's own summary", () => {
    const [first, second, third] = compareVersions(net()).versions.map(({ summary }) => summary);
    expect(first!.split("\n")[0]).toBe("_".repeat(65));
    expect(first).toContain("gru_1 (GRU)                  (None, 30, 4)             120       \n");
    expect(first).toContain("Total params: 165\n");
    expect(second!.split("\n")[0]).toBe('Model: "sequential"');
    expect(second).toContain("gru (GRU)                   (None, 30, 4)             132       \n");
    expect(third).toContain("│ gru (GRU) ");
    expect(third).toContain(" Total params: 183 (732.00 B)");
  });

  it("says of every rule how it is known, and that no 2.2 was run", () => {
    for (const { evidence, rules } of versionRules) {
      expect(Object.keys(evidence).sort()).toEqual(Object.keys(rules).sort());
      expect(evidence["2.2"]).toBe("source");
    }
  });

  it("tells the rules that concern its layers, and no others", () => {
    const topics = compareVersions(net()).rules.map(({ topic }) => topic);
    expect(topics).toContain("hard_sigmoid");
    expect(topics).not.toContain("dropout inside recurrent layers");
    const plain = compareVersions(sequential([input({ shape: [4] }), layers.dense({ units: 1 })]));
    expect(plain.rules.every(({ layers: names }) => names.length === 0)).toBe(true);
    const text = versionsToText(compareVersions(net()));
    expect(text).toContain("Keras 2.2, gru_1: recurrentActivation is hard_sigmoid, resetAfter is false.");
    expect(text).toMatch(/hard_sigmoid \(gru, gru_1\)\n {2}2\.2 {3}clip\(0\.2x \+ 0\.5, 0, 1\)/);
    expect(text).toContain("0.7 at 1 *\n  2.12  clip(0.2x + 0.5, 0, 1): 0.7 at 1\n"); // read of 2.2, run of the others
    expect(text).toMatch(/\n\n\* read in Keras's code/);
  });

  it("gives Keras 2 its form of hard_sigmoid, and keeps what the model says", () => {
    const hard = sequential([
      input({ shape: [3, 2] }),
      layers.lstm({ units: 2, recurrentActivation: "hard_sigmoid", name: "lstm" }),
    ]);
    const { versions } = compareVersions(hard);
    expect(versions.map(({ layers: [lstm] }) => lstm!.options)).toEqual([
      { recurrentActivation: "hard_sigmoid_keras2" },
      { recurrentActivation: "hard_sigmoid_keras2" },
      {},
    ]);
  });

  it("names the inputs of a functional model as each does", () => {
    const x = input({ shape: [3], name: "input_layer" });
    const made = model({ inputs: x, outputs: layers.dense({ units: 2, name: "dense" }).apply(x), name: "functional" });
    expect(compareVersions(made).versions.map(({ name }) => name)).toEqual(["model_1", "model", "functional"]);
    const [, second] = compareVersions(made).versions;
    expect(second!.summary).toContain(" input_1 (InputLayer)");
  });
});
