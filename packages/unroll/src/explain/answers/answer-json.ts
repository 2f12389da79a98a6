/** A checked answer as plain data: numbers, and formulas as text. */
import type { Shape } from "../../core/shape.ts";
import type { Derivation, ShapeDerivation } from "../../equations/derive.ts";
import { toText } from "../../equations/render.ts";
import type { AnswerCheck, AnswerKind, NamedSlip } from "./answer.ts";
import type { AnswerTextOptions } from "./answer-text.ts";

/** The formula, then each step of working it out; of a shape one list for each axis. */
export type StepsJson = readonly string[] | readonly (readonly string[])[];

/** A checked answer as plain data. */
export interface AnswerCheckJson {
  readonly kind: AnswerKind;
  readonly layer: string;
  readonly given: number | Shape;
  /** Left out with the steps where the solution is kept back. */
  readonly expected?: number | Shape;
  readonly right: boolean;
  readonly digits?: number;
  readonly findings: readonly {
    readonly slips: readonly NamedSlip[];
    readonly plausibility: number;
    readonly steps: StepsJson;
  }[];
  readonly steps?: StepsJson;
  readonly remarks: readonly string[];
}

/** A checked answer as plain data; `solution: false` keeps the right one back. */
export function answerToJson(
  { digits, findings, derivation, expected, ...rest }: AnswerCheck,
  { solution = true }: Pick<AnswerTextOptions, "solution"> = {},
): AnswerCheckJson {
  return {
    ...rest,
    ...(solution || rest.right ? { expected } : {}),
    ...(digits === undefined ? {} : { digits }),
    findings: findings.map(({ slips, plausibility, derivation: slipped }) => ({
      slips,
      plausibility: Number(plausibility.toFixed(4)),
      steps: stepsOf(slipped),
    })),
    ...(derivation === undefined || !(solution || rest.right) ? {} : { steps: stepsOf(derivation) }),
  };
}

/** The lines of a derivation; of a shape those of each axis. */
export function stepsOf(derivation: Derivation | ShapeDerivation): StepsJson {
  return "axes" in derivation ? derivation.axes.map(linesOf) : linesOf(derivation);
}

function linesOf({ formula, steps }: Derivation): string[] {
  return [formula, ...steps.filter((step) => step !== formula)].map((step) => toText(step));
}
