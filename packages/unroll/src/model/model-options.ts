/** What the methods of a model are given and give: plain shapes of data. What they do is in model.ts. */
import type { Tensor } from "../core/tensor.ts";
import type { Layer } from "../layers/layer.ts";
import type { Device } from "../layers/run.ts";
import type { Program, Value } from "../program/program.ts";
import type { CallValues } from "./graph.ts";
import type { SummaryTextOptions } from "./summary.ts";

/** Options of `predict`. */
export interface PredictOptions {
  /** Examples that run together; by default 32, or the batch size that the input was declared with. */
  readonly batchSize?: number;
  /** Where to run; by default what `device()` says. */
  readonly device?: Device;
  /**
   * Threads that may share the batches, the same bits with any number of them; by default what `setThreads` says, which is 1
   * at first. Little work, states and the reference stay on one.
   */
  readonly threads?: number;
}

/** The names of `PredictOptions`; the type asks for each. */
export const predictOptions = Object.keys({
  batchSize: true,
  device: true,
  threads: true,
} satisfies Record<keyof PredictOptions, true>);

/** Options of `summary`. */
export interface SummaryOptions extends SummaryTextOptions {
  /** Gets the whole text instead of the console; false prints nothing. */
  readonly print?: ((text: string) => void) | false;
}

/** The names of `SummaryOptions`; the type asks for each. */
export const summaryOptions = Object.keys({
  style: true,
  version: true,
  width: true,
  terminal: true,
  showTrainable: true,
  expandNested: true,
  positions: true,
  layerRange: true,
  print: true,
} satisfies Record<keyof SummaryOptions, true>);

/** Sizes for which a model's program is written. */
export interface ProgramOptions {
  readonly batch: number;
  /** Stands for every unknown size behind the batch; needed only when there is one. */
  readonly timesteps?: number;
  /** Instead of batch and timesteps: the whole shape of each input, `[batch, ...]`. */
  readonly shapes?: readonly (readonly number[])[];
  /** Dropout and batch statistics on. */
  readonly training?: boolean;
}

/** A model's computation for fixed sizes, with the values of every call of a layer, also inside nested models. */
export interface ModelProgram {
  readonly program: Program;
  readonly calls: readonly CallValues[];
  /** The mask that each output carries, `[batch, timesteps]`. */
  readonly outputMasks: readonly (Value | undefined)[];
}

/** What one call of a layer gave for some data. */
export interface Intermediate {
  readonly layer: Layer;
  /** Which call of the layer, from 0. */
  readonly callIndex: number;
  readonly outputs: readonly Tensor[];
}
