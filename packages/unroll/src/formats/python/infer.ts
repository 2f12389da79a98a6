/**
 * Finds unknown sizes from the summary printed in the same notebook: each row's count and shape is an equation.
 * Solves by trying: counts and shapes only grow with a size, so bisection finds the one size that gives the printed number.
 */
import {
  type InputSpec,
  KerasLayer,
  type KerasModel,
  type ModelSnapshot,
  orderGraph,
  type StandIn,
} from "./keras-graph.ts";
import { isShapeList, type ShapeRules, serializeLayer } from "./serialize.ts";
import type { PrintedShape, SummaryRow } from "./summary-text.ts";
import { alignRows, listedLayers } from "./table-rows.ts";
import { type KnownShape, learn, namedParts, type Solution, sizeUnder, Unknown } from "./unknown.ts";

/** A model with the table that was printed of it. */
export interface PrintedModel {
  readonly model: KerasModel;
  readonly snapshot: ModelSnapshot;
}

/** A size that the table told. */
export interface Inference {
  readonly unknown: Unknown;
  readonly value: number | KnownShape;
  /** Name of the layer whose row told it. */
  readonly layer: string;
}

const LARGEST_SIZE = 2 ** 31;
const MOST_PASSES = 8;
/** Sizes that stand in for what is not known yet; a result that both give does not depend on it. */
const STAND_INS = [3, 8] as const;

/** Solves what it can, recording it in `solution`; models are worked through in order until nothing more follows. */
export function inferFromTables(printed: readonly PrintedModel[], rules: ShapeRules, solution: Solution): Inference[] {
  const found: Inference[] = [];
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const before = solution.size;
    for (const { model, snapshot } of printed) {
      for (const equation of equationsOf(model, snapshot)) {
        found.push(
          ...solveEquation(equation, rules, solution).map((result) => ({ ...result, layer: equation.layer.name })),
        );
      }
    }
    if (solution.size === before) break;
  }
  return found;
}

/** True where every row that can be counted has its printed count. */
export function countsAgree({ model, snapshot }: PrintedModel, rules: ShapeRules, solution: Solution): boolean {
  return equationsOf(model, snapshot).every(({ layer, row, input }) => {
    if (layer.input !== undefined || (layer.standIn ?? innerStandIn(layer)) !== undefined) return true;
    const shape = input === undefined ? undefined : inputUnder(input, solution);
    if (shape === undefined || row.params === null || !row.built) return true;
    return attempt(layer, shape, rules, solution)?.params === row.params;
  });
}

/** True where a row from which one size is missing has a count or shape that no size gives. */
export function contradicted({ model, snapshot }: PrintedModel, solution: Solution): boolean {
  return equationsOf(model, snapshot).some((equation) => {
    const { layer, row, input } = equation;
    if (layer.input !== undefined || (layer.standIn ?? innerStandIn(layer)) !== undefined) return false;
    return input !== undefined && row.built && openSizes(equation, solution).length === 1;
  });
}

interface Equation {
  readonly layer: KerasLayer;
  readonly row: SummaryRow;
  /** What goes in: shapes printed for the layers before, or the model's own input. */
  readonly input: KnownShape | readonly KnownShape[] | InputSpec | undefined;
}

function equationsOf(model: KerasModel, snapshot: ModelSnapshot): Equation[] {
  if (snapshot.printed === undefined) return [];
  const layers = listedLayers(model, snapshot);
  const rows = alignRows(snapshot.printed, layers);
  const graph = model.family === "Functional" ? orderGraph(model.inputs, model.outputs) : undefined;
  return layers.flatMap((layer, i): Equation[] => {
    const row = rows.get(layer);
    if (row === undefined || layer.kind === "model") return [];
    if (layer.input !== undefined) return [{ layer, row, input: layer.input }];
    if (graph === undefined) {
      const previous = layers[i - 1];
      return [{ layer, row, input: previous === undefined ? snapshot.input : single(rows.get(previous)?.outputShape) }];
    }
    const node = graph.nodesOf.get(layer)?.[0];
    if (node === undefined) return [];
    const named = new Set([...node.keywords.values()]);
    const shapes = node.inputs
      .filter((tensor) => !named.has(tensor))
      .map((tensor) => outputAt(rows.get(tensor.node.owner)?.outputShape, tensor.index));
    const known = shapes.every((shape) => shape !== undefined);
    // Checked in the line above.
    return [{ layer, row, input: known ? (shapes.length === 1 ? shapes[0] : (shapes as KnownShape[])) : undefined }];
  });
}

