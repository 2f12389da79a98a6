import type { Model } from "./library.ts";
import type { TrainProgress, TrainRequest, TrainStart } from "./protocol.ts";

export async function startTraining(_model: Model, _request: TrainRequest, _emit: (progress: TrainProgress) => void): Promise<TrainStart> {
  throw new Error("not yet");
}
export function stopTraining(): void {}
