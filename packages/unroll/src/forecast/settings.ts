/** What a forecast is asked to learn: columns, windows and split of a table. How it is trained is said elsewhere. */

export interface ForecastSettings {
  /** The CSV file. */
  readonly data: string;
  readonly target: string;
  /** As given; undefined takes every column of numbers. */
  readonly features: readonly string[] | undefined;
  /** Rows. */
  readonly horizon: number;
  /** A column; null for none, undefined to look for one. */
  readonly date: string | null | undefined;
  readonly missing: "skip" | "forward" | "linear";
  readonly scaler: "standard" | "minmax" | "none";
  /** Share below 1, or number of windows. */
  readonly validation: number;
  readonly test: number;
}
