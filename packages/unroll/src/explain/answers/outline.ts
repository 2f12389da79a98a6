/**
 * The layers of a model in running order with what each reads and gives: the ground on which slips are put in. A changed
 * output shape is carried forward to the layers behind it by the layers' own shape rules.
 */
import { UnrollError } from "../../core/errors.ts";
import { type Shape, sameShape } from "../../core/shape.ts";
import type { Sizes, SymbolicTensor } from "../../layers/index.ts";
import { Layer } from "../../layers/layer.ts";
import { shapeOf } from "../../layers/sizes.ts";
import type { Graph } from "../../model/graph.ts";
import type { Model } from "../../model/model.ts";
import { type CountTree, countOf, countTree, lettersIn, type Source } from "./count-tree.ts";
import { inputLetters, numberOf } from "./letters.ts";

/** A layer at its first call. */
export interface Place {
  readonly index: number;
  readonly layer: Layer;
  readonly sources: readonly Source[];
  /** Letters of the inputs. */
  readonly inputs: readonly Sizes[];
  /** Formulas of the outputs. */
  readonly outputs: readonly Sizes[];
  readonly count: CountTree;
  /** What the count comes to; null where it needs a size that is None. */
  readonly parameters: number | null;
  /** Units or filters, for layers that have them. */
  readonly units: number | undefined;
  readonly inputTensors: readonly SymbolicTensor[];
  readonly outputTensors: readonly SymbolicTensor[];
}

/** A size that stood somewhere before. */
export interface EarlierSize {
  readonly value: number;
  /** "the features of (None, 21, 9)" */
  readonly where: string;
}

export interface Outline {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly places: readonly Place[];
  /** Sizes of models that the learner met before this one. */
  readonly earlier: readonly EarlierSize[];
}

const outlines = new WeakMap<Graph, Outline>();

/** Throws UnrollError `unbuilt` while the model does not know its input shape. */
export function outlineOf(model: Model, earlier: readonly EarlierSize[] = []): Outline {
  const known = outlines.get(model.graph);
  const outline = known ?? makeOutline(model);
  if (known === undefined) outlines.set(model.graph, outline);
  return earlier.length === 0 ? outline : { ...outline, earlier };
}

function makeOutline(model: Model): Outline {
  const { calls, inputs } = model.graph;
  const first = calls.filter((call, at) => calls.findIndex(({ layer }) => layer === call.layer) === at);
  const places = first.map(({ layer, inputs: read, outputs }, index): Place => {
    const sources = read.map(({ shape, node }) => ({ from: node.layer.name, shape }));
    const letters = inputLetters(sources);
    const count = countTree(layer, sources);
    return {
      index,
      layer,
      sources,
      inputs: letters,
      outputs: layer.type.outputSizes(layer.config, letters, layer.children, layer.name),
      count,
      parameters: countOf(count),
      units: numberOf("units", lettersIn(count)) ?? numberOf("filters", lettersIn(count)),
      inputTensors: read,
      outputTensors: outputs,
    };
  });
  return {
    name: model.name,
    inputs: inputs.map(({ shape, node }) => ({ name: node.layer.name, shape })),
    places,
    earlier: [],
  };
}

/** What the layers behind `place` read when its first output has another shape; layers that do not take it end the way. */
export function carryForward({ places }: Outline, place: Place, shape: Shape): Map<Place, readonly Source[]> {
  const shapes = new Map<SymbolicTensor, Shape>([[place.outputTensors[0]!, shape]]);
  const changed = new Map<Place, readonly Source[]>();
  for (const next of places.slice(place.index + 1)) {
    if (!next.inputTensors.some((tensor) => shapes.has(tensor))) continue;
    const sources = next.inputTensors.map((tensor) => ({
      from: tensor.node.layer.name,
      shape: shapes.get(tensor) ?? tensor.shape,
    }));
    const outputs = outputsFor(next.layer, inputLetters(sources))?.map(shapeOf);
    if (outputs === undefined) continue;
    changed.set(next, sources);
    next.outputTensors.forEach((tensor, index) => {
      if (!sameShape(outputs[index]!, tensor.shape)) shapes.set(tensor, outputs[index]!);
    });
  }
  return changed;
}

/** The output formulas with some options changed, or undefined where the layer does not take them. */
export function outputsFor(
  layer: Layer,
  inputs: readonly Sizes[],
  changes: Readonly<Record<string, unknown>> = {},
): readonly Sizes[] | undefined {
  try {
    if (Object.keys(changes).length === 0) return layer.outputSizes(inputs);
    const config = { ...layer.config, ...changes };
    const children = layer.type.children?.(config, layer.name) ?? layer.children;
    return layer.type.outputSizes(config, inputs, children, layer.name);
  } catch (error) {
    if (error instanceof UnrollError) return undefined;
    throw error;
  }
}

/** A copy of a layer inside a wrapper with other options. */
export function withOptions(layer: Layer, changes: Readonly<Record<string, unknown>>): Layer {
  return new Layer(layer.type, { ...layer.config, ...changes }, { name: layer.name, trainable: layer.trainable });
}

/** The number of timesteps that a layer reads, where it reads a sequence. */
export function timestepsOf({ sources }: Place): number | undefined {
  const shape = sources[0]?.shape;
  return shape?.length === 3 ? (shape[1] ?? undefined) : undefined;
}