function single(shape: PrintedShape | null | undefined): KnownShape | undefined {
  return outputAt(shape, 0);
}

function outputAt(shape: PrintedShape | null | undefined, index: number): KnownShape | undefined {
  if (shape === null || shape === undefined) return undefined;
  if (Array.isArray(shape[0])) return (shape as readonly KnownShape[])[index];
  // A flat list of sizes is one shape.
  return shape as KnownShape;
}

type Solved = Omit<Inference, "layer">;

function solveEquation(equation: Equation, rules: ShapeRules, solution: Solution): Solved[] {
  const { layer, row, input } = equation;
  if (layer.input !== undefined) return readInputRow(layer.input, single(row.outputShape), solution);
  const code = layer.standIn ?? innerStandIn(layer);
  if (code !== undefined) {
    // Its row does not depend on what goes in, so any shape will do.
    if (isSpec(input) && input.axes instanceof Unknown && !solution.has(input.axes)) solution.set(input.axes, [null]);
    return readStandInRow(code, equation, solution);
  }
  if (input === undefined) return [];
  const solved =
    isSpec(input) && input.axes instanceof Unknown ? solveWholeShape(equation, input.axes, rules, solution) : [];
  solved.push(...solveSizes(equation, rules, solution));
  solved.push(...settleResetAfter(equation, rules, solution));
  return solved;
}

function isSpec(input: Equation["input"]): input is InputSpec {
  return input !== undefined && "axes" in input;
}

/** An InputLayer's row says its shape outright. */
function readInputRow(input: InputSpec, printed: KnownShape | undefined, solution: Solution): Solved[] {
  if (printed === undefined) return [];
  if (input.axes instanceof Unknown) {
    if (solution.has(input.axes)) return [];
    const value = printed.slice(1);
    solution.set(input.axes, value);
    return [{ unknown: input.axes, value }];
  }
  return input.axes.flatMap((axis, i) => learnOne(axis, printed[i + 1], solution));
}

function learnOne(size: Unknown | number | null, value: number | null | undefined, solution: Solution): Solved[] {
  if (!(size instanceof Unknown) || typeof value !== "number" || sizeUnder(size, solution) !== undefined) return [];
  learn(size, value, solution);
  return [{ unknown: size, value }];
}

/** The code that TimeDistributed runs at every step: its row is that of the wrapper, with the steps in it. */
function innerStandIn(layer: KerasLayer): StandIn | undefined {
  const inner = layer.config.get("layer");
  return layer.className === "TimeDistributed" && inner instanceof KerasLayer ? inner.standIn : undefined;
}

/** A layer whose code is not run says in its row what it has and gives. */
function readStandInRow(standIn: StandIn, { layer, row }: Equation, solution: Solution): Solved[] {
  const { params, outputs } = standIn;
  const solved: Solved[] = [];
  if (Array.isArray(row.outputShape?.[0])) standIn.further = (row.outputShape as readonly KnownShape[]).slice(1);
  if (params instanceof Unknown && row.built) solved.push(...learnOne(params, row.params, solution));
  const printed = single(row.outputShape);
  if (outputs instanceof Unknown && !solution.has(outputs) && printed !== undefined) {
    const value = layer.standIn === undefined ? [printed[0] ?? null, ...printed.slice(2)] : printed;
    solution.set(outputs, value);
    solved.push({ unknown: outputs, value });
  } else if (!(outputs instanceof Unknown)) {
    const axes = layer.standIn === undefined ? [] : (outputs[0] ?? []);
    solved.push(...axes.flatMap((axis, i) => learnOne(axis, printed?.[i], solution)));
  }
  return solved;
}

interface Attempt {
  readonly params: number;
  readonly shape: KnownShape;
}

