/** How large the gradient is on its way back through a window: the backward trace of a few test windows. */
import { UnrollError } from "../../core/errors.ts";
import { type BackTrace, type GradientTrace, traceGradients } from "../../training/trace-gradients.ts";
import type { TrainResult } from "../train.ts";

export interface TracedGradients {
  readonly runs: readonly TracedRun[];
  readonly windows: number;
  readonly lookback: number;
  /** A sentence for each layer. */
  readonly remarks: readonly string[];
}

export interface TracedRun {
  readonly name: string;
  /** Index into the window. */
  readonly timesteps: readonly number[];
  /** ‖∂L/∂state‖ after each of them, for the first state. */
  readonly norms: readonly number[];
}

const mostWindows = 16;
/** The trace is made by plain loops; more products than this would take minutes. */
const mostWork = 2e8;

/** The trace, or why there is none. */
export function traceTraining({ model, parts }: TrainResult): TracedGradients | { readonly reason: string } {
  const view = parts.scaled.test;
  const workOfOne = parts.lookback * model.countParams();
  const windows = Math.min(mostWindows, view.count, Math.floor(mostWork / workOfOne));
  if (windows === 0) return { reason: "The model is too large to be traced by hand in reasonable time." };
  const { x, y } = view.batch(Uint32Array.from({ length: windows }, (_, index) => index));
  let trace: GradientTrace;
  try {
    trace = traceGradients(model, x, y, { checks: 0, seed: 0 });
  } catch (error) {
    if (error instanceof UnrollError && error.code === "unsupported")
      return { reason: "The model has no recurrent layer that is trained." };
    throw error;
  }
  return {
    windows,
    lookback: parts.lookback,
    runs: trace.runs.map((run) => ({
      name: `${run.layer}${run.backwards ? " (reads backwards)" : ""}`,
      timesteps: run.steps.map(({ timestep }) => timestep),
      norms: run.steps.map(({ stateNorms }) => Object.values(stateNorms)[0] ?? 0),
    })),
    remarks: trace.runs.map(remark),
  };
}

/** Compares the step that was read first with the last. */
function remark({ layer, backwards, steps }: BackTrace): string {
  const norms = steps.map(({ stateNorms }) => Object.values(stateNorms)[0] ?? 0);
  const order = (backwards ? norms.toReversed() : norms).filter((norm) => norm > 0);
  const [first, last] = [order[0], order.at(-1)];
  if (first === undefined || last === undefined) return `${layer}: no gradient reaches its state.`;
  const ratio = first / last;
  const compared = `${layer}: the gradient at the step that is read first is ${ratio.toPrecision(2)} times that at the last`;
  if (ratio < 1e-3) return `${compared}. It vanishes: what came early is hardly learnt.`;
  if (ratio > 1e3) return `${compared}. It explodes: a lower learning rate or gradient clipping helps.`;
  return `${compared}.`;
}
