/** What a served model takes and gives: the names and shapes that every protocol shows. Plain data, so that it can cross threads. */
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { InputSpec } from "../model/data.ts";
import { readData } from "../model/data.ts";
import type { Model } from "../model/model.ts";
import { badRequest } from "./request-error.ts";

/** An input or output as clients see it; `shape` is `[batch, ...]`, null = any size. */
export interface Port extends InputSpec {
  readonly shape: Shape;
}

/** What a model reads and gives, as clients see it. */
export interface Signature {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Why the model cannot answer streams, or undefined. */
  readonly noStreams: string | undefined;
}

/** Tensors by the names of inputs or outputs. */
export type NamedTensors = ReadonlyMap<string, Tensor>;

/** The ports of a model: names of its input and output layers, the first axis open. */
export function portsOf(model: Model): Pick<Signature, "inputs" | "outputs"> {
  const open = (shape: Shape): Shape => [null, ...shape.slice(1)];
  const seen = new Map<string, number>();
  const outputs = model.outputs.map(({ node, shape }): Port => {
    const { name } = node.layer;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return { name: count === 0 ? name : `${name}_${count}`, shape: open(shape) };
  });
  return { inputs: model.inputs.map(({ node, shape }) => ({ name: node.layer.name, shape: open(shape) })), outputs };
}

/**
 * The request's tensors in the order of the inputs, each of exactly the input's axes, `[rows, ...]`.
 *
 * @throws RequestError for a missing or unknown name; UnrollError `data`, `shape` as `model.predict` does
 */
export function orderedInputs(given: NamedTensors, { inputs }: Signature, model: string): Tensor[] {
  const names = inputs.map(({ name }) => name);
  const unknown = [...given.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined || given.size !== names.length) {
    throw badRequest(model, `its inputs are ${names.join(", ")}`, {
      received:
        [...given.keys()]
          .map((name) => JSON.stringify(name.slice(0, 60)))
          .slice(0, 8)
          .join(", ") || "none",
    });
  }
  return readData(Object.fromEntries(given), inputs, model);
}
