/**
 * The graph of layer calls between a model's inputs and outputs: which calls there are, in Keras's order, and what they
 * compute as one program. It knows calls and layers, not what any layer does.
 */
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Result } from "../layers/index.ts";
import type { ComputeOptions, Layer } from "../layers/layer.ts";
import type { LayerCall, SymbolicTensor } from "../layers/symbolic.ts";
import { inputValue } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { type Arrangement, arrange, nodesOfCalls } from "./arrange.ts";
import { beginsMask, type MaskNames, withMaskOperations } from "./mask-operations.ts";

/** What one call of a layer takes and gives in a program. */
export interface CallValues {
  readonly call: LayerCall;
  readonly inputs: readonly Value[];
  /** One for each input: the mask that the layer uses, `[batch, timesteps]`. */
  readonly masks: readonly (Value | undefined)[];
  readonly initialStates: readonly Value[];
  readonly outputs: readonly Value[];
  readonly outputMasks: readonly (Value | undefined)[];
}

export interface GraphOptions {
  /**
   * True: a recurrent layer that is given initial states still sees its input's mask, as in Keras 2.
   * Keras 3 passes no mask to such a call (the mask still travels on behind it).
   */
  readonly maskBesideStates?: boolean;
  /** Names that a file gives to the operations that make masks. */
  readonly maskNames?: MaskNames;
}

export interface GraphComputeOptions extends ComputeOptions {
  /** Told of every call, also those inside models that are used as layers. */
  readonly onCall?: (values: CallValues) => void;
}

export class Graph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** Calls in an order in which they can run, each once; inputs are not among them. */
  readonly calls: readonly LayerCall[];
  readonly #maskBesideStates: boolean;
  readonly #maskNames: MaskNames | undefined;
  #arrangement: Arrangement | undefined;
  readonly #path: string;

  /**
   * @throws UnrollError `graph` when an output does not come from the inputs, or two layers have one name.
   */
  constructor(
    inputs: readonly SymbolicTensor[],
    outputs: readonly SymbolicTensor[],
    path: string,
    { maskBesideStates = false, maskNames }: GraphOptions = {},
  ) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.#path = path;
    this.#maskBesideStates = maskBesideStates;
    this.#maskNames = maskNames;
    this.calls = callsBetween(inputs, outputs, path);
    checkNames(this.#layersSeen(), path);
  }

  /** Layers in Keras 3's order: from the inputs down, by distance to the outputs. */
  get layers(): readonly Layer[] {
    return this.arrangement.operations.flatMap(({ operation, isMask }) => (isMask ? [] : [operation as Layer])); // no mask operation
  }

  /** Every node in Keras 3's order, with the operations that make masks. */
  get arrangement(): Arrangement {
    this.#arrangement ??= arrange(
      this.inputs,
      this.outputs,
      withMaskOperations(this.inputs, this.calls, tensorsWithMask(this), this.#maskNames),
    );
    return this.#arrangement;
  }

  /** The order of Keras 2, which keeps masks out of the graph. */
  arrangementWithoutMasks(): Arrangement {
    return arrange(this.inputs, this.outputs, nodesOfCalls(this.inputs, this.calls));
  }

  /**
   * Lets each layer that takes the inputs themselves refuse numbers that it does not know, such as an embedding's ids.
   *
   * @throws UnrollError `data`
   */
  checkData(data: readonly Tensor[]): void {
    for (const { layer, inputs } of this.calls) {
      const given = inputs.map((input) => data[this.inputs.indexOf(input)]);
      const whole = given.filter((tensor) => tensor !== undefined);
      if (whole.length === inputs.length) layer.type.checkData?.(layer.config, whole, layer.name);
    }
  }

  /**
   * Adds the graph's computation to a program.
   *
   * @param values one for each input, every size known
   */
  compute(values: readonly Value[], options: GraphComputeOptions = {}): Result {
    const known = new Map<SymbolicTensor, Value>();
    const masks = new Map<SymbolicTensor, Value | undefined>();
    for (const [index, input] of this.inputs.entries()) {
      known.set(input, values[index]!);
      masks.set(input, options.masks?.[index]);
    }
    const numbersOf = (tensor: SymbolicTensor): Value => known.get(tensor)!; // calls are in running order
    for (const call of this.calls) {
      const given: CallInputs = {
        inputs: call.inputs.map(numbersOf),
        masks: call.inputs.map((tensor) => masks.get(tensor)),
        initialStates: call.initialStates.map(numbersOf),
      };
      const hidesMask = call.initialStates.length > 0 && !this.#maskBesideStates;
      const result = runCall(call, given, hidesMask, options);
      for (const [index, tensor] of call.outputs.entries()) {
        known.set(tensor, result.outputs[index]!);
        masks.set(tensor, result.masks?.[index]);
      }
    }
    return { outputs: this.outputs.map(numbersOf), masks: this.outputs.map((tensor) => masks.get(tensor)) };
  }

  get path(): string {
    return this.#path;
  }

  #layersSeen(): Set<Layer> {
    return new Set([...this.inputs.map(({ node }) => node.layer), ...this.calls.map(({ layer }) => layer)]);
  }
}

