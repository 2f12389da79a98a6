/**
 * The wiring of functional models: Keras 2's nested lists and Keras 3's `keras_history` become calls of layers.
 * Operations that Keras 3 puts into the graph for masks are recognised by what they are; layers make the masks themselves.
 */
import { display } from "../core/display.ts";
import { UnrollError } from "../core/errors.ts";
import { inputTensor, type SymbolicTensor } from "../layers/index.ts";
import type { Layer } from "../layers/layer.ts";
import { numberCalls } from "../model/call-numbers.ts";
import { model } from "../model/functional.ts";
import { type MaskNames, maskKey } from "../model/mask-operations.ts";
import { Model } from "../model/model.ts";
import { type KerasObject, type KerasReadOptions, layerFromConfig, standInModule } from "./keras-config.ts";
import { type CallData, type Reference, readCall, readReferences } from "./keras-nodes.ts";
import { isKeras2, isKerasObject, isRecord } from "./keras-objects.ts";

interface Entry {
  readonly name: string;
  readonly layer: Layer;
  readonly calls: readonly CallData[];
}

/** An operation that makes a mask. */
interface MaskEntry {
  readonly className: string;
  readonly sources: readonly Reference[];
}

/** @throws UnrollError `format`, `graph`, `unsupported` */
export function functionalFromConfig(object: KerasObject, options: KerasReadOptions): Model {
  const { config } = object;
  const name = typeof config.name === "string" ? config.name : "model";
  const reader = new GraphReader(name, options);
  reader.readLayers(config.layers);
  reader.connect();
  const inputs = reader.tensors(config.input_layers, "input_layers");
  const outputs = reader.tensors(config.output_layers, "output_layers");
  const made = model(
    {
      inputs,
      outputs,
      name: options.keepNames === false ? undefined : name,
      ...(typeof config.trainable === "boolean" ? { trainable: config.trainable } : {}),
    },
    { maskBesideStates: isKeras2(object, options), maskNames: reader.maskNames() },
  );
  reader.checkMasks(made);
  return made;
}

class GraphReader {
  /** True for calls as nested lists, Keras 2's spelling; Keras 3 can write its own with Keras 2's layers around it. */
  #nestedLists = false;
  readonly #path: string;
  readonly #options: KerasReadOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #masks = new Map<string, MaskEntry>();

  constructor(path: string, options: KerasReadOptions) {
    this.#path = path;
    this.#options = options;
  }

