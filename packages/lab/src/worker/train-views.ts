/** What the Train screen asks for and is told: tables, how a series is cut into windows, and how a run goes on. */

/** A table that the user chose. */
export interface TableView {
  /** The file's name. */
  readonly name: string;
  readonly rows: number;
  /** Names of those that hold numbers. */
  readonly columns: readonly string[];
}

/** Some columns, with the rows in which each of them has a number. */
export interface ColumnsView {
  /** In the order asked for. */
  readonly columns: readonly InputColumn[];
  /** How many such rows there are, of which the columns may hold the latest only, and how many others. */
  readonly present: number;
  readonly missing: number;
  /** The first of the rows without a number, counted from 1 after the heading. */
  readonly missingRows: readonly number[];
}

export interface InputColumn {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

export interface SeriesRequest {
  /** What is to be predicted, the oldest first; of sequences that stand apart, one number for each. */
  readonly series: ArrayLike<number>;
  /** What is read, with a number for each row; by default the series itself. */
  readonly inputs?: readonly InputColumn[];
  /** True where every `lookback` rows are a sequence of their own. By default windows slide over the rows. */
  readonly apart?: boolean;
  /** Rows of a window. */
  readonly lookback: number;
  /** Steps ahead, default 1: that far is the value of a model that gives one. A model that gives several gives the next ones. */
  readonly horizon?: number;
}

/** A forecast that needs no model. */
export interface Baseline {
  readonly kind: "last" | "season" | "mean";
  /** Steps of a season. */
  readonly period: number | undefined;
  /** For the windows of the test part, `[windows, ahead]`. */
  readonly values: Float64Array;
  readonly rmse: number;
}

/** A column's smallest and largest number in the training part, and where the test part's lie once those are 0 and 1. */
export interface ColumnScale {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly testLow: number;
  readonly testHigh: number;
}

/** A series cut into windows. */
export interface CutView {
  /** Why the open model cannot be trained on it. */
  readonly misfit: string | undefined;
  /** Rows, or sequences, of which the test part begins with `testFrom`. */
  readonly rows: number;
  readonly testFrom: number;
  /** Windows in all, to train on, to test with. */
  readonly windows: number;
  readonly trained: number;
  readonly tested: number;
  /** Values that a window predicts; the first of the first window's lies in row `first`. */
  readonly ahead: number;
  readonly first: number;
  /** `[N, T, D]` and `[N, K]` of what is trained on. */
  readonly xShape: readonly number[];
  readonly yShape: readonly number[];
  readonly scales: readonly ColumnScale[];
  /** The scale of what is predicted, where it is not among those read. */
  readonly targetScale: ColumnScale | undefined;
  /** The first window, scaled: `[T, D]` row by row, and what is to be predicted of it. */
  readonly example: { readonly x: readonly number[]; readonly y: readonly number[] };
  /** The last window, whose forecast is the last one, likewise. */
  readonly latest: readonly number[];
  readonly baselines: readonly Baseline[];
}

/** How far a run trains before it waits. */
export type Pace = "run" | "batch" | "epoch" | "pause";

export interface TrainRequest extends SeriesRequest {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: string;
  readonly seed: number;
  /** Default "run". */
  readonly pace?: Pace;
  /** True to be told of gradients and weights too, and to choose among checkpoints. */
  readonly insight?: boolean;
}

export interface TrainProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: readonly number[];
  readonly valLoss: readonly number[];
  /** Length of the whole gradient, mean of each epoch's batches; empty unless asked for. */
  readonly gradientNorm: readonly number[];
  /** Forecast of every window, `[windows, ahead]`, in the series' own units. */
  readonly forecast: Float64Array | undefined;
  /** Of the test part, and that of the first baseline. */
  readonly rmse: number | undefined;
  readonly naiveRmse: number | undefined;
  /** The test part's error for each step ahead. */
  readonly stepRmse: readonly number[];
  readonly done: boolean;
  /** Where the run waits; undefined while it goes on and when it is done. */
  readonly waits: TrainWait | undefined;
  readonly message: string | undefined;
  /** Epochs whose weights are kept, ascending; 0 is before the first. */
  readonly checkpoints: readonly Checkpoint[];
  /** The one whose weights the model has, where they are not those of the run. */
  readonly chosen: number | undefined;
  readonly plateau: Plateau | undefined;
  /** Why the seed alone does not lead to the weights that the model has: they began with trained ones, or lie within an epoch. */
  readonly unrepeatable: "continued" | "within" | undefined;
  readonly insight: InsightView | undefined;
}

export interface Checkpoint {
  readonly epoch: number;
  /** True for the lowest loss on the test part. */
  readonly isBest: boolean;
}

/** The loss on the test part has stopped falling: for so many epochs it has not been clearly lower than after this one. */
export interface Plateau {
  readonly epoch: number;
  readonly loss: number;
  readonly epochs: number;
}

export interface TrainWait {
  /** Batches done of this epoch's; 0 between epochs. */
  readonly batch: number;
  readonly batches: number;
  /** Mean loss of those batches; undefined between epochs. */
  readonly loss: number | undefined;
}

/** What training does inside the model. */
export interface InsightView {
  /** ‖∂loss/∂state‖ after each timestep of the last window that is trained on; empty for models that are too large for it. */
  readonly flows: readonly {
    readonly layer: string;
    readonly state: string;
    readonly norms: readonly number[];
    /** Whether it vanishes. */
    readonly sentence: string;
  }[];
  readonly weights: readonly ArraySpread[];
}

/** How many of an array's numbers lie in each of equally wide bins from `low` to `high`: before the run and now. */
export interface ArraySpread {
  readonly layer: string;
  readonly array: string;
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly before: readonly number[];
  readonly now: readonly number[];
}
