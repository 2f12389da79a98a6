/**
 * Cells as layers of their own (LSTMCell ...), StackedRNNCells, and RNN, which runs such a cell over the timesteps.
 * A cell layer is called on one timestep: inputs are x and the states, outputs the new output and states.
 */
import { UnrollError } from "../core/errors.ts";
import { one } from "../equations/expr.ts";
import { reshape, reverse } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { type Call, defineLayer, type LayerType, type Result, type Sizes } from "./contract.ts";
import * as fields from "./fields.ts";
import { Layer } from "./layer.ts";
import { checkLayer } from "./layer-field.ts";

/** Options that say how a cell is run over time; the cell itself has none of them. */
const runOptions = [
  "returnSequences",
  "returnState",
  "goBackwards",
  "stateful",
  "unroll",
  "zeroOutputForMask",
  "activityRegularizer",
  "implementation",
  "useCudnn",
] as const;
type RunOption = (typeof runOptions)[number];

/** The layer type of one step of a recurrent layer: LSTM gives LSTMCell. */
/* @__NO_SIDE_EFFECTS__ */
export function cellLayer<F extends fields.Fields>(sequence: LayerType<F>): LayerType<Omit<F, RunOption>> {
  const own = Object.fromEntries(
    Object.entries(sequence.fields).filter(([name]) => !(runOptions as readonly string[]).includes(name)),
  );
  const running = { returnSequences: false, returnState: true, goBackwards: false, zeroOutputForMask: false };
  const asRun = <C>(config: C): fields.ConfigOf<F> => ({ ...config, ...running }) as unknown as fields.ConfigOf<F>; // own + run options = all
  const overTime = ([batch, features]: Sizes): Sizes => [batch!, one, features!];
  const type: LayerType = {
    className: `${sequence.className}Cell`,
    doc: `One timestep of ${sequence.className}.`,
    fields: own,
    inputRank: { min: 2, max: 2 },
    inputCount: { min: 1 },
    overTime: sequence as unknown as LayerType, // any options
    weights: (config, [input], name) => sequence.weights!(asRun(config), [overTime(input!)], name),
    outputSizes: (config, [input], children, name) =>
      sequence.outputSizes(asRun(config), [overTime(input!)], children, name),
    stateSizes: (config, children) => sequence.stateSizes!(asRun(config), children),
    compute(call) {
      const [x, ...states] = call.inputs as [Value, ...Value[]];
      const [batch, features] = x.shape as [number, number];
      return sequence.compute({
        ...call,
        config: asRun(call.config),
        inputs: [reshape(x, [batch, 1, features])],
        masks: [undefined],
        initialStates: states.length > 0 ? states : call.initialStates,
      });
    },
  };
  return type as unknown as LayerType<Omit<F, RunOption>>; // `own` has just these fields
}

function checkCell(value: unknown, where: string, option: string): Layer {
  const cell = checkLayer(value, where, option);
  if (cell.type.overTime !== undefined || cell.children.length > 0) return cell;
  throw fields.badOption(where, option, "a cell such as layers.lstmCell({ units: 4 })", cell.className);
}

function checkCells(value: unknown, where: string, option: string): readonly Layer[] {
  if (Array.isArray(value) && value.length > 0) return value.map((cell) => checkCell(cell, where, option));
  throw fields.badOption(where, option, "a list of cells", value);
}

const stackedFields = {
  cells: { kind: "layers", doc: "The cells, from the input up.", required: true, check: checkCells } as fields.Field<
    readonly Layer[],
    readonly Layer[]
  > & { readonly required: true },
};

/** Splits a list into parts of the children's numbers of states. */
function statesOfChildren<T>(states: readonly T[], children: readonly Layer[]): readonly (readonly T[])[] {
  let start = 0;
  return children.map((child) => {
    const part = states.slice(start, start + child.stateSizes().length);
    start += part.length;
    return part;
  });
}

/** Sizes along a chain: each child sees the first output of the one before. */
function chain(children: readonly Layer[], input: Sizes): Sizes[][] {
  const inputs: Sizes[][] = [];
  let sizes = input;
  for (const child of children) {
    inputs.push([sizes]);
    sizes = child.outputSizes([sizes])[0]!;
  }
  return inputs;
}

