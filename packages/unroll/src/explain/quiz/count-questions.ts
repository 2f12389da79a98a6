/** Questions about counts, totals and shapes of drawn models; wrong answers go to the answer checker. */
import type { Random } from "../../core/random.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import type { Derivation } from "../../equations/derive.ts";
import { toText } from "../../equations/render.ts";
import { shapeOf } from "../../layers/sizes.ts";
import type { Model } from "../../model/model.ts";
import { answerToText } from "../answers/answer-text.ts";
import { type Answer, checkAnswer } from "../answers/check.ts";
import { countVariants } from "../answers/count-slips.ts";
import { deriveTree } from "../answers/count-tree.ts";
import { outlineOf, type Place } from "../answers/outline.ts";
import { deriveTotal, totalOf } from "../answers/search-totals.ts";
import { shapeVariants } from "../answers/shape-slips.ts";
import type { SlipId } from "../answers/slip.ts";
import { count, plural } from "../lines.ts";
import { modelLines } from "./model-lines.ts";
import { type Draft, readAnswer } from "./question.ts";

export type CountKind = "params" | "shape" | "total";

/** A question of this kind about some layer of the model. */
export function countQuestion(random: Random, model: Model, kind: CountKind): Draft {
  const { places } = outlineOf(model);
  const asked = places.filter((place) => kind === "shape" || (place.parameters ?? 0) > 0);
  return questionAt(model, kind, asked[random.below(asked.length)]!);
}

/** A question about the first layer in which the slip gives another number; undefined where it can be made in none. */
export function questionForSlip(model: Model, slip: SlipId, kinds: readonly string[]): Draft | undefined {
  const outline = outlineOf(model);
  const has = (variants: readonly { readonly id: SlipId }[]): boolean => variants.some(({ id }) => id === slip);
  for (const place of outline.places) {
    if (kinds.includes("params") && has(countVariants(place, outline))) return questionAt(model, "params", place);
    if (kinds.includes("shape") && has(shapeVariants(place, outline))) return questionAt(model, "shape", place);
  }
  return undefined;
}

function questionAt(model: Model, kind: CountKind, place: Place): Draft {
  const outline = outlineOf(model);
  const layer = kind === "total" ? undefined : place.layer.name;
  const derivation = kind === "total" ? deriveTotal(outline) : deriveTree(place.count);
  const right = kind === "total" ? totalOf(outline) : kind === "shape" ? shapeOf(place.outputs[0]!) : place.parameters!; // sizes of exercises are known
  const answer = typeof right === "number" ? count(right) : formatShape(right);
  return {
    kind,
    text: textOf(kind, layer),
    given: modelLines(outline),
    choices: [],
    hints: kind === "shape" ? shapeHints(place) : countHints(derivation),
    answer,
    solution: solutionOf(model, kind, layer, right),
    check(given) {
      const check = checkAnswer(model, answerOf(kind, layer, readAnswer(given, "answer")));
      const slips = check.right ? [] : (check.findings[0]?.slips ?? []);
      const titles = [...new Set(slips.map(({ title }) => title))];
      return {
        kind,
        right: check.right,
        slip: titles.length === 0 ? undefined : titles.join(" and "),
        slipId: slips[0]?.id,
        where: slips[0]?.layer,
        text: answerToText(check),
      };
    },
  };
}

function answerOf(kind: CountKind, layer: string | undefined, given: number | Shape): Answer {
  if (typeof given !== "number") return { layer, shape: given };
  if (kind === "total") return { total: given };
  return kind === "shape" ? { layer, shape: [given] } : { layer, params: given };
}

function textOf(kind: CountKind, layer: string | undefined): string {
  if (kind === "total") return "How many parameters does the whole model have?";
  return kind === "params" ? `How many parameters does ${layer} have?` : `What is the output shape of ${layer}?`;
}

/** The right answer's derivation: what a wrong one is shown, from its heading on. */
function solutionOf(model: Model, kind: CountKind, layer: string | undefined, right: number | Shape): string {
  const wrong = checkAnswer(model, answerOf(kind, layer, typeof right === "number" ? -1 : [null, -1]));
  const text = answerToText({ ...wrong, findings: [] });
  const heading = "The right way:\n";
  return text.slice(text.indexOf(heading) + heading.length).trimEnd();
}

function countHints({ letters, formula, steps }: Derivation): string[] {
  const named = letters.map(
    ({ name, value, meaning }) => `${name} = ${value === null ? "None" : count(value)}, ${meaning}`,
  );
  return [named.join("; "), toText(formula), ...(steps[0] === undefined ? [] : [toText(steps[0])])].filter(
    (hint) => hint !== "",
  );
}

function shapeHints({ outputs, sources, layer }: Place): string[] {
  const [output] = outputs;
  return [
    `${layer.name} reads ${sources.map(({ shape }) => formatShape(shape)).join(" and ")}.`,
    `The output has ${plural(output!.length, "axis").replace("axiss", "axes")}.`,
    `In letters: (${output!.map((axis) => toText(axis)).join(", ")}).`,
  ];
}
