/** On how many threads a model trains, and why. */
import type { TrainingStatus } from "../layers/device.ts";
import type { Model } from "../model/model.ts";
import { compiledOf, isCompiled } from "./compile.ts";
import type { Step } from "./step.ts";

/** Of the training step that was used last; undefined where there is none yet. */
export function trainingStatus(model: Model): TrainingStatus | undefined {
  if (!isCompiled(model)) return undefined;
  const steps = [...compiledOf(model).steps.values()] as Step[]; // only steps are put in
  const last = steps.findLast(({ mode }) => mode === "train");
  if (last === undefined) return undefined;
  const { threads, alone } = last;
  if (threads > 1) return { threads, why: `${threads} threads share each step.` };
  return { threads, why: alone === undefined ? "On one thread, as asked for." : `On one thread: ${alone}.` };
}
