/** Where a number that was found somewhere comes from in the open model: the library's ways to it, written out. */
import { explainNumber } from "unroll/explain/answers/explain-number.ts";
import { derivationsOf } from "./answers.ts";
import type { Model } from "./library.ts";
import type { OriginsView } from "./protocol.ts";
import { readAnswer } from "./read-answer.ts";

export function originsOf(model: Model, text: string): OriginsView {
  const read = readAnswer(text);
  if ("misfit" in read) return { misfit: read.misfit, origins: [] };
  const layers = new Set(model.layers.map(({ name }) => name));
  const origins = explainNumber(model, read.given).map(({ what, layer, slips, derivation }) => ({
    what,
    layer: layers.has(layer) ? layer : "",
    slips: slips.map(({ title, detail, layer: where }) => ({ title, detail, layer: where })),
    derivations: derivationsOf(derivation),
  }));
  return { misfit: undefined, origins };
}
