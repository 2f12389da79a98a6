import { describe, expect, it } from "vitest";
import { decode, type FixtureTensor } from "../../test/fixture-files.ts";
import { modelCases } from "../../test/fixture-models.ts";
import { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { modelFromConfig } from "../formats/keras-model.ts";
import { input, layers } from "../layers/index.ts";
import { prepare } from "../layers/run.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { type Program, type ScanOperation, type Value, valuesInOrder } from "../program/program.ts";
import { type Engine, verifyModel } from "./verify.ts";

function toTensor(fixture: FixtureTensor): Tensor {
  const { shape, data } = decode(fixture);
  return { shape, data: fixture.dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data) };
}

function net(options: { activation?: string } = {}): Model {
  return sequential({
    name: "net",
    seed: 3,
    layers: [
      input({ shape: [4, 2], name: "x" }),
      layers.lstm({ units: 3, name: "first", returnSequences: true, ...options }),
      layers.gru({ units: 2, name: "second" }),
      layers.dense({ units: 1, name: "out" }),
    ],
  });
}

function data(examples: number): Tensor {
  const random = new Random(5);
  return { shape: [examples, 4, 2], data: Float32Array.from({ length: examples * 8 }, () => random.uniform(-1, 1)) };
}

/** An engine that computes what `change` makes of the scans: a mistake put into the engine only. */
function brokenEngine(change: (scan: ScanOperation) => Partial<ScanOperation>, layer: number): Engine {
  return (program) => {
    const scans = [...new Set(valuesInOrder(program.results).map(({ operation }) => operation))].filter(
      (operation) => operation.op === "scan",
    );
    const units = [...new Set(scans.map((scan) => scan.units))];
    return prepare(
      rebuilt(program, (scan) => (scan.units === units[layer] ? change(scan) : {})),
      "wasm",
    );
  };
}

function rebuilt(program: Program, change: (scan: ScanOperation) => Partial<ScanOperation>): Program {
  const known = new Map<Value["operation"], Value["operation"]>();
  const values = new Map<Value, Value>();
  const rewrite = (value: Value): Value => {
    const done = values.get(value);
    if (done !== undefined) return done;
    let operation = known.get(value.operation);
    if (operation === undefined) {
      const copied = Object.fromEntries(
        Object.entries(value.operation).map(([key, entry]) => [key, rewriteEntry(entry)]),
      ) as unknown as Value["operation"]; // the same fields
      operation = value.operation.op === "input" ? value.operation : copied;
      if (operation.op === "scan") operation = { ...operation, ...change(operation) };
      known.set(value.operation, operation);
    }
    const rewritten = { ...value, operation };
    values.set(value, rewritten);
    return rewritten;
  };
  const isValue = (entry: unknown): entry is Value =>
    typeof entry === "object" && entry !== null && "operation" in entry && "shape" in entry;
  const rewriteEntry = (entry: unknown): unknown =>
    isValue(entry) ? rewrite(entry) : Array.isArray(entry) && entry.every(isValue) ? entry.map(rewrite) : entry;
  return { ...program, inputs: program.inputs.map(rewrite), results: program.results.map(rewrite) };
}

describe("verifying Keras's models", () => {
  it.each([
    "seed/000/gru_gru_simple_rnn",
    "stack/masking_stack",
    "stack/stateful_gru",
    "stack/bidirectional_sum_gru",
    "functional/two_inputs",
    "functional/two_outputs",
    "functional/shared_layer",
    "functional/nested_model",
    "functional/encoder_decoder_state",
    "stack/time_distributed_conv",
  ])("%s: engine, by hand and Keras agree", (id) => {
    const one = modelCases().find((entry) => entry.id === id)!;
    const model = modelFromConfig(one.config);
    model.setWeights(one.weights!.map(toTensor));
    const outputs = one.outputs!.map(toTensor);
    const keras = outputs.length === 1 ? outputs[0]! : outputs;
    const result = verifyModel(model, one.inputs!.map(toTensor), { keras });
    expect(result.toText()).toContain("Every number agrees to 1e-5");
    expect(result.passed).toBe(true);
    expect(result.keras!.difference).toBeLessThan(1e-5);
    expect(result.layers.reduce((sum, { compared }) => sum + compared, 0)).toBeGreaterThan(0);
  });

  it("fails when Keras's numbers are others", () => {
    const one = modelCases().find(({ id }) => id === "functional/two_outputs")!;
    const model = modelFromConfig(one.config);
    model.setWeights(one.weights!.map(toTensor));
    const [first, second] = one.outputs!.map(toTensor) as [Tensor, Tensor];
    second.data[1]! += 0.5;
    const result = verifyModel(model, one.inputs!.map(toTensor), { keras: [first, second] });
    expect(result.passed).toBe(false);
    expect(result.keras).toMatchObject({
      layer: model.outputs[1]!.node.layer.name,
      difference: expect.closeTo(0.5, 1),
    });
    expect(result.toText()).toContain("differs from Keras's");
  });
});