interface CallInputs {
  readonly inputs: readonly Value[];
  readonly masks: readonly (Value | undefined)[];
  readonly initialStates: readonly Value[];
}

function runCall(call: LayerCall, given: CallInputs, hidesMask: boolean, options: GraphComputeOptions): Result {
  const { layer } = call;
  const { inputs, initialStates } = given;
  const states = initialStates.length === 0 ? {} : { initialStates };
  const training = call.training ?? options.training ?? false;
  const masks = hidesMask ? [] : given.masks;
  const more: GraphComputeOptions = { ...options, ...states, masks, training };
  let result = layer.compute(inputs, more);
  if (hidesMask && given.masks.some((mask) => mask !== undefined)) {
    // Only to learn which mask travels on: nothing else of this second computation reaches a result.
    result = { ...result, masks: layer.compute(inputs, { ...states, masks: given.masks, training }).masks ?? [] };
  }
  options.onCall?.({
    call,
    inputs,
    masks: inputs.map((_, index) => masks[index]),
    initialStates,
    outputs: result.outputs,
    outputMasks: result.outputs.map((_, index) => result.masks?.[index]),
  });
  return result;
}

/** Depth-first from the outputs; sources come first. */
function callsBetween(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
  path: string,
): readonly LayerCall[] {
  const given = new Set(inputs);
  const order: LayerCall[] = [];
  const seen = new Set<LayerCall>();
  const visit = (tensor: SymbolicTensor, reader: LayerCall | undefined): void => {
    if (given.has(tensor) || seen.has(tensor.node)) return;
    const call = tensor.node;
    const sources = [...call.inputs, ...call.initialStates];
    if (sources.length === 0) throw disconnected(call, reader, inputs, path);
    seen.add(call);
    for (const source of sources) visit(source, call);
    order.push(call);
  };
  for (const output of outputs) visit(output, undefined);
  return order;
}

function disconnected(
  input: LayerCall,
  reader: LayerCall | undefined,
  inputs: readonly SymbolicTensor[],
  path: string,
): UnrollError {
  const place = reader === undefined ? "is an output" : `feeds ${reader.layer.name}`;
  return new UnrollError({
    code: "graph",
    path,
    expected: "every output must come from the model's inputs",
    received: `inputs = ${inputs.map(({ node }) => node.layer.name).join(", ")}, but ${input.layer.name} ${place}`,
    hint: `Add ${input.layer.name} to the inputs, or take it out of the graph.`,
  });
}

function checkNames(layers: Iterable<Layer>, path: string): void {
  const named = new Map<string, Layer>();
  for (const layer of layers) {
    const other = named.get(layer.name);
    if (other !== undefined && other !== layer) {
      throw new UnrollError({
        code: "graph",
        path,
        expected: "every layer of a model needs a name of its own",
        received: `two layers (${other.className} and ${layer.className}) named ${JSON.stringify(layer.name)}`,
        hint: "Give one of them another name.",
      });
    }
    named.set(layer.name, layer);
  }
}

/** Sizes tried for axes that are not known, until every layer has enough timesteps. */
const trialSizes = [2, 16, 128, 1024];

/** Tensors that carry a mask when the graph runs, found by writing its program for some size. */
function tensorsWithMask(graph: Graph): ReadonlySet<SymbolicTensor> {
  if (!graph.calls.some(({ layer }) => beginsMask(layer))) return new Set();
  for (const size of trialSizes) {
    const found = new Set<SymbolicTensor>();
    const values = graph.inputs.map(({ shape, node }) =>
      inputValue(
        node.layer.name,
        shape.map((known) => known ?? size),
      ),
    );
    try {
      graph.compute(values, {
        onCall: ({ call, inputs, outputMasks }) => {
          call.layer.outputShapes(inputs.map(({ shape }) => shape)); // refuses too few timesteps for its windows
          for (const [index, mask] of outputMasks.entries()) if (mask !== undefined) found.add(call.outputs[index]!);
        },
      });
      return found;
    } catch (error) {
      // Behind a layer that has sizes only, nothing is known of masks.
      if (error instanceof UnrollError && error.code === "unsupported") return found;
      if (!(error instanceof UnrollError) || error.code !== "shape") throw error;
    }
  }
  return new Set();
}
