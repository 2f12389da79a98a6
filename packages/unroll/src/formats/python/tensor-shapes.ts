/** What operations between layers do to the shapes of tensors: the same as to arrays. */
import { SymbolicTensor } from "./keras-graph.ts";
import type { Runtime } from "./runtime.ts";
import { ArrayValue, type Axis, isSequence, PyList, PyTuple, type Value } from "./values.ts";

/** Deeper lists are left as they are. */
const DEEPEST_LIST = 16;

/** A tensor as an array of its shape, also inside lists; other values as they are. */
export function asArray(value: Value, rt: Runtime): Value {
  return converted(value, rt, 0, new Map());
}

/** A list that is met again is converted once: lists of lists may hold more than can be gone through. */
function converted(value: Value, rt: Runtime, depth: number, seen: Map<Value, Value>): Value {
  if (value instanceof SymbolicTensor) return new ArrayValue(value.shape ?? [], undefined, value.shape === undefined);
  if (!isSequence(value) || depth > DEEPEST_LIST) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  // For one that holds itself.
  seen.set(value, value);
  rt.spend(value.items.length);
  const items = value.items.map((item) => converted(item, rt, depth + 1, seen));
  const made = value instanceof PyList ? new PyList(items, value.open) : new PyTuple(items);
  seen.set(value, made);
  return made;
}

/** The shape of what `work` makes; undefined where it makes no array or one that is not known to its end. */
export function shapeAfter(work: () => Value, rt: Runtime): readonly Axis[] | undefined {
  const made = rt.quietly(work);
  return made instanceof ArrayValue && !made.open && made.shape.length > 0 ? made.shape : undefined;
}
