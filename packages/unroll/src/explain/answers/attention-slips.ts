/**
 * Slips in attention. In the count they look at what letters mean (heads, the sizes of their keys and values); in the values
 * at what operations do: scores of queries and keys, the softmax over them, the joined heads. None asks which layer it is.
 */
import { evaluateSize } from "../../equations/evaluate.ts";
import { familyOf } from "../../layers/family.ts";
import { map, reduce, reshape, transpose } from "../../program/builder.ts";
import type { MapOperation, Operation, ProductOperation, Value } from "../../program/program.ts";
import type { LayerRun } from "../by-hand.ts";
import { type CountTree, changeTerms, lettersIn, rebindTree, type Term } from "./count-tree.ts";
import type { LayerSlip } from "./layer-slips.ts";
import { type Meaning, means, numberOf, setLetter, withNumber } from "./letters.ts";
import type { Place } from "./outline.ts";
import type { ProgramChange } from "./rewrite-program.ts";
import type { Variant } from "./slip.ts";

/** Wrong counts of a layer with heads; none for other layers. */
export function attentionCounts({ count }: Place): Variant<CountTree>[] {
  const letters = lettersIn(count);
  const heads = numberOf("heads", letters);
  const keySize = numberOf("key features", letters);
  const features = numberOf("features", letters);
  if (heads === undefined || keySize === undefined) return [];
  const valueSize = numberOf("value features", letters);
  return [
    ...headCounts(count, heads, keySize),
    ...(features === undefined || features === keySize ? [] : sizeCounts(count, keySize, features)),
    ...(valueSize === undefined || valueSize === keySize ? [] : valueCounts(count, keySize, valueSize)),
    ...projectionCounts(count),
    ...headBiases(count, heads),
  ];
}

function headCounts(count: CountTree, heads: number, keySize: number): Variant<CountTree>[] {
  if (heads === 1) return [];
  const as = (meaning: Meaning, value: number, reason: string): CountTree =>
    rebindTree(count, setLetter(meaning, value, reason));
  const one: Variant<CountTree> = {
    id: "heads-as-one",
    result: as("heads", 1, "taken as 1"),
    detail: `There are ${heads} heads, each with arrays of its own.`,
    plausibility: 0.65,
  };
  if (keySize % heads !== 0) return [one];
  const part = keySize / heads;
  const divided = rebindTree(as("key features", part, "divided among the heads"), (node) =>
    means(node, "value features") && node.value === keySize
      ? withNumber(node, part, "divided among the heads")
      : undefined,
  );
  const detail = `key_dim is the size of one head: each of the ${heads} has ${keySize}, not ${part}.`;
  return [one, { id: "head-size-divided", result: divided, detail, plausibility: 0.6 }];
}

function sizeCounts(count: CountTree, keySize: number, features: number): Variant<CountTree>[] {
  const swapped = rebindTree(count, (node) => {
    if (means(node, "features")) return withNumber(node, keySize, "taken from key_dim");
    return means(node, "key features") || (means(node, "value features") && node.value === keySize)
      ? withNumber(node, features, "taken from the features")
      : undefined;
  });
  const detail = `The layer reads ${features} features; a head has ${keySize}.`;
  return [{ id: "key-size-and-features-swapped", result: swapped, detail, plausibility: 0.5 }];
}

function valueCounts(count: CountTree, keySize: number, valueSize: number): Variant<CountTree>[] {
  const result = rebindTree(count, setLetter("value features", keySize, "taken from key_dim"));
  const detail = `A head's value has ${valueSize} features (value_dim), its key ${keySize}.`;
  return [{ id: "value-size-as-key-size", result, detail, plausibility: 0.65 }];
}

/** Queries, keys, values and output have arrays of their own. */
function projectionCounts(count: CountTree): Variant<CountTree>[] {
  const without = (part: string): CountTree =>
    changeTerms(count, (term) => (term.name.startsWith(`${part}/`) ? undefined : term));
  return [
    {
      id: "output-projection-forgotten",
      result: without("attention_output"),
      detail: "The joined heads are multiplied with an array of their own, attention_output.",
      plausibility: 0.75,
    },
    {
      id: "projection-forgotten",
      result: without("key"),
      detail: "Queries, keys and values are three projections, also where all three read the same.",
      plausibility: 0.45,
    },
  ];
}

