import { expect, it } from "vitest";
import { Random } from "../core/random.ts";
import { tensor } from "../core/tensor.ts";
import { input, layers } from "../layers/index.ts";
import { sequential } from "../model/sequential.ts";
import { type ByHand, evaluateByHand, readExamples, writeModel } from "./by-hand.ts";

const [timesteps, features] = [6, 3];
const net = sequential({
  seed: 5,
  layers: [
    input({ shape: [timesteps, features] }),
    layers.masking(),
    layers.lstm({ units: 4, returnSequences: true }),
    layers.bidirectional({ layer: layers.gru({ units: 3, returnSequences: true }) }),
    layers.simpleRNN({ units: 2, returnSequences: true }),
  ],
});
const random = new Random(1);
const numbers = Float32Array.from({ length: timesteps * features }, () => random.normal());
const read = (data: Float32Array) => readExamples(net, tensor(data, [1, timesteps, features]));
const written = writeModel(net, read(numbers), 1);
const scans = written.layers.flatMap((layer) => layer.scans).map(({ scan }) => scan);
const values = written.layers.flatMap(({ call }) => call.outputs);

/** The numbers with one of them changed, worked out as a whole and from an earlier evaluation. */
function bothWays(at: number, value: number, earlier: ByHand) {
  const changed = Float32Array.from(numbers);
  changed[at] = value;
  const whole = evaluateByHand(written, read(changed), "whole");
  return { whole, goingOn: evaluateByHand(written, read(changed), "goingOn", undefined, earlier) };
}

/** All that a page shows of a step. */
const told = (hand: ByHand) =>
  scans.map((scan) =>
    hand.stepsOf(scan)[0]!.map(({ timestep, masked, statesBefore, statesAfter, output, values: named }) => ({
      timestep,
      masked,
      statesBefore,
      statesAfter,
      output,
      named: [...named],
    })),
  );

/** How many first steps of each scan are the earlier ones themselves. */
const kept = (hand: ByHand, earlier: ByHand): number[] =>
  scans.map((scan) => {
    const before = earlier.stepsOf(scan)[0]!;
    return hand.stepsOf(scan)[0]!.findIndex((step, index) => step !== before[index]);
  });

it("goes on from the first step whose input differs, to the bits of a whole run", () => {
  const earlier = evaluateByHand(written, read(numbers), "earlier");
  for (const timestep of [0, 3, 5]) {
    const { whole, goingOn } = bothWays(timestep * features + 1, 0.25, earlier);
    expect(told(goingOn)).toEqual(told(whole));
    for (const value of values) expect(goingOn.valueOf(value)).toEqual(whole.valueOf(value));
    // The second direction begins with the last timestep, so what it gives the layer above differs from the first on.
    expect(kept(goingOn, earlier)).toEqual([timestep, timestep, 0, 0]);
  }
});

it("takes all steps where nothing differs, and none where a weight or the mask does", () => {
  const earlier = evaluateByHand(written, read(numbers), "earlier");
  expect(kept(bothWays(4, numbers[4]!, earlier).goingOn, earlier)).toEqual([-1, -1, -1, -1]);
  const zeros = Float32Array.from(numbers).fill(0, 3 * features, 4 * features);
  const masked = evaluateByHand(written, read(zeros), "masked", undefined, earlier);
  expect(told(masked)).toEqual(told(evaluateByHand(written, read(zeros), "whole")));
  expect(kept(masked, earlier)).toEqual([0, 0, 0, 0]);
  const weights = net.getWeights();
  const simple = net.layers.at(-1)!;
  simple.setWeights(simple.getWeights().map((one, index) => (index === 2 ? [0.5, -0.5] : one)));
  const other = evaluateByHand(written, read(numbers), "other", undefined, earlier);
  expect(told(other)).toEqual(told(evaluateByHand(written, read(numbers), "whole")));
  expect(kept(other, earlier)).toEqual([-1, -1, -1, 0]);
  net.setWeights(weights);
});

it("tells 0 from -0, which are other bits", () => {
  const zero = Float32Array.from(numbers);
  zero[7] = 0;
  const earlier = evaluateByHand(written, read(zero), "earlier");
  expect(kept(bothWays(7, -0, earlier).goingOn, earlier)[0]).toBe(2);
});
