/** Models that are a plain stack of layers. */
import { badOption, UnrollError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import type { Shape } from "../core/shape.ts";
import { createInputLayer, inputTensor } from "../layers/input-layer.ts";
import { isShape } from "../layers/inputs.ts";
import { Layer } from "../layers/layer.ts";
import { withMisfitHint } from "../layers/misfit.ts";
import { automaticName } from "../layers/naming.ts";
import { SymbolicTensor } from "../layers/symbolic.ts";
import { type ModelData, readData } from "./data.ts";
import { Graph, type GraphOptions } from "./graph.ts";
import type { Parts } from "./graph-type.ts";
import { Model } from "./model.ts";

/** Options of `sequential`. */
export interface SequentialOptions {
  /** The first may be an input layer, or `input(...)`. */
  readonly layers?: readonly (Layer | SymbolicTensor)[];
  readonly name?: string | undefined;
  readonly trainable?: boolean;
  /** Draws the first weights: the same seed gives the same ones, whatever else was built before. */
  readonly seed?: number;
}

/** What grows while layers are added. */
interface Stack extends Parts {
  readonly layers: Layer[];
  graph: Graph | undefined;
}

/** A model that is a row of layers, which can be added one by one. */
export class Sequential extends Model<false> {
  readonly #stack: Stack;
  readonly #random: Random | undefined;
  readonly #graphOptions: GraphOptions;
  /** The input and then the output of each layer, once the input is known. */
  #tensors: SymbolicTensor[] = [];

  constructor(given: SequentialOptions | SequentialOptions["layers"] = {}, graphOptions: GraphOptions = {}) {
    const options: SequentialOptions = Array.isArray(given) ? { layers: given } : (given as SequentialOptions); // no list, so options
    const stack: Stack = { layers: [], graph: undefined };
    super("Sequential", stack, options.name ?? automaticName("sequential"), options.trainable);
    this.#stack = stack;
    this.#graphOptions = graphOptions;
    this.#random = options.seed === undefined ? undefined : new Random(options.seed);
    const { layers = [] } = options;
    if (!Array.isArray(layers)) throw badOption(this.name, "layers", "a list of layers", layers);
    for (const layer of layers) this.#push(layer);
    if (this.#tensors.length > 0) this.#grow();
  }

  /**
   * Puts a layer on top. Returns the model, so that calls can be chained.
   *
   * @throws UnrollError `graph` for a second input layer or a name that is taken, `shape` when the layer does not fit.
   */
  add(layer: Layer | SymbolicTensor): this {
    this.#push(layer);
    if (this.#tensors.length > 0) this.#grow();
    return this;
  }

  /** Takes the last layer off and returns it. Throws UnrollError `graph` when there is none. */
  pop(): Layer {
    const layer = this.#stack.layers.pop();
    if (layer === undefined) throw this.#graphError("there is no layer to take off");
    if (this.#tensors.length > 0) {
      this.#tensors.length = this.#stack.layers.length + 1;
      this.#stack.graph = this.#graphNow();
    }
    this.forgetPlans();
    return layer;
  }

  /** Fixes the input shape, `[batch, ...]`, and builds the layers. Throws UnrollError `shape`. */
  override build(inputShape: Shape | readonly Shape[], random?: Random): void {
    if (this.#tensors.length === 0) {
      if (this.#stack.layers.length === 0) {
        throw this.#graphError("a sequential model needs a layer before it can be built");
      }
      const shape = isShape(inputShape) ? inputShape : inputShape[0]!;
      this.#start(createInputLayer({ batchShape: shape }));
      this.#grow();
    }
    super.build(inputShape, random ?? new Random(0)); // the layers have their own numbers already
  }

  /** Builds the model for data, `[examples, ...]`, when its input shape is not known; the batch size stays open. */
  override buildFor(x: ModelData): void {
    if (this.hasGraph) return;
    const [data] = readData(x, [{ name: "input", shape: shapeOfData(x) }], this.name);
    this.build([null, ...data!.shape.slice(1)]);
  }

  #push(given: Layer | SymbolicTensor): void {
    const layer = given instanceof SymbolicTensor ? given.node.layer : given;
    if (!(layer instanceof Layer)) throw badOption(this.name, "layers", "layers only", layer);
    const { layers } = this.#stack;
    if (layers.some((other) => other.name === layer.name && other !== layer)) {
      throw this.#graphError("every layer of a model needs a name of its own", `name = ${layer.name}`);
    }
    if (layer.className === "InputLayer") {
      if (this.#tensors.length > 0 || layers.length > 0) {
        throw this.#graphError("an input layer can only come first", `${layer.name} after ${layers.length} layers`);
      }
      this.#start(layer);
      return;
    }
    if (layers.length === 0 && this.#tensors.length === 0) this.#startFrom(layer);
    layers.push(layer);
  }

  #startFrom(layer: Layer): void {
    if (layer.batchInputShape !== undefined) this.#start(createInputLayer({ batchShape: layer.batchInputShape }));
    else if (layer instanceof Model && layer.hasGraph && layer.inputs.length === 1) {
      const [{ shape, dtype }] = layer.inputs as [SymbolicTensor]; // just counted
      this.#start(createInputLayer({ batchShape: shape, dtype }));
    }
  }

  #start(layer: Layer): void {
    this.#tensors = [inputTensor(layer)];
  }

  /** Applies the layers that are not yet in the graph. Keras names a hidden functional model each time. */
  #grow(): void {
    const { layers } = this.#stack;
    if (layers.length === 0) return;
    automaticName("functional");
    for (const layer of layers.slice(this.#tensors.length - 1)) {
      const below = this.#tensors.at(-1)!;
      const random = this.#random;
      if (random !== undefined && !layer.built) {
        withMisfitHint(layer, [below], () => layer.build(below.shape, random.split()));
      }
      const result = layer.apply(below);
      if (Array.isArray(result) && layer !== layers.at(-1)) {
        throw this.#graphError(
          "a layer inside a sequential model must have one output",
          `${layer.name} has ${result.length}`,
          "Leave returnState out, or connect the layers with model({ inputs, outputs }).",
        );
      }
      this.#tensors.push(Array.isArray(result) ? result[0]! : (result as SymbolicTensor)); // one output, checked above
    }
    this.#stack.graph = this.#graphNow();
    this.forgetPlans();
    super.build(this.#tensors[0]!.shape, new Random(0)); // the layers have their own numbers already
  }

  #graphNow(): Graph | undefined {
    if (this.#stack.layers.length === 0) return undefined;
    const last = this.#tensors.at(-1)!;
    return new Graph([this.#tensors[0]!], last.node.outputs, this.name, this.#graphOptions);
  }

  #graphError(expected: string, received?: string, hint?: string): UnrollError {
    return new UnrollError({ code: "graph", path: this.name, expected, received, hint });
  }
}

/**
 * A plain stack of layers, from its options or from the bare list. It knows its shapes at once when it begins with an input layer or a layer with
 * `batchInputShape`, and otherwise from the first data.
 *
 * @throws UnrollError `graph`, `shape` when the layers do not go together.
 * @example
 * const net = sequential({ layers: [input({ shape: [30, 5] }), layers.gru({ units: 4 }), layers.dense({ units: 1 })] });
 */
export function sequential(options: SequentialOptions | SequentialOptions["layers"] = {}): Sequential {
  return new Sequential(options);
}

function shapeOfData(x: ModelData): Shape {
  const first = Array.isArray(x) && x.length === 1 && typeof x[0] === "object" && "shape" in x[0] ? x[0] : x;
  const sizes: number[] = [];
  if (typeof first === "object" && "shape" in first) return (first.shape as readonly number[]).map(() => null);
  for (let level: unknown = first; Array.isArray(level); level = level[0]) sizes.push(level.length);
  return sizes.map(() => null);
}
