import { traceGradients } from "unroll/training/trace-gradients.ts";
import { expect, it } from "vitest";
import { Insight, spread } from "./insight.ts";
import { tensor } from "./library.ts";
import { Session } from "./session.ts";

const x = tensor(Float32Array.of(0.1, 0.5, -0.2, 0.9), [1, 4, 1]);
const y = tensor(Float32Array.of(0.3), [1, 1]);

async function insightOf(layers: string): Promise<{ insight: Insight; session: Session }> {
  const session = new Session();
  await session.open({ source: `model = Sequential([${layers}])`, seed: 7 });
  return { insight: new Insight(session.need(), x, y, session.need().getWeights()), session };
}

it("shows how strongly the loss moves with each state, as the gradient trace has it", async () => {
  const { insight, session } = await insightOf("Input((4, 1)), LSTM(3), Dense(1)");
  const { flows } = insight.view(true);
  expect(flows.map(({ layer, state, norms }) => [layer, state, norms.length])).toEqual([
    ["lstm", "h", 4],
    ["lstm", "c", 4],
  ]);
  const { runs } = traceGradients(session.need(), x, y, { loss: "mse", training: false, checks: 0, seed: 0 });
  expect(flows[0]!.norms).toEqual(runs[0]!.steps.map(({ stateNorms }) => stateNorms.h));
  expect(flows[0]!.norms.at(-1)).toBeGreaterThan(flows[0]!.norms[0]!);
});

it("has none for a model without a layer to go back through, and none for one that is too large", async () => {
  expect((await insightOf("Input((4, 1)), Flatten(), Dense(1)")).insight.view(true).flows).toEqual([]);
  expect((await insightOf("Input((4, 1)), LSTM(512), Dense(1)")).insight.view(true).flows).toEqual([]);
});

it("counts where each array's weights lie, before and now, under the layer that has them", async () => {
  const { insight, session } = await insightOf("Input((4, 1)), Bidirectional(GRU(2)), Dense(1)");
  const dense = session.need().getLayer("dense");
  dense.setWeights([tensor(Float32Array.of(5, 5, 5, 5), [4, 1]), tensor(Float32Array.of(0), [1])]);
  const { weights } = insight.view(true);
  expect(weights.map(({ layer, array }) => `${layer}.${array}`)).toEqual([
    "forward_gru.kernel",
    "forward_gru.recurrent_kernel",
    "forward_gru.bias",
    "backward_gru.kernel",
    "backward_gru.recurrent_kernel",
    "backward_gru.bias",
    "dense.kernel",
    "dense.bias",
  ]);
  const kernel = weights[6]!;
  expect(kernel.high).toBe(5);
  expect(kernel.now.at(-1)).toBe(4);
  expect(kernel.before.at(-1)).toBe(0);
  expect(kernel.before.reduce((sum, count) => sum + count, 0)).toBe(4);
});

it("puts the largest number into the last bin, and what is all alike into the middle", () => {
  const { now, before } = spread([0, 1], [0.5, 1]);
  expect([before[0], before.at(-1), now.at(-1)]).toEqual([1, 1, 1]);
  const alike = spread([2, 2], [2, 2]);
  expect([alike.low, alike.high, alike.now.indexOf(2)]).toEqual([1.5, 2.5, 12]);
});
