/**
 * A layer object: a type, its checked options, its name, and once built its variables. It knows no particular layer: what
 * a layer is comes from its type (contract.ts). Calling it on symbolic tensors records a graph; on numbers it runs at once.
 */
import { badOption, UnrollError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../core/shape.ts";
import { type Tensor, type TensorLike, tensor } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";
import { weightValue } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { checkWeights, type LayerArray, makeArray } from "./arrays.ts";
import type { ChildCall, LayerType, Result, Sizes, WeightSpec } from "./contract.ts";
import { applyToTensors, maskOfCall, type PreparedCall } from "./eager.ts";
import { checkOptions } from "./fields.ts";
import { checkInputs, isShape } from "./inputs.ts";
import { withMisfitHint } from "./misfit.ts";
import { automaticName, snakeCase } from "./naming.ts";
import { nextRandom } from "./seed.ts";
import { shapeOf, sizesOf } from "./sizes.ts";
import { type LayerCall, recordCall, SymbolicTensor } from "./symbolic.ts";

/** What every layer takes besides its own options. */
export interface CommonOptions {
  readonly name?: string | undefined;
  /** False: training leaves its arrays alone. */
  readonly trainable?: boolean | undefined;
  /** `[batch, ...]` for the first layer of a sequential model; null = None. */
  readonly batchInputShape?: Shape | undefined;
  /** Class name in a summary, where an older Keras has another class for the same (CuDNNLSTM). */
  readonly printedClass?: string | undefined;
}

/** How a call is meant. */
export interface ApplyOptions {
  /** Which timesteps count, `[batch, timesteps]`, 1 or 0; a list for several inputs. Only with numbers; symbolic calls carry masks themselves. */
  readonly mask?: TensorLike | readonly (TensorLike | null)[] | null | undefined;
  /** States before the first step, `[batch, units]` each, in the order of the layer's returned states. */
  readonly initialState?: TensorLike | readonly TensorLike[] | readonly SymbolicTensor[] | undefined;
  /** Dropout and batch statistics on. */
  readonly training?: boolean | undefined;
}

/** What `compute` is given besides the inputs. */
export interface ComputeOptions extends ChildCall {
  readonly training?: boolean;
  /** Told of each variable that holds a new value after the run. */
  readonly onUpdate?: (variable: Variable, value: Value) => void;
  /** Told of what each layer gives, also the layers inside others, in running order. */
  readonly onResult?: (layer: Layer, outputs: readonly Value[]) => void;
}

/** One result, or a list when the layer returns states or has no merge mode; `boolean` = not known from the types. */
export type Outputs<Many extends boolean, T> = Many extends true ? T[] : T;

/** A layer of a model: its options, its arrays, and calls of it on tensors. */
export class Layer<Many extends boolean = boolean> {
  readonly type: LayerType;
  readonly name: string;
  /** All options, defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Layers inside this one. */
  readonly children: readonly Layer[];
  readonly batchInputShape: Shape | undefined;
  /** Class name in a summary. */
  readonly printedClass: string;
  /** Calls on symbolic tensors, in order. */
  readonly calls: LayerCall[] = [];
  /** Runs on numbers that have been prepared, by the shapes they are for. */
  readonly runs = new Map<string, PreparedCall>();
  #trainable: boolean;
  #inputShapes: readonly Shape[] | undefined;
  #arrays: readonly LayerArray[] = [];
  #states: readonly Variable[] = [];
  readonly #weightValues = new Map<Variable, Value>();

  /**
   * @throws UnrollError `option` or `unknown-name` for options that do not fit the type.
   */
  constructor(type: LayerType, options: Readonly<Record<string, unknown>> = {}, common: CommonOptions = {}) {
    this.type = type;
    const where = common.name ?? type.className;
    this.config = checkOptions(type.fields, options, type.className, where);
    type.check?.(this.config, where);
    this.name = common.name ?? automaticName(snakeCase(type.className));
    this.batchInputShape = common.batchInputShape;
    this.printedClass = common.printedClass ?? type.className;
    this.#trainable = common.trainable ?? true;
    this.children = type.children?.(this.config, this.name) ?? [];
    if (!this.#trainable) this.trainable = false;
  }

  /** Keras's class name. */
  get className(): string {
    return this.type.className;
  }

  get trainable(): boolean {
    return this.#trainable;
  }

  /** Switches training of this layer's and its children's arrays on or off. */
  set trainable(trainable: boolean) {
    this.#trainable = trainable;
    for (const { spec, variable } of this.#arrays) variable.trainable = trainable && spec.trainable !== false;
    for (const child of this.children) child.trainable = trainable;
    this.runs.clear();
  }

  get built(): boolean {
    return this.#inputShapes !== undefined;
  }

  /** Formulas of the output sizes, one list an output. Throws UnrollError `shape` when the inputs do not fit. */
  outputSizes(inputs: readonly Sizes[]): readonly Sizes[] {
    checkInputs(this.type, this.name, inputs.map(shapeOf));
    return this.type.outputSizes(this.config, inputs, this.children, this.name);
  }

  /** The output shapes for inputs of these shapes; null = None. Throws UnrollError `shape` when they do not fit. */
  outputShapes(inputShapes: readonly Shape[]): Shape[] {
    return this.outputSizes(lettersFor(inputShapes)).map(shapeOf);
  }

  /** The layer's own arrays as formulas (children's are the children's), for inputs of these shapes. */
  weightSpecs(inputShapes: readonly Shape[] = this.#builtShapes()): readonly WeightSpec[] {
    return this.type.weights?.(this.config, lettersFor(inputShapes), this.name) ?? [];
  }

  /** Sizes of the states it takes and returns, `[batch, size]` each; empty for a layer without states. */
  stateSizes(): readonly number[] {
    return this.type.stateSizes?.(this.config, this.children) ?? [];
  }

  /** For each child, the shapes it is built with. */
  childShapes(inputShapes: readonly Shape[] = this.#builtShapes()): readonly (readonly Shape[])[] {
    const letters = lettersFor(inputShapes);
    const inputs = this.type.childInputs?.(this.config, letters, this.children) ?? this.children.map(() => letters);
    return inputs.map((list) => list.map(shapeOf));
  }

  /**
   * Fixes the sizes of the layer's arrays. No memory is taken until their numbers are read.
   *
   * @throws UnrollError `shape` when the inputs do not fit, or differ from those it was built with.
   */
  build(inputShape: Shape | readonly Shape[], random?: Random): void {
    const inputShapes = isShape(inputShape) ? [inputShape] : inputShape;
    checkInputs(this.type, this.name, inputShapes);
    if (this.#inputShapes !== undefined) {
      this.#checkAgainstBuilt(inputShapes, this.#inputShapes);
      return;
    }
    if (this.config.stateful === true && inputShapes[0]?.[0] === null) {
      throw new UnrollError({
        code: "shape",
        path: this.name,
        expected: "a stateful layer must know its batch size",
        received: `input shape = ${formatShape(inputShapes[0])}`,
        hint: "Give the input a batchShape with a number first.",
      });
    }
    this.outputShapes(inputShapes);
    const own = (random ?? nextRandom()).split();
    const specs = this.weightSpecs(inputShapes);
    this.#arrays = specs.map((spec) => makeArray(spec, this.name, own.split(), this.#trainable));
    for (const [index, shapes] of this.childShapes(inputShapes).entries()) this.children[index]!.build(shapes, own);
    this.#inputShapes = inputShapes;
  }

  /** The layer's own arrays with the facts they were made from: trainable ones, then statistics. */
  get ownArrays(): readonly LayerArray[] {
    const trains = ({ spec }: LayerArray): boolean => spec.trainable !== false;
    return [...this.#arrays.filter(trains), ...this.#arrays.filter((array) => !trains(array))];
  }

  /** All arrays in `getWeights()` order: its own, then its children's; those of a child that stands in two places once. */
  get arrays(): readonly LayerArray[] {
    return [...new Set([...this.ownArrays, ...this.children.flatMap((child) => child.arrays)])];
  }

  /** In `getWeights()` order: own trainable, own statistics, then the children's. */
  get variables(): readonly Variable[] {
    return this.arrays.map(({ variable }) => variable);
  }

  /** How many numbers its arrays hold. Throws UnrollError `unbuilt`. */
  countParams(): number {
    this.#builtShapes();
    return this.variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  /** Copies of its arrays, in Keras's order. Throws UnrollError `unbuilt`, `memory`. */
  getWeights(): Tensor[] {
    this.#builtShapes();
    return this.variables.map(({ shape, data }) => ({ shape: [...shape], data: data.slice() }));
  }

  /** Replaces its arrays, in Keras's order. Throws UnrollError `weights` when they do not fit; then nothing has changed. */
  setWeights(weights: readonly TensorLike[]): void {
    this.#builtShapes();
    if (!Array.isArray(weights)) throw badOption(this.name, "weights", "a list of arrays", weights);
    const tensors = weights.map((weight) => tensor(weight));
    checkWeights(this.arrays, tensors, this.name);
    for (const [index, variable] of this.variables.entries()) variable.assign(tensors[index]!.data);
  }

  /** `[batch, ...]` as it was built; a list when there are several inputs. */
  get inputShape(): Shape | readonly Shape[] {
    return single(this.#builtShapes());
  }

  /** `[batch, ...]` for the inputs it was built with; a list when there are several outputs. */
  get outputShape(): Shape | readonly Shape[] {
    return single(this.outputShapes(this.#builtShapes()));
  }

  /** Its computation on values, as part of a larger program. Builds the layer when that has not happened. */
  compute(inputs: readonly Value[], options: ComputeOptions = {}): Result {
    const shapes = inputs.map(({ shape }) => shape);
    this.build(shapes);
    const { masks = [], training = false, onUpdate, onResult } = options;
    const states = this.#statesFor(shapes[0]!);
    const result = this.type.compute({
      config: this.config,
      name: this.name,
      inputs,
      masks: inputs.map((_, index) => masks[index]),
      weights: Object.fromEntries(this.#arrays.map(({ variable }) => [variable.name, this.#valueOf(variable)])),
      initialStates: options.initialStates ?? (states.length === 0 ? undefined : states.map((s) => this.#valueOf(s))),
      training,
      trainable: this.#trainable,
      children: this.children,
      update: (weight, value) => {
        const array = this.#arrays.find(({ variable }) => variable.name === weight);
        if (array !== undefined) onUpdate?.(array.variable, value);
      },
      callChild: (child, values, more = {}) =>
        child.compute(values, {
          ...more,
          training,
          ...(onUpdate === undefined ? {} : { onUpdate }),
          ...(onResult === undefined ? {} : { onResult }),
        }),
    });
    onResult?.(this, result.outputs);
    for (const [index, state] of states.entries()) {
      const next = result.states?.[index];
      if (next !== undefined) onUpdate?.(state, next);
    }
    const masked = result.masks ?? result.outputs.map(() => (this.type.passesMask ? masks[0] : undefined));
    return { ...result, masks: masked };
  }

  /**
   * Calls the layer: on symbolic tensors it adds to a model's graph, on numbers it runs at once.
   *
   * @throws UnrollError `shape`, `data`, `graph`
   * @example layers.dense({ units: 2 }).apply([[1, 2, 3]]) // a tensor of shape [1, 2]
   */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[], options?: ApplyOptions): Outputs<Many, SymbolicTensor>;
  apply(inputs: TensorLike | readonly TensorLike[], options?: ApplyOptions): Outputs<Many, Tensor>;
  apply(
    inputs: SymbolicTensor | TensorLike | readonly (SymbolicTensor | TensorLike)[],
    options: ApplyOptions = {},
  ): Outputs<Many, SymbolicTensor> | Outputs<Many, Tensor> {
    const results = isSymbolic(inputs)
      ? this.#applySymbolic(Array.isArray(inputs) ? inputs : [inputs as SymbolicTensor], options)
      : applyToTensors(this, inputs as TensorLike | readonly TensorLike[], options); // not symbolic, checked above
    // The types know from the options whether there are several.
    return (results.length === 1 ? results[0] : results) as Outputs<Many, SymbolicTensor>;
  }

  /** The mask that the layer's output carries, `[batch, timesteps]` of 1 and 0, or undefined. */
  computeMask(inputs: TensorLike | readonly TensorLike[], mask?: ApplyOptions["mask"]): Tensor | undefined {
    return maskOfCall(this, inputs, mask);
  }

  /** Sets the states of a stateful layer, and of the layers inside, back to zero. */
  resetStates(): void {
    for (const state of this.#states) state.assign(new Float32Array(sizeOf(state.shape)));
    for (const child of this.children) child.resetStates();
  }

  /** The states that a stateful layer keeps, `[batch, units]` each; empty before the first call. */
  get states(): readonly Variable[] {
    return [...this.#states, ...this.children.flatMap((child) => child.states)];
  }

  #applySymbolic(inputs: readonly SymbolicTensor[], options: ApplyOptions): readonly SymbolicTensor[] {
    const shapes = inputs.map(({ shape }) => shape);
    const outputShapes = withMisfitHint(this, inputs, () => {
      this.build(shapes);
      return this.outputShapes(shapes);
    });
    const given = options.initialState ?? [];
    const initialStates = (Array.isArray(given) ? given : [given]) as readonly SymbolicTensor[]; // checked on the next line
    if (initialStates.some((state) => !(state instanceof SymbolicTensor))) {
      throw new UnrollError({
        code: "graph",
        path: this.name,
        expected: "initialState must be symbolic when the input is",
        hint: "Pass the states that another layer returned, or inputs of the model.",
      });
    }
    const call = recordCall(this, inputs, outputShapes, { initialStates, training: options.training });
    this.calls.push(call);
    return call.outputs;
  }

  #builtShapes(): readonly Shape[] {
    if (this.#inputShapes !== undefined) return this.#inputShapes;
    throw new UnrollError({
      code: "unbuilt",
      path: this.name,
      expected: `this ${this.type.className} has no arrays and shapes yet`,
      hint: "Call build(inputShape), or apply it to an input.",
    });
  }

  #checkAgainstBuilt(inputShapes: readonly Shape[], built: readonly Shape[]): void {
    // No array depends on the batch.
    const isSame = (shape: Shape, index: number): boolean => sameShape(shape.slice(1), (built[index] ?? []).slice(1));
    if (inputShapes.length === built.length && inputShapes.every(isSame)) return;
    const wanted = this.#arrays.map(({ variable }) => variable.shape);
    const found = this.weightSpecs(inputShapes).map(({ shape }) => shapeOf(shape));
    if (found.every((shape, index) => sameShape(shape, wanted[index]!))) {
      for (const [index, shapes] of this.childShapes(inputShapes).entries()) {
        const child = this.children[index]!;
        if (child.built) child.build(shapes);
      }
      return;
    }
    const features = built[0]!.at(-1);
    throw new UnrollError({
      code: "shape",
      path: this.name,
      expected:
        features !== inputShapes[0]!.at(-1)
          ? `input must have ${features} features, as when it was built`
          : `input must be like ${built.map(formatShape).join(" and ")}, as when it was built`,
      received: `shape = ${inputShapes.map((shape) => `[${shape.map((size) => size ?? "None").join(", ")}]`).join(" and ")}`,
      hint: "Rebuild the model or fix the data.",
    });
  }

  #statesFor(inputShape: readonly number[]): readonly Variable[] {
    if (this.config.stateful !== true) return [];
    const batch = inputShape[0]!;
    const sizes = this.stateSizes();
    if (this.#states.length === 0) {
      this.#states = sizes.map(
        (size, index) => new Variable(`state_${index}`, [batch, size], () => new Float32Array(batch * size), false),
      );
    }
    if (this.#states[0]!.shape[0] === batch) return this.#states;
    throw new UnrollError({
      code: "shape",
      path: this.name,
      expected: `a stateful layer keeps to its batch size of ${this.#states[0]!.shape[0]}`,
      received: `batch = ${batch}`,
      hint: "Cut the data to whole batches of that size.",
    });
  }

  /** One value a variable, so that a layer called twice shares it and gradients add up. */
  #valueOf(variable: Variable): Value {
    let value = this.#weightValues.get(variable);
    if (value === undefined) {
      value = weightValue(variable);
      this.#weightValues.set(variable, value);
    }
    return value;
  }
}

function lettersFor(inputShapes: readonly Shape[]): readonly Sizes[] {
  return inputShapes.map((shape, index) => sizesOf(shape, index, inputShapes.length));
}

function single(shapes: readonly Shape[]): Shape | readonly Shape[] {
  return shapes.length === 1 ? shapes[0]! : shapes;
}

function isSymbolic(inputs: unknown): inputs is SymbolicTensor | readonly SymbolicTensor[] {
  return (Array.isArray(inputs) && inputs.length > 0 ? inputs[0] : inputs) instanceof SymbolicTensor;
}
