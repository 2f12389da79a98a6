/**
 * `unroll/light`: what a page needs that builds models, predicts and trains, and no more: `unroll/predict` and training. It is the
 * first part of `unroll`, which adds the rest (files, summaries, explain, trace, verify ...) to the same models: at once, or later
 * by `await import("unroll")`. Layers come one by one from `unroll/layers`, so that a page carries those alone that it uses.
 */
import { type Abilities, provideAbilities } from "./model/abilities.ts";
import { compileModel } from "./training/compile.ts";
import { evaluate, evaluateBatches, testOnBatch, trainOnBatch } from "./training/evaluate.ts";
import { fit } from "./training/fit.ts";
import { gradients } from "./training/gradients.ts";

provideAbilities({
  compile: compileModel,
  fit,
  evaluate,
  evaluateBatches,
  testOnBatch,
  trainOnBatch,
  gradients,
} satisfies Partial<Abilities>);

export * from "./predict.ts";
export * from "./training/index.ts";
