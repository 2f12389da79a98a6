import { describe, expect, it } from "vitest";
import type { Tensor } from "../core/tensor.ts";
import { input, type Layer, layers } from "../layers/index.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { type BackRun, traceGradients } from "../training/trace-gradients.ts";
import { openGradient } from "./open-gradient.ts";
import type { OpenedNode } from "./open-value.ts";
import { leavesOf, setDifferentWeights, workedOut } from "./testing.ts";

const x = [
  [
    [0.5, -1],
    [0.25, 2],
    [-0.75, 0.5],
  ],
];

/** The way back through a layer whose weights are all different, under a loss of its whole output. */
function wayBack(
  layer: Layer,
  ...behind: Layer[]
): { model: Model; run: BackRun; trace: ReturnType<typeof traceGradients> } {
  const model = sequential({ layers: [input({ shape: [3, 2] }), layer, ...behind] });
  setDifferentWeights(model);
  let run: BackRun | undefined;
  const targets = model.outputs[0]!.shape.length === 3 ? [[1, 2, 3].map((t) => [t, -t, 1])] : [[1, -2, 3]];
  const onRun = (one: BackRun): void => {
    if (one.layer === layer.name || one.layer === layer.children[0]?.name) run = one;
  };
  const trace = traceGradients(model, x, targets, { loss: "mse", checks: 0, onRun });
  return { model, run: run!, trace };
}

