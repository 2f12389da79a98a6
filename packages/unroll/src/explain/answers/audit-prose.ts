/**
 * The audit of prose. Arithmetic is checked by itself; a count or a shape only where its line, or the heading above it, names
 * one layer and nothing else explains the number: to say nothing is better than to accuse what is right.
 */
import { type Shape, sameShape } from "../../core/shape.ts";
import { shapeOf } from "../../layers/sizes.ts";
import type { AnswerCheck } from "./answer.ts";
import { type AuditFinding, aboutOf, isAutomatic, type ModelAt, nothingTold } from "./audit-finding.ts";
import { type Answer, checkAnswer } from "./check.ts";
import { classes } from "./hand-work.ts";
import type { Place } from "./outline.ts";
import type { ProseLine } from "./prose-work.ts";

/** The layer that a line speaks of. */
interface Named {
  readonly at: ModelAt;
  readonly place: Place;
}

/** Findings in the prose of one cell, and how many numbers and shapes are right. */
export function auditProse(
  cell: number,
  lines: readonly ProseLine[],
  models: readonly ModelAt[],
): { findings: AuditFinding[]; confirmed: number } {
  const findings: AuditFinding[] = [];
  let confirmed = 0;
  let heading: Named | undefined;
  lines.forEach((line, index) => {
    const find = (about: Pick<AuditFinding, "kind" | "given" | "expected"> & Partial<AuditFinding>): void => {
      findings.push({ ...nothingTold, ...about, inProse: true, cell, line: line.line, text: line.text.trim() });
    };
    for (const { given, expected, right } of line.steps) {
      if (right) confirmed++;
      else find({ kind: "sum", given, expected });
    }
    const named = namedIn(line.words, cell, models);
    if (line.isHeading) heading = named === "several" ? undefined : named;
    if (line.steps.some(({ right }) => !right)) return;
    const about = named === "several" ? undefined : (named ?? heading);
    const paragraph = paragraphAround(lines, index);
    const [count, ...otherCounts] = new Set(line.counts);
    if (count !== undefined && isCountOfAny(count, models)) confirmed++;
    else if (count !== undefined && otherCounts.length === 0 && about !== undefined) {
      const check = wrongBy(about, { params: count }, paragraph);
      const isPart = typeof check?.expected === "number" && goesInto(count, check.expected, lines);
      if (check !== undefined && !isPart) find({ kind: "count", ...aboutOf(check, about.at) });
    }
    const [shape, ...otherShapes] = line.shapes;
    if (shape !== undefined && isShapeOfAny(shape, models)) confirmed++;
    else if (shape !== undefined && otherShapes.length === 0 && about !== undefined && !OF_STATES.test(paragraph)) {
      const check = wrongBy(about, { shape }, paragraph);
      if (check !== undefined) find({ kind: "shape", ...aboutOf(check, about.at) });
    }
  });
  return { findings, confirmed };
}