/** Count and shape with trial values; undefined where the layer does not take them. */
function attempt(
  layer: KerasLayer,
  input: KnownShape | readonly KnownShape[],
  rules: ShapeRules,
  trial: Solution,
): Attempt | undefined {
  const serialized = serializeLayer(layer, { solution: trial, missing: () => {} });
  try {
    const { params, outputShape } = rules(serialized, input);
    return { params, shape: isShapeList(outputShape) ? (outputShape[0] ?? []) : outputShape };
  } catch {
    return undefined;
  }
}

function inputUnder(
  input: NonNullable<Equation["input"]>,
  trial: Solution,
): KnownShape | readonly KnownShape[] | undefined {
  if (!isSpec(input)) return input;
  const known = (axis: Unknown | number | null): number | null =>
    axis === null ? null : (sizeUnder(axis, trial) ?? null);
  if (!(input.axes instanceof Unknown)) return [known(input.batch), ...input.axes.map(known)];
  const shape = trial.get(input.axes);
  return typeof shape === "object" ? [null, ...shape] : undefined;
}

/** Unknowns of a layer and its input that have no value yet. */
function openSizes({ layer, input }: Equation, solution: Solution): Unknown[] {
  const open = new Set<Unknown>();
  const note = (unknown: Unknown): void => {
    for (const part of namedParts(unknown)) if (sizeUnder(part, solution) === undefined) open.add(part);
  };
  serializeLayer(layer, { solution, missing: note });
  if (isSpec(input) && !(input.axes instanceof Unknown)) {
    for (const axis of [input.batch, ...input.axes])
      if (axis instanceof Unknown && sizeUnder(axis, solution) === undefined) note(axis);
  }
  return [...open];
}

function solveSizes(equation: Equation, rules: ShapeRules, solution: Solution): Solved[] {
  const solved: Solved[] = [];
  for (const unknown of openSizes(equation, solution)) {
    if (sizeUnder(unknown, solution) !== undefined) continue;
    const value = solveOne(equation, unknown, rules, solution);
    if (value === undefined) continue;
    learn(unknown, value, solution);
    solved.push({ unknown, value });
  }
  return solved;
}

/** The size that gives the printed shape, else the printed count; undefined unless it is the only one. */
function solveOne(equation: Equation, unknown: Unknown, rules: ShapeRules, solution: Solution): number | undefined {
  const { layer, row, input } = equation;
  const others = openSizes(equation, solution).filter((other) => other !== unknown);
  const printedShape = single(row.outputShape);
  const at = (value: number, standIn: number | undefined): Attempt | undefined => {
    const trial: Solution = new Map(solution);
    if (standIn !== undefined) for (const other of others) trial.set(other, standIn);
    trial.set(unknown, value);
    const shape = inputUnder(input!, trial);
    return shape === undefined ? undefined : attempt(layer, shape, rules, trial);
  };
  const measures: { target: number; read: (result: Attempt) => number | undefined }[] = (printedShape ?? []).flatMap(
    (size, axis) =>
      size === null ? [] : [{ target: size, read: (result: Attempt) => result.shape[axis] ?? undefined }],
  );
  if (row.params !== null && row.built) measures.push({ target: row.params, read: (result) => result.params });
  for (const { target, read } of measures) {
    const under = (standIn: number | undefined): number | undefined =>
      bisect((value) => {
        const result = at(value, standIn);
        return result === undefined ? undefined : read(result);
      }, target);
    const solutions = STAND_INS.map(under);
    if (solutions[0] !== undefined && solutions[0] === solutions[1]) return solutions[0];
    // What else is open may be no size but, say, an activation, for which the layer takes no number.
    const isNoSize = others.length > 0 && [1, 8, target].every((value) => at(value, STAND_INS[0]) === undefined);
    const without = isNoSize ? under(undefined) : undefined;
    if (without !== undefined) return without;
  }
  return undefined;
}

