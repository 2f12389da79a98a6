/** Models of kept runs, with the weights that they were trained to, so that the open model may change. They go with the page. */
import type { Model } from "./library.ts";
import { rebuilt } from "./session.ts";

/** Runs, and numbers of all their weights, 64 MB: the oldest go first. */
const most = 8;
const mostNumbers = 16_000_000;

const kept = new Map<string, Model>();

/** Keeps a copy of the model as it is now; false for one that is too large to be kept. */
export async function keepModel(id: string, model: Model): Promise<boolean> {
  if (model.countParams() > mostNumbers) return false;
  const weights = model.getWeights();
  const copy = await rebuilt(model);
  copy.setWeights(weights);
  kept.delete(id);
  kept.set(id, copy);
  let numbers = [...kept.values()].reduce((sum, one) => sum + one.countParams(), 0);
  for (const [oldest, one] of kept) {
    if (kept.size <= most && numbers <= mostNumbers) break;
    kept.delete(oldest);
    numbers -= one.countParams();
  }
  return true;
}

export function keptModel(id: string): Model | undefined {
  return kept.get(id);
}

export function forgetModels(ids: readonly string[]): void {
  for (const id of ids) kept.delete(id);
}
