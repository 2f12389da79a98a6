/**
 * `recurrentLayer`: turns a cell into a layer type. Options, arrays, shape rule and program follow from the cell's
 * equations, so SimpleRNN, LSTM, GRU and a user's own cell are all made here; this file knows none of them.
 */

import { cellArraySizes } from "../cells/array-sizes.ts";
import type { Cell, CellArray, CellGraph } from "../cells/define.ts";
import { UnrollError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { type Expr, inOrder, letter, type NamedFunction } from "../equations/expr.ts";
import { scan } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { activationFunction } from "./activations.ts";
import { type Call, defineLayer, type LayerType, type Result, type Sizes, type WeightSpec } from "./contract.ts";
import { keepFactors } from "./dropping.ts";
import * as fields from "./fields.ts";

const commonFields = {
  units: fields.positiveInteger("Size of each state and of the output's last axis."),
  activation: fields.activation("Function on the candidate and the output.", "tanh"),
  useBias: fields.boolean("Add a trainable vector to the gates.", true),
  kernelInitializer: fields.initializer("First numbers of the input's matrix.", "glorot_uniform"),
  recurrentInitializer: fields.initializer("First numbers of the state's matrix.", "orthogonal"),
  biasInitializer: fields.initializer("First numbers of the bias.", "zeros"),
  kernelRegularizer: fields.regularizer("Penalty on the kernel."),
  recurrentRegularizer: fields.regularizer("Penalty on the recurrent kernel."),
  biasRegularizer: fields.regularizer("Penalty on the bias."),
  activityRegularizer: fields.regularizer("Penalty on the output."),
  kernelConstraint: fields.constraint("What the kernel is kept to."),
  recurrentConstraint: fields.constraint("What the recurrent kernel is kept to."),
  biasConstraint: fields.constraint("What the bias is kept to."),
  dropout: fields.rate("Share of the input dropped in training, the same at every timestep.", 0),
  recurrentDropout: fields.rate("Share of the hidden state dropped in training, the same at every timestep.", 0),
  seed: fields.optionalInteger("Kept for files; randomness comes from the run's seed.", { least: 0 }),
  returnSequences: fields.boolean("Give the output of every timestep, not only of the last.", false),
  returnState: fields.boolean("Give the final states as well.", false),
  goBackwards: fields.boolean("Read from the last timestep to the first; the sequence comes out in that order.", false),
  stateful: fields.boolean("Keep the states for the next call, until resetStates().", false),
  unroll: fields.ignored<boolean>("Changes nothing here.", false),
  zeroOutputForMask: fields.boolean("Write zeros at masked timesteps instead of repeating the output.", false),
  implementation: fields.ignored<number>("Changes nothing here.", 2),
  useCudnn: fields.ignored<boolean | string>("Changes nothing here.", "auto"),
};

/** For cells that draw gates with `act.recurrent`. */
export const gateFields = { recurrentActivation: fields.activation("Function on the gates.", "sigmoid") };
/** For cells with a forget gate. */
export const forgetFields = { unitForgetBias: fields.boolean("Start the forget gate's bias at one.", true) };
/** For cells whose reset gate can act after the recurrent product. */
export const resetFields = {
  resetAfter: fields.boolean("Apply the reset gate after the recurrent product, which then has its own bias.", true),
};
/** For LSTM; Keras kept it in a class of its own, CuDNNLSTM. */
export const recurrentBiasFields = {
  recurrentBias: {
    ...fields.boolean("Give the recurrent product a bias of its own, as CuDNNLSTM and PyTorch do.", false),
    beyondKeras: true,
  },
};
/** For cells with vectors of their own. */
const vectorFields = {
  vectorInitializer: fields.initializer("First numbers of the cell's own vectors.", "glorot_uniform"),
};

type CommonFields = typeof commonFields;
type Config = fields.ConfigOf<CommonFields> &
  Partial<fields.ConfigOf<typeof gateFields & typeof forgetFields & typeof vectorFields>> &
  Readonly<Record<string, unknown>>;

/** The options of a layer whose cell says what it has: all that the equations may call for, and the cell's own. */
type FieldsFrom<Options> = typeof gateFields &
  typeof forgetFields &
  typeof vectorFields & { readonly [K in keyof Options]: fields.Field<Widened<Options[K]>, Widened<Options[K]>> };
type Widened<T> = T extends boolean ? boolean : T extends number ? number : T extends string ? string : T;

/**
 * The layer type of a cell. `own` are the options beyond those of every recurrent layer; left out, they are read from the
 * cell (its options with their defaults, `recurrentActivation` and `unitForgetBias` where its equations use them).
 *
 * @example const peephole = recurrentLayer(defineCell({ ... })); // then factory(peephole)({ units: 4 })
 */
export function recurrentLayer<Options>(cell: Cell<Options>): LayerType<CommonFields & FieldsFrom<Options>>;
export function recurrentLayer<const Own extends fields.Fields>(cell: Cell, own: Own): LayerType<CommonFields & Own>;
/* @__NO_SIDE_EFFECTS__ */
export function recurrentLayer(cell: Cell, own: fields.Fields = fieldsFrom(cell)): LayerType<CommonFields> {
  return defineLayer({
    className: cell.kind,
    doc: `Runs the ${cell.kind} cell over the timesteps of a sequence.`,
    fields: { ...commonFields, ...own },
    inputRank: { min: 3, max: 3 },
    weights: (config, [input]) => weightsOf(cell, config as Config, input!), // Config says what every such layer has
    outputSizes: (config, [input]) => outputSizes(cell, config as Config, input!),
    stateSizes: (config) => cell.stateNames.map(() => (config as Config).units),
    cell: (config) => graphOf(cell, config as Config),
    compute: (call) => compute(cell, call as unknown as Call<Config>),
  });
}

/** The options that a cell's equations call for. */
function fieldsFrom(cell: Cell): fields.Fields {
  const graph = cell.graph({ ...probe, useBias: true, options: {} });
  const vectors = graph.arrays.some(({ name }) => !standardArrays.includes(name));
  return {
    ...(usesGateActivation(graph) ? gateFields : {}),
    ...(graph.forgetGate === undefined ? {} : forgetFields),
    ...(vectors ? vectorFields : {}),
    ...Object.fromEntries(
      Object.entries(cell.defaultOptions).map(([name, value]) => [name, fieldOfDefault(cell, name, value)]),
    ),
  };
}

/** A cell's own switch becomes an option of the same type as its default. */
function fieldOfDefault(cell: Cell, name: string, value: unknown): fields.Field {
  const doc = `Option ${name} of the cell ${cell.kind}.`;
  if (typeof value === "boolean") return fields.boolean(doc, value);
  if (typeof value === "number") return fields.number(doc, value);
  return fields.ignored(doc, value);
}

const standardArrays = ["kernel", "recurrent_kernel", "bias"];
const named = (name: string): NamedFunction => ({ name, symbol: name, latex: name, body: (x) => x });
const probe = { activation: named("main"), recurrentActivation: named("gate") };

function usesGateActivation(graph: CellGraph): boolean {
  return inOrder(graph.named.values()).some(({ node }) => node.op === "apply" && node.fn === probe.recurrentActivation);
}

/** The cell's equations with this layer's choices. */
function graphOf(cell: Cell, config: Config, changed: Readonly<Record<string, unknown>> = {}): CellGraph {
  return cell.graph({
    activation: activationFunction(config.activation),
    recurrentActivation: activationFunction(config.recurrentActivation ?? "sigmoid"),
    useBias: config.useBias,
    options: Object.fromEntries(Object.keys(cell.defaultOptions).map((name) => [name, changed[name] ?? config[name]])),
  });
}

const unitsLetter = (config: Config): Expr => letter("h", config.units, "units", "option units");

/** Size formulas of the arrays, by name. */
function arrayShapes(graph: CellGraph, config: Config, features: Expr): ReadonlyMap<string, Sizes> {
  const sizes = cellArraySizes(graph, { features, units: unitsLetter(config) });
  return new Map(sizes.map(({ name, shape }) => [name, shape]));
}

function weightsOf(cell: Cell, config: Config, input: Sizes): WeightSpec[] {
  const features = input.at(-1)!;
  const graph = graphOf(cell, config);
  const shapes = arrayShapes(graph, config, features);
  return graph.arrays.map((array): WeightSpec => {
    const shape = shapes.get(array.name)!;
    const shared = { name: array.name, shape, blocks: array.blocks };
    switch (array.name) {
      case "kernel":
        return {
          ...shared,
          initializer: config.kernelInitializer,
          regularizer: config.kernelRegularizer,
          constraint: config.kernelConstraint,
        };
      case "recurrent_kernel":
        return {
          ...shared,
          initializer: config.recurrentInitializer,
          regularizer: config.recurrentRegularizer,
          constraint: config.recurrentConstraint,
        };
      case "bias":
        return {
          ...shared,
          initializer: config.biasInitializer,
          regularizer: config.biasRegularizer,
          constraint: config.biasConstraint,
          ...(config.unitForgetBias && graph.forgetGate !== undefined ? { onesInBlock: graph.forgetGate } : {}),
          otherForms: otherForms(array, cell, config, features),
        };
      default:
        return { ...shared, initializer: config.vectorInitializer ?? vectorFields.vectorInitializer.default! };
    }
  });
}

/** The shapes that the cell's switches, turned over, would give this array (GRU's bias by resetAfter). */
function otherForms(array: CellArray, cell: Cell, config: Config, features: Expr): WeightSpec["otherForms"] {
  return Object.entries(cell.defaultOptions).flatMap(([option, initial]) => {
    if (typeof initial !== "boolean") return [];
    const turned = config[option] !== true;
    const graph = graphOf(cell, config, { [option]: turned });
    const other = graph.arrays.find(({ name }) => name === array.name);
    if (other === undefined || other.rows === array.rows) return [];
    return [
      {
        shape: arrayShapes(graph, config, features).get(array.name)!,
        hint: `That is the ${array.name} of ${cell.kind} with ${option}: ${turned}; build the layer so.`,
        beyondKeras: turned && option in recurrentBiasFields,
      },
    ];
  });
}

function outputSizes(cell: Cell, config: Config, input: Sizes): Sizes[] {
  const [batch, timesteps] = input as [Expr, Expr];
  const h = unitsLetter(config);
  const output = config.returnSequences ? [batch, timesteps, h] : [batch, h];
  return [output, ...(config.returnState ? cell.stateNames.map(() => [batch, h]) : [])];
}

function compute(cell: Cell, call: Call<Config>): Result {
  const { config, weights } = call;
  const input = call.inputs[0]!;
  const mask = call.masks[0];
  const graph = graphOf(cell, config);
  checkStates(cell, call, [input.shape[0]!, config.units]);
  const [output, ...states] = scan({
    cell: graph,
    units: config.units,
    input,
    arrays: graph.arrays.map(({ name }) => weights[name]!),
    initialStates: call.initialStates,
    mask,
    backwards: config.goBackwards,
    returnSequences: config.returnSequences,
    zeroOutputForMask: config.zeroOutputForMask,
    ...dropoutFactors(cell, call, input),
  });
  return {
    outputs: [output!, ...(config.returnState ? states : [])],
    masks: [config.returnSequences ? mask : undefined],
    states,
  };
}

/**
 * Factors of a training run. With recurrent dropout every gate has factors of its own, for the input too; with dropout of
 * the input alone all gates share them (Keras 3.8 and later).
 */
function dropoutFactors(
  { gates }: Cell,
  { config, training }: Call<Config>,
  { shape: [batch, , features] }: Value,
): { inputFactors: Value[]; recurrentFactors: Value[] } {
  const count = config.recurrentDropout > 0 ? gates.length : 1;
  const factors = (width: number, rate: number): Value[] =>
    training && rate > 0 ? Array.from({ length: count }, () => keepFactors([batch!, width], rate)) : [];
  return {
    inputFactors: factors(features!, config.dropout),
    recurrentFactors: factors(config.units, config.recurrentDropout),
  };
}

function checkStates(cell: Cell, { name, initialStates }: Call<Config>, shape: readonly number[]): void {
  if (initialStates === undefined) return;
  const fits = initialStates.every((state) => String(state.shape) === String(shape));
  if (initialStates.length === cell.stateNames.length && fits) return;
  throw new UnrollError({
    code: "shape",
    path: name,
    expected: `initialState must be ${cell.stateNames.join(", ")}, each of shape ${formatShape(shape)}`,
    received: `initialState = ${initialStates.map((state) => formatShape(state.shape)).join(", ") || "none"}`,
  });
}
