/**
 * Slips in an output shape: options of the layer misread (its own shape rule then gives the wrong shape), and changes of the
 * formula of an axis. They know options and letters by name, no layer.
 */
import { type Shape, sameShape } from "../../core/shape.ts";
import { constant, type Expr, unary } from "../../equations/expr.ts";
import type { Sizes } from "../../layers/index.ts";
import { Layer } from "../../layers/layer.ts";
import { shapeOf } from "../../layers/sizes.ts";
import { changeFormula, numberOf, rebindLetters, setLetter } from "./letters.ts";
import { type Outline, outputsFor, type Place, timestepsOf, withOptions } from "./outline.ts";
import type { SlipId, Variant } from "./slip.ts";

type ShapeSlip = (place: Place, outline: Outline) => readonly Variant<Sizes>[];

/** Every shape of a layer's first output that one slip gives and that differs from the right one. */
export function shapeVariants(place: Place, outline: Outline): Variant<Sizes>[] {
  return different(
    place,
    shapeSlips.flatMap((slip) => slip(place, outline)),
  );
}

/** Those that make learners count the next layers wrongly; the others would be noticed there or are told in another way. */
export function consequentialVariants(place: Place): Variant<Sizes>[] {
  return different(place, [...misread(place), ...remainderKept(place), ...plusOneForgotten(place)]).filter(
    ({ id }) => id !== "sequences-overlooked" && id !== "sequences-assumed",
  );
}

function different(place: Place, variants: readonly Variant<Sizes>[]): Variant<Sizes>[] {
  const right = shapeOf(place.outputs[0]!);
  return variants
    .filter(({ result }) => isPossible(shapeOf(result)) && !sameShape(shapeOf(result), right))
    .sort((a, b) => b.plausibility - a.plausibility);
}

function isPossible(shape: Shape): boolean {
  return shape.every((size) => size === null || (Number.isInteger(size) && size > 0));
}

/** An option read as another value; `when` says which values are misread so. */
interface Misreading {
  readonly id: SlipId;
  readonly option: string;
  readonly when: (value: unknown) => boolean;
  readonly as: (value: unknown) => unknown;
  readonly detail: string;
  readonly plausibility: number;
}

const isPadded = (value: unknown): boolean => value === "same" || value === "causal";
const isOver1 = (value: unknown): boolean => Array.isArray(value) && value.some((size) => size > 1);
const asOnes = (value: unknown): unknown => (value as readonly number[]).map(() => 1); // `when` has seen a list

const misreadings: readonly Misreading[] = [
  {
    id: "sequences-overlooked",
    option: "returnSequences",
    when: (value) => value === true,
    as: () => false,
    detail: "With return_sequences=True the state of every timestep comes out, so the axis of timesteps stays.",
    plausibility: 0.9,
  },
  {
    id: "sequences-assumed",
    option: "returnSequences",
    when: (value) => value === false,
    as: () => true,
    detail: "Without return_sequences only the last state comes out.",
    plausibility: 0.85,
  },
  {
    id: "doubling-missed",
    option: "mergeMode",
    when: (value) => value === "concat",
    as: () => "sum",
    detail: "The outputs of both directions stand beside each other: twice the units.",
    plausibility: 0.85,
  },
  {
    id: "doubling-assumed",
    option: "mergeMode",
    when: (value) => value === "sum" || value === "mul" || value === "ave",
    as: () => "concat",
    detail: "This merge_mode keeps the number of units.",
    plausibility: 0.8,
  },
  {
    id: "padding-forgotten",
    option: "padding",
    when: isPadded,
    as: () => "valid",
    detail: "The padding fills up the ends, so that no timesteps are lost.",
    plausibility: 0.8,
  },
  {
    id: "padding-assumed",
    option: "padding",
    when: (value) => value === "valid",
    as: () => "same",
    detail: 'With padding="valid" only whole windows count.',
    plausibility: 0.7,
  },
  {
    id: "stride-ignored",
    option: "strides",
    when: isOver1,
    as: asOnes,
    detail: "The window moves by more than one step.",
    plausibility: 0.6,
  },
  {
    id: "stride-ignored",
    option: "strides",
    when: (value) => value === null,
    as: () => [1],
    detail: "Without an option strides the window of a pooling moves by its own size.",
    plausibility: 0.5,
  },
  {
    id: "dilation-ignored",
    option: "dilationRate",
    when: isOver1,
    as: asOnes,
    detail: "The window reaches further: there are gaps between the steps that it sees.",
    plausibility: 0.5,
  },
];

