/**
 * Makes the explanation of a model: walks its layers, gives every size a letter that says where it comes from, and derives
 * counts and shapes from the formulas that the layers state. It knows no particular layer, and takes no memory for weights.
 */
import { deriveCellCount } from "../cells/derive.ts";
import { cellEquations } from "../cells/equations.ts";
import { UnrollError } from "../core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import {
  type CountedArray,
  type Derivation,
  deriveCount,
  deriveShape,
  deriveSize,
  sumOf,
} from "../equations/derive.ts";
import { evaluateSize } from "../equations/evaluate.ts";
import { constant, type Expr, inOrder, letter } from "../equations/expr.ts";
import { toText } from "../equations/render.ts";
import type { LayerCall, Sizes, SymbolicTensor } from "../layers/index.ts";
import type { Layer } from "../layers/layer.ts";
import { shapeOf, sizesOf } from "../layers/sizes.ts";
import { partsOf } from "../model/graph-type.ts";
import type { Model } from "../model/model.ts";
import { Explanation, type LayerExplanation } from "./explanation.ts";
import { count as counted } from "./lines.ts";

/** What a layer reads. */
interface Source {
  /** The name of the layer or input before. */
  readonly from: string;
  readonly shape: Shape;
}

/** How a count is put together: the textbook formula and the arrays or layers that it sums. */
interface Count {
  readonly formula: Expr;
  readonly derivation: Derivation;
  readonly nonTrainable: number;
}

/**
 * Where every count and every output shape of a model comes from.
 *
 * @throws UnrollError `unbuilt` while the model does not know its input shape.
 */
export function explainModel(model: Model): Explanation {
  const { graph } = model;
  const listed = new Set(model.layers);
  const inputs = graph.inputs.map(({ node }) => node.layer).filter((layer) => listed.has(layer));
  const layers = [
    ...inputs.map((layer) => explainInput(layer)),
    ...model.layers
      .filter((layer) => !inputs.includes(layer))
      .map((layer) => explainCalls(layer, callsOf(layer, model))),
  ];
  const inSummaryOrder = model.layers.map((layer) => layers.find(({ name }) => name === layer.name)!); // made just above
  const terms = inSummaryOrder.flatMap(({ count: { result } }) => (result === 0 ? [] : [constant(result ?? 0)]));
  const total = deriveSize("total parameters", sumOf(terms));
  return new Explanation({
    name: model.name,
    layers: inSummaryOrder,
    total,
    nonTrainable: inSummaryOrder.reduce((sum, { nonTrainable }) => sum + nonTrainable, 0),
  });
}

/** The explanation of one layer of a model. Throws UnrollError `unknown-name`, `unbuilt`. */
export function explainLayerOf(model: Model, nameOrIndex: string | number): LayerExplanation {
  const { name } = model.getLayer(nameOrIndex);
  return explainModel(model).layers.find((layer) => layer.name === name)!; // the model's own layer
}

function explainInput(layer: Layer): LayerExplanation {
  const shape = layer.calls[0]!.outputs[0]!.shape;
  return {
    name: layer.name,
    className: layer.className,
    does: layer.type.doc,
    inputs: [],
    count: deriveCount("parameters", []),
    nonTrainable: 0,
    outputs: [deriveShape("output shape", lettersOf([{ from: "", shape }])[0]!)],
    equations: undefined,
    remarks: [],
    inside: [],
  };
}

/** A layer by its first call in the model; what more calls and given states mean is said in words. */
function explainCalls(layer: Layer, calls: readonly [LayerCall, ...LayerCall[]]): LayerExplanation {
  const [first] = calls;
  const explained = explainLayer(
    layer,
    first.inputs.map((tensor) => ({ from: nameOf(tensor), shape: tensor.shape })),
  );
  const remarks = [...explained.remarks];
  const states = [...new Set(first.initialStates.map(nameOf))];
  if (states.length > 0) remarks.push(`Its states begin as ${states.join(" and ")} gives them, not as zeros.`);
  if (calls.length > 1) {
    remarks.push(`The layer is called ${calls.length} times and counted once: the calls share its arrays.`);
  }
  return { ...explained, remarks };
}

