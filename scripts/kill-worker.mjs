/**
 * The run that kill.mjs kills: trains a small model with a checkpoint after each batch, and prints a hash of everything that
 * is left at its end. It says "begin" when training starts.
 *
 *   node scripts/kill-worker.mjs CHECKPOINT reference|wasm
 */
import { createHash } from "node:crypto";
import { withSource } from "./load-source.mjs";

const [path, device] = process.argv.slice(2);

await withSource("src/index.ts", async (unroll) => {
  const { input, layers, sequential, tensor, Random, EarlyStopping, ReduceLROnPlateau } = unroll;
  const random = new Random(7);
  const numbers = (shape) =>
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform(-1, 1)),
      shape,
    );
  const net = sequential({
    seed: 5,
    layers: [
      input({ shape: [8, 3] }),
      layers.lstm({ units: 6, dropout: 0.2, recurrentDropout: 0.2 }),
      layers.batchNormalization(),
      layers.dense({ units: 1 }),
    ],
  });
  net.compile({ optimizer: "nadam", loss: "mse", metrics: ["mae"], device });
  const [x, y] = [numbers([60, 8, 3]), numbers([60, 1])];
  console.log("begin");
  const { history } = await net.fit(x, y, {
    epochs: 25,
    batchSize: 8,
    seed: 3,
    validationSplit: 0.2,
    callbacks: [
      new EarlyStopping({ patience: 30, restoreBestWeights: true }),
      new ReduceLROnPlateau({ patience: 2, factor: 0.7 }),
    ],
    checkpoint: { path, everyBatches: 1 },
    resume: true,
    print: () => {},
  });
  const hash = createHash("sha256").update(JSON.stringify(history));
  for (const { data } of net.getWeights()) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  console.log(`end ${hash.digest("hex")}`);
});
