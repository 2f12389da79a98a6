/**
 * A model before it is built: layers and what each reads. Shapes and counts follow from the layers' own rules, so that a model
 * that does not fit together can be told about, and changed, without building it.
 */
import { UnrollError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import { Layer } from "../../layers/layer.ts";
import type { SymbolicTensor } from "../../layers/symbolic.ts";
import { countOf, countTree } from "../answers/count-tree.ts";

/** An output of an earlier node. */
export interface BlueprintSource {
  readonly node: number;
  readonly output: number;
}

/** A layer of a model that need not fit together, with what it reads. */
export interface BlueprintNode {
  readonly layer: Layer;
  readonly sources: readonly BlueprintSource[];
  /** Only of an input: `[batch, ...]`, null = None. */
  readonly shape?: Shape;
}

/** Nodes in running order. */
export interface Blueprint {
  readonly nodes: readonly BlueprintNode[];
}

/** A line of the summary. */
export interface BlueprintRow {
  readonly name: string;
  readonly type: string;
  /** The first output's. */
  readonly outputShape: Shape;
  /** Null where the count needs a size that is None. */
  readonly params: number | null;
}

/** The first node that does not take what it is given. */
export interface Misfit {
  readonly at: number;
  readonly error: UnrollError;
  /** Outputs of the nodes before it. */
  readonly shapes: readonly (readonly Shape[])[];
}

export interface Fitting {
  readonly rows: readonly BlueprintRow[];
  /** Undefined where everything fits. */
  readonly misfit: Misfit | undefined;
}

/** Works out shapes and counts, up to the first node that does not fit. */
export function fitBlueprint({ nodes }: Blueprint): Fitting {
  const shapes: (readonly Shape[])[] = [];
  const rows: BlueprintRow[] = [];
  for (const [at, { layer, sources, shape }] of nodes.entries()) {
    try {
      const read = sources.map(({ node, output }) => ({
        from: nodes[node]!.layer.name,
        shape: shapes[node]![output]!,
      }));
      const given = shape === undefined ? layer.outputShapes(read.map((one) => one.shape)) : [shape];
      const params = shape === undefined ? countOf(countTree(layer, read)) : 0;
      shapes.push(given);
      rows.push({ name: layer.name, type: layer.className, outputShape: given[0]!, params });
    } catch (error) {
      if (!(error instanceof UnrollError)) throw error;
      return { rows, misfit: { at, error, shapes } };
    }
  }
  return { rows, misfit: undefined };
}

/** A plain stack on an input of this shape. */
export function stackBlueprint(shape: Shape, input: Layer, layers: readonly Layer[]): Blueprint {
  return {
    nodes: [
      { layer: input, sources: [], shape },
      ...layers.map((layer, index) => ({ layer, sources: [{ node: index, output: 0 }] })),
    ],
  };
}

/** The calls behind some symbolic tensors, and one more call that reads these. */
export function callBlueprint(layer: Layer, inputs: readonly SymbolicTensor[]): Blueprint {
  const nodes: BlueprintNode[] = [];
  const places = new Map<SymbolicTensor["node"], number>();
  const sourceOf = ({ node, index }: SymbolicTensor): BlueprintSource => {
    const known = places.get(node);
    if (known !== undefined) return { node: known, output: index };
    const sources = node.inputs.map(sourceOf);
    const isInput = node.inputs.length === 0;
    nodes.push({ layer: node.layer, sources, ...(isInput ? { shape: node.outputs[0]!.shape } : {}) });
    places.set(node, nodes.length - 1);
    return { node: nodes.length - 1, output: index };
  };
  const sources = inputs.map(sourceOf);
  return { nodes: [...nodes, { layer, sources }] };
}

/** The layer with another value of an option, its own or that of the layer that it wraps; undefined where neither has it. */
export function withOption(layer: Layer, option: string, value: unknown): Layer | undefined {
  const { config, type, name, trainable } = layer;
  const remade = (options: Readonly<Record<string, unknown>>): Layer =>
    new Layer(type, { ...config, ...options }, { name, trainable });
  if (option in config) return remade({ [option]: value });
  const { layer: inner, backwardLayer } = config;
  if (!(inner instanceof Layer)) return undefined;
  const changed = withOption(inner, option, value);
  if (changed === undefined) return undefined;
  const other = backwardLayer instanceof Layer ? { backwardLayer: withOption(backwardLayer, option, value) } : {};
  return remade({ layer: changed, ...other });
}

/** The value of an option, of the layer or of the one that it wraps. */
export function optionOf({ config }: Layer, option: string): unknown {
  if (option in config) return config[option];
  return config.layer instanceof Layer ? optionOf(config.layer, option) : undefined;
}
