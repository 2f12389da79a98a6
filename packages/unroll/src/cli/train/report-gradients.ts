/** How large the gradient is on its way back through a window: the backward trace of a few test windows. */
import { UnrollError } from "../../core/errors.ts";
import { type GradientTrace, traceGradients } from "../../training/trace-gradients.ts";
import { gradientFlow } from "../../training/trace-gradients-text.ts";
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
    remarks: trace.runs.map((run) => `${run.layer}: ${gradientFlow(run)}`),
  };
}
