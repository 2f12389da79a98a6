/**
 * A cell over time in ONNX: RNN, GRU and LSTM where ONNX knows the cell, else Scan with the cell's equations as its body.
 * Masks always go through Scan: ONNX's sequence lengths end a sequence, while a masked step may stand anywhere and repeats
 * the output before it.
 */
import type { WeightBlock } from "../equations/expr.ts";
import { inOrder } from "../equations/expr.ts";
import { concat, filled, reshape, slice, transpose } from "../program/builder.ts";
import type { ScanOperation, Value } from "../program/program.ts";
import type { BatchedSize } from "./any-batch.ts";
import { OnnxBuilder } from "./onnx-builder.ts";
import { exprEmitter } from "./onnx-expr.ts";
import type { OnnxAttributes } from "./onnx-messages.ts";
import { type OnnxRecurrent, onnxRecurrent } from "./onnx-recurrent.ts";

export interface ScanContext {
  readonly builder: OnnxBuilder;
  /** Writes a value and gives its name. */
  nameOf(value: Value): string;
  /** The same for a value made of one array of weights, once for each array and name. */
  nameWeights(array: Value, name: string, value: Value): string;
  sizesOf(value: Value): readonly BatchedSize[];
}

/** Names of a scan's results. */
export interface EmittedScan {
  readonly states: readonly string[];
  /** Result 0. */
  output(): string;
  /** The sequence of a backward scan in the order of the input, where it is at hand. */
  readonly inInputOrder: string | undefined;
}

export function emitScan(scan: ScanOperation, context: ScanContext): EmittedScan {
  const known = scan.mask === undefined && hasNoFactors(scan) ? onnxRecurrent(scan.cell) : undefined;
  return known === undefined ? emitLoop(scan, context) : emitRecurrent(scan, known, context);
}

function hasNoFactors({ inputFactors, recurrentFactors }: ScanOperation): boolean {
  return inputFactors.length === 0 && recurrentFactors.length === 0;
}

/** X is `[timesteps, batch, features]`, Y `[timesteps, 1, batch, units]`. */
function emitRecurrent(
  scan: ScanOperation,
  { operator, order, activations, linearBeforeReset }: OnnxRecurrent,
  context: ScanContext,
): EmittedScan {
  const { builder, nameOf, nameWeights } = context;
  const { units } = scan;
  const array = (name: string): Value | undefined => {
    const index = scan.cell.arrays.findIndex((own) => own.name === name);
    return index < 0 ? undefined : scan.arrays[index];
  };
  /** `[1, gates × units, rows]`: one row an output, gates in ONNX's order. */
  const packed = (matrix: Value): Value => {
    const [rows, columns] = matrix.shape as [number, number];
    return reshape(transpose(inOrderOf(matrix, order, units), [1, 0]), [1, columns, rows]);
  };
  const alphas = activations.flatMap(({ alpha }) => (alpha === undefined ? [] : [alpha]));
  const betas = activations.flatMap(({ beta }) => (beta === undefined ? [] : [beta]));
  const attributes: OnnxAttributes = {
    hidden_size: units,
    direction: scan.backwards ? "reverse" : "forward",
    activations: activations.map(({ name }) => name),
    ...(alphas.length === 0 ? {} : { activation_alpha: { floats: alphas }, activation_beta: { floats: betas } }),
    ...(operator === "GRU" ? { linear_before_reset: linearBeforeReset ? 1 : 0 } : {}),
  };
  const kernel = array("kernel")!;
  const recurrentKernel = array("recurrent_kernel")!;
  const bias = array("bias");
  const initial =
    scan.initialStates?.map((state) => builder.add("Unsqueeze", [nameOf(state), builder.ints([0])])) ?? [];
  const outputs = builder.addMany(
    operator,
    [
      builder.add("Transpose", [nameOf(scan.input)], { perm: [1, 0, 2] }),
      nameWeights(kernel, "W", packed(kernel)),
      nameWeights(recurrentKernel, "R", packed(recurrentKernel)),
      bias === undefined ? "" : nameWeights(bias, "B", biases(bias, order, units)),
      ...(initial.length === 0 ? [] : ["", ...initial]),
    ],
    1 + scan.cell.states.length,
    attributes,
  );
  const withoutDirection = (name: string, axis: number): string => builder.add("Squeeze", [name, builder.ints([axis])]);
  const states = outputs.slice(1).map((state) => withoutDirection(state, 0));
  if (!scan.returnSequences) return { states, output: () => states[0]!, inInputOrder: undefined };
  const sequence = builder.add("Transpose", [withoutDirection(outputs[0]!, 1)], { perm: [1, 0, 2] });
  if (!scan.backwards) return { states, output: () => sequence, inInputOrder: undefined };
  return { states, output: () => flipped(builder, sequence), inInputOrder: sequence };
}

function flipped(builder: OnnxBuilder, sequence: string): string {
  return builder.add("Slice", [sequence, ...[-1, -(2 ** 31), 1, -1].map((number) => builder.ints([number]))]);
}

/** The column blocks of `[rows, gates × units]` in another order. */
function inOrderOf(matrix: Value, order: readonly number[], units: number): Value {
  if (order.every((block, place) => block === place)) return matrix;
  return concat(
    order.map((block) => slice(matrix, 1, block * units, (block + 1) * units)),
    1,
  );
}

/** `[1, 2 × gates × units]`: the input's biases, then those of the recurrent product (zeros where Keras has none). */
function biases(bias: Value, order: readonly number[], units: number): Value {
  const columns = bias.shape.at(-1)!;
  const rows = inOrderOf(reshape(bias, [bias.shape.length === 1 ? 1 : 2, columns]), order, units);
  const both = rows.shape[0] === 2 ? rows : concat([rows, filled([1, columns], 0)], 0);
  return reshape(both, [1, 2 * columns]);
}

