/**
 * What a model can do that is written above model/: explaining, tracing, verifying, saving, training. `Model`'s methods ask
 * here for the function, and src/index.ts and src/light.ts fill the table, so that model/ depends on none of it. Types only come down.
 */

import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
// biome-ignore-start lint/style/noRestrictedImports: types of what is filled in from above; nothing is imported at run time
import type { Explanation } from "../explain/explanation.ts";
import type { Trace, TraceOptions } from "../explain/trace.ts";
import type { Verification, VerifyOptions } from "../explain/verification.ts";
import type { SolveOptions, WorkedSolution } from "../explain/worked/solution.ts";
import type { WritableFormat } from "../formats/save.ts";
import type { TrainingStatus } from "../layers/device.ts";
import type { BatchIterable } from "../training/batch-iterables.ts";
import type { CompileOptions } from "../training/compile.ts";
import type { EvaluateOptions, OnBatchOptions } from "../training/evaluate.ts";
import type { ExampleView } from "../training/fit-data.ts";
import type { FitOptions, FitResult } from "../training/fit-options.ts";
import type { GradientOptions } from "../training/gradients.ts";
import type { MemoryOptions, ModelMemory } from "../training/memory.ts";
import type { GradientTrace, TraceGradientsOptions } from "../training/trace-gradients.ts";
import type { ModelData } from "./data.ts";
import type { Model } from "./model.ts";
import type { PredictOptions } from "./model-options.ts";
import type { SummaryTextOptions } from "./summary.ts";
import type { SummaryTable } from "./summary-table.ts";
// biome-ignore-end lint/style/noRestrictedImports: as above

/** Derivations, traces and checks: filled from explain/. */
export interface ExplainAbilities {
  explain(model: Model): Explanation;
  trace(model: Model, x: ModelData, options?: TraceOptions): Trace;
  verify(model: Model, x: ModelData, options?: VerifyOptions): Verification;
  solve(model: Model, x: ModelData, options?: SolveOptions): WorkedSolution;
}

/** Files: filled from formats/. */
export interface FileAbilities {
  toBytes(model: Model, format?: WritableFormat): Promise<Uint8Array>;
  save(model: Model, path: string): Promise<void>;
}

/** Targets and weights of examples, one for each output. */
export type TargetData = ModelData;

/** Training: filled from training/. */
export interface TrainingAbilities {
  compile(model: Model, options?: CompileOptions): void;
  fit(
    model: Model,
    x: ModelData | ExampleView | BatchIterable,
    y?: TargetData,
    options?: FitOptions,
  ): Promise<FitResult>;
  evaluate(model: Model, x: ModelData | ExampleView, y?: TargetData, options?: EvaluateOptions): Record<string, number>;
  evaluateBatches(
    model: Model,
    batches: BatchIterable,
    options?: { readonly steps?: number },
  ): Promise<Record<string, number>>;
  testOnBatch(
    model: Model,
    x: ModelData,
    y: TargetData,
    options?: Pick<OnBatchOptions, "sampleWeight">,
  ): Record<string, number>;
  trainOnBatch(model: Model, x: ModelData, y: TargetData, options?: OnBatchOptions): Record<string, number>;
  /** One tensor for each trainable weight, of its shape. */
  gradients(model: Model, x: ModelData, y: TargetData, options?: GradientOptions): Tensor[];
  memory(model: Model, options?: MemoryOptions): ModelMemory;
  trainingStatus(model: Model): TrainingStatus | undefined;
  traceGradients(model: Model, x: ModelData, y: TargetData, options?: TraceGradientsOptions): GradientTrace;
}

/** The summary: filled from summaries.ts, beside this file. */
export interface SummaryAbilities {
  summaryTable(model: Model, style: "keras2" | "keras3"): SummaryTable;
  summaryText(table: SummaryTable, options: SummaryTextOptions): string;
}

/** Predictions that are waited for: filled from predict-async.ts, beside this file. */
export interface AsyncAbilities {
  predictAsync(model: Model, x: ModelData, options: PredictOptions): Promise<Tensor | Tensor[]>;
}

export type Abilities = ExplainAbilities & FileAbilities & TrainingAbilities & SummaryAbilities & AsyncAbilities;

const table: Partial<Abilities> = {};

/** Fills in some abilities; src/index.ts and src/light.ts call it. */
export function provideAbilities(abilities: Partial<Abilities>): void {
  Object.assign(table, abilities);
}

/** Whether there is a function of this name. */
export function hasAbility(name: keyof Abilities): boolean {
  return table[name] !== undefined;
}

/** The function of this name. Throws UnrollError `unsupported` where no entry of the library was imported that has it. */
export function ability<Name extends keyof Abilities>(name: Name): Abilities[Name] {
  const found = table[name];
  if (found !== undefined) return found as Abilities[Name]; // a partial table has the same functions
  const [here, more] = hasAbility("fit")
    ? ["unroll/light builds, predicts and trains", '"unroll" too']
    : ["unroll/predict builds and predicts", '"unroll/light" too, which trains, or "unroll"'];
  throw new UnrollError({
    code: "unsupported",
    path: `model.${name.replace("Text", "")}`,
    expected: `${here}, and has no more than that`,
    hint: `Import ${more}, at once or later by await import("unroll"): it adds the rest to the models that are there.`,
  });
}
