/** What training does inside a model: how far back the gradient reaches, and where its weights lie. */
import { traceGradients } from "unroll/training/trace-gradients.ts";
import { gradientFlow } from "unroll/training/trace-gradients-text.ts";
import { type Layer, type Model, type Tensor, UnrollError } from "./library.ts";
import type { ArraySpread, InsightView } from "./protocol.ts";

const bins = 24;
/** Weights times timesteps that are followed back by hand; more would keep the user waiting. */
const mostFlow = 3_000_000;
/** At most this part of the time goes into looking. */
const share = 0.1;

export class Insight {
  readonly #model: Model;
  readonly #x: Tensor;
  readonly #y: Tensor;
  readonly #before: readonly Tensor[];
  #view: InsightView | undefined;
  #waitUntil = 0;

  /**
   * @param x one window, `[1, T, D]`; `y` what is to be predicted of it
   * @param before the weights before the run
   */
  constructor(model: Model, x: Tensor, y: Tensor, before: readonly Tensor[]) {
    [this.#model, this.#x, this.#y, this.#before] = [model, x, y, before];
  }

  /** As it is now; unless that is urgent, as it was when there last was time to look. */
  view(isUrgent: boolean): InsightView {
    const start = performance.now();
    if (this.#view !== undefined && !isUrgent && start < this.#waitUntil) return this.#view;
    this.#view = { flows: this.#flows(), weights: this.#weights() };
    const end = performance.now();
    this.#waitUntil = end + (end - start) / share;
    return this.#view;
  }

  #flows(): InsightView["flows"] {
    const model = this.#model;
    if (model.countParams() * this.#x.shape[1]! > mostFlow) return [];
    try {
      const { runs } = traceGradients(model, this.#x, this.#y, { loss: "mse", training: false, checks: 0, seed: 0 });
      return runs.flatMap((run) =>
        Object.keys(run.steps[0]?.stateNorms ?? {}).map((state) => ({
          layer: run.layer,
          state,
          norms: run.steps.map(({ stateNorms }) => stateNorms[state]!),
          sentence: gradientFlow(run),
        })),
      );
    } catch (error) {
      // A model without a recurrent layer that is trained has none.
      if (error instanceof UnrollError && error.code === "unsupported") return [];
      throw error;
    }
  }

  #weights(): ArraySpread[] {
    const layers = arrayLayers(this.#model);
    return this.#model.variables.map(({ name, shape, data }, index) => ({
      layer: layers[index]!,
      array: name,
      shape,
      ...spread(this.#before[index]!.data, data),
    }));
  }
}

/** The layer of each array, in the order of the arrays. */
function arrayLayers(model: Model): string[] {
  const visit = (layer: Layer): string[] => [
    ...layer.ownArrays.map(() => layer.name),
    ...layer.children.flatMap(visit),
  ];
  const names = new Map(
    model.layers.flatMap((layer) => layer.arrays.map(({ variable }, i) => [variable, visit(layer)[i]!])),
  );
  return model.variables.map((variable) => names.get(variable)!);
}

/** Counts in bins that hold the numbers of both. */
export function spread(
  before: ArrayLike<number>,
  now: ArrayLike<number>,
): Pick<ArraySpread, "low" | "high" | "before" | "now"> {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of [before, now]) {
    for (let i = 0; i < values.length; i++) {
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
  }
  // All alike, as biases are at first, they stand in the middle.
  if (!(low < high)) [low, high] = [low - 0.5, high + 0.5];
  const count = (values: ArrayLike<number>): number[] => {
    const counts = new Array<number>(bins).fill(0);
    for (let i = 0; i < values.length; i++) {
      const bin = Math.floor(((values[i]! - low) / (high - low)) * bins);
      counts[Math.min(bins - 1, bin)]! += 1;
    }
    return counts;
  };
  return { low, high, before: count(before), now: count(now) };
}
