/** Attention (dot product) and AdditiveAttention: each query takes a weighted mean of the values, weighted by its keys. */
import { UnrollError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { softmax } from "../equations/activations.ts";
import { apply, type Expr, one, select } from "../equations/expr.ts";
import { map, matmul, reduce, reshape } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { type Call, defineLayer, type LayerType, type Result, type Sizes } from "./contract.ts";
import { keepFactors } from "./dropping.ts";
import * as fields from "./fields.ts";
import { checkInitializer } from "./initializers.ts";
import { shapeOf, sizeValue } from "./sizes.ts";

const dropout = fields.rate("Share of the weights to drop in training.", 0);
const seed = fields.optionalInteger("Kept for files; randomness comes from the run's seed.", { least: 0 });

/** `[batch, queries, value features]` for inputs query, value and perhaps key. */
function outputSizes(_: unknown, inputs: readonly Sizes[], __: unknown, name: string): Sizes[] {
  const [query, value, key = value] = inputs as [Sizes, Sizes, Sizes?];
  const same = (a: Expr | undefined, b: Expr | undefined): boolean => {
    const [x, y] = [a === undefined ? -1 : sizeValue(a), b === undefined ? -1 : sizeValue(b)];
    return x === null || y === null || x === y;
  };
  if (!same(query.at(-1), key!.at(-1)) || !same(value.at(-2), key!.at(-2))) {
    throw new UnrollError({
      code: "shape",
      path: name,
      expected: "query and key must have the same features, value and key the same timesteps",
      received: `query, value, key = ${[query, value, key!].map((sizes) => formatShape(shapeOf(sizes))).join(", ")}`,
      hint: "The inputs are query, value and then key, which is the value where it is left out.",
    });
  }
  return [[...query.slice(0, -1), value.at(-1)!]];
}

const shared = {
  inputCount: { min: 2, max: 3 },
  inputRank: { min: 3, max: 3 },
  outputSizes,
} satisfies Partial<LayerType>;

/** Scores to weights to the mean of the values; masked values get no weight, masked queries give zeros. */
function attend(scores: Value, { inputs, masks, training, config }: Call<{ readonly dropout: number }>): Result {
  const [queryMask, valueMask] = masks;
  const [batch, , steps] = scores.shape as [number, number, number];
  const weights =
    valueMask === undefined
      ? map([scores], ([score]) => apply(softmax, score!))
      : map([scores, reshape(valueMask, [batch, 1, steps])], ([score, valid]) =>
          apply(softmax, score!.minus(one.minus(valid!).times(1e9))),
        );
  const kept =
    training && config.dropout > 0
      ? map([weights, keepFactors(weights.shape, config.dropout)], ([weight, factor]) => weight!.times(factor!))
      : weights;
  const means = matmul(kept, inputs[1]!);
  if (queryMask === undefined) return { outputs: [means] };
  const valid = reshape(queryMask, [...queryMask.shape, 1]);
  return { outputs: [map([means, valid], ([mean, v]) => select(v!, mean!, 0))], masks: [queryMask] };
}

/** Σ over features of `join(query, key)` for each pair of a query and a key: `[batch, queries, keys]`. */
function scorePairs(
  query: Value,
  key: Value,
  scale: Value | undefined,
  join: (sum: Expr, scale: Expr | undefined) => Expr,
): Value {
  const [batch, queries, features] = query.shape as [number, number, number];
  const keys = key.shape[1]!;
  const operands = [reshape(query, [batch, queries, 1, features]), reshape(key, [batch, 1, keys, features])];
  const pairs = map(scale === undefined ? operands : [...operands, scale], ([q, k, s]) => join(q!.plus(k!), s));
  return reshape(reduce("sum", pairs, [3]), [batch, queries, keys]);
}

export const attention = defineLayer({
  className: "Attention",
  doc: "Each query takes a mean of the values, weighted by its product with the keys. Luong and others, 2015.",
  fields: {
    useScale: fields.boolean("Multiply the scores by a trainable number.", false),
    scoreMode: fields.choice("dot: query · key; concat: sum of tanh(query + key).", ["dot", "concat"], "dot"),
    dropout,
    seed,
  },
  ...shared,
  weights: (config) => [
    ...(config.useScale ? [{ name: "scale", shape: [], initializer: checkInitializer("ones", "", "") }] : []),
    ...(config.scoreMode === "concat"
      ? [{ name: "concat_score_weight", shape: [], initializer: checkInitializer("ones", "", "") }]
      : []),
  ],
  compute(call) {
    const { config, inputs, weights } = call;
    const [query, , key = inputs[1]!] = inputs as [Value, Value, Value?];
    if (config.scoreMode === "dot") {
      const scores = matmul(query, key, { transposeB: true });
      const scaled = weights.scale === undefined ? scores : map([scores, weights.scale], ([s, f]) => s!.times(f!));
      return attend(scaled, call);
    }
    const sums = scorePairs(query, key, weights.scale, (sum, scale) =>
      (scale === undefined ? sum : sum.times(scale)).tanh(),
    );
    return attend(
      map([sums, weights.concat_score_weight!], ([s, w]) => s!.times(w!)),
      call,
    );
  },
});

export const additiveAttention = defineLayer({
  className: "AdditiveAttention",
  doc: "Attention whose scores are sums of tanh(query + key). Bahdanau and others, 2015.",
  fields: { useScale: fields.boolean("Weigh the features of the sum by a trainable vector.", true), dropout, seed },
  ...shared,
  weights: (config, [query]) =>
    config.useScale
      ? [{ name: "scale", shape: [query!.at(-1)!], initializer: checkInitializer("glorot_uniform", "", "") }]
      : [],
  compute(call) {
    const { inputs, weights } = call;
    const [query, , key = inputs[1]!] = inputs as [Value, Value, Value?];
    const scores = scorePairs(query, key, weights.scale, (sum, scale) =>
      scale === undefined ? sum.tanh() : sum.tanh().times(scale),
    );
    return attend(scores, call);
  },
});
