/** TimeDistributed: one layer, with the same weights, at every timestep. */

import { reshape } from "../program/builder.ts";
import type { Sizes } from "./contract.ts";
import { defineLayer } from "./contract.ts";
import { layerField } from "./layer-field.ts";

/** What the layer inside sees: the input without its axis of timesteps. */
const oneStep = (input: Sizes): Sizes => [input[0]!, ...input.slice(2)];

export const timeDistributed = defineLayer({
  className: "TimeDistributed",
  doc: "Runs a layer at every timestep, with the same weights.",
  fields: { layer: layerField("The layer to run.") },
  inputRank: { min: 3 },
  passesMask: true,
  children: ({ layer }) => [layer],
  childInputs: (_, [input]) => [[oneStep(input!)]],
  outputSizes: (_, [input], [child]) =>
    child!.outputSizes([oneStep(input!)]).map(([batch, ...rest]) => [batch!, input![1]!, ...rest]),
  compute({ inputs: [x], masks: [mask], children: [child], callChild }) {
    const [batch, timesteps, ...rest] = x!.shape as [number, number, ...number[]];
    // Steps stand beside examples: the layer inside sees batch × timesteps of them.
    const inner =
      mask !== undefined && mask.shape.length > 2 ? [reshape(mask, [batch * timesteps, ...mask.shape.slice(2)])] : [];
    const { outputs } = callChild(child!, [reshape(x!, [batch * timesteps, ...rest])], { masks: inner });
    return { outputs: outputs.map((output) => reshape(output, [batch, timesteps, ...output.shape.slice(1)])) };
  },
});