function explainLayer(layer: Layer, sources: readonly Source[]): LayerExplanation {
  const sizes = lettersOf(sources);
  const inside = explainInside(layer, sizes, sources);
  const count = countOf(layer, sizes, inside);
  const cell = layer.type.cell?.(layer.config);
  const outputs = layer.type.outputSizes(layer.config, sizes, layer.children, layer.name);
  return {
    name: layer.name,
    className: layer.className,
    does: layer.type.doc,
    inputs: sources,
    count: count.derivation,
    nonTrainable: count.nonTrainable,
    outputs: outputs.map((axes, index) =>
      deriveShape(outputs.length === 1 ? "output shape" : `output ${index + 1}`, axes),
    ),
    equations: cell === undefined ? undefined : cellEquations(cell),
    remarks: remarksOn(layer, sizes, count),
    inside,
  };
}

/** The layers inside: of a model each by its own place in the graph, of a wrapper by the inputs that the wrapper gives. */
function explainInside(layer: Layer, sizes: readonly Sizes[], sources: readonly Source[]): LayerExplanation[] {
  if (partsOf(layer) !== undefined) {
    return explainModel(layer as Model).layers.filter(({ className }) => className !== "InputLayer"); // it has parts
  }
  const inputs = layer.type.childInputs?.(layer.config, sizes, layer.children);
  return layer.children.map((child, index) => {
    if (inputs === undefined) return explainLayer(child, sources);
    const given = inputs[index]!.map((one) => ({ from: `what ${layer.name} gives it`, shape: shapeOf(one) }));
    return explainLayer(child, given);
  });
}

function countOf(layer: Layer, sizes: readonly Sizes[], inside: readonly LayerExplanation[]): Count {
  const specs = layer.type.weights?.(layer.config, sizes, layer.name) ?? [];
  const frozen = (trainable: boolean | undefined): boolean => trainable === false || !layer.trainable;
  const arrays = specs.map(
    ({ name, shape, blocks, trainable }): CountedArray => ({
      name: frozen(trainable) ? `${name} (not trained)` : name,
      shape,
      ...(blocks === undefined ? {} : { blocks }),
    }),
  );
  const own = specs
    .filter(({ trainable }) => frozen(trainable))
    .reduce((sum, { shape }) => sum + sizeOf(shapeOf(shape).map(Number)), 0);
  const nonTrainable = own + inside.reduce((sum, one) => sum + one.nonTrainable, 0);
  const cell = layer.type.cell?.(layer.config);
  if (cell !== undefined) {
    const features = sizes[0]!.at(-1)!;
    const units = letter("h", Number(layer.config.units), "units", "option units");
    const derivation = deriveCellCount("parameters", cell, { features, units });
    return { formula: derivation.formula, derivation, nonTrainable };
  }
  if (inside.length === 0) {
    const derivation = deriveCount("parameters", arrays);
    return { formula: derivation.formula, derivation, nonTrainable };
  }
  const children = inside.map(({ name, className, count }) => ({ ...count, title: `${name} (${className})` }));
  const formula = sumOf([...(arrays.length === 0 ? [] : [ownFormula(arrays)]), ...formulasOf(children)]);
  const parts = [...deriveCount("", arrays).parts, ...children];
  return { formula, derivation: deriveSize("parameters", formula, parts), nonTrainable };
}

function ownFormula(arrays: readonly CountedArray[]): Expr {
  return deriveCount("", arrays).formula;
}

/** Equal children are counted once and multiplied; a single one keeps its letters; different ones are added up as numbers. */
function formulasOf(children: readonly Derivation[]): Expr[] {
  const [first, ...others] = children;
  if (first === undefined) return [];
  const same = (other: Derivation): boolean =>
    toText(other.formula) === toText(first.formula) && other.result === first.result;
  if (others.every(same)) {
    return [others.length === 0 ? first.formula : constant(children.length).times(first.formula)];
  }
  return children.filter(({ result }) => result !== 0).map(({ result }) => constant(result ?? 0));
}