export const stackedRnnCells = defineLayer({
  className: "StackedRNNCells",
  doc: "Cells on top of each other, as one cell.",
  fields: stackedFields,
  inputRank: { min: 2, max: 2 },
  inputCount: { min: 1 },
  children: ({ cells }) => cells,
  childInputs: (_, [input], children) => chain(children, input!),
  outputSizes(_, [input], children) {
    const outputs = chain(children, input!).map((inputs, index) => children[index]!.outputSizes(inputs));
    return [outputs.at(-1)![0]!, ...outputs.flatMap((sizes) => sizes.slice(1))];
  },
  stateSizes: (_, children) => children.flatMap((child) => child.stateSizes()),
  compute({ children, inputs: [x, ...given], callChild }) {
    const states = statesOfChildren(given, children);
    const newStates: Value[] = [];
    let output = x!;
    for (const [index, child] of children.entries()) {
      const [next, ...own] = callChild(child, [output, ...states[index]!]).outputs as [Value, ...Value[]];
      output = next;
      newStates.push(...own);
    }
    return { outputs: [output, ...newStates], states: newStates };
  },
});

function checkCellOrCells(value: unknown, where: string, option: string): Layer {
  if (!Array.isArray(value)) return checkCell(value, where, option);
  return new Layer(stackedRnnCells as LayerType, { cells: value });
}

const rnnFields = {
  cell: {
    kind: "layer",
    doc: "The cell, or a list of cells on top of each other.",
    required: true,
    check: checkCellOrCells,
  } as fields.Field<Layer, Layer | readonly Layer[]> & { readonly required: true },
  returnSequences: fields.boolean("Give the output of every timestep, not only of the last.", false),
  returnState: fields.boolean("Give the final states as well.", false),
  goBackwards: fields.boolean("Read from the last timestep to the first; the sequence comes out in that order.", false),
  stateful: fields.boolean("Keep the states for the next call, until resetStates().", false),
  unroll: fields.ignored<boolean>("Changes nothing here.", false),
  zeroOutputForMask: fields.boolean("Write zeros at masked timesteps instead of repeating the output.", false),
};
type Config = fields.ConfigOf<typeof rnnFields>;

export const rnn = defineLayer({
  className: "RNN",
  doc: "Runs a cell, or several on top of each other, over the timesteps.",
  fields: rnnFields,
  inputRank: { min: 3, max: 3 },
  children: layersOverTime,
  childInputs: (_, [input], children) => chain(children, input!),
  outputSizes({ returnState }, [input], children) {
    const outputs = chain(children, input!).map((inputs, index) => children[index]!.outputSizes(inputs));
    return [outputs.at(-1)![0]!, ...(returnState ? outputs.flatMap((sizes) => sizes.slice(1)) : [])];
  },
  stateSizes: (_, children) => children.flatMap((child) => child.stateSizes()),
  compute: runOverTime,
});

/** One recurrent layer for each cell: running the stack step by step is running layer by layer. */
function layersOverTime({ cell, returnSequences, goBackwards, zeroOutputForMask }: Config, where: string): Layer[] {
  const cells = flatten(cell);
  return cells.map((own, index) => {
    const last = index === cells.length - 1;
    if (own.type.overTime === undefined) {
      throw new UnrollError({ code: "option", path: where, expected: `${own.className} is not a cell` });
    }
    const run = {
      returnSequences: !last || returnSequences,
      returnState: true,
      goBackwards: index === 0 && goBackwards,
      zeroOutputForMask: last && zeroOutputForMask,
    };
    return new Layer(own.type.overTime, { ...own.config, ...run }, { name: own.name, trainable: own.trainable });
  });
}

function flatten(cell: Layer): readonly Layer[] {
  return cell.children.length === 0 ? [cell] : cell.children.flatMap(flatten);
}

function runOverTime({ config, children, inputs, masks, initialStates, callChild }: Call<Config>): Result {
  const given = initialStates === undefined ? undefined : statesOfChildren(initialStates, children);
  const states: Value[] = [];
  let output = inputs[0]!;
  let mask = masks[0];
  for (const [index, child] of children.entries()) {
    // The first layer's output, and with it the mask, is in the order of processing.
    if (index === 1 && config.goBackwards && mask !== undefined) mask = reverse(mask, 1);
    const result = callChild(child, [output], {
      masks: [mask],
      ...(given === undefined ? {} : { initialStates: given[index]! }),
    });
    output = result.outputs[0]!;
    states.push(...result.outputs.slice(1));
  }
  return {
    outputs: [output, ...(config.returnState ? states : [])],
    masks: [config.returnSequences ? masks[0] : undefined],
    states,
  };
}
