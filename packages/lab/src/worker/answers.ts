/** A count or shape that the user worked out, checked by the library, which names the slips behind a wrong one. */
import type { AnswerCheck, Finding } from "unroll/explain/answers/answer.ts";
import { checkAnswer } from "unroll/explain/answers/check.ts";
import { type EarlierSize, outlineOf } from "unroll/explain/answers/outline.ts";
import { derivationView } from "./describe.ts";
import type { Model } from "./library.ts";
import type { CheckView, DerivationView } from "./protocol.ts";
import { type Misfit, readAnswer } from "./read-answer.ts";

/** Findings that are shown, and those that tie with the last; more would be guesses. */
const mostFindings = 4;

/** Features and units of the models that were open before, the latest first. */
function sizesOf(before: readonly Model[]): EarlierSize[] {
  return [...before].reverse().flatMap((model) => {
    const { inputs, places } = outlineOf(model);
    const features = inputs.map(({ shape }) => ({ value: shape.at(-1), where: "the features of a model before" }));
    const units = places.map(({ units: value, layer }) => ({
      value,
      where: `the units of ${layer.name} in a model before`,
    }));
    return [...features, ...units].flatMap(({ value, where }) => (typeof value === "number" ? [{ value, where }] : []));
  });
}

export function checkText(model: Model, layer: string, answer: string, before: readonly Model[] = []): CheckView {
  const about = layer === "" ? {} : { layer };
  const read = readAnswer(answer);
  if ("misfit" in read) return unfit(read.misfit);
  const { given } = read;
  const asked = typeof given !== "number" ? { shape: given } : layer === "" ? { total: given } : { params: given };
  const check = checkAnswer(model, { ...about, ...asked }, { earlier: sizesOf(before) });
  // A slip that leaves nothing over explains nothing.
  return given === 0 && !check.right ? unfit("zero") : checkView(check);
}

function unfit(misfit: Misfit): CheckView {
  return { right: false, misfit, remarks: [], findings: [] };
}

export function checkView(check: AnswerCheck): CheckView {
  const least = check.findings[mostFindings - 1]?.plausibility ?? 0;
  return {
    right: check.right,
    misfit: undefined,
    remarks: check.remarks,
    findings: check.findings
      .filter(({ plausibility }) => plausibility >= least)
      .map(({ slips, derivation }) => ({
        slips: slips.map(({ title, detail, layer: where }) => ({ title, detail, layer: where })),
        derivations: derivationsOf(derivation),
      })),
  };
}

/** One for a count; of a shape, one for each axis. */
export function derivationsOf(derivation: Finding["derivation"]): DerivationView[] {
  return "axes" in derivation ? derivation.axes.map(derivationView) : [derivationView(derivation)];
}
