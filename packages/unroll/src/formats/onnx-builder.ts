/**
 * Grows an ONNX graph node by node: names that are unique, constants stored once, sizes that hold the batch as numbers of the
 * running graph. It knows operators only by the names it is given.
 */
import type { BatchedSize } from "./any-batch.ts";
import type { OnnxAttributes, OnnxNode, OnnxTensor } from "./onnx-messages.ts";

/** What all graphs of one file share; inner graphs see the outer one's tensors. */
interface Shared {
  readonly tensors: OnnxTensor[];
  readonly names: Set<string>;
  readonly constants: Map<string, string>;
}

export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  /** Name of the layer that the next nodes belong to. */
  scope = "";
  readonly #shared: Shared;
  readonly #shapes = new Map<string, string>();
  readonly #batchOf: string;

  /** @param batchOf name of an input whose first axis is the batch */
  constructor(batchOf: string, outer?: OnnxBuilder) {
    this.#batchOf = batchOf;
    this.#shared = outer === undefined ? { tensors: [], names: new Set(), constants: new Map() } : outer.#shared;
    if (outer !== undefined) this.scope = outer.scope;
  }

  get tensors(): readonly OnnxTensor[] {
    return this.#shared.tensors;
  }

  /** The name, with a number behind it when it is taken. */
  unique(name: string): string {
    const { names } = this.#shared;
    let free = name;
    for (let number = 1; names.has(free); number++) free = `${name}_${number}`;
    names.add(free);
    return free;
  }

  /** Adds a node with one output, and gives the output's name. */
  add(operator: string, inputs: readonly string[], attributes: OnnxAttributes = {}): string {
    return this.addMany(operator, inputs, 1, attributes)[0]!;
  }

  addMany(operator: string, inputs: readonly string[], count: number, attributes: OnnxAttributes = {}): string[] {
    const name = this.scoped(operator);
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? name : this.unique(`${name}.${i}`)));
    this.nodes.push({ operator, name, inputs, outputs, attributes });
    return outputs;
  }

  /** A free name within the present layer: `lstm/MatMul`. */
  scoped(name: string): string {
    return this.unique(this.scope === "" ? name : `${this.scope}/${name}`);
  }

  floats(name: string, shape: readonly number[], data: Float32Array): string {
    const free = this.unique(name);
    this.#shared.tensors.push({ name: free, shape, data });
    return free;
  }

  /** One number, of no axes. */
  scalar(value: number): string {
    return this.#constant(`number ${Object.is(value, -0) ? "-0" : value}`, [], Float32Array.of(value));
  }

  /** A list of whole numbers, as shapes and axes are given; with `shape` an array of them. */
  ints(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#constant(`ints ${values} [${shape}]`, shape, BigInt64Array.from(values, BigInt));
  }

  /** The sizes as a list that the graph can use, also where they hold the batch. */
  shape(sizes: readonly BatchedSize[]): string {
    if (sizes.every((size) => typeof size === "number")) return this.ints(sizes);
    const key = JSON.stringify(sizes);
    let name = this.#shapes.get(key);
    if (name === undefined) {
      const parts = sizes.map((size) =>
        typeof size === "number" ? this.ints([size]) : this.#batches(size.perExample),
      );
      name = parts.length === 1 ? parts[0]! : this.add("Concat", parts, { axis: 0 });
      this.#shapes.set(key, name);
    }
    return name;
  }

  /** The sizes for Reshape, which finds out one of them by itself (-1). */
  reshapeTo(source: string, sizes: readonly BatchedSize[]): string {
    const open = sizes.filter((size) => typeof size !== "number").length;
    const target =
      open > 1 ? this.shape(sizes) : this.ints(sizes.map((size) => (typeof size === "number" ? size : -1)));
    return this.add("Reshape", [source, target]);
  }

  #batches(count: number): string {
    const batch = this.add("Shape", [this.#batchOf], { start: 0, end: 1 });
    return count === 1 ? batch : this.add("Mul", [batch, this.ints([count])]);
  }

  #constant(key: string, shape: readonly number[], data: Float32Array | BigInt64Array): string {
    const { constants, tensors } = this.#shared;
    let name = constants.get(key);
    if (name === undefined) {
      name = this.unique(key.length > 40 ? "ints" : key.replaceAll(/[ ,[\]]+/g, "_").replace(/_+$/, ""));
      tensors.push({ name, shape, data });
      constants.set(key, name);
    }
    return name;
  }
}
