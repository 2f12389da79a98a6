/**
 * Bidirectional: two copies of a recurrent layer, one reading forward and one backward, and their outputs merged.
 * The layer that is given serves as a pattern only; the copies are `forward_<name>` and `backward_<name>`.
 */
import { UnrollError } from "../core/errors.ts";
import { constant, type Expr } from "../equations/expr.ts";
import { concat, map, reverse } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { type Call, defineLayer, type Result } from "./contract.ts";
import * as fields from "./fields.ts";
import { Layer } from "./layer.ts";
import { layerField, optionalLayer } from "./layer-field.ts";

const bidirectionalFields = {
  layer: layerField("The recurrent layer to run both ways."),
  mergeMode: fields.choice(
    "How the two outputs become one; null gives both.",
    ["concat", "sum", "mul", "ave", null],
    "concat",
  ),
  weights: fields.ignored<null>("Kept for files.", null),
  backwardLayer: optionalLayer("The layer that reads backward, where it is not a copy of the other."),
};
type Config = fields.ConfigOf<typeof bidirectionalFields>;

export const bidirectional = defineLayer({
  className: "Bidirectional",
  doc: "Runs a recurrent layer forward and backward over time and merges the two outputs.",
  fields: bidirectionalFields,
  inputRank: { min: 3, max: 3 },
  check: checkPair,
  children({ layer, backwardLayer }) {
    return [
      copy(layer, named("forward_", layer), layer.config.goBackwards),
      backwardLayer === null
        ? copy(layer, named("backward_", layer), layer.config.goBackwards !== true)
        : copy(backwardLayer, backwardLayer.name, backwardLayer.config.goBackwards),
    ];
  },
  outputSizes({ mergeMode }, inputs, [forward, backward]) {
    const [output, ...states] = forward!.outputSizes(inputs);
    const [backwardOutput, ...backwardStates] = backward!.outputSizes(inputs);
    const merged =
      mergeMode === null
        ? [output!, backwardOutput!]
        : mergeMode === "concat"
          ? [[...output!.slice(0, -1), constant(2).times(output!.at(-1)!)]]
          : [output!];
    return [...merged, ...states, ...backwardStates];
  },
  stateSizes: (_, children) => children.flatMap((child) => child.stateSizes()),
  compute,
});

/** A new layer like `pattern`, whose masked timesteps are zeros where it gives sequences. */
function copy(pattern: Layer, name: string, goBackwards: unknown): Layer {
  const zeroOutputForMask = pattern.config.returnSequences === true;
  const config = { ...pattern.config, goBackwards, zeroOutputForMask };
  return new Layer(pattern.type, config, { name, trainable: pattern.trainable });
}

function named(prefix: string, { name }: Layer): string {
  return name.startsWith(prefix) ? name : `${prefix}${name}`;
}

function checkPair({ layer, backwardLayer }: Config, where: string): void {
  for (const [option, given] of [
    ["layer", layer],
    ["backwardLayer", backwardLayer],
  ] as const) {
    if (given === null || (given.stateSizes().length > 0 && "goBackwards" in given.config)) continue;
    throw new UnrollError({
      code: "option",
      path: where,
      expected: `${option} must be a recurrent layer, such as LSTM or GRU`,
      received: `${option} = ${given.className}`,
      hint: "timeDistributed runs any layer at every timestep.",
    });
  }
  if (backwardLayer === null) return;
  for (const option of ["returnSequences", "returnState", "stateful"]) {
    if (layer.config[option] !== backwardLayer.config[option]) {
      throw new UnrollError({
        code: "option",
        path: where,
        expected: `layer and backwardLayer must agree in ${option}`,
        received: `${option} = ${layer.config[option]} and ${backwardLayer.config[option]}`,
      });
    }
  }
  if (layer.config.goBackwards !== backwardLayer.config.goBackwards) return;
  throw new UnrollError({
    code: "option",
    path: where,
    expected: "backwardLayer must read the other way than layer",
    received: `goBackwards = ${layer.config.goBackwards} in both`,
    hint: "Set goBackwards: true in backwardLayer.",
  });
}

function compute({ config, children, inputs, masks, initialStates, callChild }: Call<Config>): Result {
  const half = initialStates === undefined ? 0 : initialStates.length / 2;
  const [forward, backward] = children.map((child, side) =>
    callChild(child, inputs, {
      masks,
      ...(initialStates === undefined ? {} : { initialStates: initialStates.slice(side * half, (side + 1) * half) }),
    }),
  ) as [Result, Result]; // two children
  const sequences = config.layer.config.returnSequences === true;
  const [first, ...states] = forward.outputs as [Value, ...Value[]];
  const [last, ...backwardStates] = backward.outputs as [Value, ...Value[]];
  // Step t pairs what the forward layer knows after t with what the backward layer knows after coming down to t.
  const merged = merge(config.mergeMode, first, sequences ? reverse(last, 1) : last);
  const mask = sequences ? masks[0] : undefined;
  return { outputs: [...merged, ...states, ...backwardStates], masks: merged.map(() => mask) };
}

function merge(mode: Config["mergeMode"], a: Value, b: Value): Value[] {
  const both = (join: (symbols: readonly Expr[]) => Expr): Value[] => [map([a, b], join)];
  switch (mode) {
    case null:
      return [a, b];
    case "concat":
      return [concat([a, b], a.shape.length - 1)];
    case "sum":
      return both(([x, y]) => x!.plus(y!));
    case "mul":
      return both(([x, y]) => x!.times(y!));
    case "ave":
      return both(([x, y]) => x!.plus(y!).over(2));
  }
}