const misread = ({ layer, inputs }: Place): Variant<Sizes>[] =>
  misreadings.flatMap(({ id, option, when, as, detail, plausibility }): Variant<Sizes>[] => {
    const changed = changedOptions(layer, option, when, as);
    const sizes = changed === undefined ? undefined : outputsFor(layer, inputs, changed)?.[0];
    return sizes === undefined ? [] : [{ id, result: sizes, detail, plausibility }];
  });

/** The option of the layer itself, or of the layer that it wraps. */
function changedOptions(
  layer: Layer,
  option: string,
  when: Misreading["when"],
  as: Misreading["as"],
): Readonly<Record<string, unknown>> | undefined {
  const { config } = layer;
  if (option in config) return when(config[option]) ? { [option]: as(config[option]) } : undefined;
  const wrapped = config.layer;
  if (!(wrapped instanceof Layer) || !(option in wrapped.config) || !when(wrapped.config[option])) return undefined;
  const change = { [option]: as(wrapped.config[option]) };
  const other = config.backwardLayer;
  return {
    layer: withOptions(wrapped, change),
    ...(other instanceof Layer ? { backwardLayer: withOptions(other, change) } : {}),
  };
}

const remainderKept = ({ outputs }: Place): Variant<Sizes>[] =>
  changedAxes(outputs[0]!, (axis) =>
    changeFormula(axis, ({ node }) => (node.op === "floor" ? unary("ceil", node.a) : undefined)),
  ).map((result) => ({
    id: "remainder-kept",
    result,
    detail: "Steps that do not fill a whole window are dropped: the division is rounded down.",
    plausibility: 0.8,
  }));

const plusOneForgotten = ({ outputs }: Place): Variant<Sizes>[] =>
  changedAxes(outputs[0]!, (axis) =>
    changeFormula(axis, ({ node }) =>
      node.op === "add" && node.b.node.op === "constant" && node.b.node.value === 1 ? node.a : undefined,
    ),
  ).map((result) => ({
    id: "plus-one-forgotten",
    result,
    detail: "A window of k steps fits T − k + 1 times: the first place counts too.",
    plausibility: 0.7,
  }));

const passedOver: ShapeSlip = ({ inputs, layer }) => {
  const [input] = inputs;
  if (input === undefined) return [];
  return [
    { id: "layer-passed-over", result: input, detail: `${layer.name} changes the shape.`, plausibility: 0.5 } as const,
  ];
};

const featuresKept: ShapeSlip = ({ inputs, outputs, layer }) => {
  const features = inputs[0]?.at(-1);
  if (features === undefined) return [];
  const result = [...outputs[0]!.slice(0, -1), features];
  return [
    {
      id: "features-kept",
      result,
      detail: `The last axis becomes what ${layer.name} makes of it, not the features that it reads.`,
      plausibility: 0.6,
    },
  ];
};

const axesSwapped: ShapeSlip = ({ outputs }) => {
  const [batch, steps, features, ...more] = outputs[0]!;
  if (batch === undefined || steps === undefined || features === undefined || more.length > 0) return [];
  const detail = "The order is batch, timesteps, features.";
  return [{ id: "axes-swapped", result: [batch, features, steps], detail, plausibility: 0.6 }];
};

const stepsConcatenated: ShapeSlip = ({ outputs }) => {
  const [batch, steps, features, ...more] = outputs[0]!;
  if (batch === undefined || steps === undefined || features === undefined || more.length > 0) return [];
  return [
    {
      id: "steps-concatenated",
      result: [batch, steps.times(features)],
      detail: "Every timestep stays a row of its own: stack the outputs, do not join them end to end.",
      plausibility: 0.6,
    },
  ];
};

/** The axis of timesteps left out by a layer that gives a row for each; recurrent layers have an option for it. */
const axisDropped: ShapeSlip = ({ layer, outputs }) => {
  const [batch, steps, features, ...more] = outputs[0]!;
  if (batch === undefined || steps === undefined || features === undefined || more.length > 0) return [];
  if (hasSequenceOption(layer)) return [];
  const detail = `${layer.name} gives a row for each timestep.`;
  return [{ id: "axis-dropped", result: [batch, features], detail, plausibility: 0.6 }];
};

