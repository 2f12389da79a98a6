/**
 * An optimizer's numbers (steps, learning rate, slots) as Keras's files keep them, both ways: `optimizer/vars/0`, `1` ... in
 * `.keras` and `.weights.h5`, a group with names in legacy HDF5. What the slots mean is training/optimizers.ts's business.
 */
import type { Variable } from "../core/variable.ts";
import { type Compiled, trainedVariables } from "../training/compile.ts";
import type { StorableWeight, StoredWeight } from "./container.ts";
import { toFloat32 } from "./numbers.ts";

/**
 * The numbers in Keras's order: iteration, learning rate (unless a schedule decides it), slots, and what Nadam carries.
 * Before the first step there are no slots, as in Keras.
 *
 * @param pathOf the path of a weight in Keras, which names its slots: `lstm/kernel`
 */
export function optimizerWeights(compiled: Compiled, pathOf: (weight: Variable) => string): StorableWeight[] {
  const { model, optimizer } = compiled;
  const { name } = optimizer.optimizer;
  const scalar = (label: string, data: Int32Array | Float32Array): StorableWeight => ({
    name: `${name}/${label}`,
    shape: [],
    data,
  });
  const head = [
    scalar("iteration", Int32Array.of(optimizer.iterations)),
    ...(optimizer.hasSchedule ? [] : [scalar("learning_rate", Float32Array.of(optimizer.learningRate))]),
  ];
  if (optimizer.iterations === 0) return head;
  const weights = trainedVariables(model);
  const names = new Map(
    weights.flatMap((weight) =>
      Object.entries(optimizer.slotsOf(weight)).map(([slot, variable]) => [variable, `${pathOf(weight)}/${slot}`]),
    ),
  );
  const slots = optimizer.slots(weights).map((slot) => ({
    name: `${name}/${names.get(slot)!.replaceAll("/", "_")}`,
    shape: slot.shape,
    data: slot.data,
  }));
  const carried =
    optimizer.optimizer.rule.carries === undefined ? [] : [scalar("variable", Float32Array.of(optimizer.carried))];
  return [...head, ...slots, ...carried];
}

/** Puts a file's numbers into a compiled model; the result says why not, where they do not fit it. */
export function restoreOptimizer({ model, optimizer }: Compiled, stored: readonly StoredWeight[]): string | undefined {
  const { rule } = optimizer.optimizer;
  const [iteration, ...scalars] = stored.filter(({ shape }) => shape.length === 0);
  if (iteration === undefined) return "it does not say how many steps were taken";
  const steps = numberIn(iteration);
  if (!Number.isSafeInteger(steps) || steps < 0) return `its number of steps is ${steps}`;
  if (steps === 0) return undefined;
  const old = isSlotBySlot(iteration);
  const weights = trainedVariables(model);
  const slots = old
    ? rule.slots(optimizer.optimizer.options).flatMap((name) => weights.map((one) => optimizer.slotsOf(one)[name]!))
    : optimizer.slots(weights);
  const arrays = stored.filter(({ shape }) => shape.length > 0);
  // Keras 2 also kept arrays for options that were switched off, behind the others.
  if (old ? arrays.length < slots.length : arrays.length !== slots.length) {
    return `it has ${arrays.length} arrays, and ${rule.className} keeps ${slots.length} for this model`;
  }
  const other = slots.findIndex(({ shape }, i) => String(shape) !== String(arrays[i]!.shape));
  if (other >= 0) return `its array ${other} has shape (${arrays[other]!.shape.join(", ")})`;
  // Where a schedule decides the rate, the first number may be what the rule carries.
  const unnamed = old || optimizer.hasSchedule ? undefined : scalars[0];
  const rate = scalars.find(({ path }) => /learning_rate/.test(path)) ?? unnamed;
  if (!optimizer.hasSchedule && rate !== undefined) {
    const number = numberIn(rate);
    if (!(number >= 0)) return `its learning rate is ${number}`;
    optimizer.learningRate = number;
  }
  slots.forEach((slot, i) => {
    slot.assign(toFloat32(arrays[i]!.read()));
  });
  optimizer.iterations = steps;
  const last = scalars.at(-1);
  if (rule.carries !== undefined && last !== undefined && last !== rate) optimizer.carried = numberIn(last);
  return undefined;
}

/** Before Keras 2.11 all first slots came first; the number of steps had another name then. */
function isSlotBySlot({ path }: StoredWeight): boolean {
  return /(^|\/)iter(ations)?(_\d+)?:0$/.test(path);
}

function numberIn(scalar: StoredWeight): number {
  return Number(scalar.read()[0]);
}