/** A bias that has an entry for each head and position. */
function headBiases(count: CountTree, heads: number): Variant<CountTree>[] {
  const isOfHeads = ({ role, factors }: Term): boolean =>
    role === "bias" && factors.length === 2 && lettersOf(factors).includes("heads");
  const keeping = (axis: 0 | 1): CountTree =>
    changeTerms(count, (term) => (isOfHeads(term) ? { ...term, factors: [term.factors[axis]!] } : term));
  const detail = `Each of the ${heads} heads has a bias for each of its features.`;
  return [
    { id: "bias-per-head", result: keeping(0), detail, plausibility: 0.4 },
    { id: "bias-once-for-heads", result: keeping(1), detail, plausibility: 0.45 },
  ];
}

function lettersOf(factors: Term["factors"]): string[] {
  return factors.flatMap(({ node }) => (node.op === "symbol" ? [node.meaning] : []));
}

type Slip = Omit<LayerSlip, "layer">;

/** Wrong values of a layer that weighs values by scores of queries and keys. */
export function attentionSlips(operations: ReadonlySet<Operation>, run: LayerRun): Slip[] {
  return [...scoreSlips(operations), ...softmaxSlips(operations), ...outputSlips(operations), ...arraySlips(run)];
}

/** The scores q · kᵀ and what is made of them at once: both sides are values, not arrays. */
function scoresIn(operations: ReadonlySet<Operation>): { scaled: MapOperation; scores: Value; factor: number }[] {
  return [...operations].flatMap((operation) => {
    if (operation.op !== "map" || operation.operands.length !== 1 || operation.body.node.op !== "mul") return [];
    const { b } = operation.body.node;
    const [scores] = operation.operands as [Value];
    const made = scores.operation;
    if (b.node.op !== "constant" || made.op !== "product" || !made.transposeB) return [];
    return [{ scaled: operation, scores, factor: b.node.value }];
  });
}

/** Something else in the place of an operation's result, made of that result. */
function instead(operation: Operation, make: (result: Value) => Value): ProgramChange {
  return { value: (changed, original) => (original.operation === operation ? make(changed) : undefined) };
}

function scoreSlips(operations: ReadonlySet<Operation>): Slip[] {
  return scoresIn(operations).flatMap(({ scaled, scores, factor }): Slip[] => {
    const times = (by: number): ProgramChange =>
      instead(scaled, (value) => map([value], ([score]) => score!.times(by)));
    const size = Math.round(1 / factor ** 2);
    const [, heads = 1, queries, keys] = scores.shape;
    return [
      {
        id: "scale-forgotten",
        change: times(1 / factor),
        detail: `The scores are divided by √${size}, the root of key_dim.`,
        plausibility: 0.7,
      },
      {
        id: "scale-without-root",
        change: times(factor),
        detail: `The scores are divided by √${size}, not by ${size}.`,
        plausibility: 0.6,
      },
      ...(queries === keys
        ? [
            {
              id: "queries-and-keys-swapped",
              change: instead(scaled, (value) => transpose(value, lastTwoSwapped(value))),
              detail: "A row of the scores belongs to a query, a column to a key.",
              plausibility: 0.5,
            } as const,
          ]
        : []),
      ...(heads > 1
        ? [
            {
              id: "heads-as-one",
              // Σ over heads of q · k is the product of the whole width, whose root divides it.
              change: instead(scaled, (value) =>
                map([value, reduce("sum", value, [1])], ([score, all]) =>
                  score!.times(0).plus(all!.over(Math.sqrt(heads))),
                ),
              ),
              detail: `Each of the ${heads} heads has scores of its own.`,
              plausibility: 0.55,
            } as const,
          ]
        : []),
    ];
  });
}