  readLayers(list: unknown): void {
    if (!Array.isArray(list) || !list.every(isKerasObject)) {
      throw this.#format("config.layers must be a list of layers", `layers = ${display(list)}`);
    }
    this.#nestedLists = list.some(({ inbound_nodes: nodes }) => Array.isArray(nodes) && Array.isArray(nodes[0]));
    for (const object of list) {
      const name = object.name ?? object.config.name;
      if (typeof name !== "string") throw this.#format("every layer of a functional model needs a name", undefined);
      if (this.#entries.has(name) || this.#masks.has(name)) {
        throw new UnrollError({
          code: "graph",
          path: this.#path,
          expected: "every layer of a model needs a name of its own",
          received: `two layers named ${display(name)}`,
        });
      }
      const nodes = isRecord(object) ? object.inbound_nodes : undefined;
      if (!Array.isArray(nodes)) throw this.#format("inbound_nodes must be a list", `layer = ${name}`);
      if (isOperation(object) || this.#isBareOperation(object, nodes))
        this.#masks.set(name, this.#readMask(object, name, nodes));
      else this.#entries.set(name, this.#readEntry(object, name, nodes));
    }
  }

  /** Calls the layers, each call as soon as what it reads is there. */
  connect(): void {
    let waiting = [...this.#entries.values()].map((entry) => ({ entry, next: 0 }));
    while (waiting.length > 0) {
      let progressed = false;
      for (const state of waiting) {
        const { entry } = state;
        while (state.next < entry.calls.length && this.#isReady(entry.calls[state.next]!)) {
          this.#call(entry, entry.calls[state.next]!);
          state.next++;
          progressed = true;
        }
      }
      waiting = waiting.filter(({ entry, next }) => next < entry.calls.length);
      if (!progressed) {
        throw new UnrollError({
          code: "graph",
          path: this.#path,
          expected: "every layer's input must come from another layer, without a circle",
          received: `these wait for one another or for a call that is not there: ${waiting.map(({ entry }) => entry.name).join(", ")}`,
        });
      }
    }
  }

  /** The tensors that `input_layers` or `output_layers` name. */
  tensors(value: unknown, key: string): readonly SymbolicTensor[] {
    const references = readReferences(value);
    if (references === undefined || references.length === 0) {
      throw this.#format(`${key} must name tensors as [layer, call, output]`, `${key} = ${display(value)}`);
    }
    return references.map((reference) => {
      // Keras counts a functional model's own making as a call here, though not where calls are listed.
      const entry = this.#entryOf(reference);
      const extra =
        !this.#nestedLists && entry.layer instanceof Model && entry.layer.className === "Functional" ? 1 : 0;
      const tensor = this.#find({ ...reference, call: reference.call - extra });
      if (tensor !== undefined) return tensor;
      throw this.#format(
        `${key} must name outputs that exist`,
        `${reference.layer}[${reference.call}][${reference.output}]`,
      );
    });
  }

  /** Names of mask operations by what they are, so that the model prints them as the file's does. */
  maskNames(): MaskNames {
    const names = new Map<string, string[]>();
    if (this.#options.keepNames === false) return names;
    for (const [name, { className, sources }] of this.#masks) {
      const key = maskKey(
        className,
        sources.map(({ layer, call, output }) => `${layer}[${call}][${output}]`),
      );
      names.set(key, [...(names.get(key) ?? []), name]);
    }
    return names;
  }

  /** The masks that the file wires by hand must be those that the layers make. */
  checkMasks(made: Model): void {
    if (this.#masks.size === 0 || this.#options.keepNames === false) return;
    const known = new Set(made.graph.arrangement.operations.map(({ operation }) => operation.name));
    const other = [...this.#masks.keys()].find((name) => !known.has(name));
    if (other !== undefined) throw this.#unsupported(this.#masks.get(other)!.className, other);
  }

  #readEntry(object: KerasObject, name: string, nodes: readonly unknown[]): Entry {
    const { readLayer = layerFromConfig } = this.#options;
    const layer = readLayer(object.config.name === undefined ? withName(object, name) : object, this.#options);
    if (layer.className === "InputLayer") {
      layer.build([]);
      inputTensor(layer);
      return { name, layer, calls: [] };
    }
    const { call_numbers: numbers } = object;
    if (Array.isArray(numbers) && numbers.every(Number.isInteger)) numberCalls(layer, numbers);
    const takesStates = layer.stateSizes().length > 0;
    return { name, layer, calls: nodes.map((node) => readCall(node, takesStates, this.#nestedLists, name)) };
  }

  /** Keras 3's HDF5 files name no modules. A layer's config says whether it is trained, an operation's does not. */
  #isBareOperation({ module, class_name: className, config }: KerasObject, nodes: readonly unknown[]): boolean {
    if (module !== undefined || !maskOperations.has(className) || "trainable" in config) return false;
    return className !== "Concatenate" || (readReferences(nodes) ?? []).some(({ layer }) => this.#masks.has(layer));
  }

  #readMask(object: KerasObject, name: string, nodes: readonly unknown[]): MaskEntry {
    const className = object.class_name;
    if (!maskOperations.has(className) || nodes.length !== 1) throw this.#unsupported(className, name);
    const { inputs } = readCall(nodes[0], false, this.#nestedLists, name, true);
    return { className, sources: inputs };
  }

  #isReady(call: CallData): boolean {
    return [...call.inputs, ...call.initialStates].every((reference) => this.#find(reference) !== undefined);
  }

  #call({ layer }: Entry, { inputs, initialStates, training }: CallData): void {
    const tensorsOf = (list: readonly Reference[]): SymbolicTensor[] => list.map((one) => this.#find(one)!); // it is ready
    layer.apply(tensorsOf(inputs), {
      ...(initialStates.length === 0 ? {} : { initialState: tensorsOf(initialStates) }),
      ...(training === undefined ? {} : { training }),
    });
  }

  #find({ layer: name, call, output }: Reference): SymbolicTensor | undefined {
    const { layer } = this.#entryOf({ layer: name, call, output });
    return layer.calls[call - this.#firstCall(name, layer)]?.outputs[output];
  }

  /** Keras 2 counts a model's own making as its first call. */
  #firstCall(name: string, layer: Layer): number {
    if (!this.#nestedLists || !(layer instanceof Model)) return 0;
    this.#lowest ??= this.#lowestCalls();
    return this.#lowest.get(name) ?? 0;
  }

  #lowest: ReadonlyMap<string, number> | undefined;

  #lowestCalls(): ReadonlyMap<string, number> {
    const lowest = new Map<string, number>();
    for (const { calls } of this.#entries.values()) {
      for (const { inputs, initialStates } of calls) {
        for (const { layer, call } of [...inputs, ...initialStates]) {
          lowest.set(layer, Math.min(call, lowest.get(layer) ?? call));
        }
      }
    }
    return lowest;
  }

  #entryOf({ layer: name }: Reference): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const mask = this.#masks.get(name);
    if (mask !== undefined) throw this.#unsupported(mask.className, name);
    throw this.#format("every connection must name a layer of the model", `layer = ${display(name)}`);
  }

  #unsupported(className: string, name: string): UnrollError {
    return new UnrollError({
      code: "unsupported",
      path: this.#path,
      expected: "operations on tensors between layers cannot be read",
      received: `${name} (${className})`,
      hint: "Write it as a layer (add, multiply, concatenate, reshape ...) and save the model again.",
    });
  }

  #format(expected: string, received: string | undefined): UnrollError {
    return new UnrollError({ code: "format", path: this.#path, expected, received });
  }
}

/** Operations that Keras 3's layers use to make masks. */
const maskOperations: ReadonlySet<string> = new Set([
  "NotEqual",
  "Any",
  "LogicalOr",
  "ExpandDims",
  "ZerosLike",
  "OnesLike",
  "Concatenate",
  "ConvertToTensor",
]);
/** Keras 2's classes for functions that were called on tensors. */
const lambdaOperations: ReadonlySet<string> = new Set([
  "TFOpLambda",
  "SlicingOpLambda",
  "TensorFlowOpLayer",
  "ClassMethod",
]);

function isOperation(object: KerasObject): boolean {
  if (object.module === standInModule) return false;
  return (object.module ?? "").startsWith("keras.src.ops.") || lambdaOperations.has(object.class_name);
}

function withName(object: KerasObject, name: string): KerasObject {
  return { ...object, config: { ...object.config, name } };
}
