/**
 * What `model.trace()` gives: every intermediate of one example, from the float64 by-hand evaluation. Data; run-trace.ts
 * makes it, trace-*.ts write it out.
 */

export interface TraceOptions {
  /** Which example of the data, from 0; by default the first. */
  readonly sample?: number;
  /** Only this layer: its name, or its place in `model.layers`. */
  readonly layer?: string | number;
}

/** One timestep of a cell. */
export interface TraceStep {
  /** Index into the time axis; a layer that reads backwards begins with the last. */
  readonly timestep: number;
  /** True where the mask is 0: the states stay as they were. */
  readonly masked: boolean;
  /** The input of the step, `[features]`. */
  readonly x: Float64Array;
  /** The values that the cell's equations name, `[units]` each. */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** States before and after the step by name, `[units]` each. */
  readonly before: Readonly<Record<string, Float64Array>>;
  readonly after: Readonly<Record<string, Float64Array>>;
}

/** A cell run over time. */
export interface TraceRun {
  /** The layer whose cell it is: for Bidirectional the forward or the backward one. */
  readonly name: string;
  readonly backwards: boolean;
  /** Names of the values in the order of the equations. */
  readonly names: readonly string[];
  /** What the names mean, in words. */
  readonly meanings: Readonly<Record<string, string>>;
  readonly units: number;
  /** In the order of processing. */
  readonly steps: readonly TraceStep[];
}

/** What one layer's output is for the example; the shape has no batch axis. */
export interface TraceOutput {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export interface LayerTrace {
  readonly name: string;
  readonly className: string;
  /** Which call of the layer, from 0, where it is shared. */
  readonly call: number;
  readonly outputs: readonly TraceOutput[];
  /** One for each cell that the layer runs; empty for other layers. */
  readonly runs: readonly TraceRun[];
}

export interface Trace {
  readonly name: string;
  readonly sample: number;
  readonly inputs: readonly ({ readonly name: string } & TraceOutput)[];
  readonly layers: readonly LayerTrace[];
}