/** The row of a score is a query: its weights add up to 1. */
function softmaxSlips(operations: ReadonlySet<Operation>): Slip[] {
  return [...operations].flatMap((operation): Slip[] => {
    const scores = operation.op === "map" ? operation.operands[0]! : undefined;
    const isSoftmax =
      operation.op === "map" && operation.body.node.op === "apply" && operation.body.node.fn.name === "softmax";
    if (!isSoftmax || scores === undefined || scores.shape.length < 3 || !isOfScores(scores)) return [];
    const change: ProgramChange = {
      value: (changed, original) => {
        if (original.operation !== operation || changed.operation.op !== "map") return undefined;
        const { operands, symbols, body } = changed.operation;
        const turned = operands.map((operand) => transpose(operand, lastTwoSwapped(operand)));
        const along = {
          ...changed,
          shape: turned[0]!.shape,
          operation: { op: "map" as const, operands: turned, symbols, body },
        };
        return transpose(along, lastTwoSwapped(along));
      },
    };
    const detail = "The weights of one query add up to 1 over the keys, not those of one key over the queries.";
    return [{ id: "softmax-other-axis", change, detail, plausibility: 0.55 }];
  });
}

/** Whether a value comes of a product of two others, through maps alone. */
function isOfScores({ operation }: Value): boolean {
  if (operation.op === "map") return operation.operands.some(isOfScores);
  return operation.op === "product" && operation.transposeB;
}

/** The joined heads as they are, where the output is as wide. */
function outputSlips(operations: ReadonlySet<Operation>): Slip[] {
  return [...operations].flatMap((operation): Slip[] => {
    if (operation.op !== "product" || !isProjection(operation, "attention_output/kernel")) return [];
    const { a, b } = operation;
    if (a.shape.at(-1) !== b.shape.at(-1)) return [];
    const change: ProgramChange = {
      value: (changed, original) =>
        original.operation === operation && changed.operation.op === "product"
          ? reshape(changed.operation.a, original.shape)
          : undefined,
    };
    const detail = "The joined heads are still to be multiplied with attention_output/kernel.";
    return [{ id: "output-projection-forgotten", change, detail, plausibility: 0.6 }];
  });
}

function isProjection({ b }: ProductOperation, name: string): boolean {
  const { operation } = b.operation.op === "view" ? b.operation.source : b;
  return operation.op === "weight" && operation.variable.name === name;
}

/** Arrays `[features, heads, size]` and `[heads, size, features]` with the heads read as the inner axis. */
function arraySlips({ call }: LayerRun): Slip[] {
  const arrays = familyOf(call.call.layer).flatMap(({ ownArrays }) => ownArrays);
  return arrays.flatMap(({ spec, variable }): Slip[] => {
    const axis = spec.shape.findIndex(({ node }) => node.op === "symbol" && node.meaning === "heads");
    if (axis === -1 || spec.shape.length !== 3 || axis === 2) return [];
    const { shape, data, name } = variable;
    const [heads, size] = [shape[axis]!, shape[axis + 1]!];
    if (heads === 1 || size === 1) return [];
    const inner = axis === 0 ? shape[2]! : 1;
    const numbers = Float64Array.from(data, (_, at) => {
      const last = at % inner;
      const position = Math.floor(at / inner) % size;
      const head = Math.floor(at / inner / size) % heads;
      const outer = Math.floor(at / inner / size / heads);
      return data[((outer * size + position) * heads + head) * inner + last]!;
    });
    const change: ProgramChange = {
      value: (_, { operation }) => (operation.op === "weight" && operation.variable === variable ? numbers : undefined),
    };
    const detail = `${name} has its axes in the order ${spec.shape.map((one) => lettersOf([one])[0] ?? evaluateSize(one)).join(", ")}: the numbers of a head lie together.`;
    return [{ id: "heads-read-as-inner-axis", change, detail, plausibility: 0.5 }];
  });
}

function lastTwoSwapped({ shape }: Value): number[] {
  const last = shape.length - 1;
  return shape.map((_, axis) => (axis === last ? last - 1 : axis === last - 1 ? last : axis));
}
