/** What a slip is: a named mistake that changes a derivation, and how likely learners make it. The slips are beside this file. */

/** Stable names for programs; `slipTitles` says them in words. */
export type SlipId = keyof typeof slipTitles;

/** A derivation with one slip put in. */
export interface Variant<T> {
  readonly id: SlipId;
  readonly result: T;
  /** What exactly was taken for what, a whole sentence. */
  readonly detail: string;
  /** From 0 to 1: how likely this slip is, before anything is known of the learner. */
  readonly plausibility: number;
  /** What it changes, where that is one thing: slips in different things come to the same in either order. */
  readonly part?: "columns" | "activation" | "bias" | "state" | "transpose";
}

/** Whether two slips, one put into what the other made, come to the same in the other order. */
export function commute(one: Variant<unknown>, other: Variant<unknown>): boolean {
  return one.part !== undefined && other.part !== undefined && one.part !== other.part;
}

/** A variant that is put together when its result is first looked at: most are only looked through. */
export function lazily<T>(about: Omit<Variant<T>, "result">, make: () => T): Variant<T> {
  let made: { readonly result: T } | undefined;
  return {
    ...about,
    get result() {
      made ??= { result: make() };
      return made.result;
    },
  };
}

/** In words, as the head of an explanation. */
export const slipTitles = {
  "second-bias-row": "the second bias row is forgotten",
  "timesteps-as-features": "timesteps are used as features",
  "units-and-features-swapped": "units and features are swapped",
  "wrong-gates": "the number of gates is wrong",
  "another-cell": "counted as another cell",
  "bias-forgotten": "the bias is forgotten",
  "bias-per-input": "the bias is counted for each input instead of each unit",
  "bias-once": "the bias is counted for one gate only",
  "one-bias-for-all": "one bias is counted for the whole layer",
  "two-biases": "two biases are counted, as PyTorch has them",
  "recurrent-part-forgotten": "the recurrent part is forgotten",
  "input-part-forgotten": "the input part is forgotten",
  "times-timesteps": "the count is multiplied by the timesteps",
  "stale-features": "the number of features is that of another place",
  "stale-units": "the number of units is that of another layer",
  "features-multiplied": "all axes of the input are taken as features",
  "filters-as-one": "filters are taken as 1",
  "window-as-one": "the kernel size is taken as 1",
  "one-direction": "only one direction is counted",
  "not-trained-left-out": "the arrays that are not trained are left out",
  "one-array": "only one of the arrays is counted",
  "off-by-one": "one row is counted too many or too few",
  "another-layer": "the number of another layer",
  "layer-left-out": "a layer is left out",
  "layer-doubled": "a layer is counted twice",
  "brackets-lost": "brackets are lost",
  "sequences-overlooked": "return_sequences is overlooked",
  "sequences-assumed": "return_sequences is assumed where it is off",
  "doubling-missed": "the doubling by Bidirectional is missed",
  "doubling-assumed": "a doubling is assumed where the directions are not joined end to end",
  "remainder-kept": "the remainder is kept that pooling drops",
  "padding-forgotten": "the padding is forgotten",
  "padding-assumed": "padding is assumed where there is none",
  "stride-ignored": "the stride is ignored",
  "dilation-ignored": "the dilation is ignored",
  "plus-one-forgotten": "the + 1 of the number of windows is forgotten",
  "layer-passed-over": "the layer is passed over: its output taken to be its input",
  "features-kept": "the features stay as they were",
  "axes-swapped": "timesteps and features are swapped",
  "steps-concatenated": "the steps are concatenated instead of stacked",
  "axis-kept": "an axis is kept that the layer takes away",
  "stale-timesteps": "the number of timesteps is that of another place",
  "gates-in-shape": "the gates are counted in the shape",
  "gates-swapped": "two gates are swapped",
  "gate-order": "the gate blocks are read in another order",
  "kernel-transposed": "the recurrent kernel is transposed",
  "another-activation": "another activation is used",
  "activation-forgotten": "the activation is forgotten",
  "state-forgotten": "the state of the step before is forgotten",
  "state-not-updated": "the state is not updated from step to step",
  "bias-left-out": "the bias is left out",
  "gate-and-rest-swapped": "a gate and 1 minus the gate are swapped",
  "reset-elsewhere": "the reset gate acts on the other side of the recurrent product",
  "kernel-read-by-columns": "the kernel is read by columns instead of rows",
  "window-reversed": "the window is turned round, as a convolution in mathematics does",
  "maximum-and-mean": "maximum and mean are mixed up",
  "read-other-way": "the layer reads in the other direction",
  "backward-not-turned": "the backward sequence is not turned round before it is joined",
  "directions-swapped": "forward and backward are exchanged",
  "another-merge": "the directions are joined in another way",
  "another-value": "the number of another value",
  "loss-factor": "the 2 of the square is forgotten",
  "loss-mean": "the loss is summed where it is a mean",
  "sign-swapped": "the sign is the other one",
  "time-sum-forgotten": "only one timestep is counted",
  "time-mean": "the timesteps are averaged instead of summed",
  "derivative-forgotten": "the derivative of the activation is forgotten",
  "state-flow-forgotten": "what flows back through the state is forgotten",
  "gate-flow-forgotten": "what flows back through the gates is forgotten",
  "carry-flow-forgotten": "what flows back beside the gates is forgotten",
  "matrix-not-transposed": "the recurrent kernel is not transposed on the way back",
  "index-swapped": "row and column are exchanged",
  "heads-as-one": "the heads are taken as one",
  "head-size-divided": "key_dim is divided among the heads",
  "key-size-and-features-swapped": "key_dim and the features are swapped",
  "value-size-as-key-size": "value_dim is taken to be key_dim",
  "projection-forgotten": "a projection is forgotten",
  "output-projection-forgotten": "the output projection is forgotten",
  "bias-per-head": "the bias is counted once for each head",
  "bias-once-for-heads": "the bias of one head is counted for all",
  "scale-forgotten": "the division of the scores is forgotten",
  "scale-without-root": "the scores are divided by key_dim instead of its root",
  "queries-and-keys-swapped": "queries and keys are exchanged",
  "softmax-other-axis": "softmax is taken along the other axis",
  "heads-read-as-inner-axis": "heads and their features are read in the other order",
  "kernel-not-transposed": "the kernel is not transposed on the way back",
  rounding: "numbers were rounded in between",
  "batch-as-timesteps": "the timesteps stand where the batch belongs",
} as const;
