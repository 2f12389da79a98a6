import { describe, expect, it } from "vitest";
import { tensor } from "../core/tensor.ts";
import { input, layers } from "../layers/index.ts";
import { model } from "../model/functional.ts";
import { sequential } from "../model/sequential.ts";
import { compiledOf, compileModel } from "./compile.ts";
import { evaluate, trainOnBatch } from "./evaluate.ts";
import { fit } from "./fit.ts";
import { losses } from "./losses.ts";
import { metrics } from "./metrics.ts";
import { optimizers } from "./optimizer.ts";
import { schedules } from "./schedules.ts";
import { numbers, quiet, smallModel, smallX, smallY } from "./testing.ts";

const bits = (net: { getWeights(): { data: ArrayLike<number> }[] }) =>
  net.getWeights().map(({ data }) => [...Array.from(data)]);

describe("a fit", () => {
  it("gives the same bits for the same seed, and other ones for another", async () => {
    const runs = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const net = smallModel({}, { dropout: 0.3 });
        await fit(net, smallX, smallY, { epochs: 2, batchSize: 4, seed });
        return bits(net);
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).not.toEqual(runs[2]);
  });

  it("takes the validation part from the end before it shuffles, and never trains on it", async () => {
    const y = { shape: [10, 1], data: smallY.data.slice() as Float32Array };
    const other = { shape: [10, 1], data: smallY.data.slice() as Float32Array };
    other.data.fill(99, 7); // the last three rows are validation: floor(10 · 0.7) = 7
    const [a, b] = [smallModel(), smallModel()];
    const options = { epochs: 2, batchSize: 4, seed: 1, validationSplit: 0.3 };
    const first = await fit(a, smallX, y, options);
    const second = await fit(b, smallX, other, options);
    expect(bits(a)).toEqual(bits(b));
    expect(second.history.val_loss![0]).toBeGreaterThan(1000);
    expect(Object.keys(first.history)).toEqual(["loss", "val_loss"]);
  });

  it("uses every example once an epoch, in a new order each epoch", async () => {
    const x = { shape: [7, 1], data: Float32Array.from([0, 1, 2, 3, 4, 5, 6]) };
    const net = sequential({ layers: [input({ shape: [1] }), layers.dense({ units: 1 })] });
    compileModel(net, {
      optimizer: "sgd",
      loss: "mse",
      prepare: (program) => ({
        run: (inputs) => {
          seen.push([...inputs[0]!]);
          return [
            {
              shape: program.results[0]!.shape as number[],
              data: new Float32Array(program.results[0]!.shape[0]!).fill(1),
            },
          ];
        },
      }),
    });
    const seen: number[][] = [];
    await fit(net, x, x, { epochs: 2, batchSize: 3, seed: 4 });
    expect(seen.map((batch) => batch.length)).toEqual([3, 3, 1, 3, 3, 1]);
    const epochs = [seen.slice(0, 3).flat(), seen.slice(3).flat()];
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it("stops after the batch at hand when its signal says so, and says where", async () => {
    const controller = new AbortController();
    const net = smallModel();
    const lines: string[] = [];
    const result = await fit(net, smallX, smallY, {
      epochs: 50,
      batchSize: 4,
      signal: controller.signal,
      print: (line) => lines.push(line),
      callbacks: [{ onBatchEnd: (batch) => void (batch === 1 && controller.abort()) }],
    });
    expect(result.stopped).toMatchObject({ reason: "aborted", epoch: 0, batch: 2 });
    expect(lines).toEqual(["Stopped as asked after batch 2 of epoch 1. The model keeps what it has learnt."]);
    expect(compiledOf(net).optimizer.iterations).toBe(2);
  });

  it("trains on batches that come from an async iterable as on the arrays", async () => {
    const [whole, pieces] = [smallModel(), smallModel()];
    await fit(whole, smallX, smallY, { epochs: 2, batchSize: 5, shuffle: false });
    async function* batches() {
      for (const start of [0, 5]) {
        yield {
          x: { shape: [5, 4, 2], data: smallX.data.slice(start * 8, start * 8 + 40) as Float32Array },
          y: { shape: [5, 1], data: smallY.data.slice(start, start + 5) as Float32Array },
        };
      }
    }
    await fit(pieces, batches, undefined, { epochs: 2 });
    expect(bits(pieces)).toEqual(bits(whole));
  });

  it("leaves frozen layers as they are, and BatchNormalization's statistics with them", async () => {
    const norm = layers.batchNormalization({ name: "norm" });
    const net = sequential({
      layers: [input({ shape: [2] }), layers.dense({ units: 3 }), norm, layers.dense({ units: 1 })],
    });
    norm.trainable = false;
    compileModel(net, { optimizer: "sgd", loss: "mse" });
    const before = bits(net);
    await fit(net, numbers([8, 2]), numbers([8, 1]), { epochs: 2 });
    const after = bits(net);
    expect(after.slice(2, 6)).toEqual(before.slice(2, 6));
    expect(after[0]).not.toEqual(before[0]);
    norm.trainable = true;
    await fit(net, numbers([8, 2]), numbers([8, 1]));
    expect(bits(net)[4]).not.toEqual(before[4]);
  });

  it("weights examples by their class as sample weights do", async () => {
    const y = { shape: [10, 1], data: Float32Array.from({ length: 10 }, (_, i) => i % 2) };
    const weights = Float32Array.from({ length: 10 }, (_, i) => (i % 2 ? 3 : 0.5));
    const [a, b] = [smallModel(), smallModel()];
    await fit(a, smallX, y, { classWeight: { 0: 0.5, 1: 3 }, shuffle: false });
    await fit(b, smallX, y, { sampleWeight: weights, shuffle: false });
    expect(bits(a)).toEqual(bits(b));
  });

  it("takes each timestep's class where targets are class indices along timesteps", async () => {
    const net = () => {
      const made = sequential({
        seed: 1,
        layers: [
          input({ shape: [4, 2] }),
          layers.gru({ units: 2, returnSequences: true }),
          layers.dense({ units: 3, activation: "softmax" }),
        ],
      });
      compileModel(made, { optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
      return made;
    };
    const y = tensor([0, 2, 1, 0, 1, 1, 2, 2], [2, 4]);
    const weights = tensor([5, 1, 3, 5, 3, 3, 1, 1], [2, 4]);
    const [a, b, plain] = [net(), net(), net()];
    const x = numbers([2, 4, 2]);
    await fit(a, x, y, { classWeight: { 0: 5, 1: 3 }, shuffle: false });
    await fit(b, x, y, { sampleWeight: weights, shuffle: false });
    await fit(plain, x, y, { shuffle: false });
    expect(bits(a)).toEqual(bits(b));
    expect(bits(a)).not.toEqual(bits(plain));
  });

  it("counts epochs from initialEpoch and reports progress", async () => {
    const seen: string[] = [];
    const result = await fit(smallModel(), smallX, smallY, {
      epochs: 4,
      initialEpoch: 2,
      batchSize: 5,
      onProgress: ({ epoch, batch, batches, done }) => seen.push(`${epoch}:${batch}/${batches}${done ? " done" : ""}`),
    });
    expect(result.epochs).toEqual([2, 3]);
    expect(seen).toEqual(["2:1/2", "2:2/2", "2:2/2 done", "3:1/2", "3:2/2", "3:2/2 done"]);
  });

  it("names and weighs the losses of several outputs", async () => {
    const x = input({ shape: [2] });
    const [first, second] = [layers.dense({ units: 1, name: "first" }), layers.dense({ units: 1, name: "second" })];
    const net = model({ inputs: x, outputs: [first.apply(x), second.apply(x)] });
    compileModel(net, {
      optimizer: optimizers.sgd({ learningRate: 0 }),
      loss: { first: "mse", second: losses.meanAbsoluteError() },
      lossWeights: [1, 10],
      metrics: { second: ["mse", metrics.rootMeanSquaredError()] },
    });
    const [a, b] = [numbers([6, 1], 8), numbers([6, 1], 9)];
    const { history } = await fit(net, numbers([6, 2]), [a, b]);
    expect(Object.keys(history)).toEqual([
      "first_loss",
      "loss",
      "second_loss",
      "second_mse",
      "second_root_mean_squared_error",
    ]);
    const at = (name: string): number => history[name]![0]!;
    expect(at("loss")).toBeCloseTo(at("first_loss") + 10 * at("second_loss"), 5);
    expect(at("second_root_mean_squared_error")).toBeCloseTo(Math.sqrt(at("second_mse")), 6);
  });

  it("keeps the states of stateful layers from batch to batch until they are reset", async () => {
    const net = sequential({
      layers: [input({ batchShape: [2, 3, 1] }), layers.simpleRNN({ units: 1, stateful: true })],
    });
    compileModel(net, { optimizer: optimizers.sgd({ learningRate: 0 }), loss: "mse" });
    const [x, y] = [numbers([2, 3, 1]), numbers([2, 1])];
    const first = evaluate(net, x, y).loss;
    const second = evaluate(net, x, y).loss;
    net.layers[0]!.resetStates();
    expect(second).not.toBe(first);
    expect(evaluate(net, x, y).loss).toBe(first);
    await expect(fit(net, numbers([3, 3, 1]), numbers([3, 1]))).rejects.toThrow("declared with batches of 2 examples");
  });

  it("takes the rate of each step from a schedule", () => {
    const net = smallModel({
      optimizer: optimizers.sgd({
        learningRate: schedules.piecewiseConstantDecay({ boundaries: [0], values: [0.5, 0] }),
      }),
    });
    const before = bits(net);
    trainOnBatch(net, smallX, smallY);
    const middle = bits(net);
    trainOnBatch(net, smallX, smallY);
    expect(middle).not.toEqual(before);
    expect(bits(net)).toEqual(middle);
    expect(() => {
      compiledOf(net).optimizer.learningRate = 1;
    }).toThrow("the learning rate comes from a schedule");
  });

  it("prints a line an epoch when asked", async () => {
    const lines: string[] = [];
    await fit(smallModel(), smallX, smallY, { verbose: true, print: (line) => lines.push(line) });
    expect(lines[0]).toMatch(/^Epoch 1\/1 - 1\/1 - 0s - \d+ms\/step - loss: \d\.\d{4}$/);
  });
});

describe("a fit that goes wrong", () => {
  it.each(["reference", "wasm"] as const)(
    "changes nothing in a batch without a finite loss, and names where it began, on the %s",
    async (device) => {
      const net = sequential({
        layers: [
          input({ shape: [4, 1] }),
          layers.simpleRNN({ units: 2, activation: "relu", useBias: false, name: "grower" }),
          layers.dense({ units: 1 }),
        ],
      });
      net.setWeights([
        { shape: [1, 2], data: Float32Array.of(1, 1) },
        { shape: [2, 2], data: Float32Array.of(1e20, 0, 0, 1) },
        { shape: [2, 1], data: Float32Array.of(1, 1) },
        { shape: [1], data: Float32Array.of(0) },
      ]);
      compileModel(net, { optimizer: "adam", loss: "mse", device });
      const before = bits(net);
      const x = { shape: [1, 4, 1], data: Float32Array.of(1, 0, 0, 0) };
      const result = await fit(net, x, [[1]], { epochs: 3, print: quiet });
      // h₀ = 1, h₁ = 1e20, h₂ = 1e40: beyond float32 at timestep 2.
      expect(result.stopped?.notANumber).toMatchObject({ layer: "grower", timestep: 2, batchIndex: 0, unit: 0 });
      expect(result.stopped?.reason).toBe("not-a-number");
      expect(result.history).toEqual({});
      expect(bits(net)).toEqual(before);
    },
  );

  it("points at data that are not numbers", async () => {
    const x = { shape: [10, 4, 2], data: smallX.data.slice() as Float32Array };
    x.data[8 * 3 + 2 * 2 + 1] = Number.NaN;
    const { stopped } = await fit(smallModel(), x, smallY, { shuffle: false, print: quiet });
    expect(stopped?.notANumber).toMatchObject({ batchIndex: 3, timestep: 2, unit: 1 });
    expect(stopped?.message).toContain("Check the data for missing values.");
  });

  it.each([
    [{ epochs: -1 }, "epochs must be a whole number"],
    [{ epochs: "3" }, 'must be a whole number of at least 0. Received: epochs = "3".'],
    [{ validationSplit: 1 }, "validationSplit must leave examples on both sides"],
    [{ resume: true }, "resume needs a checkpoint"],
    [{ sampleWeight: [1, 2] }, "sampleWeight of dense"],
    [{ batchSize: 0 }, "batchSize must be a whole number"],
  ])("refuses %j in words", async (options, words) => {
    await expect(fit(smallModel(), smallX, smallY, options as never)).rejects.toThrow(words);
  });

  it("says what is wrong with names, targets and a missing compile", async () => {
    expect(() => smallModel({ optimizer: "adma" })).toThrow("there is no optimizer named adma. Did you mean adam?");
    expect(() => smallModel({ loss: "msee" })).toThrow("there is no loss named msee");
    expect(() => smallModel({ metrics: ["acuracy"] })).toThrow("Did you mean accuracy?");
    await expect(fit(smallModel(), smallX, numbers([10, 3]))).rejects.toThrow("must be targets like the predictions");
    const bare = sequential({ layers: [input({ shape: [1] }), layers.dense({ units: 1 })] });
    await expect(fit(bare, [[1]], [[1]])).rejects.toThrow("must be compiled before");
    expect(() => optimizers.adam({ clipnorm: 1, clipvalue: 1 })).toThrow("only one of clipnorm, clipvalue");
    expect(() => optimizers.adam({ beta3: 1 })).toThrow("has no option named beta3");
  });
});
