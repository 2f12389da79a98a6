/**
 * ConvLSTM1D, ConvLSTM2D, ConvLSTM3D: an LSTM whose products are convolutions, so that states are images. The timesteps are
 * written out one after another; the input's convolutions of all steps are one product.
 */
import { UnrollError } from "../core/errors.ts";
import { apply, constant, type Expr, letter, select } from "../equations/expr.ts";
import { concat, filled, map, reshape, slice, transpose } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { activationFunction } from "./activations.ts";
import { type Call, defineLayer, type LayerType, type Result, type WeightSpec } from "./contract.ts";
import { convolved, windowOf } from "./convolution.ts";
import { keepFactors } from "./dropping.ts";
import * as fields from "./fields.ts";
import { dataFormat, padding } from "./window-fields.ts";
import { channelsBack, channelsLast, ones, valueChannelsBack, windowCounts } from "./windows.ts";

function convLstmFields(rank: number) {
  return {
    filters: fields.positiveInteger("Channels of each state and of the output."),
    kernelSize: fields.requiredIntegers("Places that a window sees.", rank),
    strides: fields.integers("Places from one window of the input to the next.", rank, ones(rank)),
    padding: padding("valid: whole windows only; same: zeros around.", ["valid", "same"]),
    dataFormat,
    dilationRate: fields.integers("Distance between the places that a window of the input sees.", rank, ones(rank)),
    activation: fields.activation("Function on the candidate and the output.", "tanh"),
    recurrentActivation: fields.activation("Function on the gates.", "sigmoid"),
    useBias: fields.boolean("Add a trainable vector to the gates.", true),
    kernelInitializer: fields.initializer("First numbers of the input's kernel.", "glorot_uniform"),
    recurrentInitializer: fields.initializer("First numbers of the state's kernel.", "orthogonal"),
    biasInitializer: fields.initializer("First numbers of the bias.", "zeros"),
    unitForgetBias: fields.boolean("Start the forget gate's bias at one.", true),
    kernelRegularizer: fields.regularizer("Penalty on the kernel."),
    recurrentRegularizer: fields.regularizer("Penalty on the recurrent kernel."),
    biasRegularizer: fields.regularizer("Penalty on the bias."),
    activityRegularizer: fields.regularizer("Penalty on the output."),
    kernelConstraint: fields.constraint("What the kernel is kept to."),
    recurrentConstraint: fields.constraint("What the recurrent kernel is kept to."),
    biasConstraint: fields.constraint("What the bias is kept to."),
    dropout: fields.rate("Share of the input dropped in training, the same at every timestep.", 0),
    recurrentDropout: fields.rate("Share of the state dropped in training, the same at every timestep.", 0),
    seed: fields.optionalInteger("Kept for files; randomness comes from the run's seed.", { least: 0 }),
    returnSequences: fields.boolean("Give the output of every timestep, not only of the last.", false),
    returnState: fields.boolean("Give the final states as well.", false),
    goBackwards: fields.boolean(
      "Read from the last timestep to the first; the sequence comes out in that order.",
      false,
    ),
    stateful: fields.boolean("Keep the states between calls; not computed.", false),
    unroll: fields.ignored<boolean>("Changes nothing here.", false),
    zeroOutputForMask: fields.boolean("Write zeros at masked timesteps instead of repeating the output.", false),
    implementation: fields.ignored<number>("Changes nothing here.", 2),
  };
}

type Config = fields.ConfigOf<ReturnType<typeof convLstmFields>>;

/* @__NO_SIDE_EFFECTS__ */
function convLstm(rank: number): LayerType<ReturnType<typeof convLstmFields>> {
  return defineLayer({
    className: `ConvLSTM${rank}D`,
    doc: "An LSTM over images: its products are convolutions.",
    fields: convLstmFields(rank),
    inputRank: { min: rank + 3, max: rank + 3 },
    check({ stateful }, where) {
      if (!stateful) return;
      throw new UnrollError({
        code: "unsupported",
        path: where,
        expected: "stateful convolutional LSTMs are not computed",
        received: "stateful = true",
      });
    },
    weights: (config, [input]) => weightsOf(config, imageOf(input!, config).at(-1)!),
    outputSizes(config, [input], _, name) {
      const [batch, ...rest] = imageOf(input!, config) as readonly [Expr, ...Expr[]];
      const counts = windowCounts(rest.slice(0, -1), windowOf(config), name, "kernelSize");
      const state = channelsBack([batch, ...counts, filtersLetter(config)], config.dataFormat);
      const output = config.returnSequences ? [batch, input![1]!, ...state.slice(1)] : state;
      return config.returnState ? [output, state, state] : [output];
    },
    compute,
  });
}

const filtersLetter = ({ filters }: Config): Expr => letter("f", filters, "filters", "option filters");

/** Sizes of one timestep, `[batch, ...places, channels]`. */
function imageOf(input: readonly Expr[], { dataFormat }: Config): readonly Expr[] {
  return channelsLast([input[0]!, ...input.slice(2)], dataFormat);
}

/** Gate blocks in Keras's order: input, forget, candidate, output. */
const gates = ["i", "f", "c", "o"] as const;