function hasSequenceOption(layer: Layer): boolean {
  const always = (): boolean => true;
  return changedOptions(layer, "returnSequences", always, always) !== undefined;
}

/** An axis of the input that the layer reduces, put back. */
const axisKept: ShapeSlip = ({ inputs, outputs, layer }) => {
  const [input] = inputs;
  const [output] = outputs;
  if (input?.length !== 3 || output?.length !== 2 || hasSequenceOption(layer)) return [];
  return [
    {
      id: "axis-kept",
      result: [output[0]!, input[1]!, output[1]!],
      detail: `${layer.name} takes the axis of timesteps away.`,
      plausibility: 0.6,
    },
    {
      id: "axis-kept",
      result: [output[0]!, constant(1), output[1]!],
      detail: `${layer.name} takes the axis of timesteps away, also where one step is left.`,
      plausibility: 0.4,
    },
  ];
};

/** Sizes of other places of the model in the place of this one's. */
const staleSizes: ShapeSlip = (place, { places, inputs }) => {
  const [output] = place.outputs;
  const before = [
    ...places
      .slice(0, place.index)
      .flatMap(({ layer, outputTensors }) =>
        outputTensors.map(({ shape }) => ({ shape, where: `what ${layer.name} gives` })),
      ),
    ...inputs.map(({ name, shape }) => ({ shape, where: `the shape of ${name}` })),
  ];
  const read = place.sources[0]?.shape.at(-1); // taken for the units, that is "features-kept"
  const own = numberOf("units", output!) ?? numberOf("filters", output!);
  return before.flatMap(({ shape, where }): Variant<Sizes>[] => {
    const features = shape.at(-1);
    const steps = shape.length === 3 ? shape[1] : undefined;
    return [
      ...(typeof steps === "number" && output!.length === 3 && timestepsOf(place) !== undefined
        ? [
            {
              id: "stale-timesteps",
              result: output!.map((axis) => rebindLetters(axis, setLetter("timesteps", steps, where))),
              detail: `${steps} timesteps is ${where}; this layer reads ${timestepsOf(place)}.`,
              plausibility: 0.55,
            } as const,
          ]
        : []),
      ...(typeof features === "number" && own !== undefined && features !== read
        ? [
            {
              id: "stale-units",
              result: [...output!.slice(0, -1), constant(features)],
              detail: `${features} is ${where}.`,
              plausibility: 0.45,
            } as const,
          ]
        : []),
    ];
  });
};

const gatesInShape: ShapeSlip = ({ layer, outputs }) => {
  const cell = (layer.children[0] ?? layer).type.cell?.((layer.children[0] ?? layer).config);
  if (cell === undefined || cell.gates.length === 1) return [];
  const [output] = outputs;
  const wide = constant(cell.gates.length).times(output!.at(-1)!);
  return [
    {
      id: "gates-in-shape",
      result: [...output!.slice(0, -1), wide],
      detail: "The gates are values on the way; what comes out has one number for each unit.",
      plausibility: 0.35,
    },
  ];
};

const batchAsTimesteps: ShapeSlip = ({ inputs, outputs }) => {
  const [input] = inputs;
  const [output] = outputs;
  if (input?.length !== 3 || output?.length !== 2) return [];
  return [
    {
      id: "batch-as-timesteps",
      result: [input[1]!, output[1]!],
      detail: "The first axis is the batch, None until data comes; the timesteps are gone.",
      plausibility: 0.6,
    },
  ];
};

const shapeSlips: readonly ShapeSlip[] = [
  misread,
  remainderKept,
  plusOneForgotten,
  passedOver,
  featuresKept,
  axesSwapped,
  stepsConcatenated,
  axisDropped,
  axisKept,
  staleSizes,
  gatesInShape,
  batchAsTimesteps,
];

/** The sizes with every axis changed; nothing when the change changes none. */
function changedAxes(sizes: Sizes, change: (axis: Expr) => Expr): Sizes[] {
  const changed = sizes.map(change);
  return changed.some((axis, index) => axis !== sizes[index]) ? [changed] : [];
}
