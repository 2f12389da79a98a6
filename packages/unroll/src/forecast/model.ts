/** A plain recurrent forecast model, and how such a model is compiled. */
import { input, layers } from "../layers/index.ts";
import type { Model } from "../model/model.ts";
import { sequential } from "../model/sequential.ts";
import { compileModel } from "../training/compile.ts";

export const defaultLookback = 21;

interface CellOptions {
  readonly units: number;
  readonly name: string;
  readonly returnSequences: boolean;
  readonly dropout: number;
}

const cells = {
  lstm: (options: CellOptions) => layers.lstm(options),
  gru: (options: CellOptions) => layers.gru(options),
  simpleRNN: (options: CellOptions) => layers.simpleRNN(options),
};

export interface DefaultModelSettings {
  readonly cell: keyof typeof cells;
  /** Of each recurrent layer. */
  readonly units: number;
  /** Recurrent layers, one above the other; by default 1. */
  readonly depth?: number;
  /** Share of each recurrent layer's inputs that training drops; by default 0. */
  readonly dropout?: number;
  readonly seed: number;
  /** Rows. */
  readonly horizon: number;
}

/** Recurrent layers that read the window, and a Dense layer with one output for each row ahead. */
export function defaultModel(
  { cell, units, depth = 1, dropout = 0, seed, horizon }: DefaultModelSettings,
  lookback: number,
  features: number,
): Model {
  const memories = Array.from({ length: depth }, (_, index) =>
    cells[cell]({
      units,
      name: depth === 1 ? "memory" : `memory_${index + 1}`,
      returnSequences: index + 1 < depth,
      dropout,
    }),
  );
  return sequential({
    name: `${cell}_forecast`,
    seed,
    layers: [
      input({ shape: [lookback, features], name: "window" }),
      ...memories,
      layers.dense({ units: horizon, name: "ahead" }),
    ],
  });
}

export interface CompileSettings {
  /** A name of Keras. */
  readonly optimizer: string;
  /** Undefined takes the optimizer's. */
  readonly learningRate: number | undefined;
  readonly loss: string;
}

/** Sets optimizer, loss and metrics. Throws UnrollError `unknown-name`, `option`. */
export function compileFor(
  model: Model,
  { optimizer, learningRate, loss }: CompileSettings,
  metrics: readonly string[] = ["mae"],
): void {
  compileModel(model, {
    optimizer:
      learningRate === undefined ? optimizer : { class_name: optimizer, config: { learning_rate: learningRate } },
    loss,
    metrics,
  });
}
