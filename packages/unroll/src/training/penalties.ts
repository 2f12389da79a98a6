/** What regularizers add to the loss: penalties on arrays and on outputs of layers. */
import { UnrollError } from "../core/errors.ts";
import { one, select } from "../equations/expr.ts";
import type { LayerArray } from "../layers/arrays.ts";
import type { Layer } from "../layers/layer.ts";
import type { RegularizerSpec } from "../layers/penalties.ts";
import { filled, map, matmul, reduce, reshape, slice, transpose, weightValue } from "../program/builder.ts";
import type { Value } from "../program/program.ts";

/** The penalty on each array that is trained and has a regularizer, each of shape `[]`. */
export function arrayPenalties(arrays: readonly LayerArray[]): Value[] {
  return arrays.flatMap(({ spec, variable }) =>
    variable.trainable && spec.regularizer ? [penalty(spec.regularizer, weightValue(variable))] : [],
  );
}

/**
 * Layers whose activityRegularizer Keras 3.15 takes and then ignores: SimpleRNN, and what stands inside TimeDistributed, which
 * it runs past the place where penalties are counted.
 */
export function layersWithoutPenalty(model: Layer): ReadonlySet<Layer> {
  const found = new Set<Layer>();
  const visit = (layer: Layer): void => {
    if (layer.className === "SimpleRNN") found.add(layer);
    if (layer.className === "TimeDistributed") for (const child of layer.children) found.add(child);
    layer.children.forEach(visit);
  };
  visit(model);
  return found;
}

/**
 * The penalties on what a layer gives, each of shape `[]`: divided by the batch size, as in Keras 3. TimeDistributed calls what
 * stands inside it once a timestep there: each timestep has its penalty, and they are added up.
 *
 * @param examples of the batch; the outputs of layers inside TimeDistributed are `[examples × timesteps, ...]`
 * @param parts how often the outputs' examples go into the batch
 */
export function outputPenalties(layer: Layer, outputs: readonly Value[], examples: number, parts = 1): Value[] {
  const regularizer = penaltyOn(layer);
  if (!regularizer) return [];
  return outputs
    .flatMap((output) => (isSumOfExamples(regularizer) ? [output] : callsOf(output, examples)))
    .map((output) => map([penalty(regularizer, output)], ([sum]) => sum!.over(parts * examples)));
}

/** What Keras has from each call of the layer, `[examples, ...]`. */
function callsOf(output: Value, examples: number): Value[] {
  const [rows, ...rest] = output.shape as [number, ...number[]];
  const calls = rows / examples;
  const apart = reshape(output, [examples, calls, ...rest]);
  return Array.from({ length: calls }, (_, call) => reshape(slice(apart, 1, call, call + 1), [examples, ...rest]));
}

/** Whether there is a penalty on what the layer gives. */
export function isPenalized(layer: Layer): boolean {
  return Boolean(penaltyOn(layer));
}

/** Whether the penalty on what a layer gives is a sum over its examples: angles between rows are not. */
export function penalizesExamplesApart(layer: Layer): boolean {
  const regularizer = penaltyOn(layer);
  return !regularizer || isSumOfExamples(regularizer);
}

function isSumOfExamples({ className }: RegularizerSpec): boolean {
  return className !== "OrthogonalRegularizer";
}

function penaltyOn({ className, config }: Layer): RegularizerSpec | null | undefined {
  if (className === "ActivityRegularization")
    return { className: "L1L2", config: { l1: config.l1, l2: config.l2 } as RegularizerSpec["config"] };
  return config.activityRegularizer as RegularizerSpec | null | undefined; // checked by its field
}

/** l1 · Σ|x| + l2 · Σx². */
export function penalty({ className, config }: RegularizerSpec, x: Value): Value {
  if (className === "OrthogonalRegularizer") return orthogonalPenalty(config, x);
  const l1 = Number(config.l1 ?? 0);
  const l2 = Number(config.l2 ?? 0);
  const terms = map([x], ([a]) => {
    if (l2 === 0) return a!.abs().times(l1);
    return l1 === 0 ? a!.squared().times(l2) : a!.abs().times(l1).plus(a!.squared().times(l2));
  });
  return total(terms);
}

/** factor · ½ · Σ|x̂ᵢ · x̂ⱼ| over i ≠ j, divided by the number of pairs; x̂ are the rows (or columns) with norm 1. */
function orthogonalPenalty(config: RegularizerSpec["config"], x: Value): Value {
  if (x.shape.length !== 2) {
    throw new UnrollError({
      code: "shape",
      path: "OrthogonalRegularizer",
      expected: "needs an array of two axes",
      received: `shape = [${x.shape.join(", ")}]`,
    });
  }
  const vectors = config.mode === "columns" ? transpose(x, [1, 0]) : x;
  const [size] = vectors.shape as [number, number];
  const squares = reduce(
    "sum",
    map([vectors], ([a]) => a!.squared()),
    [1],
  );
  const unit = map([vectors, squares], ([a, square]) => a!.over(square!.max(1e-12).sqrt()));
  const products = matmul(unit, unit, { transposeB: true });
  const sums = total(map([products], ([a]) => a!.abs()));
  // The diagonal is 1 for every vector that is not zero.
  const diagonal = total(map([squares], ([square]) => select(square!.greaterThan(1e-12), one, square!.times(1e12))));
  const factor = Number(config.factor) / (size * (size - 1));
  return size < 2 ? filled([], 0) : map([sums, diagonal], ([all, same]) => all!.minus(same!).times(factor));
}

function total(value: Value): Value {
  const axes = value.shape.map((_, axis) => axis);
  return reshape(reduce("sum", value, axes), []);
}
