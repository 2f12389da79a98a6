/**
 * From gradients to new weights, as values of a step's program: clipping, weight decay, the optimizer's equations,
 * constraints. Which numbers a step takes from outside (the learning rate and what follows from it) is decided in optimizer.ts.
 */
import type { Variable } from "../core/variable.ts";
import { select } from "../equations/expr.ts";
import type { ConstraintSpec } from "../layers/penalties.ts";
import { filled, map, reduce, reshape, resultsOf, weightValue } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import type { Optimizer, OptimizerState } from "./optimizer.ts";

/** A weight to be trained. */
export interface TrainedWeight {
  readonly variable: Variable;
  readonly gradient: Value;
  /** `readingsOf` the gradient. */
  readonly readings: Readings | undefined;
  readonly constraint: ConstraintSpec | null | undefined;
}

export interface VariableUpdate {
  readonly variable: Variable;
  readonly value: Value;
}

/**
 * New numbers of every weight and of its slots.
 *
 * @param factors one value of shape `[]` for each of the rule's factors, by name
 */
export function updatesOf(
  weights: readonly TrainedWeight[],
  state: OptimizerState,
  factors: Readonly<Record<string, Value>>,
): VariableUpdate[] {
  const { optimizer } = state;
  const clipped = clip(
    weights.map(({ gradient }) => gradient),
    optimizer,
  );
  return weights.flatMap((trained, index) => {
    const weight = decayed(weightValue(trained.variable), optimizer, factors.lr!);
    const gradient = clipped[index]!;
    const readings = gradient === trained.gradient ? trained.readings : undefined;
    return step({ ...trained, weight, gradient, readings }, state, factors);
  });
}

function clip(gradients: readonly Value[], { clipnorm, clipvalue, globalClipnorm }: Optimizer): readonly Value[] {
  if (clipnorm) return gradients.map((gradient) => clipToNorm(gradient, clipnorm));
  if (clipvalue) return gradients.map((gradient) => map([gradient], ([g]) => g!.clip(-clipvalue, clipvalue)));
  if (!globalClipnorm || gradients.length === 0) return gradients;
  const squares = squaredNormOfAll(gradients);
  return gradients.map((gradient) =>
    map([gradient, squares], ([g, square]) =>
      g!.times(square!.sqrt().max(globalClipnorm).power(-1)).times(globalClipnorm),
    ),
  );
}

function clipToNorm(gradient: Value, limit: number): Value {
  return map([gradient, squaredNorm(gradient)], ([g, square]) => g!.times(limit).over(square!.sqrt().max(limit)));
}

function squaredNormOfAll(gradients: readonly Value[]): Value {
  return map(gradients.map(squaredNorm), (terms) => terms.reduce((sum, term) => sum.plus(term)));
}

/** The length of all gradients together, `[]`; 0 where there are none. */
export function globalNorm(gradients: readonly Value[]): Value {
  if (gradients.length === 0) return filled([], 0);
  return map([squaredNormOfAll(gradients)], ([square]) => square!.sqrt());
}

function squaredNorm(value: Value): Value {
  const axes = value.shape.map((_, axis) => axis);
  return reshape(
    reduce(
      "sum",
      map([value], ([x]) => x!.squared()),
      axes,
    ),
    [],
  );
}

/** w − w · decay · lr */
function decayed(weight: Value, { weightDecay }: Optimizer, lr: Value): Value {
  return weightDecay === null ? weight : map([weight, lr], ([w, rate]) => w!.minus(w!.times(weightDecay).times(rate!)));
}

function step(
  { variable, weight, gradient, readings, constraint }: TrainedWeight & { readonly weight: Value },
  state: OptimizerState,
  factors: Readonly<Record<string, Value>>,
): VariableUpdate[] {
  const { rule, options } = state.optimizer;
  const slots = state.slotsOf(variable);
  const slotNames = Object.keys(slots);
  const factorNames = Object.keys(factors);
  const operands = [
    weight,
    gradient,
    ...(readings === undefined ? [] : [readings.square, readings.size]),
    ...slotNames.map((name) => weightValue(slots[name]!)),
    ...factorNames.map((name) => factors[name]!),
  ];
  const results = ["weight", ...slotNames].map((name) =>
    map(operands, ([w, g, ...more]) => {
      const [square, size] = readings === undefined ? [g!.squared(), g!.abs()] : [more[0]!, more[1]!];
      const rest = readings === undefined ? more : more.slice(2);
      const slot = Object.fromEntries(slotNames.map((slotName, i) => [slotName, rest[i]!]));
      const factor = Object.fromEntries(factorNames.map((factorName, i) => [factorName, rest[slotNames.length + i]!]));
      return rule.update({ weight: w!, gradient: g!, square, size, slot, factor }, options)[name]!;
    }),
  );
  return [
    { variable, value: constrained(results[0]!, constraint) },
    ...slotNames.map((name, i) => ({ variable: slots[name]!, value: results[i + 1]! })),
  ];
}

/** What the readings of an array's rows add up to, each in the array's shape. */
export interface Readings {
  readonly square: Value;
  readonly size: Value;
}

/**
 * Squares and sizes of the gradient of an array that is read by rows, such as an Embedding's. Where a batch reads a row several
 * times, Keras on TensorFlow adds up the square of each reading's gradient, not the square of their sum (an IndexedSlices goes
 * into the optimizer as it is); on its other backends it does not. This follows TensorFlow.
 */
export function readingsOf(gradient: Value): Readings | undefined {
  const { operation, shape } = gradient;
  if (operation.op !== "gatherGradient") return undefined;
  const gathered = (of: Value): Value => resultsOf({ ...operation, source: of }, [shape])[0]!;
  return {
    square: gathered(map([operation.source], ([g]) => g!.squared())),
    size: gathered(map([operation.source], ([g]) => g!.abs())),
  };
}

/** Keras's fuzz, added to norms. */
const epsilon = 1e-7;

/** What a constraint makes of a weight after the step. */
function constrained(weight: Value, constraint: ConstraintSpec | null | undefined): Value {
  if (constraint === null || constraint === undefined) return weight;
  const { className, config } = constraint;
  if (className === "NonNeg") return map([weight], ([w]) => w!.max(0));
  const norms = map([normsAlong(weight, config.axis!)], ([square]) => square!.sqrt());
  return map([weight, norms], ([w, norm]) => {
    if (className === "UnitNorm") return w!.over(norm!.plus(epsilon));
    if (className === "MaxNorm") return w!.times(norm!.clip(0, Number(config.maxValue)).over(norm!.plus(epsilon)));
    const rate = Number(config.rate);
    const wanted = norm!
      .clip(Number(config.minValue), Number(config.maxValue))
      .times(rate)
      .plus(norm!.times(1 - rate));
    return w!.times(wanted.over(norm!.plus(epsilon)));
  });
}

function normsAlong(weight: Value, axis: number | readonly number[]): Value {
  const axes = (typeof axis === "number" ? [axis] : axis).map((one) => (one < 0 ? one + weight.shape.length : one));
  return reduce(
    "sum",
    map([weight], ([w]) => w!.squared()),
    axes,
  );
}

/** The old numbers where `good` (1 or 0, shape `[]`) is 0: a step that went wrong changes nothing. */
export function guarded(updates: readonly VariableUpdate[], good: Value): VariableUpdate[] {
  return updates.map(({ variable, value }) => ({
    variable,
    value: map([good, value, weightValue(variable)], ([ok, next, now]) => select(ok!, next!, now!)),
  }));
}
