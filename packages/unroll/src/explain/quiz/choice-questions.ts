/**
 * Questions where one of several is right: which layer of a summary is counted wrong, which code gives a summary, which slip
 * is in a worked solution. The wrong ones are made by named slips and by one changed option, never drawn freely.
 */
import { UnrollError } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import { derivationToText } from "../../equations/derivation-output.ts";
import { input } from "../../layers/index.ts";
import { Layer } from "../../layers/layer.ts";
import type { Model } from "../../model/model.ts";
import { sequential } from "../../model/sequential.ts";
import { type CountVariant, countVariants } from "../answers/count-slips.ts";
import { deriveTree } from "../answers/count-tree.ts";
import { type Outline, outlineOf, type Place, withOptions } from "../answers/outline.ts";
import { slipTitles } from "../answers/slip.ts";
import { count } from "../lines.ts";
import { layerText, modelLines, summaryLines } from "./model-lines.ts";
import { choiceOf, type Draft, type Option } from "./question.ts";

/** Choices offered where there are more to choose from. */
const mostChoices = 4;

/** A place, a slip that can be made there, and the wrong count that it gives. */
interface Slipped {
  readonly place: Place;
  readonly variant: CountVariant;
  readonly wrong: number;
}

/** Which layer of a summary is counted wrong. Undefined where no slip changes a count. */
export function faultyQuestion(random: Random, model: Model): Draft | undefined {
  const outline = outlineOf(model);
  const slipped = drawSlip(random, outline);
  if (slipped === undefined) return undefined;
  const { place, variant, wrong } = slipped;
  const counted = outline.places.filter(({ parameters }) => (parameters ?? 0) > 0);
  const options = counted.map(
    (one): Option => ({
      text: one.layer.name,
      right: one === place,
      why: `${one.layer.name} does have ${count(one.parameters!)} parameters.`,
    }),
  );
  const { layer } = place;
  return {
    ...choiceOf(
      "faulty",
      options,
      `${layer.name} has ${count(place.parameters!)} parameters. ${count(wrong)} comes out when ${slipTitles[variant.id]}: ${variant.detail}\n${derivationToText(deriveTree(place.count), { parts: false })}`,
    ),
    text: "One count of this summary is wrong. Which layer's?",
    given: [...modelLines(outline), "", ...summaryLines(outline, new Map([[place, wrong]]))],
    hints: [
      "Count each layer from what it reads: the last axis of the layer before is its number of features.",
      `It is a ${layer.className}.`,
    ],
  };
}

/** Which slip is in a worked solution. Undefined where no two slips could be told apart. */
export function slipQuestion(random: Random, model: Model): Draft | undefined {
  const outline = outlineOf(model);
  const slipped = drawSlip(random, outline);
  if (slipped === undefined) return undefined;
  const { place, variant, wrong } = slipped;
  const same = new Set([
    variant.id,
    ...variantsOf(place, outline)
      .filter((one) => one.wrong === wrong)
      .map((one) => one.variant.id),
  ]);
  const others = [...new Set(variantsOf(place, outline).map((one) => one.variant.id))].filter((id) => !same.has(id));
  if (others.length === 0) return undefined;
  const chosen = shuffled(random, [variant.id, ...shuffled(random, others).slice(0, mostChoices - 1)]);
  const options = chosen.map(
    (id): Option => ({
      text: slipTitles[id],
      right: id === variant.id,
      why: `That would give ${count(variantsOf(place, outline).find((one) => one.variant.id === id)!.wrong)}.`,
    }),
  );
  return {
    ...choiceOf(
      "slip",
      options,
      `${variant.detail} Right is:\n${derivationToText(deriveTree(place.count), { parts: false })}`,
    ),
    text: `Somebody counts the parameters of ${place.layer.name} and gets ${count(wrong)}. Which slip is it?`,
    given: [...modelLines(outline), "", ...derivationToText(deriveTree(variant.result), { parts: false }).split("\n")],
    hints: [
      `Right is ${count(place.parameters!)}.`,
      derivationToText(deriveTree(place.count), { parts: false })
        .split("\n")
        .slice(1)
        .join("; ")
        .replaceAll(/ +/g, " "),
    ],
  };
}

