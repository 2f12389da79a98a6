import { describe, expect, it } from "vitest";
import { modelCases } from "../../test/fixture-models.ts";
import { defineCell } from "../cells/define.ts";
import { modelFromConfig } from "../formats/keras-model.ts";
import { factory, input, layers, recurrentLayer } from "../layers/index.ts";
import { model } from "../model/functional.ts";
import { sequential } from "../model/sequential.ts";
import { explainLayerOf, explainModel } from "./explain.ts";
import { layerToText } from "./explanation-text.ts";

describe("explaining Keras's models", () => {
  it.each(modelCases())("$id: every count, every shape and the total are Keras's", (one) => {
    const explanation = explainModel(modelFromConfig(one.config));
    expect(explanation.total.result).toBe(one.params.total);
    expect(explanation.nonTrainable).toBe(one.params.total - one.params.trainable);
    for (const [index, layer] of explanation.layers.entries()) {
      const keras = one.layers[index]!;
      expect([layer.name, layer.count.result]).toEqual([keras.name, keras.params]);
      const shapes = layer.outputs.map(({ result }) => result);
      expect(shapes.length === 1 ? shapes[0] : shapes).toEqual(keras.output_shape);
      const parts = layer.count.parts.map(({ result }) => result ?? 0);
      if (parts.length > 0) expect(parts.reduce((sum, part) => sum + part)).toBe(keras.params);
    }
  });
});