describe("openGradient", () => {
  it.each([
    ["LSTM", layers.lstm({ units: 3 }), ["i", "f", "g", "o", "c", "h", "hPrev", "cPrev"]],
    ["GRU", layers.gru({ units: 3 }), ["z", "r", "hHat", "h", "hPrev"]],
    [
      "GRU that resets before the product",
      layers.gru({ units: 3, resetAfter: false }),
      ["z", "r", "hHat", "h", "hPrev"],
    ],
    ["SimpleRNN", layers.simpleRNN({ units: 3 }), ["h", "hPrev"]],
    ["SimpleRNN with relu", layers.simpleRNN({ units: 3, activation: "relu" }), ["h", "hPrev"]],
    ["LSTM with relu", layers.lstm({ units: 3, activation: "relu" }), ["i", "f", "g", "o", "c", "h", "hPrev"]],
    ["LSTM of sequences", layers.lstm({ units: 3, returnSequences: true }), ["i", "f", "g", "o", "c", "h", "hPrev"]],
  ])("opens every gradient of %s into numbers that come to it", (_, layer, names) => {
    const { run, trace } = wayBack(layer);
    for (const step of [0, 1, 2]) {
      const { values, previous, input: gradient } = trace.runs[0]!.steps[step]!;
      for (const name of names) {
        for (const unit of [0, 1, 2]) {
          const { value, tree, timestep } = openGradient(run, step, name, unit);
          const known = name.endsWith("Prev") ? previous[name.slice(0, -4)]! : values[name]!;
          expect(value).toBe(known[unit]);
          expect(workedOut(tree)).toBeCloseTo(value, 12);
          expect(timestep).toBe(step);
        }
      }
      expect(openGradient(run, step, "x", 1).value).toBe(gradient[1]);
    }
  });

  it("leads what comes from later to the step after, and the rest to the layer's output", () => {
    const { model, run } = wayBack(layers.gru({ units: 3, returnSequences: true }));
    const middle = leavesOf(openGradient(run, 1, "h", 2).tree);
    const later = middle.find((node) => node.kind === "name" && node.role === "later");
    expect(later).toMatchObject({ name: "∂L/∂hPrev", unit: 2, value: openGradient(run, 2, "hPrev", 2).value });
    // L is the mean of nine squares: ∂L/∂h = 2/9 · (h − target).
    const outside = middle.find((node) => node.kind === "number" && node.from !== undefined);
    const h = (model.predict(x) as Tensor).data[1 * 3 + 2]!; // one output, float32
    expect(outside!.value).toBeCloseTo((2 / 9) * (h - 1), 6);
    expect(leavesOf(openGradient(run, 2, "h", 2).tree).some((node) => node.kind === "name")).toBe(false);
  });

  /** What the layer's output adds to ∂L/∂h. */
  function outside(run: BackRun, step: number, unit: number): OpenedNode {
    const { tree } = openGradient(run, step, "h", unit);
    const found = leavesOf(tree).find((node) => node.kind === "number" && node.from === "the layer's output");
    return found?.kind === "number" && found.of !== undefined ? found.of : expect.fail("it is not opened");
  }

  it("opens what comes from the layer's output: the loss itself, of the output and its target", () => {
    const { run } = wayBack(layers.gru({ units: 3, name: "last" }));
    // L is the mean of three squares: ∂L/∂h = −2 · ⅓ · (target − h).
    expect(outside(run, 2, 1)).toMatchObject({
      terms: [
        {
          negative: true,
          of: {
            factors: [
              { kind: "number", value: 2 },
              { kind: "number", value: expect.closeTo(1 / 3, 12) },
              { terms: [{ of: { from: "the target", value: -2 } }, { negative: true, of: { from: "last's output" } }] },
            ],
          },
        },
      ],
    });
  });

  it("opens it through the layers behind: their weights by name, row by row, and their activation", () => {
    const { run, model } = wayBack(
      layers.lstm({ units: 4 }),
      layers.dense({ units: 3, activation: "tanh", name: "dense" }),
    );
    const node = outside(run, 2, 2);
    expect(node).toMatchObject({ kind: "dot", name: "dense kernelᵀ" });
    const kernel = model.getLayer("dense").getWeights()[0]!.data;
    const weights = leavesOf(node).filter((one) => one.kind === "weight");
    expect(weights).toMatchObject(
      [0, 1, 2].map((unit) => ({ layer: "dense", array: "kernel", index: [2, unit], value: kernel[2 * 3 + unit] })),
    );
    const froms = leavesOf(node).flatMap((one) => (one.kind === "number" ? (one.from ?? []) : []));
    expect(new Set(froms)).toEqual(new Set(["dense's output", "the target", "inside dense"]));
  });

  it.each([
    ["forwards", layers.gru({ units: 3, name: "next" })],
    ["backwards", layers.gru({ units: 3, name: "next", goBackwards: true })],
  ])("leads to the next cell's own gradient at that timestep, also one that reads %s", (_, next) => {
    const { run, trace } = wayBack(layers.lstm({ units: 4, returnSequences: true }), next);
    const other = trace.runs.find(({ layer }) => layer === "next")!;
    for (const step of [0, 1, 2]) {
      const place = { layer: "next", timestep: step };
      const value = other.steps.find(({ timestep }) => timestep === step)!.input[3];
      expect(outside(run, step, 3)).toEqual({
        ...{ kind: "name", name: "∂L/∂x", unit: 3, role: "gradient" },
        ...{ place, value },
      });
    }
  });

  it("opens what goes through pooling, joining and convolution, and leaves no place out", () => {
    const heads: Layer[][] = [
      [layers.bidirectional({ layer: layers.gru({ units: 2 }) }), layers.dense({ units: 3, activation: "softmax" })],
      [layers.conv1d({ filters: 2, kernelSize: 2 }), layers.flatten(), layers.dense({ units: 3 })],
      [layers.globalAveragePooling1d(), layers.dense({ units: 3, activation: "relu" })],
      [layers.timeDistributed({ layer: layers.dense({ units: 3 }) })],
    ];
    for (const head of heads) {
      const { run } = wayBack(layers.simpleRNN({ units: 4, returnSequences: true }), ...head);
      for (const step of [0, 1, 2]) {
        for (const unit of [0, 3]) {
          const { tree, value } = openGradient(run, step, "h", unit);
          expect(workedOut(tree)).toBeCloseTo(value, 12);
          const ends = leavesOf(outside(run, step, unit));
          expect(ends.some((one) => one.kind !== "number")).toBe(true);
        }
      }
    }
  });

  it("multiplies with the transposed block: the weights of one row of Keras's array", () => {
    const { run } = wayBack(layers.simpleRNN({ units: 3 }));
    const { tree } = openGradient(run, 1, "hPrev", 2);
    expect(leavesOf(tree).flatMap((node) => (node.kind === "weight" ? [[node.array, ...node.index]] : []))).toEqual([
      ["recurrent_kernel", 2, 0],
      ["recurrent_kernel", 2, 1],
      ["recurrent_kernel", 2, 2],
    ]);
  });

  it("writes the kink of relu as what it is: the gradient where h > 0, else 0", () => {
    const { run } = wayBack(layers.simpleRNN({ units: 3, activation: "relu" }));
    const h = run.steps[2]!.valueOf!(run.scan.cell.named.get("h")!) as Float64Array; // a row: it has units
    expect([...h].map((value) => value > 0)).toEqual(expect.arrayContaining([true, false]));
    const { tree } = openGradient(run, 2, "hPrev", 0);
    const factors = tree.kind === "dot" ? tree.terms.map(({ factor }) => factor) : [];
    expect(factors).toMatchObject(
      [0, 1, 2].map((unit) => ({
        kind: "cases",
        condition: { sign: ">", left: { kind: "name", name: "h", unit }, right: { kind: "number", value: 0 } },
        yes: { kind: "name", name: "∂L/∂h", unit },
        no: { kind: "number", value: 0 },
        holds: h[unit]! > 0,
      })),
    );
  });

  it("names what can be opened when asked for something else", () => {
    const { run } = wayBack(layers.simpleRNN({ units: 3 }));
    expect(() => openGradient(run, 1, "q", 0)).toThrow("They are h, hPrev, x.");
    expect(() => openGradient(run, 1, "x", 2)).toThrow("from 0 to 1");
  });

  it("says that a masked step has nothing to open", () => {
    const model = sequential({ layers: [input({ shape: [3, 2] }), layers.masking({}), layers.gru({ units: 2 })] });
    let run: BackRun | undefined;
    const masked = [
      [
        [1, 2],
        [0, 0],
        [3, 4],
      ],
    ];
    traceGradients(model, masked, [[1, 1]], { loss: "mse", checks: 0, onRun: (one) => (run = one) });
    expect(() => openGradient(run!, 1, "h", 0)).toThrow("masked timestep");
  });
});