function weightsOf(config: Config, channels: Expr): WeightSpec[] {
  const blocks = letter("g", gates.length, "gates", "the equations");
  const width = blocks.times(filtersLetter(config));
  const places = config.kernelSize.map((size, axis) =>
    letter(config.kernelSize.length === 1 ? "k" : `k_${axis + 1}`, size, "window size", "option kernelSize"),
  );
  const shared = { blocks: gates };
  const kernel: WeightSpec = {
    ...shared,
    name: "kernel",
    shape: [...places, channels, width],
    initializer: config.kernelInitializer,
    regularizer: config.kernelRegularizer,
    constraint: config.kernelConstraint,
  };
  const recurrent: WeightSpec = {
    ...shared,
    name: "recurrent_kernel",
    shape: [...places, filtersLetter(config), width],
    initializer: config.recurrentInitializer,
    regularizer: config.recurrentRegularizer,
    constraint: config.recurrentConstraint,
  };
  const bias: WeightSpec = {
    ...shared,
    name: "bias",
    shape: [width],
    initializer: config.biasInitializer,
    regularizer: config.biasRegularizer,
    constraint: config.biasConstraint,
    ...(config.unitForgetBias ? { onesInBlock: "f" } : {}),
  };
  return config.useBias ? [kernel, recurrent, bias] : [kernel, recurrent];
}

function compute(call: Call<Config>): Result {
  const { config, masks, weights, training } = call;
  const { filters, dataFormat } = config;
  const x = stepsLast(call.inputs[0]!, dataFormat);
  const [batch, timesteps, ...image] = x.shape as [number, number, ...number[]];
  const dropped =
    training && config.dropout > 0
      ? map([x, keepFactors([batch, 1, ...image], config.dropout)], ([value, keep]) => value!.times(keep!))
      : x;
  const all = convolved(reshape(dropped, [batch * timesteps, ...image]), weights.kernel!, windowOf(config));
  const places = all.shape.slice(1, -1);
  const fromInput = reshape(all, [batch, timesteps, ...places, gates.length * filters]);
  const stateShape = [batch, ...places, filters];
  const keep = training && config.recurrentDropout > 0 ? keepFactors(stateShape, config.recurrentDropout) : undefined;

  const zeros = filled(stateShape, 0);
  let [h, c, output]: [Value, Value, Value] = [zeros, zeros, zeros];
  const outputs: Value[] = [];
  for (let step = 0; step < timesteps; step++) {
    const t = config.goBackwards ? timesteps - 1 - step : step;
    const input = reshape(slice(fromInput, 1, t, t + 1), [batch, ...places, gates.length * filters]);
    const next = oneStep(config, { input, h, c, keep }, weights);
    const counts = masks[0] === undefined ? undefined : stepMask(masks[0], t, stateShape.length);
    output = chosen(counts, next.h, config.zeroOutputForMask ? zeros : output);
    h = chosen(counts, next.h, h);
    c = chosen(counts, next.c, c);
    outputs.push(output);
  }
  const back = (state: Value): Value => valueChannelsBack(state, dataFormat);
  const results = config.returnSequences
    ? [
        concat(
          outputs.map(back).map((one) => reshape(one, [batch, 1, ...one.shape.slice(1)])),
          1,
        ),
      ]
    : [back(output)];
  return {
    outputs: config.returnState ? [...results, back(h), back(c)] : results,
    masks: [config.returnSequences ? masks[0] : undefined],
  };
}

interface StepInput {
  readonly input: Value;
  readonly h: Value;
  readonly c: Value;
  readonly keep: Value | undefined;
}

/** c = f ⊙ cPrev + i ⊙ g, h = o ⊙ tanh(c), with convolutions of x and hPrev in the gates. */
function oneStep(config: Config, { input, h, c, keep }: StepInput, weights: Readonly<Record<string, Value>>) {
  const seen = keep === undefined ? h : map([h, keep], ([state, factor]) => state!.times(factor!));
  const window = {
    size: config.kernelSize,
    strides: ones(config.kernelSize.length),
    dilation: ones(config.kernelSize.length),
    padding: "same",
  } as const;
  const fromState = convolved(seen, weights.recurrent_kernel!, window);
  const last = input.shape.length - 1;
  const main = activationFunction(config.activation);
  const recurrent = activationFunction(config.recurrentActivation);
  const gate = (block: number): Value => {
    const own = (value: Value, axis: number): Value =>
      slice(value, axis, block * config.filters, (block + 1) * config.filters);
    const parts = [own(input, last), own(fromState, last)];
    if (weights.bias !== undefined) parts.push(own(weights.bias, 0));
    const fn = gates[block] === "c" ? main : recurrent;
    return map(parts, ([a, b, bias]) => apply(fn, bias === undefined ? a!.plus(b!) : a!.plus(bias).plus(b!)));
  };
  const [i, f, g, o] = gates.map((_, block) => gate(block)) as [Value, Value, Value, Value]; // one for each gate
  const next = map([f, c, i, g], ([forget, old, take, candidate]) => forget!.times(old!).plus(take!.times(candidate!)));
  return { c: next, h: map([o, next], ([open, state]) => open!.times(apply(main, state!))) };
}

/** The mask of one timestep, beside a state: `[batch, 1, ..., 1]`. */
function stepMask(mask: Value, t: number, rank: number): Value {
  return reshape(slice(mask, 1, t, t + 1), [mask.shape[0]!, ...new Array<number>(rank - 1).fill(1)]);
}

function chosen(counts: Value | undefined, next: Value, before: Value): Value {
  if (counts === undefined) return next;
  return map([counts, next, before], ([mask, a, b]) => select(mask!.equals(constant(0)), b!, a!));
}

/** `[batch, timesteps, ...places, channels]` */
function stepsLast(x: Value, format: Config["dataFormat"]): Value {
  if (format === "channels_last") return x;
  const [batch, time, channels, ...places] = x.shape.map((_, axis) => axis) as [number, number, number, ...number[]];
  return transpose(x, [batch, time, ...places, channels]);
}

export const convLstm1d = convLstm(1);
export const convLstm2d = convLstm(2);
export const convLstm3d = convLstm(3);
