/**
 * Exercises from a seed: questions about counts, shapes and totals of drawn models, with hints in order (letters, formula,
 * numbers). The same seed gives the same questions; after a slip the next question is one where it can be made again.
 */
import { Random } from "../../core/random.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import type { Derivation } from "../../equations/derive.ts";
import { toText } from "../../equations/render.ts";
import { shapeOf } from "../../layers/sizes.ts";
import type { Model } from "../../model/model.ts";
import { count, plural } from "../lines.ts";
import type { AnswerCheck } from "./answer.ts";
import { type Answer, checkAnswer } from "./check.ts";
import { countVariants } from "./count-slips.ts";
import { deriveTree } from "./count-tree.ts";
import { exerciseModel, type Level } from "./exercise-models.ts";
import { type Outline, outlineOf, type Place } from "./outline.ts";
import { deriveTotal, totalOf } from "./search-totals.ts";
import { shapeVariants } from "./shape-slips.ts";
import type { SlipId } from "./slip.ts";

export type QuestionKind = "params" | "shape" | "total";

export interface Question {
  /** From 1. */
  readonly number: number;
  readonly kind: QuestionKind;
  /** What is asked, as one sentence. */
  readonly text: string;
  /** The model as a table of layers with their options, without counts and shapes. */
  readonly model: readonly string[];
  /** The layer that is asked about; undefined for a total. */
  readonly layer: string | undefined;
  /** Letters, then the formula, then the numbers put in. */
  readonly hints: readonly string[];
  readonly answer: number | Shape;
  /** What an answer to this question means. */
  check(given: number | Shape): AnswerCheck;
}

export interface QuizOptions {
  readonly seed: number;
  /** 1: one recurrent layer, to 4: convolution, Bidirectional and several layers; rises by itself when left out. */
  readonly level?: Level | undefined;
  /** Kinds of questions; all by default. */
  readonly kinds?: readonly QuestionKind[] | undefined;
}

/** A row of questions; each `next` may depend on the slip in the answer before. */
export interface Quiz {
  /** The next question; with a slip, one in which that slip gives another number than the right one. */
  next(slip?: SlipId): Question;
}

const allKinds: readonly QuestionKind[] = ["params", "shape", "total"];
/** Questions of one level before the next. */
const QUESTIONS_PER_LEVEL = 3;
/** Models drawn in search of one in which a slip can be made. */
const MOST_TRIALS = 30;

/**
 * Starts a quiz.
 *
 * @example const quiz = startQuiz({ seed: 7 }); const first = quiz.next(); first.check(120)
 */
export function startQuiz({ seed, level, kinds = allKinds }: QuizOptions): Quiz {
  const random = new Random(seed);
  let number = 0;
  return {
    next(slip) {
      number++;
      const at = level ?? (Math.min(4, 1 + Math.floor((number - 1) / QUESTIONS_PER_LEVEL)) as Level); // 1 to 4
      for (let trial = 0; slip !== undefined && trial < MOST_TRIALS; trial++) {
        const aimed = aimedQuestion(random, number, Math.max(at, trial > 10 ? 3 : 1) as Level, slip, kinds); // 1 to 4
        if (aimed !== undefined) return aimed;
      }
      const outline = drawModel(random, at, number);
      const kind = kinds[random.below(kinds.length)]!;
      const asked = outline.places.filter((place) => kind === "shape" || (place.parameters ?? 0) > 0);
      return question(number, kind, outline, asked[random.below(asked.length)]!);
    },
  };
}

/** The same questions as a list: what a class is given, where no answer changes the next question. */
export function quizQuestions(options: QuizOptions & { readonly count: number }): Question[] {
  const quiz = startQuiz(options);
  return Array.from({ length: options.count }, () => quiz.next());
}

function aimedQuestion(
  random: Random,
  number: number,
  level: Level,
  slip: SlipId,
  kinds: readonly QuestionKind[],
): Question | undefined {
  const outline = drawModel(random, level, number);
  for (const place of outline.places) {
    const has = (variants: readonly { readonly id: SlipId }[]): boolean => variants.some(({ id }) => id === slip);
    if (kinds.includes("params") && has(countVariants(place, outline)))
      return question(number, "params", outline, place);
    if (kinds.includes("shape") && has(shapeVariants(place, outline))) return question(number, "shape", outline, place);
  }
  return undefined;
}

const outlineModels = new WeakMap<Outline, Model>();

function drawModel(random: Random, level: Level, number: number): Outline {
  const model = exerciseModel(random, level, `model_${number}`);
  const outline = outlineOf(model);
  outlineModels.set(outline, model);
  return outline;
}

function question(number: number, kind: QuestionKind, outline: Outline, place: Place): Question {
  const model = outlineModels.get(outline)!; // drawModel made it
  const layer = kind === "total" ? undefined : place.layer.name;
  const derivation = kind === "total" ? deriveTotal(outline) : deriveTree(place.count);
  const answer =
    kind === "total" ? totalOf(outline) : kind === "shape" ? shapeOf(place.outputs[0]!) : place.parameters!; // sizes of exercises are known
  return {
    number,
    kind,
    text: textOf(kind, layer),
    model: modelLines(outline),
    layer,
    hints: kind === "shape" ? shapeHints(place) : countHints(derivation),
    answer,
    check: (given) => checkAnswer(model, answerOf(kind, layer, given)),
  };
}

function answerOf(kind: QuestionKind, layer: string | undefined, given: number | Shape): Answer {
  if (typeof given !== "number") return { layer, shape: given };
  return kind === "total" ? { total: given } : { layer, params: given };
}

function textOf(kind: QuestionKind, layer: string | undefined): string {
  if (kind === "total") return "How many parameters does the whole model have?";
  return kind === "params" ? `How many parameters does ${layer} have?` : `What is the output shape of ${layer}?`;
}

/** The options that a count or a shape can need, where they are not the default. */
const shownOptions = [
  "units",
  "filters",
  "kernelSize",
  "poolSize",
  "padding",
  "strides",
  "returnSequences",
  "resetAfter",
  "useBias",
  "rate",
  "mergeMode",
];

function modelLines({ inputs, places }: Outline): string[] {
  const first = inputs.map(({ name, shape }) => `${name}: Input ${formatShape(shape)}`);
  return [...first, ...places.map(({ layer }) => `${layer.name}: ${layerText(layer)}`)];
}

function layerText({ className, config, type }: Place["layer"]): string {
  const inner = config.layer as Place["layer"] | undefined; // wrappers have the layer inside under this name
  const options = shownOptions.flatMap((name) => {
    const value = config[name];
    const unchanged =
      JSON.stringify(value) ===
      JSON.stringify((type.fields as Readonly<Record<string, { default?: unknown }>>)[name]?.default);
    return value === undefined || unchanged ? [] : [`${snakeCase(name)}=${shownValue(value)}`];
  });
  return `${className}(${[...(inner === undefined ? [] : [layerText(inner)]), ...options].join(", ")})`;
}

function shownValue(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
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