function remarksOn(layer: Layer, sizes: readonly Sizes[], { formula, nonTrainable }: Count): string[] {
  const used = new Set(inOrder([formula]).map(({ node }) => (node.op === "symbol" ? node.name : "")));
  const timesteps = sizes[0]?.length === 3 ? sizes[0][1]! : undefined;
  const remarks: string[] = [];
  const isModel = partsOf(layer) !== undefined;
  if (timesteps !== undefined && !isModel && evaluateSize(formula) !== 0 && !used.has("T")) {
    const value = evaluateSize(timesteps);
    remarks.push(
      `The number of timesteps${value === null ? "" : `, ${counted(value)},`} is not in the count: every timestep uses the same arrays.`,
    );
  }
  for (const { name, shape, otherForms = [] } of layer.type.weights?.(layer.config, sizes, layer.name) ?? []) {
    const elements = (axes: Sizes): number => sizeOf(shapeOf(axes).map(Number));
    for (const form of otherForms.filter(({ beyondKeras }) => beyondKeras !== true)) {
      const count = (evaluateSize(formula) ?? 0) - elements(shape) + elements(form.shape);
      remarks.push(
        `A ${name} of shape ${formatShape(shapeOf(form.shape))} would make it ${counted(count)}. ${form.hint.replace(/;.*$/, ".")}`,
      );
    }
  }
  remarks.push(...lettersTwice(layer, [...used]));
  if (nonTrainable > 0) remarks.push(`Training leaves ${counted(nonTrainable)} of them alone.`);
  return remarks;
}

/** Letters that are a number in the count and a value in the equations. */
function lettersTwice(layer: Layer, used: readonly string[]): string[] {
  if (partsOf(layer) !== undefined) return [];
  const cells = [layer, ...layer.children].flatMap(({ type, config }) => type.cell?.(config) ?? []);
  const [cell] = cells;
  const both = [...(cell?.named.keys() ?? [])].filter((name) => used.includes(name));
  if (cell === undefined || both.length === 0) return [];
  const list = (items: readonly string[]): string =>
    items.length === 1 ? items[0]! : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
  const unnamed = (name: string): string =>
    cell.states.some((state) => state.name === name) ? "the new state" : "a value of each timestep";
  const meanings = both.map((name) => {
    const meaning = cell.meanings[name];
    return `${name} is ${meaning === undefined ? unnamed(name) : `the ${meaning}`}`;
  });
  const numbers = both.length === 1 ? `${both[0]} is a number` : `${list(both)} are numbers`;
  return [`In the count ${numbers}; in the equations ${list(meanings)}.`];
}

/** The calls of a layer in the model's graph. */
function callsOf(layer: Layer, model: Model): readonly [LayerCall, ...LayerCall[]] {
  const [first, ...more] = model.graph.calls.filter((one) => one.layer === layer);
  if (first !== undefined) return [first, ...more];
  throw new UnrollError({ code: "graph", path: layer.name, expected: "the layer must be called in the model" });
}

function nameOf({ node }: SymbolicTensor): string {
  return node.layer.name;
}

/** Letters for the axes of the inputs, each told where it comes from. */
function lettersOf(sources: readonly Source[]): Sizes[] {
  return sources.map(({ from, shape }, index) =>
    sizesOf(shape, index, sources.length).map(({ node }, axis) => {
      if (node.op !== "symbol") throw new Error("sizes of an input are letters");
      const which = axis === shape.length - 1 ? "last axis" : `axis ${axis}`;
      const origin = `${which} of ${formatShape(shape)}${from === "" ? "" : ` from ${from}`}`;
      return letter(node.name, node.value ?? null, node.meaning, origin);
    }),
  );
}