describe("verify bites", () => {
  const weights = (scan: ScanOperation, name: string): { scan: ScanOperation; array: Value; index: number } => {
    const index = scan.cell.arrays.findIndex((array) => array.name === name);
    return { scan, array: scan.arrays[index]!, index };
  };

  it("passes with the engine as it is", () => {
    const result = verifyModel(net(), data(5));
    expect(result.first).toBeUndefined();
    expect(result.device.name).toBe("wasm");
    expect(result.samples).toBe(5);
    // 5 examples × 4 timesteps × 3 units × (i, f, g, o, c, h) and the output sequence once more.
    expect(result.layers[0]).toMatchObject({ layer: "first", compared: 5 * 4 * 3 * 7 });
  });

  it("names layer, example, timestep, unit and gate of one wrong weight", () => {
    // The weight from feature 1 to unit 2 of the forget gate, doubled in the engine only.
    const broken = brokenEngine((scan) => {
      const { array, index } = weights(scan, "kernel");
      if (array.operation.op !== "weight") throw new Error("a kernel is a weight");
      const { variable } = array.operation;
      const copy = Object.create(variable) as typeof variable; // the same variable with other numbers
      const numbers = variable.data.slice();
      numbers[1 * 12 + 3 + 2]! *= 2;
      Object.defineProperties(copy, {
        data: { value: numbers },
        version: { value: 0 },
        shape: { value: variable.shape },
      });
      const operation = { ...array.operation, variable: copy };
      return { arrays: scan.arrays.map((one, i) => (i === index ? { ...one, operation } : one)) };
    }, 0);
    const result = verifyModel(net(), data(3), {}, broken);
    expect(result.passed).toBe(false);
    expect(result.first).toMatchObject({ layer: "first", sample: 0, timestep: 0, unit: 2, symbol: "f" });
    expect(result.toText()).toContain("They differ first here: first, example 0, timestep 0, unit 2, f.");
  });

  it("sees two gates swapped in the second layer, and nothing before it", () => {
    const swapped = brokenEngine((scan) => {
      const named = new Map(scan.cell.named);
      const [z, r] = [named.get("z")!, named.get("r")!];
      named.set("z", r).set("r", z);
      const states = scan.cell.states.map((state) =>
        state.next === z ? { ...state, next: r } : state.next === r ? { ...state, next: z } : state,
      );
      return { cell: { ...scan.cell, named, states } };
    }, 1);
    const result = verifyModel(net(), data(2), {}, swapped);
    expect(result.first).toMatchObject({ layer: "second", timestep: 0, symbol: "z" });
    expect(result.layers[0]!.largest!.difference).toBeLessThan(1e-6);
  });

  it("sees a sequence read from the wrong end", () => {
    const result = verifyModel(
      net(),
      data(1),
      {},
      brokenEngine((scan) => ({ backwards: !scan.backwards }), 0),
    );
    expect(result.first).toMatchObject({ layer: "first", timestep: 0, symbol: "i" });
  });

  it("sees the prediction alone go wrong", () => {
    const wrong: Engine = (program) => {
      const whole = prepare(program, "wasm");
      return {
        run(inputs, random) {
          const results = whole.run(inputs, random);
          if (results.length === 1) results[0]!.data[0]! += 0.01;
          return results;
        },
      };
    };
    const result = verifyModel(net(), data(2), {}, wrong);
    expect(result.first).toMatchObject({ layer: "prediction", sample: 0, symbol: "prediction" });
  });

  it("goes by the tolerance", () => {
    expect(verifyModel(net(), data(1), { tolerance: 0 }).passed).toBe(false);
    expect(() => verifyModel(net(), data(1), { tolerance: Number.NaN })).toThrow("tolerance must be a number");
  });
});

describe("numbers that are not finite", () => {
  it("NaN in the data is reported, with the first place that it reaches", () => {
    const x = data(2);
    x.data[8 + 3] = Number.NaN;
    const result = verifyModel(net(), x);
    expect(result.passed).toBe(false);
    expect(result.toText()).toContain("It cannot be verified: a prediction is NaN, first here:");
    expect(result.toText()).not.toContain("agrees to");
    expect(result.badInput).toMatchObject({ layer: "x", sample: 1, timestep: 1, unit: 1 });
    expect(result.notFinite.byHand).toMatchObject({ layer: "first", sample: 1, timestep: 1, symbol: "i" });
    expect(result.toText()).toContain("The data is not finite: x, example 1, timestep 1, feature 1, input is NaN.");
    expect(JSON.parse(JSON.stringify(result)).badInput.value).toBe("NaN");
  });

  it("an overflow of 32-bit numbers is named as one", () => {
    const grows = sequential({
      name: "grows",
      layers: [input({ shape: [60, 1] }), layers.simpleRNN({ units: 1, activation: "relu", name: "state" })],
    });
    grows.setWeights([[[1]], [[10]], [0]]);
    const x = { shape: [1, 60, 1], data: new Float32Array(60).fill(1) };
    const result = verifyModel(grows, x);
    // h grows like 1.1·10^t and passes 3.4e38 at t = 38 (1.1e38 → 1.1e39).
    expect(result.notFinite.byHand).toBeUndefined();
    expect(result.notFinite.engine).toMatchObject({ layer: "state", timestep: 39, symbol: "h" });
    expect(result.passed).toBe(false);
    expect(result.toText()).toContain("overflow: 32-bit numbers end at 3.4e38, and relu does not keep");
  });
});
