/** `unroll/sweep`: searches over model and training options. */
export type { BaselineScore } from "./baselines.ts";
export type { SweepOptions } from "./options.ts";
export type { FinalScore, FoldScore } from "./plan.ts";
export type { GroupResult, SweepResults, TrialRow } from "./results.ts";
export type { Range, Space, TrialSettings } from "./space.ts";
export { type SweepPlace, type SweepProgress, sweep } from "./sweep.ts";
