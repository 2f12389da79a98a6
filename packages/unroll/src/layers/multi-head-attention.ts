/** MultiHeadAttention: several dot-product attentions side by side on projected queries, keys and values. */
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import { softmax } from "../equations/activations.ts";
import { apply, type Expr, letter, select } from "../equations/expr.ts";
import { map, matmul, reshape, transpose } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { type Call, defineLayer, type Sizes, type WeightSpec } from "./contract.ts";
import { keepFactors } from "./dropping.ts";
import * as fields from "./fields.ts";

const attentionFields = {
  numHeads: fields.positiveInteger("How many attentions stand side by side."),
  keyDim: fields.positiveInteger("Features of a head's query and key."),
  valueDim: fields.optionalInteger("Features of a head's value; null = keyDim."),
  dropout: fields.rate("Share of the weights to drop in training.", 0),
  useBias: fields.boolean("Add trainable vectors to the projections.", true),
  outputShape: fields.any<number | null>("Features of the output; null = those of the query.", null, checkOutput),
  attentionAxes: fields.ignored<readonly number[] | null>("Only the timesteps, [1].", null),
  flashAttention: fields.ignored<boolean | null>("Changes nothing here.", null),
  kernelInitializer: fields.initializer("First numbers of the projections.", "glorot_uniform"),
  biasInitializer: fields.initializer("First numbers of the biases.", "zeros"),
  kernelRegularizer: fields.regularizer("Penalty on the projections."),
  biasRegularizer: fields.regularizer("Penalty on the biases."),
  activityRegularizer: fields.regularizer("Penalty on the outputs of the projections."),
  kernelConstraint: fields.constraint("What the projections are kept to."),
  biasConstraint: fields.constraint("What the biases are kept to."),
  seed: fields.optionalInteger("Kept for files; randomness comes from the run's seed.", { least: 0 }),
  useGate: fields.any<boolean>("A gate on the heads (Keras 3.15); only false here.", false, onlyValue(false)),
  slidingWindow: fields.any<null>("A limited window (Keras 3.15); only null here.", null, onlyValue(null)),
};
type Config = fields.ConfigOf<typeof attentionFields>;

function checkOutput(value: unknown, where: string, option: string): number | null {
  const single = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (single === null || (typeof single === "number" && Number.isInteger(single) && single > 0)) return single;
  throw fields.badOption(where, option, "one positive whole number or null", value);
}

function onlyValue<T>(wanted: T): (value: unknown, where: string, option: string) => T {
  return (value, where, option) => {
    if (value === wanted) return wanted;
    throw new UnrollError({
      code: "unsupported",
      path: where,
      expected: `${option} must be ${String(wanted)}`,
      received: `${option} = ${display(value)}`,
    });
  };
}

const valueSize = (config: Config): number => config.valueDim ?? config.keyDim;

function outputFeatures(config: Config, query: Sizes): Expr {
  return config.outputShape === null
    ? query.at(-1)!
    : letter("o", config.outputShape, "output features", "option outputShape");
}

export const multiHeadAttention = defineLayer({
  className: "MultiHeadAttention",
  doc: "Several attentions side by side. Vaswani and others, 2017. Inputs: query, value and perhaps key.",
  fields: attentionFields,
  inputCount: { min: 2, max: 3 },
  inputRank: { min: 3, max: 3 },
  check({ attentionAxes }, where) {
    if (attentionAxes !== null && String(attentionAxes) !== "1") onlyValue([1])(attentionAxes, where, "attentionAxes");
  },
  weights,
  outputSizes: (config, [query]) => [[...query!.slice(0, -1), outputFeatures(config, query!)]],
  compute: (call) => ({ outputs: [attend(call)], masks: [call.masks[0]] }),
});

