/** A checked value as plain text. */
import { isPair, leadTo, rankLabels } from "./answer.ts";
import type { AnswerTextOptions } from "./answer-text.ts";
import type { ValueCheck } from "./check-value.ts";
import type { ValueFinding } from "./search-values.ts";
import { mayBeChance } from "./written-number.ts";

/**
 * The verdict, and each way to a wrong value with the equation that gives it.
 *
 * @param options.solution whether a wrong value is told the right one; true by default
 */
export function valueToText(
  { layer, name, given, expected, right, digits, written, findings }: ValueCheck,
  { solution = true }: Pick<AnswerTextOptions, "solution"> = {},
): string {
  const agree = `${digits} significant digit${digits === 1 ? " agrees" : "s agree"}`;
  if (right) return `${layer}: ${name} = ${given} is right${digits === 0 ? zeroText(expected) : `, ${agree}`}.\n`;
  const rest = solution ? `, it is ${Number(expected.toPrecision(7))}` : "";
  const head = `${layer}: ${name} = ${given} is not right${rest}; ${agree}.`;
  const lead =
    findings.length === 0
      ? ["No known slip gives this value, nor do two together."]
      : findings.length === 1 && !isPair(findings[0]!)
        ? []
        : [leadTo(findings)];
  const labels = rankLabels(findings);
  const ways = findings.map((finding, index) => findingText(finding, labels[index]!, written));
  const isChance = findings.some(({ slips }) => mayBeChance(slips, written));
  const more = isChance ? ["So few digits may come about by chance: give more of them to know."] : [];
  return `${[head, ...lead, ...ways, ...more].join("\n\n")}\n`;
}

/** A zero has no significant digit that could agree. */
function zeroText(expected: number): string {
  const written = " to the decimals that are written";
  return Math.abs(expected) < 1e-12 ? written : `${written}; with more it is not 0`;
}

function findingText({ slips, everyStep, lines }: ValueFinding, number: string, written: number): string {
  const named = [...new Set(slips.map(({ title }) => title))].join(", and ");
  const titles = mayBeChance(slips, written) ? `perhaps ${named}` : named;
  const layers = [...new Set(slips.map(({ layer }) => layer))].join(", ");
  const steps = everyStep ? ", in every step up to here" : "";
  return [
    `${number}${titles.charAt(0).toUpperCase()}${titles.slice(1)}${steps} (${layers}).`,
    ...slips.map(({ detail }) => `  ${detail}`),
    ...lines.map((line) => `  ${line}`),
  ].join("\n");
}