/** The only whole number at which a growing function reaches `target`; undefined where none or several do. */
export function bisect(measure: (value: number) => number | undefined, target: number): number | undefined {
  // A size that the layer refuses as too small counts as below the target.
  const below = (value: number): boolean => (measure(value) ?? Number.NEGATIVE_INFINITY) < target;
  let high = 1;
  while (below(high)) {
    high *= 2;
    if (high > LARGEST_SIZE) return undefined;
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (below(middle)) low = middle;
    else high = middle;
  }
  if (measure(high) !== target) return undefined;
  return measure(high + 1) === target ? undefined : high;
}

/** Data without a written shape: the number of axes is tried, then the features, then the length. */
function solveWholeShape(equation: Equation, unknown: Unknown, rules: ShapeRules, solution: Solution): Solved[] {
  const { layer, row } = equation;
  const printed = single(row.outputShape);
  if (solution.has(unknown) || row.params === null || !row.built) return [];
  for (let axes = 1; axes <= 4; axes++) {
    const result = (features: number | null, length: number | null): Attempt | undefined => {
      const sizes: (number | null)[] = [...Array.from({ length: axes - 1 }, () => length), features];
      return attempt(layer, [null, ...sizes], rules, solution);
    };
    const features = bisect((value) => result(value, null)?.params, row.params);
    const shape = features === undefined ? undefined : result(features, null)?.shape;
    if (features === undefined || shape === undefined || !agree(shape, printed)) {
      const length = axes === 1 ? lengthFromShape(result, row.params, printed) : undefined;
      if (length === undefined) continue;
      solution.set(unknown, [length]);
      return [{ unknown, value: [length] }];
    }
    const length =
      axes === 2 && typeof printed?.[1] === "number" && shape[1] === null
        ? bisect((value) => result(features, value)?.shape[1] ?? undefined, printed[1])
        : undefined;
    const value: (number | null)[] = [...Array.from({ length: axes - 1 }, () => length ?? null), features];
    solution.set(unknown, value);
    return [{ unknown, value }];
  }
  return [];
}

/** For layers whose count does not depend on their input, such as Embedding. */
function lengthFromShape(
  result: (features: number | null, length: null) => Attempt | undefined,
  params: number,
  printed: KnownShape | undefined,
): number | null | undefined {
  const open = result(null, null);
  if (open === undefined || open.params !== params) return undefined;
  const target = printed?.[1];
  // A row that prints no shape, or no length in it, leaves the length open.
  if (printed === undefined || (target === null && open.shape.length === printed.length)) return null;
  if (typeof target !== "number" || open.shape.length !== printed.length) return undefined;
  return bisect((value) => result(value, null)?.shape[1] ?? undefined, target);
}

/** True where two shapes have the same number of axes and equal sizes wherever the first knows one. */
function agree(shape: KnownShape, printed: KnownShape | undefined): boolean {
  if (printed === undefined) return true;
  return shape.length === printed.length && shape.every((size, i) => size === null || size === printed[i]);
}

/** `GRU(32)` counts 3 × units more since TensorFlow 2; where the code does not say, the printed count does. */
function settleResetAfter(equation: Equation, rules: ShapeRules, solution: Solution): Solved[] {
  const { layer, row, input } = equation;
  const inner = layer.config.get("layer");
  const gru = [layer, inner].find((one) => one instanceof KerasLayer && one.learned.has("reset_after"));
  const { params } = row;
  if (!(gru instanceof KerasLayer) || params === null || !row.built || input === undefined) return [];
  const usual = gru.learned.get("reset_after") === true;
  const countWith = (resetAfter: boolean): number | undefined => {
    gru.learned.set("reset_after", resetAfter);
    const shape = inputUnder(input, solution);
    return shape === undefined ? undefined : attempt(layer, shape, rules, solution)?.params;
  };
  if (openSizes(equation, solution).length === 0 && countWith(usual) === params) return [];
  gru.learned.set("reset_after", !usual);
  const solved = solveSizes(equation, rules, solution);
  const otherwise = countWith(usual);
  if (countWith(!usual) !== params) gru.learned.set("reset_after", usual);
  // Twice is back again.
  else if (gru.learnedFrom !== undefined) gru.learnedFrom = undefined;
  else gru.learnedFrom = { layer: layer.name, row: row.name, params, otherwise };
  return solved;
}
