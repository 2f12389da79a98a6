/** The tour's models with weights, data and predictions recorded from real Keras; they lie in the repository's fixtures. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../core/tensor.ts";
import { differenceOf } from "../explain/compare.ts";
import type { Model } from "../model/model.ts";
import { readRecordedCases } from "./recorded-cases.ts";

/** How far one recorded model's predictions are from Keras's. */
export interface RecordedResult {
  readonly name: string;
  /** Predicted numbers. */
  readonly numbers: number;
  /** Largest difference of the engine, and of the by-hand evaluation, from Keras. */
  readonly difference: number;
  readonly byHand: number;
}

export interface Recorded {
  /** The one that is shown step by step. */
  readonly shown: {
    readonly title: string;
    readonly model: Model;
    readonly inputs: readonly Tensor[];
    readonly keras: Tensor;
  };
  readonly results: readonly RecordedResult[];
  readonly agree: boolean;
}

/** Largest difference allowed between 32-bit sums in different orders. */
const tolerance = 1e-5;
const shownCase = "seed/000/gru_basic";
const shownTitle = "A GRU with two units over 50 timesteps";

/** Predicts with every recorded model; undefined where the recordings are not there. */
export async function runRecordedModels(): Promise<Recorded | undefined> {
  // From dist/ and from src/cli/.
  const places = ["../../../fixtures", "../../../../fixtures"].map((folder) =>
    fileURLToPath(new URL(`${folder}/keras/models.json.gz`, import.meta.url)),
  );
  const file = places.find((path) => existsSync(path));
  const cases = file === undefined ? undefined : await readRecordedCases(file);
  if (cases === undefined) return undefined;
  const results: RecordedResult[] = [];
  let shown: Recorded["shown"] | undefined;
  for (const { name, model, inputs, outputs } of cases) {
    if (model === undefined || inputs === undefined || outputs === undefined) continue;
    const engine = predictions(model, inputs, undefined);
    const byHand = predictions(model, inputs, "reference");
    results.push({
      name,
      numbers: outputs.reduce((sum, { data }) => sum + data.length, 0),
      difference: largest(engine, outputs),
      byHand: largest(byHand, outputs),
    });
    if (name === shownCase) shown = { title: shownTitle, model, inputs, keras: outputs[0]! };
  }
  if (shown === undefined) return undefined;
  return {
    shown,
    results,
    agree: results.every(({ difference, byHand }) => Math.max(difference, byHand) <= tolerance),
  };
}

function predictions(model: Model, inputs: readonly Tensor[], device: "reference" | undefined): readonly Tensor[] {
  const batchSize = inputs[0]!.shape[0]!;
  const result = model.predict([...inputs], device === undefined ? { batchSize } : { batchSize, device });
  for (const layer of model.layers) layer.resetStates();
  return Array.isArray(result) ? result : [result];
}

function largest(found: readonly Tensor[], expected: readonly Tensor[]): number {
  return Math.max(
    ...expected.flatMap(({ data }, output) =>
      Array.from(data, (value, i) => differenceOf(found[output]!.data[i]!, value)),
    ),
  );
}
