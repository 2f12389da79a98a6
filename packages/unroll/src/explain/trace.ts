/**
 * What `model.trace()` gives: every intermediate of one example, from the float64 by-hand evaluation. Data that writes
 * itself out; run-trace.ts makes it, trace-*.ts hold the texts.
 */
import { traceToCsv } from "./trace-csv.ts";
import { traceToHtml } from "./trace-html.ts";
import { type TableOptions, traceToTable } from "./trace-table.ts";

/** Options of `trace`. */
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
  /** The values that the cell's equations name, `[units]` each; where masked, states show what stays. */
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

/** Numbers of the one example; the shape has no batch axis. */
export interface TraceArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** What one call of a layer did with the example. */
export interface LayerTrace {
  readonly name: string;
  readonly className: string;
  /** Which call of the layer, from 0, where it is shared. */
  readonly call: number;
  readonly outputs: readonly TraceArray[];
  /** One for each cell that the layer runs; empty for other layers. */
  readonly runs: readonly TraceRun[];
}

/** An input of the example. */
export interface TraceInput extends TraceArray {
  readonly name: string;
}

/** The facts of a trace. */
export interface TraceFacts {
  /** The model's name. */
  readonly name: string;
  readonly sample: number;
  /** Of the model; with option layer only those that this layer reads. */
  readonly inputs: readonly TraceInput[];
  /** In running order. */
  readonly layers: readonly LayerTrace[];
}

/**
 * Every intermediate of one example.
 *
 * @example
 * const trace = model.trace(x, { sample: 0 });
 * trace.layers[0].runs[0].steps[2].values.z // the update gate at timestep 2, [units]
 */
export class Trace implements TraceFacts {
  readonly name: string;
  readonly sample: number;
  readonly inputs: readonly TraceInput[];
  readonly layers: readonly LayerTrace[];

  constructor({ name, sample, inputs, layers }: TraceFacts) {
    this.name = name;
    this.sample = sample;
    this.inputs = inputs;
    this.layers = layers;
  }

  /** Tables for a terminal, one row for each timestep and unit. */
  toTable(options?: TableOptions): string {
    return traceToTable(this, options);
  }

  /** One line for each number: layer, call, run, timestep, unit, symbol, value. */
  toCsv(): string {
    return traceToCsv(this);
  }

  /** A fragment of a page with one table for each layer. */
  toHtml(): string {
    return traceToHtml(this);
  }

  /** Plain data; NaN and infinities as text, because JSON has none. */
  toJSON(): unknown {
    const { name, sample, inputs, layers } = this;
    return plain({ name, sample, inputs, layers });
  }
}

function plain(value: unknown): unknown {
  if (value instanceof Float64Array) return Array.from(value, (one) => (Number.isFinite(one) ? one : String(one)));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}
