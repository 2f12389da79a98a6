/** Training as a user meets it: the methods of a model, and the names that "unroll" exports. */
import { expect, test } from "vitest";
import { EarlyStopping, input, layers, losses, optimizers, sequential, setSeed, tensor } from "../src/index.ts";

test("a model compiles, trains to a known line, and tells loss, metrics and gradients", async () => {
  setSeed(1);
  const net = sequential({ seed: 1, layers: [input({ shape: [1] }), layers.dense({ units: 1 })] });
  net.compile({
    optimizer: optimizers.sgd({ learningRate: 0.3, momentum: 0.5 }),
    loss: losses.meanSquaredError(),
    metrics: ["mae"],
  });
  const x = tensor([[-1], [-0.5], [0], [0.5], [1]]);
  const y = tensor([[-1], [0], [1], [2], [3]]); // 2x + 1
  const result = await net.fit(x, y, {
    epochs: 200,
    batchSize: 5,
    callbacks: [new EarlyStopping({ monitor: "loss", patience: 20, restoreBestWeights: true })],
  });
  expect(result.history.loss!.at(-1)).toBeLessThan(1e-9);
  const [kernel, bias] = net.getWeights();
  expect(kernel!.data[0]).toBeCloseTo(2, 4);
  expect(bias!.data[0]).toBeCloseTo(1, 4);
  expect(net.evaluate(x, y).mae).toBeLessThan(1e-4);
  // At the minimum of a square the gradient is zero; one step away it is not.
  for (const { data } of net.gradients(x, y)) expect(Math.abs(data[0]!)).toBeLessThan(1e-4);
  net.setWeights([[[3]], [1]]);
  // ∂/∂w mean((wx + b − y)²) = mean(2 · x · (3x − 2x)) = 2 · mean(x²) = 2 · 0.5 = 1
  expect(net.gradients(x, y)[0]!.data[0]).toBeCloseTo(1, 6);
  // Before the step the loss is mean(x²) = 0.5.
  expect(net.trainOnBatch(x, y).loss).toBeCloseTo(0.5, 6);
});

test("a model is evaluated on one batch, and on an iterable as on arrays", async () => {
  const net = sequential({ seed: 1, layers: [input({ shape: [1] }), layers.dense({ units: 1 })] });
  net.compile({ loss: "mse", metrics: ["mae"] });
  const [first, second] = [
    { x: tensor([[1], [2]]), y: tensor([[0], [1]]) },
    { x: tensor([[3]]), y: tensor([[5]]) },
  ];
  const whole = net.evaluate(tensor([[1], [2], [3]]), tensor([[0], [1], [5]]), { batchSize: 2 });
  async function* read() {
    yield first;
    yield [second.x, second.y] as const;
  }
  expect(await net.evaluateBatches(read())).toEqual(whole);
  expect(await net.evaluateBatches([first, second], { steps: 1 })).toEqual(net.testOnBatch(first.x, first.y));
  await expect(net.evaluateBatches([])).rejects.toThrow("every epoch needs at least one batch");
  expect(() => net.evaluate(read() as never, undefined as never)).toThrow("await evaluateBatches(batches) reads it.");
});
