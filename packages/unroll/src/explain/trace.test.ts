import { describe, expect, it } from "vitest";
import { decode, type FixtureTensor } from "../../test/fixture-files.ts";
import { type ModelCase, modelCases } from "../../test/fixture-models.ts";
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { modelFromConfig } from "../formats/keras-model.ts";
import { input, layers } from "../layers/index.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { traceModel } from "./run-trace.ts";

function toTensor(fixture: FixtureTensor): Tensor {
  const { shape, data } = decode(fixture);
  return { shape, data: fixture.dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data) };
}

function kerasModel(id: string): { one: ModelCase; model: Model; inputs: Tensor[] } {
  const one = modelCases().find((entry) => entry.id === id)!;
  const model = modelFromConfig(one.config);
  model.setWeights(one.weights!.map(toTensor));
  return { one, model, inputs: one.inputs!.map(toTensor) };
}

/** GRU with one unit and one feature, all weights different: W = [1, 2, 3], U = [0.5, 0.25, 0.125], b as below. */
function tinyGru(): Model {
  const net = sequential({
    name: "tiny",
    layers: [
      input({ shape: [2, 1], name: "x" }),
      layers.gru({ units: 1, name: "gru", activation: "linear", recurrentActivation: "linear", resetAfter: false }),
    ],
  });
  net.setWeights([[[1, 2, 3]], [[0.5, 0.25, 0.125]], [0.1, 0.2, 0.3]]);
  return net;
}

