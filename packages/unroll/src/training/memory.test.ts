import { describe, expect, it } from "vitest";
import { input, layers } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { compileModel } from "./compile.ts";
import { trainOnBatch } from "./evaluate.ts";
import { modelMemory } from "./memory.ts";
import { numbers, smallModel } from "./testing.ts";

const adam = () => smallModel();
const pageBytes = 65536;

describe("the memory of a model", () => {
  it("is nothing before a program is prepared", () => {
    const net = adam();
    expect(modelMemory(net).programs).toEqual([]);
    expect(modelMemory(net).toText()).toBe(`${net.name}: no program is prepared in the engine.`);
  });

  it("counts the numbers of weights and optimizer with four bytes each", () => {
    const net = adam();
    const params = net.countParams();
    const [predicting] = modelMemory(net, { batch: 8 }).programs;
    expect(predicting).toMatchObject({ what: "predict", batch: 8, weights: 4 * params, optimizer: 0 });
    // Adam keeps two numbers a weight.
    const [training] = modelMemory(net, { batch: 8, training: true }).programs;
    expect(training).toMatchObject({ what: "train", batch: 8, weights: 4 * params, optimizer: 8 * params });
    compileModel(net, { optimizer: "sgd", loss: "mse" });
    expect(modelMemory(net, { batch: 8, training: true }).programs[0]!.optimizer).toBe(0);
  });

  it("of a planned program is what the prepared one then has", () => {
    const net = adam();
    const planned = [modelMemory(net, { batch: 10 }), modelMemory(net, { batch: 10, training: true })];
    const [x, y] = [numbers([10, 4, 2], 2), numbers([10, 1], 3)];
    net.predict(x);
    trainOnBatch(net, x, y);
    const now = modelMemory(net);
    expect(now.programs).toEqual(planned.flatMap(({ programs }) => programs));
    expect(now.bytes).toBe(planned[0]!.bytes + planned[1]!.bytes);
  });

  it("adds up to whole pages", () => {
    const net = adam();
    for (const training of [false, true]) {
      const [program] = modelMemory(net, { batch: 900, training }).programs;
      const { weights, optimizer, packed, workspace, pages, bytes } = program!;
      expect(bytes).toBe(pageBytes * pages);
      expect(bytes - (weights + optimizer + packed + workspace)).toBeGreaterThanOrEqual(0);
      expect(bytes - (weights + optimizer + packed + workspace)).toBeLessThan(pageBytes + 64);
    }
  });

  it("grows with batch and timesteps, and more for training, which keeps what the way back needs", () => {
    const net = sequential({
      layers: [input({ shape: [null, 2] }), layers.lstm({ units: 16 }), layers.dense({ units: 1 })],
    });
    compileModel(net, { optimizer: "adam", loss: "mse" });
    const of = (batch: number, timesteps: number, training: boolean) =>
      modelMemory(net, { batch, timesteps, training }).programs[0]!;
    // Per example and timestep a training step keeps at least the gates i, f, g, o and tanh c: 5 × 16 numbers.
    const more = of(64, 200, true).workspace - of(64, 100, true).workspace;
    expect(more).toBeGreaterThanOrEqual(64 * 100 * 5 * 16 * 4);
    expect(of(64, 200, false).bytes).toBeLessThan(of(64, 200, true).bytes);
    expect(of(128, 100, true).workspace).toBeGreaterThan(1.9 * of(64, 100, true).workspace);
  });

  it("knows targets that are class indices", () => {
    const net = sequential({
      layers: [input({ shape: [4, 2] }), layers.gru({ units: 3 }), layers.dense({ units: 5 })],
    });
    compileModel(net, { loss: "sparse_categorical_crossentropy" });
    const x = numbers([6, 4, 2]);
    const [planned] = modelMemory(net, { batch: 6, training: true }).programs;
    trainOnBatch(
      net,
      x,
      Array.from({ length: 6 }, (_, i) => i % 5),
    );
    expect(modelMemory(net).programs).toEqual([planned]);
  });

  it("counts the states of stateful layers as weights", () => {
    const net = sequential({
      layers: [input({ batchShape: [2, 4, 2] }), layers.lstm({ units: 3, stateful: true })],
    });
    net.predict(numbers([2, 4, 2]));
    // h and c of two examples with three units.
    expect(modelMemory(net).programs[0]!.weights).toBe(4 * (net.countParams() + 2 * 2 * 3));
  });

  it("is refused in words for what cannot be", () => {
    const net = adam();
    expect(() => modelMemory(net, { batch: 0 })).toThrow(/batch must be a positive whole number\. Received: batch = 0/);
    const loose = sequential({ layers: [input({ shape: [null, 2] }), layers.gru({ units: 3 })] });
    expect(() => modelMemory(loose, { batch: 2 })).toThrow(/Give timesteps\./);
    expect(() => modelMemory(loose, { batch: 2, timesteps: 3, training: true })).toThrow(/must be compiled/);
    const huge = sequential({
      layers: [input({ shape: [2000, 2000] }), layers.gru({ units: 2000, returnSequences: true })],
    });
    expect(() => modelMemory(huge, { batch: 4096 })).toThrow(/must fit into 4 GiB/);
  });

  it("is bounded by what the engine's plan takes; all arrays at once, as float64, are the reference's alone", () => {
    const [batch, timesteps] = [4, 300_000];
    const long = sequential({
      name: "long",
      layers: [
        input({ shape: [timesteps, 1] }),
        ...[1, 2, 3, 4].map(() => layers.simpleRNN({ units: 64, returnSequences: true })),
        layers.lstm({ units: 2 }),
      ],
    });
    const [x, y] = [numbers([batch, timesteps, 1]), numbers([batch, 2])];
    const prepare = () => {
      throw new Error("the engine is asked");
    };
    compileModel(long, { optimizer: "sgd", loss: "mse", prepare });
    expect(() => trainOnBatch(long, x, y)).toThrow("the engine is asked");
    compileModel(long, { optimizer: "sgd", loss: "mse", device: "reference" });
    expect(() => trainOnBatch(long, x, y)).toThrow(
      /^long: a run may take up to 4 GiB\. Received: about [\d.]+ GiB for 4 examples\./,
    );
  });

  it("is asked for in words of who trains: the model, the batch, and what computing again could do", () => {
    const huge = sequential({
      name: "long",
      layers: [input({ shape: [20000, 8] }), layers.lstm({ units: 256 }), layers.dense({ units: 1 })],
    });
    const refused = (recompute: "auto" | false | number): string => {
      compileModel(huge, { optimizer: "sgd", loss: "mse", recompute });
      try {
        modelMemory(huge, { batch: 512, training: true });
      } catch (error) {
        return (error as Error).message;
      }
      return "no error";
    };
    expect(refused(false)).toMatch(
      /^long: the program must fit into 4 GiB\. Received: bytes = .*, for a batch of 512\. Leave recompute: false out of compile, so that long sequences are computed in parts\. Use a smaller batchSize or fewer timesteps\.$/,
    );
    expect(refused(19000)).toContain("Compile with a smaller recompute than 19000. Use a smaller batchSize");
    compileModel(huge, { optimizer: "sgd", loss: "mse" });
    expect(() => modelMemory(huge, { batch: 2 ** 20, training: true })).toThrow(
      /, for a batch of 1048576\. Computing long sequences in parts \(recompute\) is not enough\. Use a smaller/,
    );
  });

  it("is told as a table", () => {
    const text = modelMemory(adam(), { batch: 8, training: true }).toText();
    expect(text.split("\n")).toHaveLength(3);
    expect(text).toMatch(
      /^\S+: [\d,]+ bytes in the engine\nprogram +batch +weights +optimizer +packed +workspace +pages +bytes\ntrain +8 /,
    );
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});
