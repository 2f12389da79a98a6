/** Models of kept runs, with the weights that they were trained to, so that the open model may change. They go with the page. */
import type { Model } from "./library.ts";
import { rebuilt } from "./session.ts";

/** Runs, and numbers of all their weights, 64 MB: the oldest go first. */
const most = 8;
const mostNumbers = 16_000_000;

const kept = new Map<string, Model>();

/**
 * Keeps a copy of the model; false for one that is too large to be kept. The weights are those at the call, though the copy is
 * built when its turn comes.
 */
export async function keepModel(
  id: string,
  model: Model,
  inTurn: <T>(work: () => Promise<T>) => Promise<T> = (work) => work(),
): Promise<boolean> {
  if (model.countParams() > mostNumbers) return false;
  const weights = model.getWeights();
  const copy = await inTurn(() => rebuilt(model));
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

export function nameModel(id: string, name: string): void {
  const model = kept.get(id);
  if (model === undefined) return;
  kept.delete(id);
  kept.set(name, model);
}

export function keptModel(id: string): Model | undefined {
  return kept.get(id);
}

export function forgetModels(ids: readonly string[]): void {
  for (const id of ids) kept.delete(id);
}
