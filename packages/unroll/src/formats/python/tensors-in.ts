/** Finds the symbolic tensors among the arguments of a call. */
import { SymbolicTensor } from "./keras-graph.ts";
import { Allowance } from "./runtime.ts";
import { isSequence, PyDict, PyList, type Value } from "./values.ts";

/** The tensors in a value, in order: alone, or inside lists, tuples and dicts. */
export function tensorsIn(value: Value | undefined, depth = 0, allowance = new Allowance()): SymbolicTensor[] {
  if (value instanceof SymbolicTensor) return [value];
  if (!allowance.take() || depth > 4) return [];
  if (isSequence(value)) return value.items.flatMap((item) => tensorsIn(item, depth + 1, allowance));
  if (value instanceof PyDict)
    return [...value.entries.values()].flatMap((entry) => tensorsIn(entry.value, depth + 1, allowance));
  return [];
}

/** True where a list of tensors among the arguments may have more items than are known. */
export function isOpen(value: Value | undefined, depth = 0, allowance = new Allowance()): boolean {
  if (!allowance.take() || depth > 4) return false;
  if (value instanceof PyList && value.open) return true;
  return isSequence(value) && value.items.some((item) => isOpen(item, depth + 1, allowance));
}
