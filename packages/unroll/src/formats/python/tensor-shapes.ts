/** What operations between layers do to the shapes of tensors: the same as to arrays. */
import { SymbolicTensor } from "./keras-graph.ts";
import type { Runtime } from "./runtime.ts";
import { ArrayValue, type Axis, PyList, PyTuple, type Value } from "./values.ts";

/** A tensor as an array of its shape, also inside lists; other values as they are. */
export function asArray(value: Value): Value {
  if (value instanceof SymbolicTensor) return new ArrayValue(value.shape ?? [], undefined, value.shape === undefined);
  if (value instanceof PyList) return new PyList(value.items.map(asArray), value.open);
  return value instanceof PyTuple ? new PyTuple(value.items.map(asArray)) : value;
}

/** The shape of what `work` makes; undefined where it makes no array or one that is not known to its end. */
export function shapeAfter(work: () => Value, rt: Runtime): readonly Axis[] | undefined {
  const made = rt.quietly(work);
  return made instanceof ArrayValue && !made.open && made.shape.length > 0 ? made.shape : undefined;
}
