/** The list of golden sets that `node scripts/fixtures.mjs` runs. Adding one: its runner and one line here. */
import { gradientCases, runGradientCase } from "./fixture-gradients.ts";
import {
  type CaseResult,
  type Engine,
  imageLayerCases,
  kerasLayerCases,
  moreKerasLayerCases,
  runLayerCase,
} from "./fixture-layers.ts";
import { metricCases, runMetricCase, runMetricHistory } from "./fixture-metrics.ts";
import { graphCases, modelCases, runModelCase, summaryTexts } from "./fixture-models.ts";
import { moreTrainingCases, runMoreTraining, runTrainingCase, trainingCases } from "./fixture-training.ts";
import { goldenLayerCases, runGoldenCase } from "./golden-layers.ts";
import { goldenTrainingCases, runGoldenTraining } from "./golden-training.ts";

export interface FixtureSet {
  readonly name: string;
  run(engine: Engine): readonly CaseResult[] | Promise<readonly CaseResult[]>;
}

export const fixtureSets: readonly FixtureSet[] = [
  { name: "layers of Keras", run: (engine) => kerasLayerCases().map((one) => runLayerCase(one, engine)) },
  { name: "more layers of Keras", run: (engine) => moreKerasLayerCases().map((one) => runLayerCase(one, engine)) },
  { name: "image layers of Keras", run: (engine) => imageLayerCases().map((one) => runLayerCase(one, engine)) },
  { name: "layers elsewhere", run: (engine) => goldenLayerCases().map((one) => runGoldenCase(one, engine)) },
  {
    name: "models of Keras",
    run: (engine) => modelCases().map((one) => runModelCase(one, summaryTexts()[one.id], engine)),
  },
  { name: "unusual graphs", run: (engine) => graphCases().map((one) => runModelCase(one, undefined, engine)) },
  { name: "gradients of Keras", run: (engine) => gradientCases().map((one) => runGradientCase(one, engine)) },
  { name: "training of Keras", run: (engine) => inTurn(trainingCases(), (one) => runTrainingCase(one, engine)) },
  {
    name: "more training of Keras",
    run: (engine) => inTurn(moreTrainingCases(), (one) => runMoreTraining(one, engine)),
  },
  {
    name: "metrics of Keras",
    run: async (engine) => [...metricCases().map((one) => runMetricCase(one, engine)), await runMetricHistory(engine)],
  },
  {
    name: "training elsewhere",
    run: (engine) => inTurn(goldenTrainingCases(), (one) => runGoldenTraining(one, engine)),
  },
];

async function inTurn<T>(cases: readonly T[], run: (one: T) => Promise<CaseResult>): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const one of cases) results.push(await run(one));
  return results;
}