/** Scan over axis 1, one timestep of all examples at a time; with a mask the output of the step before is a state too. */
function emitLoop(scan: ScanOperation, context: ScanContext): EmittedScan {
  const { builder, nameOf, sizesOf } = context;
  const { cell, mask, units, returnSequences } = scan;
  const stateSizes = [sizesOf(scan.input)[0]!, units];
  const zeros = (): string => builder.add("Expand", [builder.scalar(0), builder.shape(stateSizes)]);
  const initial = cell.states.map((_, i) =>
    scan.initialStates === undefined ? zeros() : nameOf(scan.initialStates[i]!),
  );
  if (mask !== undefined) initial.push(zeros());
  const sequences = [nameOf(scan.input), ...(mask === undefined ? [] : [nameOf(mask)])];
  const attributes: OnnxAttributes = {
    body: { graph: bodyOf(scan, context) },
    num_scan_inputs: sequences.length,
    scan_input_axes: sequences.map(() => 1),
    scan_input_directions: sequences.map(() => (scan.backwards ? 1 : 0)),
    ...(returnSequences ? { scan_output_axes: [1] } : {}),
  };
  const outputs = builder.addMany(
    "Scan",
    [...initial, ...sequences],
    initial.length + (returnSequences ? 1 : 0),
    attributes,
  );
  const states = outputs.slice(0, cell.states.length);
  const last = mask === undefined ? states[0]! : outputs[cell.states.length]!;
  const output = returnSequences ? outputs.at(-1)! : last;
  return { states, output: () => output, inInputOrder: undefined };
}

/** One timestep: states, then `x` `[batch, features]` and the mask `[batch]` in; states and the output out. */
function bodyOf(scan: ScanOperation, context: ScanContext) {
  const { builder, nameOf } = context;
  const { cell, units } = scan;
  const body = new OnnxBuilder("", builder);
  const port = (name: string) => ({ name: body.scoped(name), type: "float32" as const });
  const previous = cell.states.map(({ name }) => port(`${name}Prev`));
  const outputBefore = scan.mask === undefined ? [] : [port("outputPrev")];
  const x = port("x");
  const valid = scan.mask === undefined ? [] : [port("mask")];
  const vectors = inOrder(cell.named.values(), { bodies: true }).flatMap((expr) =>
    expr.node.op === "symbol" && expr.node.weight !== undefined ? [[expr, expr.node.weight] as const] : [],
  );
  const inStep = exprEmitter(body, {
    symbols: new Map([
      [cell.x, x.name],
      ...cell.states.map((state, i) => [state.previous, previous[i]!.name] as const),
      ...vectors.map(([expr, block]) => [expr, blockName(scan, block, context)] as const),
    ]),
    width: units,
    product: ({ matrix, transposed }, vector) => {
      const factor = factorOf(scan, matrix);
      const kept = factor === undefined ? vector : body.add("Mul", [vector, nameOf(factor)]);
      const block = blockName(scan, matrix, context);
      return body.add("MatMul", [kept, transposed ? body.add("Transpose", [block], { perm: [1, 0] }) : block]);
    },
  });
  const steps = valid.map(({ name }) =>
    body.add("Cast", [body.add("Unsqueeze", [name, builder.ints([1])])], { to: 9 }),
  );
  /** What holds where the step counts, and what stays where it does not. */
  const choose = (next: string, kept: string): string =>
    steps.length === 0 ? body.add("Identity", [next]) : body.add("Where", [steps[0]!, next, kept]);
  const next = cell.states.map((state, i) => choose(inStep(state.next), previous[i]!.name));
  const repeated = scan.zeroOutputForMask ? builder.scalar(0) : outputBefore[0]?.name;
  const output = repeated === undefined ? next[0]! : choose(inStep(cell.states[0]!.next), repeated);
  const outputs = [...next, ...(scan.mask === undefined ? [] : [output])];
  if (scan.returnSequences) outputs.push(body.add("Identity", [output]));
  return {
    name: body.scoped("step"),
    nodes: body.nodes,
    inputs: [...previous, ...outputBefore, x, ...valid],
    outputs: outputs.map((name) => ({ name, type: "float32" as const })),
    tensors: [],
  };
}

/** Dropout's factors on what enters the product with this block. */
function factorOf(
  { cell, inputFactors, recurrentFactors }: ScanOperation,
  { array, block }: WeightBlock,
): Value | undefined {
  const ofFeatures = cell.arrays.find(({ name }) => name === array)!.rows === "features";
  const factors = ofFeatures ? inputFactors : recurrentFactors;
  return factors.length === 1 ? factors[0] : factors[block];
}

/** A gate's block of an array: `[rows, units]` of a matrix, `[units]` of a bias or vector. */
function blockName(
  { cell, arrays, units }: ScanOperation,
  { array, block, row }: WeightBlock,
  context: ScanContext,
): string {
  const index = cell.arrays.findIndex(({ name }) => name === array);
  const { rows, blocks } = cell.arrays[index]!;
  const whole = arrays[index]!;
  const columns = slice(whole, whole.shape.length - 1, block * units, (block + 1) * units);
  const isMatrix = rows === "features" || rows === "units";
  const value = isMatrix || rows === 1 ? columns : reshape(slice(columns, 0, row, row + 1), [units]);
  const gate = blocks[block]!;
  return context.nameWeights(whole, gate === array ? array : `${array}${rows === 2 ? `_${row}` : ""}_${gate}`, value);
}