describe("the text of an explanation", () => {
  const net = sequential({
    name: "forecast",
    layers: [
      input({ shape: [30, 5], name: "prices" }),
      layers.gru({ units: 4, name: "memory", activation: "relu" }),
      layers.dense({ units: 1, name: "price" }),
    ],
  });

  it("goes from letters over the formula to the result, array by array and gate by gate", () => {
    expect(layerToText(explainLayerOf(net, "memory"))).toBe(`\
memory (GRU)
  Runs the GRU cell over the timesteps of a sequence.
  reads (None, 30, 5) from prices
  parameters: 132
    g = 3  gates, blocks of every array (GRU: z, r, h)
    h = 4  units (option units)
    i = 5  features (last axis of (None, 30, 5) from prices)
    g × [h(h+i)+2h]
    = 3 × [4 × (4 + 5) + 2 × 4]
    = 3 × (4 × 9 + 8)
    = 3 × (36 + 8)
    = 3 × 44
    = 132
    kernel: i × g × h = 5 × 3 × 4 = 60
      kernel, z: i × h = 5 × 4 = 20
      kernel, r: i × h = 5 × 4 = 20
      kernel, h: i × h = 5 × 4 = 20
    recurrent_kernel: h × g × h = 4 × 3 × 4 = 48
      recurrent_kernel, z: h × h = 4 × 4 = 16
      recurrent_kernel, r: h × h = 4 × 4 = 16
      recurrent_kernel, h: h × h = 4 × 4 = 16
    bias: 2 × g × h = 2 × 3 × 4 = 24
      bias, z: 2h = 2 × 4 = 8
      bias, r: 2h = 2 × 4 = 8
      bias, h: 2h = 2 × 4 = 8
  output shape: (None, 4)
    axis 0: B = None, batch
    axis 1: h = 4, units
  one timestep:
    z = σ(x·W_z + bi_z + hPrev·U_z + br_z)
    r = σ(x·W_r + bi_r + hPrev·U_r + br_r)
    hHat = relu(x·W_h + bi_h + r ⊙ (hPrev·U_h + br_h))
    h = z ⊙ hPrev + (1 − z) ⊙ hHat
  The number of timesteps, 30, is not in the count: every timestep uses the same
  arrays.
  A bias of shape (12,) would make it 120. That is the bias of GRU with
  resetAfter: false.
  In the count h is a number; in the equations h is the new hidden state.
`);
  });

  it("tells letters apart that serve twice", () => {
    const lstm = sequential([input({ shape: [3, 2] }), layers.bidirectional({ layer: layers.lstm({ units: 2 }) })]);
    const [both] = explainModel(lstm).layers;
    expect(both!.remarks).toContain(
      "In the count i, g and h are numbers; in the equations i is the input gate, g is the candidate and h is the new hidden state.",
    );
    const dense = sequential([input({ shape: [2] }), layers.dense({ units: 1 })]);
    expect(explainModel(dense).layers[0]!.remarks).toEqual([]);
    const own = recurrentLayer(
      defineCell({
        kind: "Fading",
        gates: ["f", "g"],
        state: ["h"],
        equations: ({ x, state, gate, act }) => {
          const g = act.main(gate.g(x, state.h));
          return { g, h: act.recurrent(gate.f(x, state.h)).times(state.h).plus(g) };
        },
      }),
    );
    const fading = sequential([input({ shape: [3, 2] }), factory(own)({ units: 2 })]);
    expect(explainModel(fading).layers[0]!.remarks).toContain(
      "In the count g and h are numbers; in the equations g is a value of each timestep and h is the new state.",
    );
  });

  it("takes the axis of ids for timesteps, which an embedding turns into vectors", () => {
    const words = sequential([input({ shape: [40] }), layers.embedding({ inputDim: 50, outputDim: 6, name: "words" })]);
    expect(layerToText(explainLayerOf(words, "words"))).toContain("    axis 1: T = 40, timesteps\n    axis 2: d = 6");
  });

  it("ends with the sum over the layers and keeps to the width", () => {
    const text = explainModel(net).toText({ width: 60 });
    expect(text).toMatch(/\ntotal parameters: 132 \+ 5 = 137\n$/);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it("works out sizes that are not options: windows cut off what does not fill them", () => {
    const pooled = sequential({
      layers: [input({ shape: [9, 2], name: "x" }), layers.maxPooling1d({ poolSize: 2, name: "pool" })],
    });
    expect(layerToText(explainLayerOf(pooled, 0))).toContain(`\
  output shape: (None, 4, 2)
    axis 0: B = None, batch
    axis 1: ⌊(T−k) / s⌋ + 1 = ⌊(9 − 2) / 2⌋ + 1 = ⌊7 / 2⌋ + 1 = ⌊3.5⌋ + 1
      = 3 + 1 = 4
      T = 9  timesteps (axis 1 of (None, 9, 2) from x)
`);
  });

  it("counts Bidirectional as twice its layer, and a layer called twice once", () => {
    const x = input({ shape: [4, 3] });
    const y = input({ shape: [4, 3] });
    const shared = layers.bidirectional({ layer: layers.lstm({ units: 2 }), name: "both" });
    const net2 = model({ inputs: [x, y], outputs: layers.add().apply([shared.apply(x), shared.apply(y)]) });
    const text = layerToText(explainLayerOf(net2, "both"));
    expect(text).toContain("    2 × g × [h(h+i)+h]\n    = 2 × 4 × [2 × (2 + 3) + 2]\n");
    expect(text).toContain("called 2 times and counted once");
    expect(explainModel(net2).total.result).toBe(96);
  });

  it("says where a layer's states begin when another layer gives them", () => {
    const x = input({ shape: [4, 3] });
    const y = input({ shape: [2, 3] });
    const [, h, c] = layers.lstm({ units: 2, returnState: true, name: "reader" }).apply(x);
    const writer = layers.lstm({ units: 2, name: "writer" }).apply(y, { initialState: [h!, c!] });
    const net = model({ inputs: [x, y], outputs: writer });
    expect(explainLayerOf(net, "writer").remarks).toContain("Its states begin as reader gives them, not as zeros.");
  });

  it("adds up the different layers of a model inside", () => {
    const inner = sequential({
      name: "inner",
      layers: [input({ shape: [4, 3] }), layers.conv1d({ filters: 4, kernelSize: 2 }), layers.gru({ units: 3 })],
    });
    const x = input({ shape: [4, 3] });
    const net = model({ inputs: x, outputs: inner.apply(x) });
    expect(layerToText(explainLayerOf(net, "inner"), { parts: false })).toContain(
      "parameters: 109\n    28 + 81\n    = 109\n",
    );
  });

  it("counts thirty million timesteps without taking memory for them", () => {
    const long = sequential({
      layers: [
        input({ shape: [30_000_000, 5] }),
        layers.gru({ units: 4, resetAfter: false }),
        layers.dense({ units: 1 }),
      ],
    });
    expect(explainModel(long).toText()).toContain("The number of timesteps, 30,000,000, is not in the count");
    expect(explainModel(long).total.result).toBe(125);
  });

  it("derives a user's own cell, own vectors included", () => {
    const peephole = defineCell({
      kind: "Peephole",
      gates: ["f", "c"],
      state: ["h"],
      equations({ x, state, gate, act, vector, one }) {
        const f = act.recurrent(gate.f(x, state.h).plus(vector("p").times(state.h)));
        return { f, h: f.times(state.h).plus(one.minus(f).times(act.main(gate.c(x, state.h)))) };
      },
    });
    const own = sequential({
      layers: [input({ shape: [6, 3] }), factory(recurrentLayer(peephole))({ units: 5, name: "own" })],
    });
    const text = layerToText(explainLayerOf(own, "own"));
    expect(text).toContain("g × [h(h+i)+h] + h");
    expect(text).toContain("f = σ(x·W_f + b_f + hPrev·U_f + p ⊙ hPrev)");
    expect(explainModel(own).total.result).toBe(2 * (5 * (5 + 3) + 5) + 5);
  });
});

describe("other forms of an explanation", () => {
  const net = sequential({
    name: "a_b",
    layers: [input({ shape: [3, 2], name: "x_1" }), layers.simpleRNN({ units: 2, name: "r_1" })],
  });
  const explanation = explainModel(net);

  it("Markdown has tables, code and displayed formulas", () => {
    const text = explanation.toMarkdown();
    expect(text).toContain("# a\\_b: 10 parameters\n\n## r\\_1 (SimpleRNN)");
    expect(text).toContain("| i | 2 | features | last axis of (None, 3, 2) from x_1 |");
    expect(text).toContain("h_{t} &= \\tanh\\left(");
  });

  it("LaTeX escapes names outside of formulas", () => {
    const text = explanation.toLatex();
    expect(text).toContain("\\paragraph{r\\_1 (SimpleRNN), 10 parameters}");
    expect(text.match(/\\begin\{aligned\}/g)!.length).toBe(text.match(/\\end\{aligned\}/g)!.length);
  });

  it("HTML closes what it opens and escapes names", () => {
    const evil = sequential({
      name: "<script>",
      layers: [input({ shape: [2] }), layers.dense({ units: 1, name: "a<b" })],
    });
    const html = explainModel(evil).toHtml();
    expect(html).not.toContain("<script>");
    expect(html).toContain("a&lt;b");
    const count = (tag: string): number => html.split(tag).length - 1;
    for (const tag of ["section", "math", "table", "ol", "article", "ul", "li"]) {
      expect(count(`<${tag}>`) + count(`<${tag} `), tag).toBe(count(`</${tag}>`));
    }
    expect(
      explainModel(evil)
        .toMathML()
        .split("\n")
        .filter(Boolean)
        .every((line) => line.startsWith("<math")),
    ).toBe(true);
  });

  it("JSON holds numbers and formulas as text", () => {
    const json = JSON.parse(JSON.stringify(explanation));
    expect(json.totalParams).toBe(10);
    expect(json.layers[0].count.steps).toEqual([
      "g × [h(h+i)+h]",
      "1 × [2 × (2 + 2) + 2]",
      "1 × (2 × 4 + 2)",
      "1 × (8 + 2)",
      "1 × 10",
      "10",
    ]);
    expect(json.layers[0].equations).toEqual(["h = tanh(x·W_h + b_h + hPrev·U_h)"]);
  });
});