function weights(config: Config, inputs: readonly Sizes[]): WeightSpec[] {
  const [query, value, key = value] = inputs as [Sizes, Sizes, Sizes?];
  const heads = letter("N", config.numHeads, "heads", "option numHeads");
  const keySize = letter("k", config.keyDim, "key features", "option keyDim");
  const size = letter("v", valueSize(config), "value features", "option valueDim, or keyDim");
  const projection = (name: string, kernel: Sizes, bias: Sizes): WeightSpec[] => [
    {
      name: `${name}/kernel`,
      shape: kernel,
      initializer: config.kernelInitializer,
      regularizer: config.kernelRegularizer,
      constraint: config.kernelConstraint,
    },
    ...(config.useBias
      ? [
          {
            name: `${name}/bias`,
            shape: bias,
            initializer: config.biasInitializer,
            regularizer: config.biasRegularizer,
            constraint: config.biasConstraint,
          },
        ]
      : []),
  ];
  const output = outputFeatures(config, query);
  return [
    ...projection("query", [query.at(-1)!, heads, keySize], [heads, keySize]),
    ...projection("key", [key!.at(-1)!, heads, keySize], [heads, keySize]),
    ...projection("value", [value.at(-1)!, heads, size], [heads, size]),
    ...projection("attention_output", [heads, size, output], [output]),
  ];
}

function attend({ config, inputs, masks, weights: arrays, training }: Call<Config>): Value {
  const [query, value, key = value] = inputs as [Value, Value, Value?];
  const project = (x: Value, name: string, size: number): Value => {
    const kernel = reshape(arrays[`${name}/kernel`]!, [x.shape[2]!, config.numHeads * size]);
    const bias = arrays[`${name}/bias`];
    const product = matmul(x, kernel);
    const shifted =
      bias === undefined ? product : map([product, reshape(bias, [config.numHeads * size])], ([a, b]) => a!.plus(b!));
    // [batch, heads, steps, size]
    return transpose(reshape(shifted, [x.shape[0]!, x.shape[1]!, config.numHeads, size]), [0, 2, 1, 3]);
  };
  const q = project(query, "query", config.keyDim);
  const k = project(key!, "key", config.keyDim);
  const v = project(value, "value", valueSize(config));
  const scores = map([matmul(q, k, { transposeB: true })], ([score]) => score!.times(1 / Math.sqrt(config.keyDim)));
  const attention = drop(weightsOf(scores, pairMask(masks, query, value)), training ? config.dropout : 0);
  const [batch, queries] = query.shape as [number, number];
  const width = config.numHeads * valueSize(config);
  const joined = reshape(transpose(matmul(attention, v), [0, 2, 1, 3]), [batch, queries, width]);
  const kernel = arrays["attention_output/kernel"]!;
  const output = matmul(joined, reshape(kernel, [width, kernel.shape[2]!]));
  const bias = arrays["attention_output/bias"];
  return bias === undefined ? output : map([output, bias], ([a, b]) => a!.plus(b!));
}

/** `[batch, 1, queries, values]`: 1 where a query may look, or undefined for everywhere. */
function pairMask(masks: readonly (Value | undefined)[], query: Value, value: Value): Value | undefined {
  const [batch, queries] = query.shape as [number, number];
  const steps = value.shape[1]!;
  const [queryMask, valueMask, keyMask] = masks;
  const parts = [
    queryMask && reshape(queryMask, [batch, 1, queries, 1]),
    valueMask && reshape(valueMask, [batch, 1, 1, steps]),
    keyMask && reshape(keyMask, [batch, 1, 1, steps]),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  return map(parts, (symbols) => symbols.reduce((a, b) => a.times(b)));
}

function weightsOf(scores: Value, mask: Value | undefined): Value {
  if (mask === undefined) return map([scores], ([score]) => apply(softmax, score!));
  return map([scores, mask], ([score, m]) => apply(softmax, select(m!, score!, -1e9)));
}

function drop(weights: Value, rate: number): Value {
  if (rate === 0) return weights;
  return map([weights, keepFactors(weights.shape, rate)], ([weight, factor]) => weight!.times(factor!));
}
