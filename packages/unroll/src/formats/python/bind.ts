/** Functions as methods. */
import { PyFunction, type PyInstance, type Value } from "./values.ts";

/** A function as the method of an instance. */
export function bind(fn: PyFunction, instance: PyInstance): PyFunction {
  if (fn.binding === "static") return fn;
  const self: Value = fn.binding === "class" ? instance.cls : instance;
  return new PyFunction({ ...fn, scope: fn.scope, self });
}