/** Which code gives a summary: the models differ in one option. Undefined where no option can be changed. */
export function codeQuestion(random: Random, model: Model): Draft | undefined {
  const outline = outlineOf(model);
  const right = summaryLines(outline).join("\n");
  const seen = new Set([right]);
  const others: Option[] = [];
  for (const { place, changes, why } of shuffled(random, changesOf(outline))) {
    const changed = changedModel(model, place, changes);
    const lines = changed && summaryLines(outlineOf(changed)).join("\n");
    if (changed === undefined || lines === undefined || seen.has(lines)) continue;
    seen.add(lines);
    others.push({ text: codeOf(changed), right: false, why });
    if (others.length === mostChoices - 1) break;
  }
  if (others.length === 0) return undefined;
  const options = shuffled(random, [{ text: codeOf(model), right: true }, ...others]);
  return {
    ...choiceOf("code", options, modelLines(outline).join("\n")),
    text: "Which code gives this summary?",
    given: [`input shape ${modelLines(outline)[0]!.replace(/^.* Input /, "")}`, ...right.split("\n")],
    hints: [
      "The last axis of an output shape is the units (twice as many for Bidirectional).",
      "A time axis in the output shape means return_sequences=True.",
      "With both settled, the counts tell LSTM, GRU and SimpleRNN apart: 4, 3 and 1 blocks.",
    ],
  };
}

function drawSlip(random: Random, outline: Outline): Slipped | undefined {
  const likely = outline.places.flatMap((place) =>
    variantsOf(place, outline).filter(({ variant }) => variant.plausibility >= 0.4),
  );
  return likely.length === 0 ? undefined : likely[random.below(likely.length)];
}

/** Slips at a place, each with another count than the right one, of which something is left. */
function variantsOf(place: Place, outline: Outline): Slipped[] {
  if ((place.parameters ?? 0) === 0) return [];
  return countVariants(place, outline)
    .filter(({ count: wrong }) => wrong > 0)
    .map((variant) => ({ place, variant, wrong: variant.count }));
}

interface Change {
  readonly place: Place;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly why: string;
}

/** One option changed at a time. */
function changesOf({ places }: Outline): Change[] {
  return places.flatMap((place): Change[] => {
    const { layer } = place;
    const number = (option: string): Change[] => {
      const value = layer.config[option];
      if (typeof value !== "number") return [];
      return [value + 1, value * 2].map((other) => ({
        place,
        changes: { [option]: other },
        why: `There ${layer.name} has ${option} ${other}, which shows in the last axis and in the count.`,
      }));
    };
    const flag = (option: string): Change[] =>
      typeof layer.config[option] !== "boolean"
        ? []
        : [
            {
              place,
              changes: { [option]: layer.config[option] !== true },
              why: `There ${layer.name} has ${option} the other way round.`,
            },
          ];
    return [
      ...number("units"),
      ...number("filters"),
      ...number("kernelSize"),
      ...flag("resetAfter"),
      ...flag("useBias"),
    ];
  });
}

/** The model with a layer's options changed; undefined where it would not fit together. */
function changedModel(model: Model, place: Place, changes: Readonly<Record<string, unknown>>): Model | undefined {
  const { inputs, places } = outlineOf(model);
  const [first] = inputs;
  const list = places.map(({ layer }) => (layer === place.layer ? withOptions(layer, changes) : copyOf(layer)));
  try {
    const begin = input({ shape: first!.shape.slice(1), name: first!.name });
    return sequential({ name: model.name, layers: [begin, ...list] });
  } catch (error) {
    if (error instanceof UnrollError) return undefined;
    throw error;
  }
}

function copyOf(layer: Layer): Layer {
  const { layer: inner } = layer.config;
  const config = inner instanceof Layer ? { ...layer.config, layer: copyOf(inner) } : layer.config;
  return new Layer(layer.type, config, { name: layer.name });
}

function codeOf(model: Model): string {
  return outlineOf(model)
    .places.map(({ layer }) => layerText(layer))
    .join(" → ");
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const left = [...list];
  return list.map(() => left.splice(random.below(left.length), 1)[0]!);
}