/** Words of a line that speaks of a part, of another case, or of a mistake on purpose. */
export const HEDGED =
  /\b(?:each|every|per|gates?|bias(?:es)?|kernels?|weights?|states?|matri(?:x|ces)|parts?|half|without|ignor\w*|instead|not|n't|no|would|should|if|when|but|however|wrong|mistake|old|older|pytorch|cudnn\w*|direction|forward|backward|would-be|other|another|vs|versus|than|input|reshape\w*|expects?|about|around|only|more|less|takes?|accepts?|first|last|following|arguments?|had|previous|earlier|example|exercise|suppose|imagine|assume|say|return_?sequences)\b/i;

/** A shape "for h and c" or of `state_h` is that of the states, whatever the layer gives. */
export const OF_STATES =
  /\b(?:[hc]\s*(?:and|und|or|,|&|\/)\s*(?:the\s+)?[hc]|(?:for|of)\s+(?:both\s+)?[hc]|state_[hc]|return_?state)\b|\b[hc]\s*[:=]\s*\(/i;

/** "An LSTM gives its state": one in general. */
const GENERAL = /\ban?\s+(?:[\w-]+\s+){0,2}(?:lstm|gru|simple|rnn|dense|conv|embedding|bidirectional)/i;

const SIZE_STATED =
  /(?:lstm|gru|rnn|dense|conv1d)\s?\(\s*(\d+)|\b(\d+)\s+(?:hidden\s+)?(?:units|neurons|cells|filters)\b|\b(?:h|units|filters)\s*=\s*(\d+)/gi;
const FEATURES_STATED = /\b(\d+)\s+(?:input\s+)?features\b|\b(?:i|features|input_dim)\s*=\s*(\d+)/gi;

/** Whether a text says units or features that the layer does not have: it speaks of another one. */
export function statesOtherSize(text: string, { units, inputs }: Place): boolean {
  const features = inputs.map((sizes) => shapeOf(sizes).at(-1));
  const differs = (pattern: RegExp, known: (size: number) => boolean): boolean =>
    [...text.matchAll(pattern)].some((match) => !known(Number(match.slice(1).find((size) => size !== undefined))));
  return (
    (units !== undefined && differs(SIZE_STATED, (size) => size === units)) ||
    differs(FEATURES_STATED, (size) => features.includes(size))
  );
}

/** The check of a claim that one slip alone explains; undefined where something else may be meant. */
function wrongBy({ at, place }: Named, answer: Omit<Answer, "layer">, paragraph: string): AnswerCheck | undefined {
  const check = checkAnswer(at.model, { ...answer, layer: place.layer.name });
  const [first] = check.findings;
  if (check.right || first === undefined || first.slips.length > 1) return undefined;
  if (HEDGED.test(paragraph) || GENERAL.test(paragraph) || statesOtherSize(paragraph, place)) return undefined;
  // Who has the right number beside it knows it.
  const told = typeof check.expected === "number" && new RegExp(`(?<!\\d)${check.expected}(?!\\d)`).test(paragraph);
  return told ? undefined : check;
}

/** Whether a number is counted on with until the right one: `144 + 16 = 160`. */
function goesInto(part: number, whole: number, lines: readonly ProseLine[]): boolean {
  const used = new RegExp(`(?:^|[^\\d.])${part}\\s*[+*]|[+*]\\s*${part}(?![\\d.])`);
  const results = lines.filter(({ words }) => used.test(words)).flatMap(({ steps }) => steps.map(({ given }) => given));
  return results.some((given) => given === whole || (given > part && goesInto(given, whole, lines)));
}

/** The lines around one, up to an empty one. */
function paragraphAround(lines: readonly ProseLine[], index: number): string {
  let [first, last] = [index, index];
  while (first > 0 && lines[first - 1]!.words.trim() !== "") first--;
  while (last + 1 < lines.length && lines[last + 1]!.words.trim() !== "") last++;
  return lines
    .slice(first, last + 1)
    .map(({ words }) => words)
    .join("\n");
}

/** The one layer that a text names, of the last model before it; where there is none, of the first behind it. */
function namedIn(words: string, cell: number, models: readonly ModelAt[]): Named | "several" | undefined {
  const at = models.findLast((one) => one.cell <= cell) ?? models[0];
  if (at === undefined) return undefined;
  const { places } = at.outline;
  const tokens = new Set(words.match(/[A-Za-z]\w*/g) ?? []);
  const own = places.filter(({ layer }) => {
    const name = at.printed.get(layer.name)?.name ?? layer.name;
    return tokens.has(name) && (!isAutomatic(layer) || /_\d+$/.test(name));
  });
  if (own.length > 0) return own.length === 1 ? { at, place: own[0]! } : "several";
  const mentioned = new Set(classes.flatMap(([pattern, name]) => (pattern.test(words) ? [name] : [])));
  // "Bidirectional LSTM" is one layer.
  const [className, ...others] = mentioned.has("Bidirectional") ? ["Bidirectional"] : mentioned;
  if (className === undefined) return undefined;
  const same = places.filter(({ layer }) => layer.className === className);
  const [only] = same;
  const isOne = others.length === 0 && only !== undefined && same.length === 1;
  return isOne && !statesOtherSize(words, only) ? { at, place: only } : "several";
}

function isCountOfAny(count: number, models: readonly ModelAt[]): boolean {
  return models.some(
    ({ model, outline }) =>
      model.countParams() === count || outline.places.some(({ parameters }) => parameters === count),
  );
}

function isShapeOfAny(shape: Shape, models: readonly ModelAt[]): boolean {
  return models.some(({ outline: { inputs, places } }) =>
    [...inputs.map((one) => one.shape), ...places.flatMap(({ outputs }) => outputs.map(shapeOf))].some((known) =>
      sameShape(known, shape),
    ),
  );
}