describe("tracing", () => {
  it("gives every gate of every timestep as worked by hand", () => {
    const [run] = traceModel(tinyGru(), [[[1], [-1]]]).layers[0]!.runs;
    const at = (step: number, name: string): number => run!.steps[step]!.values[name]![0]!;
    // z = 1 + 0.1, r = 2 + 0.2, hHat = 3 + 0.3, h = 1.1·0 + (1 − 1.1)·3.3 = −0.33; float32 weights, so seven digits.
    expect(at(0, "z")).toBeCloseTo(1.1, 6);
    expect(at(0, "r")).toBeCloseTo(2.2, 6);
    expect(at(0, "hHat")).toBeCloseTo(3.3, 6);
    expect(at(0, "h")).toBeCloseTo(-0.33, 6);
    // z = −1 + 0.1 − 0.5·0.33, r = −2 + 0.2 − 0.25·0.33, hHat = −3 + 0.3 + r·(−0.33)·0.125
    expect(at(1, "z")).toBeCloseTo(-1.065, 6);
    expect(at(1, "r")).toBeCloseTo(-1.8825, 6);
    expect(at(1, "hHat")).toBeCloseTo(-2.7 + -1.8825 * -0.33 * 0.125, 6);
    expect(at(1, "h")).toBeCloseTo(-1.065 * -0.33 + 2.065 * (-2.7 + 1.8825 * 0.33 * 0.125), 6);
    expect(run!.names).toEqual(["z", "r", "hHat", "h"]);
  });

  it.each([
    "seed/000/lstm_basic",
    "functional/two_inputs",
    "stack/masking_stack",
    "stack/stateful_gru",
    "functional/nested_model",
    "stack/repeat_vector",
  ])("%s: the last layer's output is Keras's prediction for each example", (id) => {
    const { one, model, inputs } = kerasModel(id);
    const expected = decode(one.outputs![0]!);
    const width = expected.data.length / expected.shape[0]!;
    for (let sample = 0; sample < expected.shape[0]!; sample++) {
      const output = traceModel(model, inputs, { sample }).layers.at(-1)!.outputs[0]!;
      for (const [index, value] of output.data.entries()) {
        expect(Math.abs(value - expected.data[sample * width + index]!)).toBeLessThan(1e-5);
      }
    }
  });

  it("names both directions of Bidirectional and reads the backward one from the end", () => {
    const { model, inputs } = kerasModel("stack/bidirectional_sum_gru");
    const trace = traceModel(model, inputs, { layer: "bidirectional" });
    expect(trace.layers.map(({ name }) => name)).toEqual(["bidirectional"]);
    const [forward, backward] = trace.layers[0]!.runs;
    expect([forward!.name, backward!.name]).toEqual(["forward_lstm", "backward_lstm"]);
    expect(forward!.steps.map(({ timestep }) => timestep)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(backward!.steps.map(({ timestep }) => timestep)).toEqual([6, 5, 4, 3, 2, 1, 0]);
    // merge_mode sum: what the layer gives at step 2 is forward h + backward h there.
    const output = trace.layers[0]!.outputs[0]!;
    const sum = forward!.steps[2]!.values.h![0]! + backward!.steps[4]!.values.h![0]!;
    expect(output.data[2 * output.shape[1]!]).toBeCloseTo(sum, 12);
  });

  it("marks masked timesteps, where states stay", () => {
    const { model, inputs } = kerasModel("stack/masking_stack");
    const steps = traceModel(model, inputs, { sample: 1, layer: "lstm" }).layers[0]!.runs[0]!.steps;
    const masked = steps.filter((step) => step.masked);
    expect(masked.map(({ timestep }) => timestep)).toEqual([5, 6]);
    for (const { before, after, values } of masked) {
      expect(after).toEqual(before);
      // What the equations gave is thrown away, and not shown as the state.
      expect([values.h, values.c]).toEqual([before.h, before.c]);
    }
    const table = traceModel(model, inputs, { sample: 1, layer: "lstm" }).toTable();
    const units = masked[0]!.values.h!.length;
    expect(table.match(/^ *(5\*|6\*|\*) +\d+ /gm)?.length).toBe(
      2 * units * (table.match(/^ +t +unit /gm)?.length ?? 0),
    );
    expect(table).toContain("* masked: the states stay");
    expect(table.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("changes no state and needs no engine", () => {
    const { model, inputs } = kerasModel("stack/stateful_gru");
    const before = traceModel(model, inputs).toCsv();
    expect(traceModel(model, inputs).toCsv()).toBe(before);
  });

  it("says which samples and layers there are", () => {
    const net = tinyGru();
    expect(() => traceModel(net, [[[1], [2]]], { sample: 1 })).toThrow(
      "tiny: sample must be a whole number from 0 to 0. Received: sample = 1. The data has 1 example.",
    );
    expect(() => traceModel(net, [[[1], [2]]], { layer: "gur" })).toThrow("Did you mean gru?");
    expect(() => traceModel(net, [[1], [2]])).toThrow(UnrollError);
  });
});

describe("a trace written out", () => {
  const trace = traceModel(tinyGru(), [[[1], [-1]]]);

  it("as a table of 80 columns", () => {
    expect(trace.toTable()).toBe(`\
tiny, example 0, by hand in float64

input x (2, 1)
     t        [0]
     0          1
     1         -1

gru (GRU): 2 timesteps, 1 unit
  z = update gate, r = reset gate, hHat = candidate, h = new hidden state
     t  unit          z          r       hHat          h
     0     0   1.100000   2.200000   3.300000  -0.330000
     1     0  -1.065000  -1.882500  -2.622347  -5.063696

gru (GRU): output (1,)
              [0]
        -5.063696
`);
  });

  it("as CSV, a line for each number, and as JSON and HTML", () => {
    const lines = trace.toCsv().trim().split("\n");
    expect(lines[0]).toBe("layer,call,run,timestep,unit,symbol,value");
    expect(lines).toHaveLength(1 + 2 + 8 + 1);
    expect(lines[3]).toMatch(/^gru,0,gru,0,0,z,1\.1/);
    const json = JSON.parse(JSON.stringify(trace));
    expect(json.layers[0].runs[0].steps[1].values.h[0]).toBeCloseTo(-5.063696, 6);
    expect(trace.toHtml().match(/<tr/g)).toHaveLength(2 + 1 + 2 + 1);
  });
});
