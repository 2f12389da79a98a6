/** What to know about a verification, in sentences: data that is not finite, where that leads, overflow of 32-bit numbers. */
import type { Model } from "../model/model.ts";
import type { Comparison } from "./compare.ts";
import type { NotFinite } from "./verification.ts";
import { placeText } from "./verification-text.ts";

/** The largest 32-bit number. */
const largestFloat = 3.4028234663852886e38;

/** `reason`: why there is no engine. */
export function remarksOn(
  model: Model,
  { byHandNotFinite, engineNotFinite, first }: Comparison,
  badInput: NotFinite | undefined,
  reason: string | undefined,
): string[] {
  const list: string[] = [];
  if (reason !== undefined) list.push(reason);
  if (badInput !== undefined) {
    list.push(
      `The data is not finite: ${placeText(badInput)} is ${badInput.value}. What is computed from it is not finite either.`,
    );
  }
  if (byHandNotFinite !== undefined) {
    list.push(
      `By hand, the first number that is not finite is ${byHandNotFinite.value}: ${placeText(byHandNotFinite)}.`,
    );
  }
  if (engineNotFinite !== undefined) {
    const same = byHandNotFinite !== undefined && placeText(byHandNotFinite) === placeText(engineNotFinite);
    if (same) list.push("In the engine it is the same.");
    else list.push(`In the engine it is ${engineNotFinite.value}: ${placeText(engineNotFinite)}.`);
  }
  if (first !== undefined && !Number.isFinite(first.engine) && Math.abs(first.expected) > largestFloat) {
    const { activation } = model.layers.find(({ name }) => name === first.layer)?.config ?? {};
    const unbounded = typeof activation === "string" ? `, and ${activation} does not keep the state within bounds` : "";
    list.push(`That is an overflow: 32-bit numbers end at 3.4e38${unbounded}.`);
  }
  return list;
}
