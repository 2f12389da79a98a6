import { describe, expect, it } from "vitest";
import { Random } from "../core/random.ts";
import { input, type Layer, layers } from "../layers/index.ts";
import { type Sequential, sequential } from "../model/sequential.ts";
import { compileModel } from "./compile.ts";
import { trainOnBatch } from "./evaluate.ts";
import { fit } from "./fit.ts";
import { modelMemory } from "./memory.ts";

const { bidirectional, dense, dropout, gru, lstm, masking, simpleRNN } = layers;

// So many examples that a single timestep is a part of the sums: segments of any length then leave all bits as they are.
const [batch, timesteps, features] = [512, 7, 2];

const stacks: Readonly<Record<string, () => Layer[]>> = {
  "masked, in both directions, with dropout of each kind": () => [
    masking({ maskValue: 0 }),
    bidirectional({ layer: lstm({ units: 3, returnSequences: true, dropout: 0.2, recurrentDropout: 0.3, seed: 5 }) }),
    dropout({ rate: 0.2, seed: 6 }),
    gru({ units: 3 }),
  ],
  "stateful, backwards, resetting before": () => [
    gru({ units: 3, stateful: true, returnSequences: true, resetAfter: false }),
    lstm({ units: 2, goBackwards: true, stateful: true, returnSequences: true }),
    simpleRNN({ units: 4 }),
  ],
};

function examples() {
  const random = new Random(3);
  const draw = (count: number) => Float32Array.from({ length: count }, () => random.uniform(-1, 1));
  const x = draw(batch * timesteps * features);
  // Some examples begin with zeros, which masking leaves out.
  for (let i = 0; i < batch; i += 3) x.fill(0, i * timesteps * features, (i * timesteps + (i % timesteps)) * features);
  return { x: { shape: [batch, timesteps, features], data: x }, y: { shape: [batch, 1], data: draw(batch) } };
}

function build(stack: readonly Layer[], recompute: "auto" | false | number): Sequential {
  const net = sequential({
    seed: 1,
    layers: [input({ batchShape: [batch, timesteps, features] }), ...stack, dense({ units: 1 })],
  });
  compileModel(net, { optimizer: "adam", loss: "mse", recompute });
  return net;
}

describe("training that computes timesteps again", () => {
  for (const [name, stack] of Object.entries(stacks)) {
    it(`gives the same bits: layers ${name}`, async () => {
      const { x, y } = examples();
      const train = async (recompute: false | number) => {
        const net = build(stack(), recompute);
        const { history } = await fit(net, x, y, { epochs: 2, batchSize: batch, shuffle: false, seed: 4 });
        return { history, weights: net.getWeights(), memory: modelMemory(net).bytes };
      };
      const kept = await train(false);
      for (const segment of [1, 3]) {
        const again = await train(segment);
        expect(again.history).toEqual(kept.history);
        expect(again.weights).toEqual(kept.weights);
        expect(again.memory).toBeLessThan(kept.memory);
      }
    });
  }

  it("is planned as it is prepared", () => {
    const { x, y } = examples();
    for (const recompute of ["auto", false, 2] as const) {
      const net = build(stacks["stateful, backwards, resetting before"]!(), recompute);
      const planned = modelMemory(net, { batch, training: true }).bytes;
      trainOnBatch(net, x, y);
      expect(modelMemory(net).bytes).toBe(planned);
    }
  });

  it("refuses what is no length", () => {
    for (const recompute of [0, -1, 1.5, Number.NaN, true, "always"]) {
      expect(() => build([lstm({ units: 2 })], recompute as "auto")).toThrow(
        `compile: recompute must be "auto", false or a positive whole number of timesteps. Received: recompute = ${typeof recompute === "string" ? `"${recompute}"` : recompute}.`,
      );
    }
  });
});
